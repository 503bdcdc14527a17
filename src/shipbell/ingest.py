"""Where facts become rows: the end of the left half, in which nothing may be lost.

An observation counts when its rows are committed. Each is taken in one transaction of the store: load what
is remembered, let the domain step, write what changed, choose the destinations of what has begun. What the
domain cannot decide without the ReplicaSets is read outside of the transaction, and then taken again.

Whoever feeds it retries what raises: `errors.StoreError` and `errors.SourceError` leave nothing half done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from shipbell import errors, routing
from shipbell.domain import (
    Event,
    LogRequest,
    Memory,
    Observation,
    PodsObservation,
    Policy,
    Revision,
    Rollout,
    Transition,
    Workload,
    cronjob,
    usual,
)
from shipbell.domain.stepping import Setting, Step, see_pods, step, tick, vanish
from shipbell.metrics import Metrics
from shipbell.store import Intake, Store

log = structlog.get_logger(__name__)

TIMERS = 100
"""Workloads that the timer looks at in one go; the rest follow in the next."""

TOMBSTONES_KEPT = timedelta(days=1)
"""How long a deleted workload is remembered, so that what lags cannot bring it back."""

JOB = "Job"

LOGS_AT_ONCE = 2
"""Containers of one workload whose logs are asked for before a look at its pods is taken without them."""


class Reader(Protocol):
    """What ingest may have to look up before it can take what was observed. All raise `SourceError`."""

    async def revisions(self, observation: Observation) -> tuple[Revision, ...]:
        """The ReplicaSets or ControllerRevisions of a workload."""

    async def log(self, request: LogRequest, namespace: str) -> str:
        """A container's last lines; empty where they cannot be had."""

    async def events(self, namespace: str, uid: str) -> tuple[Event, ...]:
        """The Events about an object, which outlive it."""


Announce = Callable[[tuple[Rollout, ...]], None]


class Outcome(StrEnum):
    """What became of an observation."""

    TAKEN = "taken"
    IDLE = "idle"
    UNDECIDED = "undecided"
    """Its ReplicaSet is not there yet, or not any more: look at the workload again soon."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FullList:
    """A complete, consistent list of one kind: what it lacks did not exist at its resourceVersion."""

    cluster: str
    kind: str
    resource: str
    """As the API spells it: `deployments`."""
    scope: str
    """The namespace, or empty for the whole cluster."""
    resource_version: int
    observations: tuple[Observation, ...]
    """What may have changed since the source last said it."""
    present: frozenset[str]
    """The uids of everything that it has."""
    name: str = ""
    """Set where it lists a single object by its name."""
    restored: bool = False
    """It is older than what the source saw before: the cluster came back from a backup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taken:
    """What a list came to."""

    steps: tuple[Step, ...]
    undecided: tuple[Observation, ...]


class Ingest:
    """Takes observations into the store. One per process; safe to call concurrently."""

    def __init__(
        self,
        store: Store,
        *,
        policy: Policy,
        destinations: tuple[routing.Destination, ...],
        reader: Reader,
        announce: Announce,
        now: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._policy = policy
        self._destinations = destinations
        self._reader = reader
        self._announce = announce
        self._now = now
        self._metrics = metrics
        self._seen: set[tuple[str, str]] = set()

    async def observe(self, observation: Observation, *, continuous: bool) -> Outcome:
        """Takes one workload as it was seen; `continuous` if by an unbroken watch."""
        taken = await self._observe(observation, continuous=continuous)
        if not taken.needs_revisions:
            return _outcome(taken)
        revisions = await self._reader.revisions(observation)
        taken = await self._observe(replace(observation, revisions=revisions), continuous=continuous)
        return Outcome.UNDECIDED if taken.needs_revisions else _outcome(taken)

    async def take_list(self, listed: FullList) -> tuple[Observation, ...]:
        """Takes a complete list; answers with what is undecided and wants to be observed by itself.

        The first list of a resource and scope is its baseline: what it shows for the first time is old
        news. It is committed whole or not at all, so that a process that dies in the middle of it leaves
        nothing that a later one could take for news.
        """
        first = not listed.name and await self._is_first(listed)
        if first:
            listed = replace(listed, observations=await self._with_revisions(listed.observations))
        last_words = {} if first else await self._last_words(listed)
        taken = await self._store.take(
            lambda intake: self._take_list(intake, listed, last_words, first=first)
        )
        self._seen.add((listed.resource, listed.scope))
        self._tell(taken.steps)
        return taken.undecided

    async def see_pods(self, observation: PodsObservation) -> Outcome:
        """Takes the pods of a workload whose rollout is in flight.

        The last lines of a container that crashes are read before its crash is told: what is posted into
        a thread is not edited any more.
        """
        for _ in range(LOGS_AT_ONCE):
            seen = await self._see_pods(observation)
            if seen is None or seen.wants_log is None:
                break
            text = await self._reader.log(seen.wants_log, observation.workload.namespace)
            observation = replace(observation, logs={**observation.logs, seen.wants_log: text})
        return Outcome.TAKEN if seen is not None and seen.changed else Outcome.IDLE

    async def waking(self) -> tuple[Workload, ...]:
        """The workloads whose moment has come: look at them, then `tick`."""
        waking = await self._store.take(lambda intake: intake.waking(self._now(), TIMERS))
        return tuple(memory.workload for memory in waking)

    async def tick(self, workload: Workload) -> Outcome:
        """Lets time pass for a workload that was just looked at."""
        ticked = await self._move(workload, lambda memory: tick(memory, self._setting()))
        return Outcome.TAKEN if ticked is not None and ticked.changed else Outcome.IDLE

    async def forget(self) -> int:
        """Forgets workloads that were deleted more than a day ago; answers how many."""
        older_than = self._now() - TOMBSTONES_KEPT
        return await self._store.take(lambda intake: intake.purge_tombstones(older_than))

    async def _observe(self, observation: Observation, *, continuous: bool) -> Step:
        def work(intake: Intake) -> tuple[Step, ...]:
            memory = intake.memory(observation.workload)
            recreated = memory is None and intake.forerunner(observation.workload)
            setting = self._setting(continuous=continuous, recreated=recreated)
            return self._enter(intake, step(memory, observation, setting))

        steps = await self._store.take(work)
        self._tell(steps)
        return steps[0]

    async def _see_pods(self, observation: PodsObservation) -> Step | None:
        return await self._move(
            observation.workload, lambda memory: see_pods(memory, observation, self._setting())
        )

    async def _move(self, workload: Workload, move: Callable[[Memory], Step]) -> Step | None:
        """Moves what is remembered of a workload; what is not remembered does not move."""

        def work(intake: Intake) -> tuple[Step, ...]:
            memory = intake.memory(workload)
            return () if memory is None else self._enter(intake, move(memory))

        steps = await self._store.take(work)
        self._tell(steps)
        return steps[0] if steps else None

    def _enter(self, intake: Intake, taken: Step) -> tuple[Step, ...]:
        """Writes what changed, and what that changes for the CronJob above; what did not costs nothing."""
        if taken.begun is not None:
            taken = _expected(taken, usual.duration(intake.durations(taken.begun.workload)))
        if not taken.changed:
            return (taken,)
        intake.save(taken.memory, taken.rollouts, taken.transitions)
        if taken.begun is not None and taken.begun.owner is None:
            intake.address(taken.begun, routing.match(taken.begun, self._destinations))
        return (taken, *self._end_run(intake, taken.rollouts))

    def _end_run(self, intake: Intake, rollouts: Iterable[Rollout]) -> tuple[Step, ...]:
        """A CronJob's runs are told under its own name, and only when they have ended."""
        for run in rollouts:
            above = cronjob.workload_of(run)
            if above is not None and not run.state.open:
                return self._enter(intake, cronjob.step_run(intake.memory(above), run, self._setting()))
        return ()

    def _take_list(
        self, intake: Intake, listed: FullList, last_words: Mapping[str, tuple[Event, ...]], *, first: bool
    ) -> _Taken:
        """What is there, in its order, and what is not there any more."""
        first = first and intake.set_baseline(
            listed.cluster, listed.resource, listed.scope, listed.resource_version, self._now()
        )
        known = _known(intake, listed)
        if restored := self._is_restored(listed, known):
            known = _without_marks(known, listed)
        old_news, setting = first or restored, self._setting()
        there = [self._step_listed(intake, known, o, baseline=old_news) for o in listed.observations]
        if restored:
            there = [_marked(s, o) for s, o in zip(there, listed.observations, strict=True)]
        absent = [
            vanish(memory, listed.resource_version, setting, last_words.get(uid, ()))
            for uid, memory in known.items()
            if uid not in listed.present
        ]
        undecided = (o for o, s in zip(listed.observations, there, strict=True) if s.needs_revisions)
        return _Taken(
            steps=tuple(entered for taken in (*there, *absent) for entered in self._enter(intake, taken)),
            undecided=tuple(undecided),
        )

    async def _last_words(self, listed: FullList) -> dict[str, tuple[Event, ...]]:
        """The Events about Jobs in flight that are gone: they tell how these ended, for an hour or so."""
        if listed.kind != JOB:
            return {}
        known = await self._store.take(lambda intake: _known(intake, listed))
        gone = [
            memory.workload
            for uid, memory in known.items()
            if uid not in listed.present and memory.rollout is not None and memory.rollout.state.open
        ]
        return {workload.uid: await self._events(workload) for workload in gone}

    async def _events(self, workload: Workload) -> tuple[Event, ...]:
        """None where they may not be read: then nobody knows."""
        try:
            return await self._reader.events(workload.namespace, workload.uid)
        except errors.Forbidden:
            return ()

    async def _is_first(self, listed: FullList) -> bool:
        baseline = await self._store.baseline(listed.cluster, listed.resource, listed.scope)
        return baseline is None

    async def _with_revisions(self, observations: Iterable[Observation]) -> tuple[Observation, ...]:
        """Reads the ReplicaSets of what may be in flight; everything else is judged without."""
        setting = self._setting(baseline=True, continuous=False)
        complete = []
        for observation in observations:
            if step(None, observation, setting).needs_revisions:
                revisions = await self._reader.revisions(observation)
                complete.append(replace(observation, revisions=revisions))
            else:
                complete.append(observation)
        return tuple(complete)

    def _is_restored(self, listed: FullList, known: Mapping[str, Memory]) -> bool:
        """Whether the cluster came back from a backup, so that remembered versions mean nothing any more.

        The source says so, or a list that is older than the rows does. That counts only at this process'
        first look at the scope: later lists may have been overtaken on their way here by what a watch or a
        hint brought.
        """
        newest = max((m.resource_version for m in known.values()), default=0)
        first_look = not listed.name and (listed.resource, listed.scope) not in self._seen
        restored = listed.restored or (first_look and listed.resource_version < newest)
        if restored:
            log.warning(
                "the cluster was restored from a backup: its resourceVersions went back",
                resource=listed.resource,
                listed=listed.resource_version,
                remembered=newest,
            )
        return restored

    def _step_listed(
        self, intake: Intake, known: Mapping[str, Memory], observation: Observation, *, baseline: bool
    ) -> Step:
        memory = known.get(observation.workload.uid)
        recreated = not baseline and memory is None and intake.forerunner(observation.workload)
        setting = self._setting(baseline=baseline, continuous=False, recreated=recreated)
        return step(memory, observation, setting)

    def _tell(self, steps: Iterable[Step]) -> None:
        """After the commit: counts what happened and wakes who waits for it."""
        rollouts = tuple(rollout for taken in steps for rollout in taken.rollouts)
        for transition in (t for taken in steps for t in taken.transitions):
            self._count(transition)
        if rollouts:
            self._announce(rollouts)

    def _count(self, transition: Transition) -> None:
        self._metrics.transitions.labels(kind=transition.kind.value).inc()

    def _setting(
        self, *, baseline: bool = False, continuous: bool = True, recreated: bool = False
    ) -> Setting:
        return Setting(
            now=self._now(),
            policy=self._policy,
            baseline=baseline,
            continuous=continuous,
            recreated=recreated,
        )


def _known(intake: Intake, listed: FullList) -> dict[str, Memory]:
    """What is remembered of the listed scope, or of the listed name."""
    namespaces = (listed.scope,) if listed.scope else None
    known = intake.memories(listed.cluster, listed.kind, namespaces)
    if listed.name:
        known = {uid: m for uid, m in known.items() if m.workload.name == listed.name}
    return known


def _expected(taken: Step, usual_duration: timedelta | None) -> Step:
    """The step with what is usual for the rollout that it begins."""
    if taken.begun is None or usual_duration is None:
        return taken
    begun = replace(taken.begun, usual_seconds=usual_duration.total_seconds())
    rollouts = tuple(begun if rollout.id == begun.id else rollout for rollout in taken.rollouts)
    memory = taken.memory if taken.memory.rollout != taken.begun else replace(taken.memory, rollout=begun)
    return replace(taken, begun=begun, rollouts=rollouts, memory=memory)


def _without_marks(known: Mapping[str, Memory], listed: FullList) -> dict[str, Memory]:
    """After a restore: nothing is too old to be believed, and what is there again is not dead."""
    return {
        uid: replace(memory, resource_version=0, pods_version=0)
        for uid, memory in known.items()
        if memory.deleted_at is None or uid not in listed.present
    }


def _marked(taken: Step, observation: Observation) -> Step:
    """A step that is written whatever it changed: the old marks must go."""
    if taken.needs_revisions:
        return replace(taken, changed=taken.memory.resource_version == 0)
    memory = replace(taken.memory, resource_version=observation.resource_version)
    return replace(taken, memory=memory, changed=True)


def _outcome(taken: Step) -> Outcome:
    return Outcome.TAKEN if taken.changed else Outcome.IDLE
