"""DaemonSets, see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/."""

from datetime import datetime

import msgspec

from shipbell.domain import Observation, Revision
from shipbell.sources.kubernetes import decoding, objects, resources, templates

GENERATION = "deprecated.daemonset.template.generation"
"""Grows with each change of the template; kept in `apps/v1` as an annotation, see
https://kubernetes.io/docs/reference/labels-annotations-taints/#deprecated-daemonset-template-generation."""


class Strategy(objects.Struct):
    """How pods are replaced."""

    type: str = "RollingUpdate"


class Spec(objects.WorkloadSpec):
    """What is wanted; how many pods that means depends on the nodes."""

    update_strategy: Strategy = msgspec.field(default_factory=Strategy)


class Status(objects.Struct):
    """What is, in numbers of nodes."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    conditions: list[objects.Condition] | None = None


class DaemonSet(objects.Workload):
    """A Status has a word where this has its status."""

    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status | str | None = None


def observation(cluster: str, daemon_set: DaemonSet, at: datetime, deleted: bool) -> Observation:
    """A DaemonSet, as it was seen `at`."""
    metadata, spec = daemon_set.metadata, daemon_set.spec
    status = daemon_set.status if isinstance(daemon_set.status, Status) else Status()
    return Observation(
        workload=decoding.workload(cluster, resources.DAEMONSETS.kind, metadata),
        resource_version=decoding.version(metadata.resource_version),
        at=at,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        generation=metadata.generation,
        observed_generation=status.observed_generation,
        revision=decoding.number((metadata.annotations or {}).get(GENERATION, "")),
        strategy=spec.update_strategy.type,
        wanted=status.desired_number_scheduled,
        updated=status.updated_number_scheduled,
        total=status.current_number_scheduled,
        ready=status.number_ready,
        available=status.number_available,
        conditions=decoding.conditions(status.conditions),
        template=templates.template(decoding.canonical(spec.template), outlined=False),
        labels=metadata.labels or {},
        annotations=decoding.annotations(metadata),
        manager=decoding.manager(metadata),
        deleted=deleted,
        deletion_timestamp=metadata.deletion_timestamp,
    )


def bears(seen: Observation, newest: Revision) -> bool:
    """The ControllerRevision with the highest number has the DaemonSet's template: no field names it."""
    return newest.template == seen.template
