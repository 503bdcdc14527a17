"""What ingest looks up in the cluster before it can take what was observed.

The domain says what it lacks: the revisions of a workload, the pods of a Job that has failed, the last lines
of a container that is about to be blamed. It is read outside of any transaction; then the observation is
taken again with it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from shipbell import errors
from shipbell.domain import Event, LogRequest, Observation, PodsObservation, Revision, Workload
from shipbell.domain.stepping import Step

MOST = 4
"""Lookups for one observation: revisions, pods and a log or two. Then it is taken, or seen again later."""


class Reader(Protocol):
    """What ingest may have to look up before it can take what was observed. All raise `SourceError`."""

    async def revisions(self, observation: Observation) -> tuple[Revision, ...]:
        """The ReplicaSets or ControllerRevisions of a workload."""

    async def pods(self, workload: Workload) -> PodsObservation | None:
        """Its pods of every revision; None where it is gone."""

    async def log(self, request: LogRequest, namespace: str) -> str:
        """A container's last lines; empty where they cannot be had."""

    async def events(self, namespace: str, uid: str) -> tuple[Event, ...]:
        """The Events about an object, which outlive it."""


class Lookups:
    """Completes observations. Every method may raise `SourceError`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def completed(self, observation: Observation, taken: Step) -> Observation | None:
        """The observation with what was missing; None where nothing is, or where there is no more to find."""
        if taken.needs_revisions and observation.revisions is None:
            return replace(observation, revisions=await self._reader.revisions(observation))
        if taken.needs_pods:
            return replace(observation, pods=await self._pods(observation))
        if taken.wants_log is not None and observation.pods is not None:
            return replace(observation, pods=await self.with_log(observation.pods, taken.wants_log))
        return None

    async def with_log(self, seen: PodsObservation, wanted: LogRequest) -> PodsObservation:
        """The look at pods with a container's last lines."""
        text = await self._reader.log(wanted, seen.workload.namespace)
        return replace(seen, logs={**seen.logs, wanted: text})

    async def last_words(self, gone: Iterable[Workload]) -> dict[str, tuple[Event, ...]]:
        """By uid: the Events about workloads that are gone; none where they may not be read."""
        return {workload.uid: await self._events(workload) for workload in gone}

    async def _pods(self, observation: Observation) -> PodsObservation:
        """Its pods, or none where it is gone."""
        workload = observation.workload
        none = PodsObservation(workload=workload, resource_version=0, at=observation.at, pods=())
        return await self._reader.pods(workload) or none

    async def _events(self, workload: Workload) -> tuple[Event, ...]:
        try:
            return await self._reader.events(workload.namespace, workload.uid)
        except errors.Forbidden:
            return ()
