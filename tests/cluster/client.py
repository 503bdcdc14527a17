"""What a person or a deployment tool does to a cluster, for tests: create, change, roll out, undo, look.

Names resources as their plurals (`deployments`); objects are JSON as the API has it. Rollouts are undone by
the real kubectl; the rest is plain requests, because thirty kubectls at once are slow.
"""

import asyncio
import copy
import itertools
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.cluster import behaviours, binaries, connection, manifests
from tests.cluster.connection import Connection, Object

GROUPS: Mapping[str, str] = {
    "namespaces": "/api/v1",
    "nodes": "/api/v1",
    "pods": "/api/v1",
    "events": "/api/v1",
    "configmaps": "/api/v1",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
    "resourcequotas": "/api/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "controllerrevisions": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1",
}

MANAGER = "kubectl-edit"
"""The field manager unless a call names another; what `kubectl edit` calls itself."""

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

POLL_SECONDS = 0.05

PATIENCE_SECONDS = 20.0
"""For whatever the controllers should do; they share the machine with the tests."""


class TookTooLong(AssertionError):
    """The condition did not come true in time; the message has the last state."""


class KubectlFailed(Exception):
    """The message is what it wrote."""


class Client:
    """Works with one identity; `namespace` arguments come first, as in kubectl's output."""

    def __init__(self, api: Connection, *, kubeconfig: Path) -> None:
        self._api = api
        self._kubeconfig = kubeconfig
        self._serial = itertools.count()

    # Objects

    async def create(self, namespace: str, manifest: Object, *, manager: str = MANAGER) -> Object:
        """Raises `connection.Refused`, as all methods do."""
        path = _path(_resource(manifest), namespace)
        return await self._api.request("POST", path, params={"fieldManager": manager}, body=manifest)

    async def apply(self, namespace: str, manifest: Object, *, manager: str = "kubectl") -> Object:
        """Server-side; conflicts are won."""
        return await self._api.request(
            "PATCH",
            _path(_resource(manifest), namespace, manifest["metadata"]["name"]),
            params={"fieldManager": manager, "force": "true"},
            body=manifest,
            content_type=connection.APPLY_PATCH,
        )

    async def replace(self, namespace: str, manifest: Object, *, manager: str = MANAGER) -> Object:
        """As `kubectl replace`: whatever the manifest lacks is gone."""
        path = _path(_resource(manifest), namespace, manifest["metadata"]["name"])
        return await self._api.request("PUT", path, params={"fieldManager": manager}, body=manifest)

    async def patch(
        self,
        resource: str,
        namespace: str,
        name: str,
        change: Object,
        *,
        subresource: str = "",
        manager: str = MANAGER,
    ) -> Object:
        """A strategic merge patch: lists of named things merge by name, null removes."""
        return await self._api.request(
            "PATCH",
            _path(resource, namespace, name, subresource),
            params={"fieldManager": manager},
            body=change,
            content_type=connection.STRATEGIC_PATCH,
        )

    async def get(self, resource: str, namespace: str, name: str) -> Object:
        return await self._api.request("GET", _path(resource, namespace, name))

    async def find(self, resource: str, namespace: str, *, labels: str = "") -> list[Object]:
        """All objects that a label selector chooses."""
        params = {"labelSelector": labels} if labels else {}
        found = await self._api.request("GET", _path(resource, namespace), params=params)
        items: list[Object] = found["items"]
        return items

    async def delete(
        self, resource: str, namespace: str, name: str, *, propagation: str = "Background"
    ) -> None:
        """`propagation`: `Background`, `Foreground` or `Orphan`."""
        options = {"propagationPolicy": propagation}
        await self._api.request("DELETE", _path(resource, namespace, name), body=options)

    # Namespaces and identities

    async def create_namespace(self, prefix: str, *, labels: Mapping[str, str] | None = None) -> str:
        """A new one, whose name begins with the prefix."""
        name = f"{prefix}-{next(self._serial)}"
        metadata = {"name": name, "labels": dict(labels or {})}
        await self.create("", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        return name

    async def delete_namespace(self, name: str) -> None:
        """Begins to; the controllers empty it in their own time."""
        await self.delete("namespaces", "", name)

    async def token(self, namespace: str, account: str, *, seconds: int = 3600) -> str:
        """A ServiceAccount's, by https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        path = _path("serviceaccounts", namespace, account, "token")
        answer = await self._api.request("POST", path, body=request)
        return str(answer["status"]["token"])

    # Rollouts of Deployments (and what else has a template)

    async def set_image(
        self,
        namespace: str,
        name: str,
        image: str,
        *,
        container: str = "app",
        resource: str = "deployments",
        manager: str = "kubectl-set",
    ) -> Object:
        template = {"spec": {"containers": [{"name": container, "image": image}]}}
        return await self._change_template(resource, namespace, name, template, manager)

    async def restart(
        self, namespace: str, name: str, *, resource: str = "deployments", manager: str = "kubectl-rollout"
    ) -> Object:
        """As `kubectl rollout restart`, but two within one second are two."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        template = {"metadata": {"annotations": {RESTARTED_AT: now}}}
        return await self._change_template(resource, namespace, name, template, manager)

    async def scale(
        self, namespace: str, name: str, replicas: int, *, resource: str = "deployments"
    ) -> Object:
        """By the subresource, as kubectl and autoscalers do."""
        change = {"spec": {"replicas": replicas}}
        return await self._api.request(
            "PATCH",
            _path(resource, namespace, name, "scale"),
            body=change,
            content_type=connection.MERGE_PATCH,
        )

    async def pause(self, namespace: str, name: str) -> Object:
        return await self.patch("deployments", namespace, name, {"spec": {"paused": True}})

    async def resume(self, namespace: str, name: str) -> Object:
        return await self.patch("deployments", namespace, name, {"spec": {"paused": None}})

    async def undo(
        self, namespace: str, name: str, *, to_revision: int = 0, resource: str = "deployments"
    ) -> None:
        """`kubectl rollout undo`; 0 is the revision before this one."""
        target = f"{resource}/{name}"
        await self.kubectl("-n", namespace, "rollout", "undo", target, f"--to-revision={to_revision}")

    async def run_now(self, namespace: str, cron_job: str, name: str, *, behaviour: str = "exit=0") -> None:
        """A run of the CronJob out of its turn, owned by it as those that its controller makes."""
        owner = await self.get("cronjobs", namespace, cron_job)
        manifest = manifests.run_of(owner, name)
        template = manifest["spec"]["template"]
        template["metadata"]["annotations"] = {behaviours.ANNOTATION: behaviour}
        await self.create(namespace, manifest, manager="kube-controller-manager")

    async def annotate(self, resource: str, namespace: str, name: str, **annotations: str | None) -> Object:
        """On the object itself, not its template; None removes. Keys may come as `**{"a/b": "c"}`."""
        return await self.patch(resource, namespace, name, {"metadata": {"annotations": annotations}})

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What it printed. Raises `KubectlFailed`."""
        process = await asyncio.create_subprocess_exec(
            binaries.path("kubectl"),
            *("--kubeconfig", str(self._kubeconfig)),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(stdin.encode())
        if process.returncode:
            raise KubectlFailed(errors.decode())
        return output.decode()

    # Looking

    async def logs(self, namespace: str, pod: str, *, container: str = "app", previous: bool = False) -> str:
        params = {"container": container, "previous": str(previous).lower()}
        return (await self._api.read("GET", _path("pods", namespace, pod, "log"), params=params)).decode()

    async def pods_of(self, namespace: str, name: str) -> list[Object]:
        """The pods of the workload of this name, by the label that `manifests` selects with."""
        return await self.find("pods", namespace, labels=f"app={name}")

    async def until(
        self,
        resource: str,
        namespace: str,
        name: str,
        is_so: Callable[[Object], bool],
        *,
        within: float = PATIENCE_SECONDS,
    ) -> Object:
        """The object as soon as the condition holds for it. Raises `TookTooLong`."""
        deadline = time.monotonic() + within
        while not is_so(found := await self.get(resource, namespace, name)):
            if time.monotonic() > deadline:
                raise TookTooLong(f"{resource} {namespace}/{name} after {within:g} s: {_digest(found)}")
            await asyncio.sleep(POLL_SECONDS)
        return found

    async def until_complete(self, namespace: str, name: str, *, within: float = PATIENCE_SECONDS) -> Object:
        """The Deployment once its rollout is over and all is available."""
        return await self.until("deployments", namespace, name, is_complete, within=within)

    async def until_progressing_says(
        self, namespace: str, name: str, reason: str, *, within: float = PATIENCE_SECONDS
    ) -> Object:
        """The Deployment once its condition Progressing has this reason (`ProgressDeadlineExceeded`)."""
        return await self.until(
            "deployments", namespace, name, lambda it: progress_reason(it) == reason, within=within
        )

    async def until_pods(
        self, namespace: str, name: str, count: int, *, within: float = PATIENCE_SECONDS
    ) -> list[Object]:
        """The workload's pods as soon as they are so many, terminating and failed ones included."""
        deadline = time.monotonic() + within
        while len(pods := await self.pods_of(namespace, name)) != count:
            if time.monotonic() > deadline:
                raise TookTooLong(f"{namespace}/{name} has {len(pods)} pods after {within:g} s, not {count}")
            await asyncio.sleep(POLL_SECONDS)
        return pods

    async def until_event(
        self, namespace: str, is_it: Callable[[Object], bool], *, within: float = PATIENCE_SECONDS
    ) -> Object:
        """The first Event that is as described."""
        deadline = time.monotonic() + within
        while not (found := [each for each in await self.find("events", namespace) if is_it(each)]):
            if time.monotonic() > deadline:
                raise TookTooLong(f"no such Event in {namespace} after {within:g} s")
            await asyncio.sleep(POLL_SECONDS)
        return found[0]

    async def until_gone(
        self, resource: str, namespace: str, name: str, *, within: float = PATIENCE_SECONDS
    ) -> None:
        deadline = time.monotonic() + within
        while any(each["metadata"]["name"] == name for each in await self.find(resource, namespace)):
            if time.monotonic() > deadline:
                raise TookTooLong(f"{resource} {namespace}/{name} is still there after {within:g} s")
            await asyncio.sleep(POLL_SECONDS)

    async def _change_template(
        self, resource: str, namespace: str, name: str, template: Object, manager: str
    ) -> Object:
        change = {"spec": {"template": template}}
        return await self.patch(resource, namespace, name, change, manager=manager)


def is_observed(workload: Object) -> bool:
    """Its controller has seen its spec."""
    generation: int = workload["metadata"]["generation"]
    observed: int = workload["status"].get("observedGeneration", 0)
    return observed >= generation


def is_complete(deployment: Object) -> bool:
    """What `kubectl rollout status` waits for:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    counts = [status.get(f"{kind}eplicas", 0) for kind in ("r", "updatedR", "availableR")]
    return is_observed(deployment) and counts == [wanted] * 3


def is_rolled_out(workload: Object) -> bool:
    """What `kubectl rollout status` waits for, of the kinds that it knows, with every pod available."""
    return {
        "Deployment": is_complete,
        "StatefulSet": _stateful_set_is_complete,
        "DaemonSet": _daemon_set_is_complete,
    }[workload["kind"]](workload)


def _stateful_set_is_complete(found: Object) -> bool:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions"""
    status, spec = found["status"], found["spec"]
    wanted = spec["replicas"]
    counts = [status.get(f"{kind}eplicas", 0) for kind in ("r", "readyR", "availableR")]
    partition = spec["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
    is_current = bool(partition) or status.get("currentRevision") == status.get("updateRevision")
    is_updated = status.get("updatedReplicas", 0) >= wanted - partition
    return is_observed(found) and counts == [wanted] * 3 and is_updated and is_current


def _daemon_set_is_complete(found: Object) -> bool:
    """https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/"""
    status = found["status"]
    wanted = status["desiredNumberScheduled"]
    return (
        is_observed(found)
        and status.get("updatedNumberScheduled", 0) >= wanted
        and status.get("numberAvailable", 0) >= wanted
    )


def condition(found: Object, kind: str) -> str:
    """The status of its condition: `True`, `False`, `Unknown`, or empty where it has none."""
    conditions = found["status"].get("conditions") or []
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")


def progress_reason(deployment: Object) -> str:
    conditions = deployment["status"].get("conditions") or []
    return next((each["reason"] for each in conditions if each["type"] == "Progressing"), "")


def revision(deployment: Object) -> int:
    """The rollout's number as the controller wrote it; 0 before it did."""
    annotations = deployment["metadata"].get("annotations") or {}
    return int(annotations.get("deployment.kubernetes.io/revision", 0))


def exported(found: Object) -> Object:
    """As `kubectl get -o yaml` gives it away and people keep it: without identity, with its annotations."""
    manifest = copy.deepcopy(found)
    for field in ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "namespace"):
        manifest["metadata"].pop(field, None)
    manifest.pop("status", None)
    return manifest


def _resource(manifest: Object) -> str:
    return f"{manifest['kind'].lower()}s"


def _path(resource: str, namespace: str, name: str = "", subresource: str = "") -> str:
    scope = f"/namespaces/{namespace}" if namespace else ""
    return "/".join(filter(None, [f"{GROUPS[resource]}{scope}/{resource}", name, subresource]))


def _digest(found: Object) -> str:
    metadata = {key: found["metadata"].get(key) for key in ("generation", "annotations")}
    return json.dumps({"metadata": metadata, "status": found.get("status")})
