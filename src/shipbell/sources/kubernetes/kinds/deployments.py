"""Deployments, see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/."""

from datetime import datetime

import msgspec

from shipbell.domain import Observation, Revision
from shipbell.sources.kubernetes import decoding, objects, resources, revisions, templates


class Strategy(objects.Struct):
    """How pods are replaced."""

    type: str = "RollingUpdate"


class Spec(objects.WorkloadSpec):
    """What is wanted."""

    replicas: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None
    strategy: Strategy = msgspec.field(default_factory=Strategy)


class Status(objects.Struct):
    """What is."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[objects.Condition] | None = None


class Deployment(objects.Workload):
    """A Status has a word where this has its status."""

    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status | str | None = None


def observation(cluster: str, deployment: Deployment, at: datetime, deleted: bool) -> Observation:
    """A Deployment, as it was seen `at`."""
    metadata, spec = deployment.metadata, deployment.spec
    status = deployment.status if isinstance(deployment.status, Status) else Status()
    return Observation(
        workload=decoding.workload(cluster, resources.DEPLOYMENTS.kind, metadata),
        resource_version=decoding.version(metadata.resource_version),
        at=at,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        generation=metadata.generation,
        observed_generation=status.observed_generation,
        revision=decoding.number((metadata.annotations or {}).get(revisions.NUMBER, "")),
        strategy=spec.strategy.type,
        wanted=1 if spec.replicas is None else spec.replicas,
        updated=status.updated_replicas,
        total=status.replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        paused=spec.paused,
        deadline=decoding.seconds(spec.progress_deadline_seconds),
        conditions=decoding.conditions(status.conditions),
        template=templates.template(spec.template, outlined=False),
        labels=metadata.labels or {},
        annotations=decoding.annotations(metadata),
        manager=decoding.manager(metadata),
        deleted=deleted,
        deletion_timestamp=metadata.deletion_timestamp,
    )


def bears(seen: Observation, newest: Revision) -> bool:
    """The ReplicaSet with the highest number has the Deployment's own."""
    return newest.number == seen.revision
