"""Which of what is observed is told, under which name, and what has to go in order.

Pure. There is one collection of Jobs, but people choose between those of CronJobs and all others: each part
has a baseline of its own, so that choosing one later brings no old news.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shipbell.domain import Observation, Workload
from shipbell.ingest import FullList
from shipbell.sources.kubernetes import kinds as observed
from shipbell.sources.kubernetes import reflector, resources

JOB = resources.JOBS.kind
CRONJOB = resources.CRONJOBS.kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is observed."""

    cluster: str
    kinds: frozenset[str]
    """Those that are told; a CronJob is told of by its Jobs."""
    scopes: tuple[str, ...] = ("",)
    """Namespaces; one empty name stands for all of them."""
    watching: bool = True

    @property
    def observed_kinds(self) -> tuple[str, ...]:
        """The kinds to be listed and watched, so that the chosen ones can be told."""
        chosen = {JOB if kind == CRONJOB else kind for kind in self.kinds}
        return tuple(kind for kind in observed.ALL if kind in chosen)

    def includes(self, observation: Observation) -> bool:
        """Whether it is told."""
        return told_as(observation) in self.kinds


_SCHEDULED = re.compile(r"-\d+\Z")
"""What the CronJob controller appends: the minute of the run."""


def told_as(observation: Observation) -> str:
    """The kind under which people hear of it."""
    owner = observation.owner
    return CRONJOB if owner is not None and owner.kind == CRONJOB else observation.workload.kind


def is_read(workload: Workload) -> bool:
    """Whether there is an object to be read: a CronJob is only what its runs make of it."""
    return workload.kind in observed.ALL


def lane(workload: Workload) -> str:
    """What goes in order: all of a workload, and all runs of a CronJob."""
    return lane_of(workload.kind, workload.namespace, workload.name)


def lane_of(kind: str, namespace: str, name: str) -> str:
    """By the name alone, for a Job's owner is not known from everywhere.

    Other Jobs whose names differ by a number only share a lane needlessly, which does no harm.
    """
    base = _SCHEDULED.sub("", name) if kind == JOB else name
    return f"{kind} {namespace}/{base}"


def full_lists(item: reflector.Listed[Observation], kind: str, choice: Choice) -> Iterator[FullList]:
    """A list of everything, in as many parts as have baselines of their own. Each knows all that is there."""
    for told in (JOB, CRONJOB) if kind == JOB else (kind,):
        if told in choice.kinds:
            part = tuple(o for o in item.observations if told_as(o) == told)
            resource = item.resource if told == kind else f"{item.resource} of {resources.CRONJOBS.name}"
            yield _full(item, choice.cluster, kind, resource, part)


def full_list(item: reflector.Listed[Observation], kind: str, cluster: str) -> FullList:
    """A list of a single name, whoever is told of it."""
    return _full(item, cluster, kind, item.resource, item.observations)


def _full(
    item: reflector.Listed[Observation],
    cluster: str,
    kind: str,
    resource: str,
    observations: tuple[Observation, ...],
) -> FullList:
    return FullList(
        cluster=cluster,
        kind=kind,
        resource=resource,
        scope=item.scope,
        resource_version=item.resource_version,
        observations=observations,
        present=item.present,
        name=item.name,
        restored=item.restored,
    )
