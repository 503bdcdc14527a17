"""The API server's bytes to the domain's values, in one pass over only the fields that are needed.

The structs of `objects` live as long as the page that they came in. What leaves this module are frozen
values that hold no reference to it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import msgspec

from shipbell.domain import Condition, Observation, Revision, Workload
from shipbell.sources.kubernetes import objects, resources, templates

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

NO_DEADLINE = 2**31 - 1
"""How a Deployment says that it has no deadline, see
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds."""

BEGINNING = datetime.fromtimestamp(0, UTC)
"""In place of a creation time that is not there. The API server always writes one."""

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Format(Generic[objects.ObjectT, ValueT]):
    """How a resource's pages and events are read, and what value an object becomes."""

    resource: resources.Resource
    pages: msgspec.json.Decoder[objects.Page[objects.ObjectT]]
    events: msgspec.json.Decoder[objects.Event[objects.ObjectT]]
    build: Callable[[objects.ObjectT, datetime, bool], ValueT]
    """From the object, the time it was seen at, and whether it is gone."""

    def page(self, body: bytes) -> objects.Page[objects.ObjectT]:
        """Raises `SourceError` where the body is no list of this resource."""
        return objects.decode(self.pages, body)

    def event(self, line: bytes) -> objects.Event[objects.ObjectT]:
        """Raises `SourceError` where the line is no event of this resource."""
        return objects.decode(self.events, line)


def deployments(cluster: str) -> Format[objects.Deployment, Observation]:
    """Deployments as observations of workloads in `cluster`."""
    return Format(
        resource=resources.DEPLOYMENTS,
        pages=msgspec.json.Decoder(objects.Page[objects.Deployment]),
        events=msgspec.json.Decoder(objects.Event[objects.Deployment]),
        build=partial(observation, cluster),
    )


def replicasets() -> Format[objects.ReplicaSet, Revision]:
    """ReplicaSets as revisions of whatever owns them."""
    return Format(
        resource=resources.REPLICASETS,
        pages=msgspec.json.Decoder(objects.Page[objects.ReplicaSet]),
        events=msgspec.json.Decoder(objects.Event[objects.ReplicaSet]),
        build=lambda replicaset, _at, _deleted: revision(replicaset),
    )


def version(text: str) -> int:
    """A resourceVersion as the number that it is; 0, older than any, where it is none.

    They may be compared within one resource of one cluster, see
    https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
    """
    return int(text) if text.isascii() and text.isdigit() else 0


def observation(cluster: str, deployment: objects.Deployment, at: datetime, deleted: bool) -> Observation:
    """A Deployment, as it was seen `at`."""
    metadata, spec = deployment.metadata, deployment.spec
    status = deployment.status if isinstance(deployment.status, objects.DeploymentStatus) else None
    status = status or objects.DeploymentStatus()
    annotations = metadata.annotations or {}
    return Observation(
        workload=_workload(cluster, metadata),
        resource_version=version(metadata.resource_version),
        at=at,
        created_at=metadata.creation_timestamp or BEGINNING,
        generation=metadata.generation,
        observed_generation=status.observed_generation,
        revision=number(annotations.get(REVISION, "")),
        wanted=1 if spec.replicas is None else spec.replicas,
        updated=status.updated_replicas,
        total=status.replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        paused=spec.paused,
        deadline=_deadline(spec.progress_deadline_seconds),
        conditions=tuple(_condition(condition) for condition in status.conditions or ()),
        template=templates.template(spec.template),
        labels=metadata.labels or {},
        annotations=templates.without(annotations, LAST_APPLIED),
        manager=_manager(metadata.managed_fields or []),
        deleted=deleted,
        deletion_timestamp=metadata.deletion_timestamp,
    )


def revision(replicaset: objects.ReplicaSet) -> Revision:
    """A ReplicaSet as an entry of its Deployment's history."""
    metadata = replicaset.metadata
    status = replicaset.status if isinstance(replicaset.status, objects.ReplicaSetStatus) else None
    status = status or objects.ReplicaSetStatus()
    annotations = metadata.annotations or {}
    earlier = (number(part.strip()) for part in annotations.get(REVISION_HISTORY, "").split(","))
    return Revision(
        number=number(annotations.get(REVISION, "")),
        earlier_numbers=tuple(part for part in earlier if part is not None),
        name=metadata.name,
        hash=_hash(metadata),
        uid=metadata.uid,
        created_at=metadata.creation_timestamp or BEGINNING,
        template=templates.template(replicaset.spec.template),
        wanted=1 if replicaset.spec.replicas is None else replicaset.spec.replicas,
        total=status.replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
    )


def controller(thing: objects.Object) -> objects.OwnerReference | None:
    """The one owner that manages the object, if any."""
    owners = thing.metadata.owner_references or ()
    return next((owner for owner in owners if owner.controller), None)


def selector(wanted: objects.LabelSelector) -> str:
    """As a `labelSelector` parameter, see
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api."""
    equal = [f"{key}={value}" for key, value in sorted((wanted.match_labels or {}).items())]
    return ",".join([*equal, *(_requirement(r) for r in wanted.match_expressions or ())])


def number(text: str) -> int | None:
    """A revision's number; None where someone wrote something else into the annotation."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _workload(cluster: str, metadata: objects.Metadata) -> Workload:
    return Workload(
        cluster=cluster,
        namespace=sys.intern(metadata.namespace),
        kind=resources.DEPLOYMENTS.kind,
        name=metadata.name,
        uid=metadata.uid,
    )


def _deadline(seconds: int | None) -> timedelta | None:
    return None if seconds is None or seconds >= NO_DEADLINE else timedelta(seconds=seconds)


def _condition(condition: objects.Condition) -> Condition:
    return Condition(
        type=condition.type,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        last_update=condition.last_update_time,
    )


def _manager(entries: list[objects.ManagedFields]) -> str | None:
    """Who wrote the pod template last. The controllers write status only, as a subresource."""
    writers = [entry for entry in entries if not entry.subresource and _owns_template(entry)]
    return max(writers, key=lambda entry: entry.time or BEGINNING).manager if writers else None


def _owns_template(entry: objects.ManagedFields) -> bool:
    return (
        entry.fields is not None and entry.fields.spec is not None and entry.fields.spec.template is not None
    )


def _hash(metadata: objects.Metadata) -> str:
    return (metadata.labels or {}).get(templates.HASH, "")


def _requirement(requirement: objects.LabelSelectorRequirement) -> str:
    key, values = requirement.key, ",".join(requirement.values or ())
    match requirement.operator:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key
