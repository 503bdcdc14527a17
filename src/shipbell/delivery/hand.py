"""A claim in hand: the store's rows and our picture of them, changed together, until it is given back.

Posting, editing and reconciling work on it; whatever they find out is recorded here, and what remains to be
done is gathered in the report.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shipbell import rendering, routing
from shipbell.delivery import answers, letters, planning, retry
from shipbell.delivery.clock import Clock
from shipbell.delivery.planning import Step, Urgency
from shipbell.delivery.reports import Report
from shipbell.delivery.sending import Letter, Sender
from shipbell.delivery.timing import Timing
from shipbell.domain import State
from shipbell.routing import Part
from shipbell.store import Claim, Post, PostStatus, Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What all errands of a process share."""

    store: Store
    senders: Mapping[routing.Sink, Sender]
    clock: Clock
    timing: Timing
    options: rendering.Options
    """Of every message; how much detail and which links are the destination's and the rollout's."""
    jitter: Callable[[], float] = random.random
    """A random number from 0 to 1."""
    rather_twice: bool = True
    """What is done about a post of which nobody can say whether it was sent."""


class Hand:
    """One claim, from taking it to giving it back."""

    def __init__(self, claim: Claim, setting: Setting, *, stopping: Callable[[], bool]) -> None:
        self.claim = claim
        """With the posts as they are now."""
        self.setting = setting
        self.stopping = stopping
        """Whether the process wants to end: then no further message is begun."""
        self.sender = setting.senders[claim.destination.sink]
        self.store = setting.store
        self.timing = setting.timing
        self.report = Report()
        self.successor_link: str | None = None
        self.urgency = planning.urgency(claim.rollout, claim.told_version)

    @property
    def path(self) -> str:
        """The workload as people say it."""
        return self.claim.rollout.workload.path

    def now(self) -> datetime:
        """The moment."""
        return self.setting.clock.now()

    def next_step(self, taken: frozenset[Step]) -> Step | None:
        """What to send next, as things stand now."""
        return planning.next_step(self.claim.rollout, self.claim.destination, self.claim.posts, taken)

    def compose(self, step: Step, channel: str, attempt: int) -> Letter:
        """The letter of a step, rendered now."""
        wrapping = letters.Wrapping(
            options=self.setting.options,
            channel=channel,
            attempt=attempt,
            successor_link=self.successor_link,
        )
        return letters.compose(self.claim, step, wrapping, self.now())

    # Before a request

    async def too_early(self, channel: str, *, edit: bool) -> bool:
        """Whether it is not our turn yet; the delivery then waits for it in the store."""
        who = str(self.claim.rollout.id)
        turn = await self.sender.pace(channel, who, edit=edit, urgency=self.urgency)
        if turn is None:
            return False
        if self.urgency is not Urgency.CALM:
            self.report.later(turn)
        else:
            # Only what is calm waits for it: should the rollout fail meanwhile, that is told at once.
            self.report.untold = True
            self.report.spaced(turn)
        return True

    async def time_left(self) -> bool:
        """Whether the request will be over before the claim is; False if the claim was lost."""
        now = self.now()
        if self.claim.lease_until - now >= self.timing.request:
            return True
        prolonged = await self.store.extend(self.claim, now, self.timing.lease)
        if prolonged is None:
            return False
        self.claim = replace(self.claim, lease_until=prolonged.lease_until)
        return True

    # After a request

    def decide(self, result: answers.Result, attempt: retry.Attempt) -> retry.Decision:
        """What to do about an answer."""
        return retry.decide(result, attempt, now=self.now(), jitter=self.setting.jitter(), timing=self.timing)

    async def judged(
        self, step: Step, result: answers.Result, decision: retry.Decision, channel: str
    ) -> retry.Move:
        """Reports an answer, and keeps others away from a method that Slack limits."""
        if decision.move is retry.Move.PAUSE and decision.at is not None:
            await self.sender.pause(channel, edit=step.edit, until=decision.at)
        self.report.judged(step, result, decision)
        return decision.move

    async def settle_post(
        self, post: Post, *, channel_id: str, ts: str | None, state: State, gist: str, digest: str
    ) -> None:
        """The message stands in its channel."""
        now = self.now()
        await self.store.settle_post(
            self.claim,
            post.part,
            channel_id=channel_id,
            ts=ts,
            state=state,
            gist=gist,
            digest=digest,
            now=now,
        )
        told = replace(post, channel_id=channel_id, ts=ts, state=state, gist=gist, digest=digest)
        self.remember(replace(told, status=PostStatus.POSTED, posted_at=now))

    async def settle_edit(self, post: Post, digest: str) -> None:
        """The message says what was sent last, and nothing older can change that any more."""
        state = self.claim.rollout.state
        await self.store.settle_edit(self.claim, post.part, state=state, digest=digest, now=self.now())
        # The gist stays that of the post: it is what rang, and loudness is decided by that.
        self.remember(replace(post, state=state, digest=digest, edit_open_at=None))

    async def mark_gone(self, part: Part) -> None:
        """The message is not there, or cannot be reached any more."""
        await self.store.mark_gone(self.claim, part)
        self.remember(replace(self.claim.posts[part], status=PostStatus.GONE, edit_open_at=None))

    def remember(self, post: Post) -> None:
        """Our picture of a row that the store has already."""
        self.claim = replace(self.claim, posts={**self.claim.posts, post.part: post})

    async def release(self) -> None:
        """Gives the claim back with all that came of it; nothing happens if it was lost."""
        report, claim = self.report, self.claim
        await recorded(
            self.store.release(
                claim,
                told_version=None if report.untold else claim.rollout.version,
                retry_at=report.retry_at,
                edit_at=report.edit_at,
                attempts=claim.attempts + 1 if report.failed else 0,
                error=report.error,
            )
        )


async def recorded(record: Awaitable[object]) -> None:
    """Waits for an answer to be recorded even if this task is cancelled meanwhile."""
    recording = asyncio.ensure_future(record)
    try:
        await asyncio.shield(recording)
    except asyncio.CancelledError:
        await recording
        raise
