"""How fast a workspace is spoken to, so that Slack need not say no.

The buckets and what Slack's Retry-After asks for are rows of the store, shared by all replicas. Who comes too
early is sent away with a time to come back. Those who can wait are sent one interval apart: were all of a
long queue to come back at the same moment, each second would cost as many claims as there are waiting.
"""

from datetime import datetime, timedelta

from shipbell.delivery.clock import Clock
from shipbell.delivery.timing import Bucket, Timing
from shipbell.store import Store

NOW = timedelta(0)


class Pace:
    """The pace of one workspace."""

    def __init__(self, store: Store, *, workspace: str, clock: Clock, timing: Timing) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._timing = timing
        self._last_in_line: dict[str, datetime] = {}
        self._silent_until = clock.now()

    async def post(self, channel: str, *, urgent: bool) -> datetime | None:
        """Takes a turn to post into the channel, or says when to come back."""
        if self._silent_until > self._clock.now():
            return self._silent_until
        return await self._take(self._posts(channel), self._timing.posts, urgent=urgent)

    async def edit(self, *, urgent: bool) -> datetime | None:
        """Takes a turn to edit; the last of the burst are for what is urgent."""
        bucket = self._timing.edits
        if not urgent:
            bucket = Bucket(interval=bucket.interval, burst=bucket.burst - self._timing.spared_edits)
        return await self._take(self._edits(), bucket, urgent=urgent)

    async def hold_posts(self, channel: str, until: datetime) -> None:
        """Slack asks for silence: all replicas leave the channel alone, and this one every channel.

        Which of its limits was met, that of the channel or that of the method, Slack does not say.
        """
        self._silent_until = max(self._silent_until, until)
        await self._store.hold(self._posts(channel), until)

    async def hold_edits(self, until: datetime) -> None:
        """Slack asks for silence: nobody edits in the workspace."""
        await self._store.hold(self._edits(), until)

    async def _take(self, key: str, bucket: Bucket, *, urgent: bool) -> datetime | None:
        now = self._clock.now()
        may_go = await self._store.reserve(key, now, interval=bucket.interval, burst=bucket.burst, within=NOW)
        if may_go <= now:
            return None
        return may_go if urgent else self._place_in_line(key, may_go, bucket.interval)

    def _place_in_line(self, key: str, may_go: datetime, interval: timedelta) -> datetime:
        last = self._last_in_line.get(key)
        place = may_go if last is None else max(may_go, last + interval)
        self._last_in_line[key] = place
        return place

    def _posts(self, channel: str) -> str:
        return f"{self._workspace}:post:{channel}"

    def _edits(self) -> str:
        return f"{self._workspace}:edit"
