"""A workload's history: ReplicaSets of Deployments, ControllerRevisions of StatefulSets and DaemonSets."""

import msgspec

from shipbell.domain import Revision
from shipbell.sources.kubernetes import decoding, objects, resources, templates

NUMBER = "deployment.kubernetes.io/revision"
EARLIER_NUMBERS = "deployment.kubernetes.io/revision-history"
DAEMONSET_HASH = "controller-revision-hash"


class _ReplicaSetSpec(objects.Struct):
    replicas: int | None = None
    template: objects.PodTemplate = msgspec.field(default_factory=objects.PodTemplate)


class _ReplicaSetStatus(objects.Struct):
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0


class ReplicaSet(objects.Object):
    """See https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/replica-set-v1/."""

    spec: _ReplicaSetSpec = msgspec.field(default_factory=_ReplicaSetSpec)
    status: _ReplicaSetStatus | str | None = None


class _PatchSpec(objects.Struct):
    template: objects.PodTemplate = msgspec.field(default_factory=objects.PodTemplate)


class _Patch(objects.Struct):
    """What the controllers keep of a revision: its pod template, as a patch of the workload."""

    spec: _PatchSpec = msgspec.field(default_factory=_PatchSpec)


class ControllerRevision(objects.Object):
    """See https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/."""

    revision: int = 0
    data: _Patch | None = None


def replicasets() -> decoding.Format[ReplicaSet, Revision]:
    """ReplicaSets as revisions of whatever owns them."""
    return decoding.Format(
        resource=resources.REPLICASETS,
        pages=msgspec.json.Decoder(objects.Page[ReplicaSet]),
        events=msgspec.json.Decoder(objects.Event[ReplicaSet]),
        build=lambda replicaset, _at, _deleted: of_replicaset(replicaset),
    )


def controller_revisions() -> decoding.Format[ControllerRevision, Revision]:
    """ControllerRevisions as revisions of whatever owns them."""
    return decoding.Format(
        resource=resources.CONTROLLER_REVISIONS,
        pages=msgspec.json.Decoder(objects.Page[ControllerRevision]),
        events=msgspec.json.Decoder(objects.Event[ControllerRevision]),
        build=lambda kept, _at, _deleted: of_controller_revision(kept),
    )


def of_replicaset(replicaset: ReplicaSet) -> Revision:
    """A ReplicaSet as an entry of its Deployment's history."""
    metadata = replicaset.metadata
    status = replicaset.status if isinstance(replicaset.status, _ReplicaSetStatus) else _ReplicaSetStatus()
    annotations = metadata.annotations or {}
    earlier = (decoding.number(part.strip()) for part in annotations.get(EARLIER_NUMBERS, "").split(","))
    return Revision(
        number=decoding.number(annotations.get(NUMBER, "")),
        earlier_numbers=tuple(part for part in earlier if part is not None),
        name=metadata.name,
        hash=(metadata.labels or {}).get(templates.HASH, ""),
        uid=metadata.uid,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        template=templates.template(replicaset.spec.template),
        wanted=1 if replicaset.spec.replicas is None else replicaset.spec.replicas,
        total=status.replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
    )


def of_controller_revision(kept: ControllerRevision) -> Revision:
    """A ControllerRevision as an entry of the history of its StatefulSet or DaemonSet.

    A DaemonSet's pods bear the hash alone, a StatefulSet's the whole name. When an earlier revision is rolled
    out again, its number grows; its name and the time of its creation stay.
    """
    metadata = kept.metadata
    patch = kept.data or _Patch()
    return Revision(
        number=kept.revision,
        name=metadata.name,
        hash=(metadata.labels or {}).get(DAEMONSET_HASH, metadata.name),
        uid=metadata.uid,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        template=templates.template(decoding.canonical(patch.spec.template)),
    )
