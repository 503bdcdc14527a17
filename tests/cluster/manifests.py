"""Objects to create: as small as the API server takes them, with every field that a test may care about.

Plain JSON, to be changed freely before it is sent.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from tests.cluster import behaviours
from tests.cluster.connection import Object


def deployment(
    name: str,
    image: str = "shop:1",
    *,
    replicas: int = 2,
    labels: Mapping[str, str] | None = None,
    behaviour: str | None = None,
    **spec: Any,
) -> Object:
    """One container, `app`. `spec` adds fields of the Deployment's spec (`progressDeadlineSeconds=10`)."""
    return _workload("Deployment", name, image, labels, behaviour, {"replicas": replicas, **spec})


def stateful_set(name: str, image: str = "shop:1", *, replicas: int = 2, **spec: Any) -> Object:
    spec = {"serviceName": name, "replicas": replicas, **spec}
    return _workload("StatefulSet", name, image, None, None, spec)


def daemon_set(name: str, image: str = "shop:1", **spec: Any) -> Object:
    return _workload("DaemonSet", name, image, None, None, spec)


def job(name: str, image: str = "shop:1", *, behaviour: str = "exit=0", **spec: Any) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": _template({"app": name}, image, behaviour, restart_policy="Never"), **spec},
    }


def cron_job(name: str, image: str = "shop:1", *, schedule: str = "0 0 1 1 *", **job_spec: Any) -> Object:
    """By default it runs at new year; tests start its runs themselves."""
    run = job(name, image, **job_spec)
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": run["spec"]}},
    }


def run_of(cron_job: Object, name: str) -> Object:
    """A Job as the CronJob's controller makes it."""
    metadata, template = cron_job["metadata"], cron_job["spec"]["jobTemplate"]
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": copy.deepcopy(template["spec"]),
    }


def volume_claim(name: str) -> Object:
    """For a StatefulSet's `volumeClaimTemplates`; nothing here provisions volumes, so that its pods
    stay pending."""
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "none",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def service_account(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def cluster_role(name: str, *rules: tuple[Sequence[str], Sequence[str], Sequence[str]]) -> Object:
    """Each rule: API groups, resources, verbs."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
            for groups, resources, verbs in rules
        ],
    }


def cluster_role_binding(name: str, *, role: str, account: str, namespace: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


def quota(name: str, **hard: str) -> Object:
    """`quota("full", pods="2")`: no third pod in its namespace."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard}}


def _workload(
    kind: str,
    name: str,
    image: str,
    labels: Mapping[str, str] | None,
    behaviour: str | None,
    spec: Object,
) -> Object:
    selected = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {**selected, **(labels or {})}},
        "spec": {
            "selector": {"matchLabels": selected},
            "template": _template({**selected, **(labels or {})}, image, behaviour),
            **spec,
        },
    }


def _template(
    labels: Mapping[str, str], image: str, behaviour: str | None, *, restart_policy: str = "Always"
) -> Object:
    return {
        "metadata": {
            "labels": dict(labels),
            "annotations": {behaviours.ANNOTATION: behaviour} if behaviour else {},
        },
        "spec": {
            "restartPolicy": restart_policy,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "app", "image": image}],
        },
    }
