"""Carries what the sources say to ingest: in order per workload, again and again until it is taken.

Three ways lead here: the reflectors' lists and changes, hints and timers that say "look at this workload",
and the pods of rollouts in flight. What the store or the API server refuse for now is tried again; an
observation is let go only when its rows are committed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from shipbell import errors
from shipbell.domain import Observation, PodsObservation, Workload
from shipbell.ingest import FullList, Ingest, Outcome
from shipbell.metrics import Metrics
from shipbell.service.lanes import Lanes
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import reading, reflector

log = structlog.get_logger(__name__)

KIND = "Deployment"
ResultT = TypeVar("ResultT")

WATCH_GOES_FIRST = timedelta(seconds=1)
"""How far a watch may lag behind a read, as a rule."""

LOOK_AGAIN = timedelta(seconds=0.5)
"""An undecided workload is read again after this long; its ReplicaSet is only just being written."""


ORDER_FOR = timedelta(seconds=3)
"""How long a full list waits for the changes that came before it, to be taken in their order. No longer: one
workload that cannot be read must not hold up all others, and a change that comes late changes nothing."""

AT_ONCE = 16
"""Reads and transactions side by side. What waits for another try is not among them."""

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
        scopes: tuple[str, ...],
        cluster: str,
        watching: bool,
        metrics: Metrics,
    ) -> None:
        self._ingest = ingest
        self._reader = reader
        self._lanes = lanes
        self._cluster = cluster
        self._watching = watching
        self._metrics = metrics
        self._busy = asyncio.Semaphore(AT_ONCE)
        self._baselines = {scope: asyncio.Event() for scope in scopes}
        self._listed = listed

    async def follow(self, source: reflector.Reflector[Any, Observation]) -> None:
        """Feeds all that a reflector says, for ever."""
        async with aclosing(source.stream()) as stream:
            async for item in stream:
                match item:
                    case reflector.Listed():
                        await self._take_list(item)
                    case reflector.Changed():
                        await self._put(item.observation, continuous=True)

    async def look_at(self, hint: Hint) -> None:
        """Reads the workload that the hint leads to, as it is now.

        Where a watch runs too, it gets a moment to say the same: it knows what came in between, which a
        read passes over. Its word then stands, because an observation that is not newer changes nothing.
        """
        if baseline := self._baselines.get(hint.namespace) or self._baselines.get(""):
            await baseline.wait()  # a hint before the baseline would take old news for new
        found = await self._insist(lambda: self._find(hint))
        if found is None:
            return
        if self._watching:
            await asyncio.sleep(WATCH_GOES_FIRST.total_seconds())
        await self._lanes.put(_lane(found.scope, found.name), lambda: self._take_one(found))

    async def look_at_all(self, workload: Workload) -> None:
        """Reads a workload and its pods, whatever is watched."""
        await self.look_at(Hint(kind=workload.kind, namespace=workload.namespace, name=workload.name))
        pods = await self._insist(lambda: self._reader.pods(workload))
        if pods is not None:
            await self._put_pods(pods)

    async def let_time_pass(self, workload: Workload) -> None:
        """Behind all that was just read of the workload; returns when it is done."""
        done = asyncio.Event()

        async def tick() -> None:
            await self._insist(lambda: self._ingest.tick(workload))
            done.set()

        await self._lanes.put(_lane(workload.namespace, workload.name), tick)
        await done.wait()

    async def see_pods(self, observations: AsyncIterator[PodsObservation]) -> None:
        """Feeds what the pods' watches say, for ever."""
        async for observation in observations:
            await self._put_pods(observation)

    async def _put(self, observation: Observation, *, continuous: bool) -> None:
        self._metrics.observations.labels(kind=observation.workload.kind).inc()
        workload = observation.workload
        await self._lanes.put(
            _lane(workload.namespace, workload.name),
            lambda: self._observe(observation, continuous=continuous),
        )

    async def _put_pods(self, observation: PodsObservation) -> None:
        self._metrics.observations.labels(kind="Pod").inc()
        workload = observation.workload
        await self._lanes.put(
            _lane(workload.namespace, workload.name),
            lambda: self._insist(lambda: self._ingest.see_pods(observation)),
        )

    async def _observe(self, observation: Observation, *, continuous: bool) -> None:
        outcome = await self._insist(lambda: self._ingest.observe(observation, continuous=continuous))
        if outcome is Outcome.UNDECIDED:
            await self._look_again(observation.workload)

    async def _look_again(self, workload: Workload) -> None:
        """The number's ReplicaSet is not there: a moment later it is, or the number is another."""
        log.debug("undecided: no ReplicaSet bears the revision", workload=workload.path)
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        again = await self._insist(
            lambda: self._reader.workload(workload.kind, workload.namespace, workload.name)
        )
        for newer in again.observations:
            await self._insist(partial(self._ingest.observe, newer, continuous=False))

    async def _find(self, hint: Hint) -> reflector.Listed[Observation] | None:
        """The workload that the hint means, there or not; None where it means none that is told about."""
        try:
            owner = await self._reader.owner(hint)
        except errors.Forbidden as error:
            log.warning("a hint is not followed", kind=hint.kind, namespace=hint.namespace, error=str(error))
            return None
        return await self._reader.workload(owner.kind, owner.namespace, owner.name) if owner else None

    async def _take_list(self, item: reflector.Listed[Observation]) -> None:
        """What a list leaves undecided takes its own time, in its own lane."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ORDER_FOR.total_seconds()):
                await self._lanes.drained()
        for observation in await self._insist(lambda: self._ingest.take_list(self._full(item))):
            await self._put(observation, continuous=False)
        self._baselines[item.scope].set()
        if all(baseline.is_set() for baseline in self._baselines.values()):
            self._listed.set()

    async def _take_one(self, found: reflector.Listed[Observation]) -> None:
        for observation in await self._insist(lambda: self._ingest.take_list(self._full(found))):
            await self._observe(observation, continuous=False)

    def _full(self, item: reflector.Listed[Observation]) -> FullList:
        return FullList(
            cluster=self._cluster,
            kind=KIND,
            resource=item.resource,
            scope=item.scope,
            resource_version=item.resource_version,
            observations=item.observations,
            present=item.present,
            name=item.name,
            restored=item.restored,
        )

    async def _insist(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Tries until it is done: what is not committed has not happened."""
        failures = 0
        while True:
            try:
                async with self._busy:
                    return await work()
            except (errors.StoreError, errors.SourceError) as error:
                delay = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures, 16))
                say = log.warning if failures in {0, 5} else log.debug
                say("not taken in yet", error=str(error), next_try_in=delay)
                failures += 1
                await asyncio.sleep(delay)


def _lane(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"
