"""Carries what the sources say to ingest: in order per workload, again and again until it is taken.

Three ways lead here: the reflectors' lists and changes, hints and timers that say "look at this workload",
and the pods of rollouts in flight. Jobs of a CronJob are told under its name, and go one after another.
What the store or the API server refuse for now is tried again; an observation is let go only when its rows
are committed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from shipbell import errors
from shipbell.domain import Observation, PodsObservation, Workload
from shipbell.ingest import Ingest, Outcome
from shipbell.metrics import Metrics
from shipbell.service import choosing
from shipbell.service.lanes import Lanes
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import limiting, reading, reflector

Urgency = limiting.Urgency

log = structlog.get_logger(__name__)

ResultT = TypeVar("ResultT")

WATCH_GOES_FIRST = timedelta(seconds=1)
"""How far a watch may lag behind a read or a hint, or be ahead of it, as a rule."""

HEARD_OF = 1000
"""Workloads of which it is known when the watch last spoke of them."""

LOOK_AGAIN = timedelta(seconds=0.5)
"""An undecided workload is read again after this long; its revision is only just being written."""


ORDER_FOR = timedelta(seconds=3)
"""How long a full list waits for the changes that came before it, to be taken in their order. No longer: one
workload that cannot be read must not hold up all others, and a change that comes late changes nothing."""

IN_HAND = 256
"""Observations that are taken side by side, the reads that some of them need included. Those wait for the
API server's turn, one of which must not keep others from what needs none."""

LOOKS_AT_ONCE = 16
"""Workloads that are read side by side because of a hint or a clock. What waits to be tried again is not
among them."""

FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
"""Seconds between tries of what failed; doubled with each failure in a row."""


class Feed:
    """Everything on its way to ingest."""

    def __init__(
        self,
        ingest: Ingest,
        reader: reading.Reader,
        lanes: Lanes,
        *,
        listed: asyncio.Event,
        choice: choosing.Choice,
        metrics: Metrics,
    ) -> None:
        """`listed` is set when every kind has its baseline in every scope."""
        self._ingest = ingest
        self._reader = reader
        self._lanes = lanes
        self._choice = choice
        self._metrics = metrics
        self._in_hand = asyncio.Semaphore(IN_HAND)
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._baselines = {
            (kind, scope): asyncio.Event() for kind in choice.observed_kinds for scope in choice.scopes
        }
        self._heard: dict[Hint, float] = {}
        self._early: dict[tuple[str, str], dict[Hint, None]] = {}
        self._listed = listed

    async def follow(self, kind: str, source: reflector.Reflector[Any, Observation]) -> None:
        """Feeds all that a kind's reflector says, for ever."""
        async with aclosing(source.stream()) as stream:
            async for item in stream:
                match item:
                    case reflector.Listed():
                        await self._take_list(kind, item)
                    case reflector.Changed():
                        self._hear_of(item.observation.workload)
                        await self._put(item.observation, continuous=True)

    async def look_at(self, hint: Hint) -> None:
        """Reads the workload that the hint leads to, as it is now, if its kind is told.

        Where a watch runs, it is read only if the watch says nothing of it: it may be broken. Before the
        first list it would be taken for news; so it waits for that list, out of everybody's way, or is let
        go where a watch goes on from there.
        """
        if self._choice.watching and await self._is_heard_of(hint):
            return
        owner = await self._insist(lambda: self._owner(hint), self._looks)
        if owner is None or owner.kind not in self._choice.observed_kinds:
            return
        place = self._place(owner)
        if place is None or self._baselines[place].is_set():
            await self._look(owner, Urgency.SOON, chosen_only=True)
        elif not self._choice.watching:
            self._early.setdefault(place, {})[owner] = None

    async def look_at_all(self, workload: Workload) -> None:
        """Reads a workload and its pods, whatever is watched: something is about to be concluded."""
        if not choosing.is_read(workload):
            return
        await self._look(_hint(workload), Urgency.SOON)
        await self._look_at_pods(workload, Urgency.SOON)

    async def look_again(self, workload: Workload) -> None:
        """Reads a workload, and its pods where nobody watches them, in case that something was lost."""
        if not choosing.is_read(workload):
            return
        await self._look(_hint(workload), Urgency.AGAIN)
        if not self._choice.watching:
            await self._look_at_pods(workload, Urgency.AGAIN)

    async def let_time_pass(self, workload: Workload) -> None:
        """Behind all that was just read of the workload; returns when it is done."""
        done = asyncio.Event()

        async def tick() -> None:
            await self._insist(lambda: self._ingest.tick(workload))
            done.set()

        await self._lanes.put(choosing.lane(workload), tick)
        await done.wait()

    async def see_pods(self, observations: AsyncIterator[PodsObservation]) -> None:
        """Feeds what the pods' watches say, for ever."""
        async for observation in observations:
            await self._put_pods(observation)

    async def _is_heard_of(self, hint: Hint) -> bool:
        """Whether the watch says the same. What a ReplicaSet or a pod does, it says of their workload."""
        if hint.kind not in self._choice.observed_kinds:
            return True
        came_at = asyncio.get_running_loop().time()
        await asyncio.sleep(WATCH_GOES_FIRST.total_seconds())
        return self._heard.get(hint, float("-inf")) >= came_at - WATCH_GOES_FIRST.total_seconds()

    def _hear_of(self, workload: Workload) -> None:
        hint = _hint(workload)
        self._heard.pop(hint, None)
        self._heard[hint] = asyncio.get_running_loop().time()
        if len(self._heard) > HEARD_OF:
            del self._heard[next(iter(self._heard))]

    async def _look(self, owner: Hint, urgency: Urgency, *, chosen_only: bool = False) -> None:
        """Reads a workload now; what has begun is seen to its end, even if its kind is no longer chosen.

        Where a watch runs too, it gets a moment to say the same: it knows what came in between, which a
        read passes over. Its word then stands, because an observation that is not newer changes nothing.
        """
        if place := self._place(owner):
            await self._baselines[place].wait()
        read = partial(self._reader.workload, owner.kind, owner.namespace, owner.name, urgency)
        found = await self._insist(read, self._looks)
        if chosen_only:
            found = replace(found, observations=tuple(filter(self._choice.includes, found.observations)))
        if self._choice.watching:
            await asyncio.sleep(WATCH_GOES_FIRST.total_seconds())
        lane = choosing.lane_of(owner.kind, owner.namespace, owner.name)
        await self._lanes.put(lane, lambda: self._take_one(owner.kind, found))

    def _place(self, owner: Hint) -> tuple[str, str] | None:
        """Where its kind is listed; None where it is not, any more."""
        places = ((owner.kind, scope) for scope in (owner.namespace, ""))
        return next((place for place in places if place in self._baselines), None)

    async def _look_at_pods(self, workload: Workload, urgency: Urgency) -> None:
        """Events are read along where no watch brings them."""
        read = partial(self._reader.pods, workload, urgency, with_events=not self._choice.watching)
        pods = await self._insist(read, self._looks)
        if pods is not None:
            await self._put_pods(pods)

    async def _put(self, observation: Observation, *, continuous: bool) -> None:
        if not self._choice.includes(observation):
            return
        self._metrics.observations.labels(kind=observation.workload.kind).inc()
        await self._lanes.put(
            choosing.lane(observation.workload), lambda: self._observe(observation, continuous=continuous)
        )

    async def _put_pods(self, observation: PodsObservation) -> None:
        self._metrics.observations.labels(kind="Pod").inc()
        await self._lanes.put(
            choosing.lane(observation.workload),
            lambda: self._insist(lambda: self._ingest.see_pods(observation)),
        )

    async def _observe(self, observation: Observation, *, continuous: bool) -> None:
        outcome = await self._insist(lambda: self._ingest.observe(observation, continuous=continuous))
        if outcome is Outcome.UNDECIDED:
            await self._look_once_more(observation.workload)

    async def _look_once_more(self, workload: Workload) -> None:
        """The revision that it names is not there: a moment later it is, or it names another."""
        log.debug("undecided: its revision is not there", kind=workload.kind, workload=workload.path)
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        again = await self._insist(
            lambda: self._reader.workload(workload.kind, workload.namespace, workload.name)
        )
        for newer in again.observations:
            await self._insist(partial(self._ingest.observe, newer, continuous=False))

    async def _owner(self, hint: Hint) -> Hint | None:
        """The workload that the hint means, there or not; None where it means none that can be known."""
        try:
            return await self._reader.owner(hint)
        except errors.Forbidden as error:
            log.warning("a hint is not followed", kind=hint.kind, namespace=hint.namespace, error=str(error))
            return None

    async def _take_list(self, kind: str, item: reflector.Listed[Observation]) -> None:
        """What a list leaves undecided takes its own time, in its own lane."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ORDER_FOR.total_seconds()):
                await self._lanes.drained()
        for full in choosing.full_lists(item, kind, self._choice):
            for observation in await self._insist(partial(self._ingest.take_list, full)):
                await self._put(observation, continuous=False)
        self._baselines[kind, item.scope].set()
        if all(baseline.is_set() for baseline in self._baselines.values()):
            self._listed.set()
        for owner in self._early.pop((kind, item.scope), ()):
            await self._look(owner, Urgency.SOON, chosen_only=True)

    async def _take_one(self, kind: str, found: reflector.Listed[Observation]) -> None:
        full = choosing.full_list(found, kind, self._choice.cluster)
        for observation in await self._insist(partial(self._ingest.take_list, full)):
            await self._observe(observation, continuous=False)

    async def _insist(
        self, work: Callable[[], Awaitable[ResultT]], room: asyncio.Semaphore | None = None
    ) -> ResultT:
        """Tries until it is done: what is not committed has not happened."""
        failures = 0
        while True:
            try:
                async with room or self._in_hand:
                    return await work()
            except (errors.StoreError, errors.SourceError) as error:
                delay = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures, 16))
                say = log.warning if failures in {0, 5} else log.debug
                say("not taken in yet", error=str(error), next_try_in=delay)
                failures += 1
                await asyncio.sleep(delay)


def _hint(workload: Workload) -> Hint:
    return Hint(kind=workload.kind, namespace=workload.namespace, name=workload.name)
