"""What happens because time passes: verdicts that wait, and rollouts in flight that are read again."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from shipbell import errors
from shipbell.domain import Rollout, Workload
from shipbell.ingest import Ingest
from shipbell.service.feeding import Feed
from shipbell.store import Store

log = structlog.get_logger(__name__)

LONGEST = timedelta(seconds=30)
"""Between looks at the store's timers, whatever is known of them: another process may have set one."""

RETRY = timedelta(seconds=1)

FORGET_EVERY = timedelta(hours=1)


class Rereading(Protocol):
    """What can look at a workload: the feed."""

    async def look_again(self, workload: Workload) -> None:
        """Reads the workload, and what else nobody watches."""


class InFlight:
    """The workloads whose rollout waits for its ending, as far as this process knows."""

    def __init__(self, changed: Callable[[tuple[Workload, ...]], None]) -> None:
        self._changed = changed
        self._workloads: dict[str, Workload] = {}

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """In the order in which their rollouts began."""
        return tuple(self._workloads.values())

    def note(self, rollouts: tuple[Rollout, ...]) -> None:
        """Takes in what has changed; a workload's newest rollout, which comes last, decides."""
        before = self.workloads
        for rollout in rollouts:
            if rollout.state.open:
                self._workloads[rollout.workload.uid] = rollout.workload
            else:
                self._workloads.pop(rollout.workload.uid, None)
        if self.workloads != before:
            self._changed(self.workloads)


class Timers:
    """Lets time pass for the rollouts that wait for it.

    Nothing is concluded from what was last seen: the workload is looked at first, because it may have
    succeeded while no watch and no hint said so.
    """

    def __init__(self, ingest: Ingest, store: Store, now: Callable[[], datetime]) -> None:
        self._ingest = ingest
        self._store = store
        self._now = now
        self._changed = asyncio.Event()
        self._looking: set[Workload] = set()

    def wake(self) -> None:
        """A rollout has changed: its moment may come earlier than what is waited for."""
        self._changed.set()

    async def run(self, feed: Feed) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    if await self._wait(await self._store.next_wake()):
                        await self._look_at_due(feed, group)
                except errors.StoreError as error:
                    log.warning("timers wait for the store", error=str(error))
                    await asyncio.sleep(RETRY.total_seconds())

    async def _look_at_due(self, feed: Feed, group: asyncio.TaskGroup) -> None:
        for workload in await self._ingest.waking():
            if workload not in self._looking:
                self._looking.add(workload)
                group.create_task(self._look(feed, workload), name=f"timer {workload.path}")

    async def _look(self, feed: Feed, workload: Workload) -> None:
        try:
            await feed.look_at_all(workload)
            await feed.let_time_pass(workload)
        finally:
            self._looking.discard(workload)

    async def _wait(self, moment: datetime | None) -> bool:
        """Until the moment, but never for long; False if something changes before, and with it the moment."""
        left = (LONGEST if moment is None else min(LONGEST, moment - self._now())).total_seconds()
        if left <= 0:
            # What is being looked at is still due; it need not be found again at once.
            await asyncio.sleep(RETRY.total_seconds() if self._looking else 0)
            return True
        try:
            async with asyncio.timeout(left):
                await self._changed.wait()
        except TimeoutError:
            return True
        self._changed.clear()
        return False


async def reread(feed: Rereading, in_flight: InFlight, every: timedelta) -> None:
    """Reads every rollout in flight again and again, so that what was lost costs delay only.

    Side by side, for one that cannot be read must not keep the others from it; each once at a time.
    """
    looking: set[Workload] = set()

    async def look(workload: Workload) -> None:
        try:
            await feed.look_again(workload)
        finally:
            looking.discard(workload)

    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(every.total_seconds())
            for workload in in_flight.workloads:
                if workload not in looking:
                    looking.add(workload)
                    group.create_task(look(workload), name=f"reread {workload.path}")


async def forget(ingest: Ingest, every: timedelta = FORGET_EVERY) -> None:
    """Drops tombstones that no replica needs any more, now and then."""
    while True:
        try:
            await ingest.forget()
        except errors.StoreError as error:
            log.warning("old tombstones stay for now", error=str(error))
        await asyncio.sleep(every.total_seconds())
