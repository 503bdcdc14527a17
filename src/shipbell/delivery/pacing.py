"""How fast a workspace is spoken to, so that Slack need not say no, and who goes first.

The buckets, and what Slack's Retry-After asks for, are rows of the store, shared by all replicas. Who comes
too early is sent away with a time to come back: those that hurry take their turn in advance, so that nobody
gets between; those that do not are sent away one interval apart, because were all of a long queue to come
back at the same moment, each second would cost as many claims as there are waiting.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shipbell.delivery.clock import Clock
from shipbell.delivery.planning import Urgency
from shipbell.delivery.timing import Bucket, Timing
from shipbell.store import Store

AHEAD: Mapping[Urgency, int | None] = {Urgency.CALM: 0, Urgency.ENDING: 5, Urgency.ALARM: None}
"""How many intervals in advance a turn may be taken; None for any number. What may go at once always may."""


class Pace:
    """The pace of one workspace."""

    def __init__(self, store: Store, *, workspace: str, clock: Clock, timing: Timing) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._timing = timing
        self._silent_until = clock.now()
        self._turns: dict[tuple[str, str], datetime] = {}
        self._ends: dict[tuple[str, Urgency], datetime] = {}

    def now(self) -> datetime:
        """The moment by the clock that this pace is kept by."""
        return self._clock.now()

    async def post(self, channel: str, who: str, urgency: Urgency) -> datetime | None:
        """Takes a turn to post into the channel, or says when to come back."""
        if self._silent_until > self.now():
            return self._silent_until
        return await self._turn(self._posts(channel), who, self._timing.posts, urgency)

    async def edit(self, who: str, urgency: Urgency) -> datetime | None:
        """Takes a turn to edit, or says when to come back; the last of the burst are for what hurries."""
        bucket = self._timing.edits
        if urgency is Urgency.CALM:
            bucket = replace(bucket, burst=bucket.burst - self._timing.spared_edits)
        return await self._turn(self._edits(), who, bucket, urgency)

    async def hold_posts(self, channel: str, until: datetime) -> None:
        """Slack asks for silence: all replicas leave the channel alone, and this one every channel.

        Which of its limits was met, that of the channel or that of the method, Slack does not say.
        """
        self._silent_until = max(self._silent_until, until)
        await self._store.hold(self._posts(channel), until)

    async def hold_edits(self, until: datetime) -> None:
        """Slack asks for silence: nobody edits in the workspace."""
        await self._store.hold(self._edits(), until)

    async def _turn(self, key: str, who: str, bucket: Bucket, urgency: Urgency) -> datetime | None:
        turn = self._turns.get((key, who))
        if turn is None:
            turn = await self._take(key, who, bucket, urgency)
        if turn > self.now():
            return turn
        self._turns.pop((key, who), None)
        return None

    async def _take(self, key: str, who: str, bucket: Bucket, urgency: Urgency) -> datetime:
        """The time of a turn that was taken, or when to ask for one again."""
        now = self.now()
        ahead = AHEAD[urgency]
        within = None if ahead is None else bucket.interval * ahead
        turn = await self._store.reserve(
            key, now, interval=bucket.interval, burst=bucket.burst, within=within
        )
        if within is None or turn <= now + within:
            self._keep(key, who, turn)
            return turn
        return self._place_in_line(key, urgency, turn, bucket.interval)

    def _keep(self, key: str, who: str, turn: datetime) -> None:
        """Keeps a turn for who took it; one that nobody came for in time is forgotten."""
        overdue = self.now() - self._timing.lease
        self._turns = {name: at for name, at in self._turns.items() if at > overdue}
        self._turns[key, who] = turn

    def _place_in_line(self, key: str, urgency: Urgency, earliest: datetime, interval: timedelta) -> datetime:
        end = self._ends.get((key, urgency))
        place = earliest if end is None else max(earliest, end + interval)
        self._ends[key, urgency] = place
        return place

    def _posts(self, channel: str) -> str:
        return f"{self._workspace}:post:{channel}"

    def _edits(self) -> str:
        return f"{self._workspace}:edit"
