"""StatefulSets, see
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/."""

from datetime import datetime

import msgspec

from shipbell.domain import Observation, Revision
from shipbell.sources.kubernetes import decoding, objects, resources, templates


class RollingUpdate(objects.Struct):
    """Where it stops."""

    partition: int | None = None


class Strategy(objects.Struct):
    """How pods are replaced."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class Spec(objects.WorkloadSpec):
    """What is wanted."""

    replicas: int | None = None
    update_strategy: Strategy = msgspec.field(default_factory=Strategy)


class Status(objects.Struct):
    """What is."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    update_revision: str = ""
    current_revision: str = ""
    conditions: list[objects.Condition] | None = None


class StatefulSet(objects.Workload):
    """A Status has a word where this has its status."""

    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status | str | None = None


def observation(cluster: str, stateful_set: StatefulSet, at: datetime, deleted: bool) -> Observation:
    """A StatefulSet, as it was seen `at`. Its number is its ControllerRevision's, which is read apart."""
    metadata, spec = stateful_set.metadata, stateful_set.spec
    status = stateful_set.status if isinstance(stateful_set.status, Status) else Status()
    rolling = spec.update_strategy.rolling_update or RollingUpdate()
    return Observation(
        workload=decoding.workload(cluster, resources.STATEFULSETS.kind, metadata),
        resource_version=decoding.version(metadata.resource_version),
        at=at,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        generation=metadata.generation,
        observed_generation=status.observed_generation,
        revision=None,
        update_revision=status.update_revision,
        current_revision=status.current_revision,
        strategy=spec.update_strategy.type,
        partition=rolling.partition or 0,
        wanted=1 if spec.replicas is None else spec.replicas,
        updated=status.updated_replicas,
        total=status.replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        conditions=decoding.conditions(status.conditions),
        template=templates.template(decoding.canonical(spec.template), outlined=False),
        labels=metadata.labels or {},
        annotations=decoding.annotations(metadata),
        manager=decoding.manager(metadata),
        deleted=deleted,
        deletion_timestamp=metadata.deletion_timestamp,
    )


def bears(seen: Observation, newest: Revision) -> bool:
    """The ControllerRevision with the highest number is the one that the status names.

    A name alone would not do: a rollback names an old revision, whose number grows.
    """
    return newest.name == seen.update_revision
