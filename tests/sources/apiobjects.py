"""Objects as the API server writes them, in the shape that a test needs."""

import json
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


def statefulset(
    name: str = "db",
    *,
    namespace: str = "shop",
    image: str = "reg.example/shop/db:16.1",
    generation: int = 1,
    revision: str = "",
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    """At rest at a revision, unless the status says otherwise."""
    current = revision or f"{name}-6c5b9f"
    counts = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
    return _like_a_deployment(
        "StatefulSet",
        name,
        namespace,
        image,
        generation,
        spec={"replicas": 3, "updateStrategy": {"type": "RollingUpdate"}, **(spec or {})},
        status={**counts, "updateRevision": current, "currentRevision": current, **(status or {})},
    )


def daemonset(
    name: str = "agent",
    *,
    namespace: str = "shop",
    image: str = "reg.example/shop/agent:2.0",
    generation: int = 1,
    template_generation: str = "1",
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    """On two nodes, and at rest unless the status says otherwise."""
    counts = {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2}
    made = _like_a_deployment(
        "DaemonSet",
        name,
        namespace,
        image,
        generation,
        spec={"updateStrategy": {"type": "RollingUpdate"}, **(spec or {})},
        status={**counts, "numberReady": 2, "numberAvailable": 2, **(status or {})},
    )
    made["metadata"]["annotations"] = {"deprecated.daemonset.template.generation": template_generation}
    return made


def job(
    name: str = "migrate",
    *,
    namespace: str = "shop",
    owner: str = "",
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    """A Job that has just begun; `owner` names the CronJob that made it."""
    uid = f"uid-{namespace}-{name}"
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    wanted = {"completions": 1, "parallelism": 1, "backoffLimit": 6, "suspend": False, "selector": selector}
    made = _like_a_deployment(
        "Job",
        name,
        namespace,
        "reg.example/shop/migrate:1.4.1",
        1,
        spec={**wanted, **(spec or {})},
        status={"startTime": CREATED, "active": 1, "ready": 0, **(status or {})},
    )
    del made["status"]["observedGeneration"]
    labels = {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid, "job-name": name, "app": name}
    made["spec"]["template"]["metadata"]["labels"] = labels
    if owner:
        made["metadata"]["ownerReferences"] = [_owner("CronJob", owner, f"uid-{namespace}-{owner}")]
    return made


def _like_a_deployment(
    kind: str, name: str, namespace: str, image: str, generation: int, *, spec: Json, status: Json
) -> Json:
    made = deployment(name, namespace=namespace, image=image, generation=generation)
    common = {key: made["spec"][key] for key in ("selector", "template")}
    return {
        "kind": kind,
        "metadata": {**made["metadata"], "annotations": {}},
        "spec": {**common, **spec},
        "status": {"observedGeneration": generation, **status},
    }


def controllerrevision(owner: Json, hash_: str = "6c5b9f", *, revision: int = 1) -> Json:
    """What its controller keeps of a workload: fields in the order of their names, as the real ones do."""
    metadata = owner["metadata"]
    template = {"$patch": "replace", **owner["spec"]["template"]}
    label = "controller-revision-hash" if owner["kind"] == "DaemonSet" else "controller.kubernetes.io/hash"
    name = f"{metadata['name']}-{hash_}"
    return {
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "uid": f"uid-{metadata['namespace']}-{name}",
            "creationTimestamp": CREATED,
            "labels": {**metadata["labels"], label: hash_},
            "ownerReferences": [_owner(owner["kind"], metadata["name"], metadata["uid"])],
        },
        "data": json.loads(json.dumps({"spec": {"template": template}}, sort_keys=True)),
        "revision": revision,
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
