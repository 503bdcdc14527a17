"""The status that a kubelet writes: pictures of containers into the JSON of `pods/status`.

Pure; times are arguments. The rules are those of
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.cluster import scenes
from tests.cluster.connection import Object

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What is known of one container."""

    state: Object = field(default_factory=lambda: {"waiting": {"reason": "PodInitializing"}})
    last_state: Object = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False

    @property
    def exit_code(self) -> int | None:
        code: int | None = self.state.get("terminated", {}).get("exitCode")
        return code

    @property
    def has_started(self) -> bool:
        return "waiting" not in self.state or bool(self.last_state)


def advance(picture: Picture, scene: scenes.Scene, now: datetime) -> Picture:
    """The picture as the scene begins."""
    ended = "terminated" in picture.state
    return Picture(
        state=_state(picture, scene, now),
        last_state=picture.state
        if ended and not isinstance(scene.state, scenes.Ended)
        else picture.last_state,
        restarts=scene.restarts,
        ready=isinstance(scene.state, scenes.Running) and scene.state.ready,
    )


def _state(picture: Picture, scene: scenes.Scene, now: datetime) -> Object:
    match scene.state:
        case scenes.Waiting(reason=reason, message=message):
            return {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        case scenes.Running():
            goes_on = "running" in picture.state and picture.restarts == scene.restarts
            return picture.state if goes_on else {"running": {"startedAt": stamp(now)}}
        case scenes.Ended(code=code, reason=reason, message=message):
            if "terminated" in picture.state:
                return picture.state
            began = picture.state.get("running", {}).get("startedAt", stamp(now))
            return {
                "terminated": {
                    "exitCode": code,
                    "reason": reason,
                    "startedAt": began,
                    "finishedAt": stamp(now),
                }
                | ({"message": message} if message else {})
            }


def stopped(picture: Picture, now: datetime) -> Picture:
    """The container after its pod was told to end."""
    scene = scenes.Scene(state=scenes.Ended(code=143, reason="Error"), restarts=picture.restarts)
    return advance(picture, scene, now)


def of_pod(pod: Object, pictures: Mapping[str, Picture], digests: Mapping[str, str], now: datetime) -> Object:
    """A strategic merge patch for the pod's status; `digests` are by image."""
    spec = pod["spec"]
    init = [each["name"] for each in spec.get("initContainers") or []]
    main = [each["name"] for each in spec["containers"]]
    phase = _phase(spec.get("restartPolicy", "Always"), pictures, init, main)
    status: Object = {
        "phase": phase,
        "observedGeneration": pod["metadata"].get("generation", 1),
        "hostIP": ADDRESS,
        "podIP": _pod_address(pod),
        "podIPs": [{"ip": _pod_address(pod)}],
        "startTime": pod.get("status", {}).get("startTime") or stamp(now),
        "conditions": _conditions(pod, phase, pictures, init, main, now),
        "containerStatuses": [_container(each, pictures, digests) for each in spec["containers"]],
    }
    if init:
        status["initContainerStatuses"] = [
            _container(each, pictures, digests) for each in spec["initContainers"]
        ]
    return status


def _container(container: Object, pictures: Mapping[str, Picture], digests: Mapping[str, str]) -> Object:
    picture = pictures[container["name"]]
    image = container["image"]
    return {
        "name": container["name"],
        "image": image,
        "imageID": digests.get(image, "") if picture.has_started else "",
        "state": picture.state,
        "lastState": picture.last_state,
        "restartCount": picture.restarts,
        "ready": picture.ready or picture.exit_code == 0,
        "started": "running" in picture.state,
    }


def _phase(
    restart_policy: str, pictures: Mapping[str, Picture], init: Sequence[str], main: Sequence[str]
) -> str:
    if restart_policy == "Never" and any(pictures[name].exit_code for name in init):
        return "Failed"
    codes = [pictures[name].exit_code for name in main]
    if restart_policy != "Always" and None not in codes:
        if not any(codes):
            return "Succeeded"
        if restart_policy == "Never":
            return "Failed"
    return "Running" if all(pictures[name].has_started for name in main) else "Pending"


def _conditions(
    pod: Object,
    phase: str,
    pictures: Mapping[str, Picture],
    init: Sequence[str],
    main: Sequence[str],
    now: datetime,
) -> list[Object]:
    initialized = all(pictures[name].exit_code == 0 for name in init)
    unready = [name for name in main if not pictures[name].ready]
    finished = phase == "Succeeded"
    why = "PodCompleted" if finished else "ContainersNotReady"
    message = "" if finished else f"containers with unready status: [{' '.join(unready)}]"
    not_ready = (why, message) if unready else None
    uninitialized = (
        "ContainersNotInitialized",
        f"containers with incomplete status: [{' '.join(init)}]",
    )
    return [
        _condition(pod, "PodReadyToStartContainers", None, now),
        _condition(pod, "Initialized", None if initialized else uninitialized, now),
        _condition(pod, "ContainersReady", not_ready, now),
        _condition(pod, "Ready", not_ready or _closed_gate(pod), now),
    ]


def _closed_gate(pod: Object) -> tuple[str, str] | None:
    """See https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate."""
    gates = [each["conditionType"] for each in pod["spec"].get("readinessGates") or []]
    true = {each["type"] for each in _known(pod) if each["status"] == "True"}
    if closed := next((gate for gate in gates if gate not in true), None):
        return "ReadinessGatesNotReady", f'corresponding condition of pod readiness gate "{closed}" not true'
    return None


def _condition(pod: Object, kind: str, problem: tuple[str, str] | None, now: datetime) -> Object:
    status = "False" if problem else "True"
    before = next((each for each in _known(pod) if each["type"] == kind), None)
    unchanged = before is not None and before["status"] == status
    reason, message = problem or (None, None)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message or None,
        "lastTransitionTime": before["lastTransitionTime"] if before and unchanged else stamp(now),
    }


def _known(pod: Object) -> Sequence[Object]:
    conditions: Sequence[Object] = pod.get("status", {}).get("conditions") or ()
    return conditions


def evicted(now: datetime) -> Object:
    """The end of a pod on a node under pressure, as kubelet's eviction manager writes it."""
    message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi."
    disruption = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": message,
        "lastTransitionTime": stamp(now),
    }
    ready = {"type": "Ready", "status": "False", "reason": "PodFailed", "lastTransitionTime": stamp(now)}
    return {
        "phase": "Failed",
        "reason": "Evicted",
        "message": message,
        "conditions": [disruption, ready, {**ready, "type": "ContainersReady"}],
    }


def lost(now: datetime) -> Object:
    """What the control plane writes into the status of a pod whose node has gone silent, see
    https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions."""
    disruption = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "lastTransitionTime": stamp(now),
    }
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": stamp(now)}
    return {"conditions": [disruption, ready]}


def digest(image: str, push: int = 0) -> str:
    """An image ID; another one each time that the same tag is pushed."""
    name = scenes.full_name(image).partition("@")[0]
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return f"{repository}@sha256:{hashlib.sha256(f'{image} {push}'.encode()).hexdigest()}"


def _pod_address(pod: Object) -> str:
    """One per pod, from its uid; nobody connects to it."""
    number = int(pod["metadata"]["uid"].replace("-", "")[:6], 16)
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def stamp(moment: datetime) -> str:
    """RFC 3339, whole seconds, as Kubernetes writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
