"""Takes observations, lists, looks at pods and the passing of time: each in one transaction of the store.

Load what is remembered, let the domain step, write what changed, choose the destinations of what has begun.
What the domain cannot decide without a lookup is taken again with what was found.

Whoever feeds it retries what raises: `errors.StoreError` and `errors.SourceError` leave nothing half done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import structlog

from shipbell import routing
from shipbell.domain import (
    Event,
    Memory,
    Observation,
    PodsObservation,
    Policy,
    Rollout,
    Transition,
    Workload,
    cronjob,
    usual,
)
from shipbell.domain.stepping import Setting, Step, see_pods, step, tick, vanish
from shipbell.ingest import lists, lookups
from shipbell.ingest.lists import FullList
from shipbell.metrics import Metrics
from shipbell.store import Intake, Store

log = structlog.get_logger(__name__)

TIMERS = 100
"""Workloads that the timer looks at in one go; the rest follow in the next."""

TOMBSTONES_KEPT = timedelta(days=1)
"""How long a deleted workload is remembered, so that what lags cannot bring it back."""


Announce = Callable[[tuple[Rollout, ...]], None]


class Outcome(StrEnum):
    """What became of an observation."""

    TAKEN = "taken"
    IDLE = "idle"
    UNDECIDED = "undecided"
    """Its ReplicaSet is not there yet, or not any more: look at the workload again soon."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taken:
    """What a list came to."""

    steps: tuple[Step, ...]
    undecided: tuple[Observation, ...]


_Prepared: TypeAlias = tuple[FullList, Mapping[str, tuple[Event, ...]]]
"""A list with all that is needed to take it, and the last words of what is gone."""


class Ingest:
    """Takes observations into the store. One per process; safe to call concurrently."""

    def __init__(
        self,
        store: Store,
        *,
        policy: Policy,
        destinations: tuple[routing.Destination, ...],
        reader: lookups.Reader,
        announce: Announce,
        now: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._policy = policy
        self._destinations = destinations
        self._reader = reader
        self._lookups = lookups.Lookups(reader)
        self._announce = announce
        self._now = now
        self._metrics = metrics
        self._seen: set[tuple[str, str]] = set()

    async def observe(self, observation: Observation, *, continuous: bool) -> Outcome:
        """Takes one workload as it was seen; `continuous` if by an unbroken watch."""
        for _ in range(lookups.MOST):
            taken = await self._observe(observation, continuous=continuous)
            more = await self._lookups.completed(observation, taken)
            if more is None:
                return Outcome.UNDECIDED if taken.undecided else _outcome(taken)
            observation = more
        return Outcome.UNDECIDED

    async def take_list(self, listed: FullList) -> tuple[Observation, ...]:
        """Takes a complete list; answers with what is undecided and wants to be observed by itself.

        The first list of a resource and scope is its baseline: what it shows for the first time is old
        news. It is committed whole or not at all, so that a process that dies in the middle of it leaves
        nothing that a later one could take for news.
        """
        first = not listed.name and await self._is_first(listed)
        prepare = self._with_revisions if first else self._prepared
        ready, words = await prepare(listed)
        taken = await self._store.take(lambda intake: self._take_list(intake, ready, words, first=first))
        self._seen.add((listed.resource, listed.scope))
        self._tell(taken.steps)
        return taken.undecided

    async def see_pods(self, observation: PodsObservation) -> Outcome:
        """Takes the pods of a workload whose rollout is in flight.

        The last lines of a container that crashes are read before its crash is told: what is posted into
        a thread is not edited any more.
        """
        for _ in range(lookups.MOST):
            seen = await self._see_pods(observation)
            if seen is None or seen.wants_log is None:
                break
            observation = await self._lookups.with_log(observation, seen.wants_log)
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
            setting = self._setting(continuous=continuous)
            if memory is None:
                setting = _after_forerunner(intake, observation.workload, setting)
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
        known = lists.known(intake, listed)
        if restored := self._is_restored(listed, known):
            known = lists.without_marks(known, listed)
        old_news, setting = first or restored, self._setting()
        there = [self._step_listed(intake, known, o, baseline=old_news) for o in listed.observations]
        if restored:
            there = [lists.marked(s, o) for s, o in zip(there, listed.observations, strict=True)]
        absent = [
            vanish(memory, listed.resource_version, setting, last_words.get(uid, ()))
            for uid, memory in known.items()
            if uid not in listed.present
        ]
        undecided = (o for o, s in zip(listed.observations, there, strict=True) if s.undecided)
        steps = lists.in_order((*there, *absent))
        return _Taken(
            steps=tuple(entered for taken in steps for entered in self._enter(intake, taken)),
            undecided=tuple(undecided),
        )

    async def _prepared(self, listed: FullList) -> _Prepared:
        """A list of Jobs with why they failed, and the last words of those in flight that are gone.

        They are completed before any of them is taken: the runs of a CronJob go in the order of their ends.
        """
        if listed.kind != lists.JOB:
            return listed, {}
        known = await self._store.take(lambda intake: lists.known(intake, listed))
        complete = [await self._with_pods(known.get(o.workload.uid), o) for o in listed.observations]
        words = await self._lookups.last_words(lists.missing_jobs(listed, known))
        return replace(listed, observations=tuple(complete)), words

    async def _with_pods(self, memory: Memory | None, observation: Observation) -> Observation:
        for _ in range(lookups.MOST):
            taken = step(memory, observation, self._setting(continuous=False))
            more = await self._lookups.completed(observation, taken)
            if more is None:
                break
            observation = more
        return observation

    async def _is_first(self, listed: FullList) -> bool:
        baseline = await self._store.baseline(listed.cluster, listed.resource, listed.scope)
        return baseline is None

    async def _with_revisions(self, listed: FullList) -> _Prepared:
        """Reads the revisions of what may be in flight; everything else is judged without."""
        setting = self._setting(baseline=True, continuous=False)
        complete = []
        for observation in listed.observations:
            if step(None, observation, setting).needs_revisions:
                revisions = await self._reader.revisions(observation)
                complete.append(replace(observation, revisions=revisions))
            else:
                complete.append(observation)
        return replace(listed, observations=tuple(complete)), {}

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
        setting = self._setting(baseline=baseline, continuous=False)
        if memory is None and not baseline:
            setting = _after_forerunner(intake, observation.workload, setting)
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

    def _setting(self, *, baseline: bool = False, continuous: bool = True) -> Setting:
        return Setting(now=self._now(), policy=self._policy, baseline=baseline, continuous=continuous)


def _after_forerunner(intake: Intake, workload: Workload, setting: Setting) -> Setting:
    """What another object of that name left behind: a Job that is run again mends the failure before."""
    if not intake.forerunner(workload):
        return setting
    return replace(setting, recreated=True, unfixed_failure=intake.unfixed_failure(workload))


def _expected(taken: Step, usual_duration: timedelta | None) -> Step:
    """The step with what is usual for the rollout that it begins."""
    if taken.begun is None or usual_duration is None:
        return taken
    begun = replace(taken.begun, usual_seconds=usual_duration.total_seconds())
    rollouts = tuple(begun if rollout.id == begun.id else rollout for rollout in taken.rollouts)
    memory = taken.memory if taken.memory.rollout != taken.begun else replace(taken.memory, rollout=begun)
    return replace(taken, begun=begun, rollouts=rollouts, memory=memory)


def _outcome(taken: Step) -> Outcome:
    return Outcome.TAKEN if taken.changed else Outcome.IDLE
