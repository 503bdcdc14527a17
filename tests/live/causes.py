"""Why rollouts fail, as a control plane can show it, and what Slack must then say: which cause, and when.

A trouble is a rollout from a good revision to one that fails, by the table "When failing is said" of the
messages' rules; the installation's time factor turns the table's minutes into seconds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cluster import behaviours
from tests.cluster.connection import Object
from tests.live.ground import Ground

GATE = "shop.example/served"

IsIt = Callable[[Object], bool]


def waiting_for(*reasons: str) -> IsIt:
    """A pod of which a container waits for one of these reasons."""

    def is_it(pod: Object) -> bool:
        states = (each.get("state", {}) for each in _statuses(pod))
        return any(state.get("waiting", {}).get("reason") in reasons for state in states)

    return is_it


def restarted(times: int) -> IsIt:
    """A pod of which a container was started again so often."""
    return lambda pod: any(each["restartCount"] >= times for each in _statuses(pod))


def has_condition(kind: str, *reasons: str) -> IsIt:
    """A pod of which this condition is False for one of these reasons."""

    def is_it(pod: Object) -> bool:
        conditions = pod["status"].get("conditions") or []
        named = (each for each in conditions if each["type"] == kind and each["status"] == "False")
        return any(each.get("reason") in reasons for each in named)

    return is_it


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One cause."""

    says: tuple[str, ...]
    """What stands in the message."""
    explains: tuple[str, ...] = ()
    """What stands in its thread."""
    shows: IsIt
    """Which pod shows that it has begun."""
    wait: float = 0
    """Seconds from then until it is said, in a cluster with real patience."""
    tag: str = "2"
    behaviour: str = ""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """A patch of the pods' spec."""
    spec: Mapping[str, Any] = field(default_factory=dict)
    """A patch of the Deployment's spec."""
    heals: bool = False
    """Whether a push of the image ends it, and the rollout then succeeds."""


def _app(**container: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", **container}]}


TROUBLES: dict[str, Trouble] = {
    "image_not_found": Trouble(
        tag="missing-2",
        says=("Image not found: ", "shop/app:missing-2"),
        shows=waiting_for("ImagePullBackOff"),
        heals=True,
    ),
    "image_denied": Trouble(
        tag="denied-2", says=("denied", "shop/app:denied-2"), shows=waiting_for("ImagePullBackOff")
    ),
    "image_malformed": Trouble(
        behaviour="image-malformed", says=("malformed",), shows=waiting_for("InvalidImageName")
    ),
    "registry_away": Trouble(
        behaviour="registry-away",
        says=("cannot be pulled",),
        explains=("i/o timeout",),
        shows=waiting_for("ErrImagePull", "ImagePullBackOff"),
        wait=180,
    ),
    "secret_missing": Trouble(
        behaviour="config-error",
        says=("Secret app-secrets is missing",),
        shows=waiting_for("CreateContainerConfigError"),
        wait=60,
    ),
    "key_missing": Trouble(
        behaviour="key-missing",
        says=("ey password in Secret app-secrets",),
        shows=waiting_for("CreateContainerConfigError"),
        wait=60,
    ),
    "container_not_created": Trouble(
        behaviour="create-error",
        says=("cannot be created", "no command specified"),
        shows=waiting_for("CreateContainerError"),
        wait=60,
    ),
    "command_not_found": Trouble(
        behaviour="start-error",
        says=("cannot start", "/serve", "no such file or directory"),
        shows=restarted(2),
    ),
    "crash": Trouble(tag="crash-2", says=("app exits 1", "1 of 1 new pods"), shows=restarted(2)),
    "crash_by_signal": Trouble(behaviour="exit=139", says=("SIGSEGV",), shows=restarted(2)),
    "out_of_memory": Trouble(
        behaviour="oom",
        pod=_app(resources={"limits": {"memory": "64Mi"}}),
        says=("OOMKilled", "64Mi"),
        shows=restarted(2),
    ),
    "init_container": Trouble(
        pod={"initContainers": [{"name": "migrate", "image": "reg.example/shop/migrate:crash"}]},
        says=("nit container migrate exits 1",),
        shows=restarted(2),
    ),
    "readiness_probe": Trouble(
        behaviour="never-ready",
        says=("Readiness probe", "statuscode: 503"),
        shows=has_condition("Ready", "ContainersNotReady"),
        wait=120,
    ),
    "liveness_probe": Trouble(
        behaviour="liveness-fails",
        spec={"minReadySeconds": 5},
        says=("iveness probe", "statuscode: 500"),
        shows=restarted(2),
    ),
    "unschedulable": Trouble(
        pod={"nodeSelector": {"shop.example/disk": "fast"}},
        says=("nschedulable", "didn't match Pod's node affinity/selector"),
        shows=has_condition("PodScheduled", "Unschedulable"),
        wait=300,
    ),
    "volume_not_mounted": Trouble(
        behaviour="mount-fails",
        says=("ConfigMap app-data is missing", "volume"),
        shows=waiting_for("ContainerCreating"),
        wait=180,
    ),
    "sidecar": Trouble(
        pod={
            "containers": [{"name": "app"}, {"name": "istio-proxy", "image": "reg.example/istio/proxy:never"}]
        },
        says=("idecar istio-proxy",),
        shows=has_condition("Ready", "ContainersNotReady"),
        wait=300,
    ),
    "readiness_gate": Trouble(
        pod={"readinessGates": [{"conditionType": GATE}]},
        says=("eadiness gate", GATE),
        shows=has_condition("Ready", "ReadinessGatesNotReady"),
        wait=300,
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How long after the table's moment it was said; below zero: too early."""

    cause: str
    late: float


async def befall(ground: Ground, trouble: Trouble) -> float:
    """Begins a rollout that has the trouble; when its first pod was seen to have it, in epoch seconds."""
    pod = trouble.pod
    if "containers" not in pod:
        pod = {**pod, **_app()}
    app, *others = pod["containers"]
    behaviour = {behaviours.ANNOTATION: trouble.behaviour or None}
    await ground.change(
        {
            **trouble.spec,
            "template": {
                "metadata": {"annotations": behaviour},
                "spec": {**pod, "containers": [{**app, "image": ground.image(trouble.tag)}, *others]},
            },
        }
    )
    await ground.pod(lambda found: _is_new(ground, trouble, found) and trouble.shows(found))
    return time.time()


def _is_new(ground: Ground, trouble: Trouble, pod: Object) -> bool:
    return bool(pod["spec"]["containers"][0]["image"] == ground.image(trouble.tag))


def _statuses(pod: Object) -> list[Object]:
    status = pod["status"]
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
