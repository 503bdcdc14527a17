"""Objects as the API server writes them, in the shape that a test needs."""

from typing import Any

Json = dict[str, Any]

CREATED = "2026-01-30T14:02:11Z"


def deployment(
    name: str = "web",
    *,
    namespace: str = "shop",
    uid: str = "",
    image: str = "reg.example/shop/web:1.4.1",
    generation: int = 1,
    annotations: dict[str, str] | None = None,
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    pods = {"containers": [{"name": "web", "image": image, "resources": {}}], "restartPolicy": "Always"}
    return {
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-{namespace}-{name}",
            "resourceVersion": "1",
            "generation": generation,
            "creationTimestamp": CREATED,
            "labels": {"app": name},
            "annotations": {"deployment.kubernetes.io/revision": "1", **(annotations or {})},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"creationTimestamp": None, "labels": {"app": name}}, "spec": pods},
            "progressDeadlineSeconds": 600,
            **(spec or {}),
        },
        "status": {"observedGeneration": generation, "replicas": 2, "updatedReplicas": 2, **(status or {})},
    }


def replicaset(
    name: str = "web-79fc7fd494",
    *,
    owner: str = "web",
    namespace: str = "shop",
    revision: str = "1",
    history: str = "",
) -> Json:
    hash_ = name.rpartition("-")[2]
    annotations = {"deployment.kubernetes.io/revision": revision}
    if history:
        annotations["deployment.kubernetes.io/revision-history"] = history
    made = deployment(owner, namespace=namespace)
    template = made["spec"]["template"]
    labels = {"app": owner, "pod-template-hash": hash_}
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{namespace}-{name}",
            "creationTimestamp": CREATED,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [_owner("Deployment", owner, f"uid-{namespace}-{owner}")],
        },
        "spec": {
            "replicas": 2,
            "template": {**template, "metadata": {"creationTimestamp": None, "labels": labels}},
        },
        "status": {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1},
    }


def pod(
    name: str = "web-79fc7fd494-x7x2v",
    *,
    namespace: str = "shop",
    app: str = "web",
    ready: bool = True,
    phase: str = "Running",
    containers: list[Json] | None = None,
    init_containers: list[Json] | None = None,
    conditions: list[Json] | None = None,
    deleting: bool = False,
) -> Json:
    owner = name.rpartition("-")[0]
    metadata: Json = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "creationTimestamp": CREATED,
        "labels": {"app": app, "pod-template-hash": owner.rpartition("-")[2]},
        "ownerReferences": [_owner("ReplicaSet", owner, f"uid-{namespace}-{owner}")],
    }
    if deleting:
        metadata["deletionTimestamp"] = CREATED
    return {
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": [{"name": "web", "image": "reg.example/shop/web:1.4.1"}],
            "initContainers": [{"name": "migrate", "image": "reg.example/shop/migrate:1.4.1"}],
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}, *(conditions or [])],
            "containerStatuses": containers or [],
            "initContainerStatuses": init_containers or [],
        },
    }


def pod_of(
    kind: str,
    owner: str,
    name: str = "",
    *,
    labels: dict[str, str] | None = None,
    phase: str = "Running",
    namespace: str = "shop",
) -> Json:
    """A pod that its workload owns without a ReplicaSet between them."""
    made = pod(name or f"{owner}-x7x2v", app=owner, namespace=namespace, phase=phase)
    made["metadata"]["labels"] = {"app": owner, **(labels or {})}
    made["metadata"]["ownerReferences"] = [_owner(kind, owner, f"uid-{namespace}-{owner}")]
    return made


def event(
    reason: str,
    message: str = "",
    *,
    about: Json | None = None,
    container: str = "",
    namespace: str = "shop",
    **fields: Any,
) -> Json:
    """A Kubernetes Event about a pod, unless it is `about` something else."""
    involved = about or {"kind": "Pod", "name": "web-79fc7fd494-x7x2v", "uid": "uid-pod"}
    path = {"fieldPath": f"spec.containers{{{container}}}"} if container else {}
    return {
        "kind": "Event",
        "metadata": {
            "name": f"{involved['name']}.{reason.lower()}",
            "namespace": namespace,
            "uid": f"uid-event-{involved['name']}-{reason}",
            "creationTimestamp": CREATED,
        },
        "involvedObject": {**involved, **path},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": 1,
        "firstTimestamp": CREATED,
        "lastTimestamp": CREATED,
        **fields,
    }


def container(
    *,
    name: str = "web",
    ready: bool = False,
    restarts: int = 0,
    waiting: Json | None = None,
    terminated: Json | None = None,
    last: Json | None = None,
) -> Json:
    state = {"waiting": waiting} if waiting else {"terminated": terminated} if terminated else {"running": {}}
    return {
        "name": name,
        "image": "sha256:0123",
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def _owner(kind: str, name: str, uid: str) -> Json:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}
