"""Pods as the domain sees them: of which workload, of which revision, and in what trouble."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shipbell.domain import Pod
from shipbell.sources.kubernetes import decoding, objects, resources, templates, troubles

REVISION_HASH = "controller-revision-hash"
"""On the pods of StatefulSets and DaemonSets, see
https://kubernetes.io/docs/reference/labels-annotations-taints/#controller-revision-hash."""

FINISHED = frozenset({"Succeeded", "Failed"})
"""Phases in which a pod no longer counts for its controller, which has made another in its place."""

BY_REVISION = frozenset({resources.STATEFULSETS.kind, resources.DAEMONSETS.kind})
"""Kinds that own their pods themselves, and label them with their revision."""

NOBODY = ("", "")
Place = tuple[str, str]
"""Kind and name of a workload; the namespace is known from elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedPod:
    """A pod and whose it is."""

    uid: str
    resource_version: int
    workload: Place
    """What it belongs to, for a Deployment's pod over its ReplicaSet; `NOBODY` where to nothing known."""
    pod: Pod | None
    """None where it does not count: it is being deleted, or has finished. A Job's failed pod does count,
    because it says why the Job will fail."""


def format_() -> decoding.Format[objects.Pod, PlacedPod]:
    """Pods with their workload."""
    return decoding.Format(
        resource=resources.PODS,
        pages=msgspec.json.Decoder(objects.Page[objects.Pod]),
        events=msgspec.json.Decoder(objects.Event[objects.Pod]),
        build=placed_pod,
    )


def placed_pod(pod: objects.Pod, _at: datetime, deleted: bool) -> PlacedPod:
    """A pod, without what it does not count for."""
    metadata = pod.metadata
    status = pod.status if isinstance(pod.status, objects.PodStatus) else objects.PodStatus()
    place, hash_ = _belonging(pod)
    counts = status.phase not in FINISHED or (place[0] == resources.JOBS.kind and status.phase == "Failed")
    leaving = deleted or metadata.deletion_timestamp is not None or not counts
    return PlacedPod(
        uid=metadata.uid,
        resource_version=decoding.version(metadata.resource_version),
        workload=place,
        pod=None if leaving else _pod(pod, status, hash_),
    )


def _belonging(pod: objects.Pod) -> tuple[Place, str]:
    """Its workload, and which of the workload's revisions it is of, see `domain.pods.Pod.hash`."""
    owner, labels = decoding.controller(pod), pod.metadata.labels or {}
    if owner is None:
        return NOBODY, ""
    if owner.kind == resources.REPLICASETS.kind:
        return _deployment_of(owner, hash_ := labels.get(templates.HASH, "")), hash_
    if owner.kind in BY_REVISION:
        return (owner.kind, owner.name), labels.get(REVISION_HASH, "")
    if owner.kind == resources.JOBS.kind:
        return (owner.kind, owner.name), owner.uid
    return NOBODY, ""


def _deployment_of(replicaset: objects.OwnerReference, hash_: str) -> Place:
    """From the ReplicaSet's name, which the controller makes of the Deployment's name and the hash."""
    if not replicaset.name.endswith(f"-{hash_}"):
        return NOBODY
    return resources.DEPLOYMENTS.kind, replicaset.name.removesuffix(f"-{hash_}")


def _pod(pod: objects.Pod, status: objects.PodStatus, hash_: str) -> Pod:
    return Pod(
        name=pod.metadata.name,
        hash=hash_,
        ready=any(c.type == "Ready" and c.status == "True" for c in status.conditions or ()),
        created_at=pod.metadata.creation_timestamp or decoding.BEGINNING,
        uid=pod.metadata.uid,
        image_ids={c.name: c.image_id for c in status.container_statuses or () if c.image_id},
        trouble=troubles.trouble(pod),
    )
