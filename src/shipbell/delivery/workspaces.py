"""A Slack workspace as a sink: `Slack`'s calls with everything that a polite and careful sender minds.

It asks whether Slack is there, keeps the pace, knows channels by their IDs, and finds lost posts again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from shipbell import routing
from shipbell.delivery import answers, channels, looking
from shipbell.delivery.clock import Clock
from shipbell.delivery.gate import Gate
from shipbell.delivery.pacing import Pace
from shipbell.delivery.planning import Urgency
from shipbell.delivery.sending import Letter, Sightings
from shipbell.delivery.slack import CHANNEL_ID, Identity, Slack
from shipbell.delivery.timing import Timing
from shipbell.store import Store

AnswerT = TypeVar("AnswerT")


class Workspace:
    """One workspace, spoken to with a bot token."""

    def __init__(
        self,
        slack: Slack,
        store: Store,
        *,
        clock: Clock,
        timing: Timing,
        jitter: Callable[[], float],
        name: str = "default",
    ) -> None:
        self._slack = slack
        self._gate = Gate(slack, clock=clock, timing=timing, jitter=jitter)
        self._pace = Pace(store, workspace=name, clock=clock, timing=timing)
        self._looks = looking.Looks(slack, clock=clock)
        self._channels = channels.Channels(store, clock=clock, timing=timing, workspace=name)

    @property
    def identity(self) -> Identity | None:
        """Who we are there, once Slack has told it."""
        return self._gate.identity

    @property
    def problem(self) -> str:
        """Why nothing can be sent there, or not into every channel; empty if it can."""
        return self._gate.problem or "; ".join(self._channels.problems())

    async def closed_until(self) -> datetime | None:
        """When to come back, if nothing can be sent now."""
        return await self._gate.closed_until()

    async def address(self, destination: routing.Destination) -> str | answers.Failure:
        """The channel's ID as it was learnt once, else as Slack tells it; else its name.

        With the scope `chat:write` alone nobody tells IDs: they are learnt from the answer to a first post.
        """
        name = destination.channel
        if CHANNEL_ID.fullmatch(name):
            return name
        known = await self._channels.known(name)
        if known is not None or self._channels.closed_until(name):
            return known or name
        scopes = self.identity.scopes if self.identity else frozenset()
        found = await self._slack.channel_named(name, scopes)
        if isinstance(found, answers.FAILURES) and not looking.may_not(found):
            return self._noted(found)
        if isinstance(found, str):
            await self._channels.learn(name, found)
            return found
        return await self._channels.remembered(name) or name

    async def moved(self, destination: routing.Destination, channel: str) -> bool:
        """Whether a channel that cannot be reached has left its name to another one."""
        if not self._channels.troubled(channel):
            return False
        address = await self.address(destination)
        if not isinstance(address, str) or address in {channel, destination.channel}:
            return False
        self._channels.leave(channel)
        return True

    async def pace(self, channel: str, who: str, *, edit: bool, urgency: Urgency) -> datetime | None:
        """When to come back, if it is too early to post into the channel or to edit."""
        closed = self._channels.closed_until(channel)
        if closed is not None:
            return closed
        if edit:
            return await self._pace.edit(who, urgency)
        return await self._pace.post(channel, who, urgency)

    async def pause(self, channel: str, *, edit: bool, until: datetime) -> None:
        """Slack limits each method by itself: posts go on while edits wait."""
        await (self._pace.hold_edits(until) if edit else self._pace.hold_posts(channel, until))

    async def post(self, letter: Letter) -> answers.Result:
        """Posts, and learns the channel's ID where only its name was known."""
        result = self._noted(await self._slack.post(letter))
        self._channels.note(letter.channel, result, bot=self._bot)
        if isinstance(result, answers.Sent) and not CHANNEL_ID.fullmatch(letter.channel):
            self._channels.overhear(letter.channel, result.channel_id)
        return result

    async def edit(self, letter: Letter, ts: str) -> answers.Result:
        """Replaces a message."""
        result = self._noted(await self._slack.edit(letter, ts))
        self._channels.note(letter.channel, result, bot=self._bot)
        return result

    async def look(
        self, channel: str, thread_ts: str | None, *, since: datetime, after: datetime
    ) -> Sightings | answers.Failure | None:
        """Our own messages, in the channel or in a thread; None if we may not look."""
        known = channel if CHANNEL_ID.fullmatch(channel) else await self._channels.remembered(channel)
        ours = self.identity.bot_id if self.identity else ""
        if known is None or not ours:
            return None
        if thread_ts is None:
            seen = await self._looks.channel(known, since=since, after=after)
        else:
            seen = await self._looks.thread(known, thread_ts, since=since)
        if not isinstance(seen, Sightings):
            return self._noted(seen)
        return replace(seen, found=tuple(one for one in seen.found if one.bot_id == ours))

    def link(self, channel: str, ts: str) -> str | None:
        """A permalink, as chat.getPermalink would give it, without asking."""
        if self.identity is None:
            return None
        return f"{self.identity.url}archives/{channel}/p{ts.replace('.', '')}"

    def _noted(self, answer: AnswerT) -> AnswerT:
        if isinstance(answer, answers.FAILURES):
            self._gate.note(answer)
        return answer

    @property
    def _bot(self) -> str:
        return self.identity.user if self.identity else "shipbell"
