"""Why a pod does not run or is not ready, picked from its status in the kubelet's words.

One trouble a pod, the first of: it is being moved away; a container that does not run, init containers first,
because the others wait for them; no node; an init container that does not end; a container that runs and is
not ready; a readiness gate. How long a trouble may last before it is told is not decided here, nor which of
them are told at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from shipbell.domain import PodTrouble
from shipbell.sources.kubernetes import objects

HARMLESS = frozenset({"", "ContainerCreating", "PodInitializing"})
"""What every container waits for in its first seconds."""

OUT_OF_MEMORY = "OOMKilled"
NOT_STARTED = frozenset({"StartError", "ContainerCannotRun"})
TELLING = frozenset({OUT_OF_MEMORY, *NOT_STARTED})
"""Why it ended, where the kubelet knows more than an exit code."""

EVICTED = "Evicted"
NODE_LOST = "NodeNotReady"
ALWAYS = "Always"

COMPANIONS = frozenset(
    {
        "istio-proxy",
        "linkerd-proxy",
        "envoy",
        "consul-dataplane",
        "kuma-sidecar",
        "daprd",
        "vault-agent",
        "cloud-sql-proxy",
        "cloudsql-proxy",
        "otc-container",
    }
)
"""Names that injectors give to the containers which they put into other people's pods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Container:
    """A container's status with what its spec says."""

    status: objects.ContainerStatus
    spec: objects.RunningContainerSpec
    init: bool
    """It must end before the others begin."""
    sidecar: bool

    @property
    def state(self) -> objects.ContainerState:
        return self.status.state or objects.ContainerState()


def trouble(pod: objects.Pod) -> PodTrouble | None:
    """The pod's trouble, or None where it does well or has only begun."""
    status = pod.status
    if not isinstance(status, objects.PodStatus) or _holds(status, "Ready"):
        return None
    containers = list(_containers(status, pod.spec))
    unready = _condition(status, "Ready")
    since = unready.last_transition_time if unready else None
    stuck = (_of_container(container, since) for container in containers)
    return (
        _moved(status)
        or next((found for found in stuck if found), None)
        or _unscheduled(status)
        or _initializing(containers)
        or _unready(status, containers)
        or _gated(status, pod.spec, containers)
    )


def _containers(status: objects.PodStatus, spec: objects.RunningPodSpec) -> Iterator[_Container]:
    specs = {c.name: c for c in (*(spec.init_containers or ()), *(spec.containers or ()))}
    for told in status.init_container_statuses or ():
        spec_of = specs.get(told.name, objects.RunningContainerSpec())
        sidecar = spec_of.restart_policy == ALWAYS
        yield _Container(status=told, spec=spec_of, init=not sidecar, sidecar=sidecar)
    alone = len(status.container_statuses or ()) == 1
    for told in status.container_statuses or ():
        spec_of = specs.get(told.name, objects.RunningContainerSpec())
        yield _Container(status=told, spec=spec_of, init=False, sidecar=told.name in COMPANIONS and not alone)


def _moved(status: objects.PodStatus) -> PodTrouble | None:
    """Whatever its containers say now, they were told to stop."""
    target = _condition(status, "DisruptionTarget")
    if target is not None and target.status == "True":
        return PodTrouble(reason=target.reason, message=target.message)
    if status.reason == EVICTED:
        return PodTrouble(reason=EVICTED, message=status.message)
    return None


def _of_container(container: _Container, since: datetime | None) -> PodTrouble | None:
    """Why it does not run, or did not the last time."""
    waiting = container.state.waiting
    if waiting is not None and waiting.reason in HARMLESS:
        waiting = None
    crash = _crash(container)
    return replace(_told(container, waiting, crash), since=since) if waiting or crash else None


def _crash(container: _Container) -> objects.Terminated | None:
    """Its last bad exit, unless it has become ready since, or has gone on to wait for its start.

    Where the kubelet backs off, even a good exit is a bad one: the container was to keep running.
    """
    status, state = container.status, container.state
    last = status.last_state.terminated if status.last_state else None
    ended = state.terminated or (None if status.ready else last)
    backs_off = state.waiting is not None and state.waiting.reason == "CrashLoopBackOff"
    return ended if ended is not None and (ended.exit_code != 0 or backs_off) else None


def _told(
    container: _Container, waiting: objects.Waiting | None, crash: objects.Terminated | None
) -> PodTrouble:
    limits = container.spec.resources.limits if container.spec.resources else None
    return PodTrouble(
        reason=_reason(waiting, crash),
        message=(crash.message if crash else "") or (waiting.message if waiting else ""),
        container=container.status.name,
        image=container.spec.image or container.status.image,
        init=container.init,
        sidecar=container.sidecar,
        exit_code=crash.exit_code if crash else None,
        restarts=container.status.restart_count,
        ended=container.state.terminated is not None,
        memory_limit=limits.memory if limits else "",
    )


def _reason(waiting: objects.Waiting | None, crash: objects.Terminated | None) -> str:
    """Back-off is what the kubelet does about a crash; want of memory is why there was one."""
    if crash is not None and crash.reason in TELLING:
        return crash.reason
    if waiting is not None:
        return waiting.reason
    return (crash.reason if crash else "") or "Error"


def _unscheduled(status: objects.PodStatus) -> PodTrouble | None:
    told = _condition(status, "PodScheduled")
    if told is None or told.status != "False":
        return None
    return PodTrouble(reason=told.reason, message=told.message, since=told.last_transition_time)


def _initializing(containers: list[_Container]) -> PodTrouble | None:
    """All others wait until it has ended."""
    running = (c for c in containers if c.init and c.state.running is not None)
    first = next(running, None)
    if first is None:
        return None
    return PodTrouble(
        reason="ContainersNotInitialized",
        container=first.status.name,
        image=first.spec.image or first.status.image,
        init=True,
        restarts=first.status.restart_count,
        since=first.state.running.started_at if first.state.running else None,
    )


def _unready(status: objects.PodStatus, containers: list[_Container]) -> PodTrouble | None:
    """The first container that runs and is not ready; the workload's own ones go first."""
    waiting = [c for c in containers if c.state.running is not None and _is_awaited(c)]
    first = min(waiting, key=lambda container: container.sidecar, default=None)
    if first is None:
        return None
    return PodTrouble(
        reason="SidecarNotReady" if first.sidecar else "ContainersNotReady",
        container=first.status.name,
        image=first.spec.image or first.status.image,
        sidecar=first.sidecar,
        restarts=first.status.restart_count,
        since=_since(status, first),
    )


def _is_awaited(container: _Container) -> bool:
    """Init containers are never ready while they run; they are to end."""
    return not container.init and not (container.status.ready and container.status.started is not False)


def _since(status: objects.PodStatus, container: _Container) -> datetime | None:
    """Since it runs, or since its pod was last ready."""
    running, unready = container.state.running, _condition(status, "Ready")
    moments = (running.started_at if running else None, unready.last_transition_time if unready else None)
    return max((at for at in moments if at is not None), default=None)


def _gated(
    status: objects.PodStatus, spec: objects.RunningPodSpec, containers: list[_Container]
) -> PodTrouble | None:
    """All that runs in it is ready, and the pod is not: somebody else has not agreed, or its node is lost."""
    own = _condition(status, "Ready")
    running = [container for container in containers if not container.init]
    if own is None or not running or not all(_is_done(container) for container in containers):
        return None
    gates = [gate.condition_type for gate in spec.readiness_gates or ()]
    missing = [gate for gate in gates if not _holds(status, gate)]
    if missing:
        return PodTrouble(
            reason="ReadinessGatesNotReady", message=", ".join(missing), since=_gate_since(status)
        )
    return PodTrouble(reason=NODE_LOST, message=own.message, since=own.last_transition_time)


def _gate_since(status: objects.PodStatus) -> datetime | None:
    """Since all containers are ready."""
    told = _condition(status, "ContainersReady")
    return told.last_transition_time if told is not None and told.status == "True" else None


def _is_done(container: _Container) -> bool:
    ended = container.state.terminated
    return container.status.ready or (container.init and ended is not None and ended.exit_code == 0)


def _holds(status: objects.PodStatus, type_: str) -> bool:
    told = _condition(status, type_)
    return told is not None and told.status == "True"


def _condition(status: objects.PodStatus, type_: str) -> objects.Condition | None:
    return next((c for c in status.conditions or () if c.type == type_), None)
