"""Pods and ReplicaSets of conformance cases, which Shipbell tells under the name of their workload only.

A ReplicaSet is put before it as the only one of a Deployment; a pod as the only one of a Deployment, or of a
Job where it has ended. What is judged is what their workload's message would say.
"""

from collections.abc import Mapping
from typing import Any

from shipbell.domain import Pod
from shipbell.sources.kubernetes import objects, pods
from tests.conformance import workloads

FINISHED = {"Succeeded": "Complete", "Failed": "Failed"}

Object = Mapping[str, Any]


def workload(thing: Object) -> dict[str, Any]:
    """The workload that a ReplicaSet or a pod stands for, of the same name."""
    if thing["kind"] == "ReplicaSet":
        return _deployment(thing["metadata"], thing.get("spec", {}), _counts_of_set(thing))
    if (phase := _phase(thing)) in FINISHED:
        return _job(thing, FINISHED[phase])
    ready = int((found := pod(thing)) is not None and found.ready)
    counts = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": ready, "availableReplicas": ready}
    return _deployment(thing["metadata"], {"replicas": 1}, counts)


def pod(thing: Object) -> Pod | None:
    """As the pods of a workload are looked at; None where it does not count any more."""
    return pods.placed_pod(workloads.typed(thing, objects.Pod), workloads.LONG_AGO, False).pod


def _phase(thing: Object) -> str:
    status = thing.get("status")
    return str(status.get("phase", "")) if isinstance(status, dict) else ""


def _counts_of_set(thing: Object) -> dict[str, Any]:
    """What the Deployment's controller would make of it: no pod is available that is not ready, and where
    some are refused, not all are there."""
    status, conditions = thing.get("status") or {}, (thing.get("status") or {}).get("conditions") or []
    refused = any(each["type"] == "ReplicaFailure" and each["status"] == "True" for each in conditions)
    ready, total = status.get("readyReplicas", 0), status.get("replicas", 0)
    return {
        "observedGeneration": status.get("observedGeneration", 0),
        "replicas": total,
        "updatedReplicas": status.get("fullyLabeledReplicas", total) - refused,
        "readyReplicas": ready,
        "availableReplicas": min(ready, status.get("availableReplicas", 0)),
        "conditions": conditions,
    }


def _deployment(metadata: Object, spec: Object, status: Object) -> dict[str, Any]:
    generation = metadata.get("generation", 0)
    return {
        "kind": "Deployment",
        "metadata": {**_identity(metadata), "generation": generation},
        "spec": {
            "replicas": spec.get("replicas", 1),
            "template": spec.get("template", {}),
            "progressDeadlineSeconds": 2**31 - 1,
        },
        "status": {"observedGeneration": generation, **status},
    }


def _job(thing: Object, ending: str) -> dict[str, Any]:
    status = thing["status"]
    said = {"reason": status.get("reason", ""), "message": status.get("message", "")}
    return {
        "kind": "Job",
        "metadata": _identity(thing["metadata"]),
        "spec": {"completions": 1, "template": {}},
        "status": {"conditions": [{"type": ending, "status": "True", **said}]},
    }


def _identity(metadata: Object) -> dict[str, Any]:
    return {"name": metadata["name"], "namespace": metadata.get("namespace", "default")}
