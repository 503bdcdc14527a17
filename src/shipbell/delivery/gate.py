"""Whether Slack can be expected to take a message: asked before an intent is written.

A post that is tried while Slack is in trouble may end uncertain, and costs a minute until that is settled. So
after a bad answer the next one who comes asks `auth.test` first, and the others wait for what it says. The
same question finds out when a refused token is accepted again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from shipbell.delivery import answers, remedies, retry
from shipbell.delivery.clock import Clock
from shipbell.delivery.slack import Identity, Slack
from shipbell.delivery.timing import Timing

log = structlog.get_logger(__name__)


class Gate:
    """The way to one workspace, open or closed."""

    def __init__(self, slack: Slack, *, clock: Clock, timing: Timing, jitter: Callable[[], float]) -> None:
        self._slack = slack
        self._clock = clock
        self._timing = timing
        self._jitter = jitter
        self._asking = asyncio.Lock()
        self._ask_at: datetime | None = clock.now()
        self._failures = 0
        self.identity: Identity | None = None
        """Who we are, once Slack has told it."""
        self.problem = "not asked yet"
        """Why nothing can be sent; empty if it can."""

    async def closed_until(self) -> datetime | None:
        """When to come back; None if the way is open."""
        async with self._asking:
            if self._ask_at is None:
                return None
            if self._clock.now() >= self._ask_at:
                await self._ask()
            return self._ask_at

    def note(self, failure: answers.Failure) -> None:
        """Learns from a failure whether to ask before the next message."""
        match failure:
            case answers.NotSent() | answers.Uncertain():
                self._ask_at = self._ask_at or self._clock.now()
            case answers.Refused(reason=answers.Reason.TOKEN):
                self._close(failure, self._clock.now() + self._timing.probe)

    async def _ask(self) -> None:
        answer = await self._slack.identify()
        if isinstance(answer, Identity):
            self._open(answer)
            return
        now = self._clock.now()
        until = retry.ask_again(answer, self._failures, now=now, jitter=self._jitter(), timing=self._timing)
        self._failures += 1
        self._close(answer, until)

    def _open(self, identity: Identity) -> None:
        if self.problem:
            log.info("Slack answers", team=identity.team, bot=identity.user, scopes=sorted(identity.scopes))
        self.identity, self.problem = identity, ""
        self._ask_at, self._failures = None, 0

    def _close(self, answer: answers.Failure, until: datetime) -> None:
        problem = remedies.advice(answer)
        if problem != self.problem:
            log.warning("nothing can be sent to Slack", reason=problem)
        self.problem, self._ask_at = problem, until
