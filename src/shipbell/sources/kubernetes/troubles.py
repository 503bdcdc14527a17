"""Why a pod does not run, picked from its container statuses in the kubelet's words.

One trouble a pod: the first container that has one, init containers first, because the others wait for them.
How long a trouble may last before it is told is not decided here.
"""

from collections.abc import Iterator

from shipbell.domain import PodTrouble
from shipbell.sources.kubernetes import objects

HARMLESS = frozenset({"", "ContainerCreating", "PodInitializing"})
"""What every container waits for in its first seconds."""

OUT_OF_MEMORY = "OOMKilled"


def trouble(pod: objects.Pod) -> PodTrouble | None:
    """The pod's trouble, or None where it runs or has only begun."""
    status = pod.status
    if not isinstance(status, objects.PodStatus):
        return None
    found = (_of_container(*statused, pod.spec) for statused in _statuses(status))
    return next((trouble for trouble in found if trouble), None) or _unscheduled(status)


def _statuses(status: objects.PodStatus) -> Iterator[tuple[objects.ContainerStatus, bool]]:
    for container in status.init_container_statuses or ():
        yield container, True
    for container in status.container_statuses or ():
        yield container, False


def _of_container(status: objects.ContainerStatus, init: bool, spec: objects.PodSpec) -> PodTrouble | None:
    state = status.state or objects.ContainerState()
    crash = _crash(status, state)
    if state.waiting is not None and state.waiting.reason not in HARMLESS:
        return _told(status, init, spec, waiting=state.waiting, crash=crash)
    return _told(status, init, spec, waiting=None, crash=crash) if crash else None


def _crash(status: objects.ContainerStatus, state: objects.ContainerState) -> objects.Terminated | None:
    """Its last bad exit, unless it has become ready since, or has gone on to wait for its start."""
    last = status.last_state.terminated if status.last_state else None
    ended = state.terminated or (None if status.ready else last)
    return ended if ended is not None and ended.exit_code != 0 else None


def _told(
    status: objects.ContainerStatus,
    init: bool,
    spec: objects.PodSpec,
    *,
    waiting: objects.Waiting | None,
    crash: objects.Terminated | None,
) -> PodTrouble:
    return PodTrouble(
        reason=_reason(waiting, crash),
        message=(crash.message if crash else "") or (waiting.message if waiting else ""),
        container=status.name,
        image=_image(status, spec, init),
        init=init,
        exit_code=crash.exit_code if crash else None,
        restarts=status.restart_count,
    )


def _reason(waiting: objects.Waiting | None, crash: objects.Terminated | None) -> str:
    """Back-off is what the kubelet does about a crash; want of memory is why there was one."""
    if crash is not None and crash.reason == OUT_OF_MEMORY:
        return OUT_OF_MEMORY
    if waiting is not None:
        return waiting.reason
    return (crash.reason if crash else "") or "Error"


def _image(status: objects.ContainerStatus, spec: objects.PodSpec, init: bool) -> str:
    """As the template spells it; the status may have the runtime's spelling, or a digest."""
    containers = (spec.init_containers if init else spec.containers) or ()
    return next((c.image for c in containers if c.name == status.name), status.image)


def _unscheduled(status: objects.PodStatus) -> PodTrouble | None:
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return PodTrouble(reason=condition.reason, message=condition.message)
    return None
