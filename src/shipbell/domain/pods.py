"""What the pods of a workload say, and the Kubernetes Events about them and it.

Pods tell minutes before their workload does why a rollout will fail. The word "event" is kept for
Kubernetes Events, see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipbell.domain.workload import Workload


@dataclass(frozen=True, kw_only=True, slots=True)
class PodTrouble:
    """Why a container of a pod does not run, or is not ready, in the kubelet's words."""

    reason: str
    """`ImagePullBackOff`, `CrashLoopBackOff`, `OOMKilled`, `CreateContainerConfigError`, ..."""
    message: str = ""
    container: str = ""
    image: str = ""
    init: bool = False
    sidecar: bool = False
    """An init container that keeps running, or one that was put beside the workload's own."""
    exit_code: int | None = None
    restarts: int = 0
    ended: bool = False
    """It stands still after its last exit; else that was the exit of the run before."""
    memory_limit: str = ""
    """As the template spells it: `128Mi`."""
    since: datetime | None = None
    """When it began, where the API says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """A pod of a workload. Terminating pods are left out by the source."""

    name: str
    hash: str
    """Which revision it is of: its `pod-template-hash` (Deployment), its `controller-revision-hash`
    (StatefulSet: the ControllerRevision's whole name; DaemonSet: the hash), or its Job's uid."""
    ready: bool
    created_at: datetime
    uid: str = ""
    image_ids: Mapping[str, str] = field(default_factory=dict)
    """By container: what its image's name led to, as the kubelet found out (`repository@sha256:...`)."""
    trouble: PodTrouble | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A Kubernetes Event about a workload, one of its revisions, or one of its pods."""

    kind: str
    """Of the object that it is about: `Pod`, `StatefulSet`, ..."""
    name: str
    uid: str
    reason: str
    """`Unhealthy`, `FailedMount`, `FailedCreate`, `TriggeredScaleUp`, ..."""
    message: str
    container: str = ""
    """Where it is about one container of a pod."""
    warning: bool = True
    count: int = 1
    last_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRequest:
    """Which container's last lines would explain a failure."""

    pod: str
    container: str
    previous: bool
    """Of the run before: it has crashed, and may be running again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodsObservation:
    """All pods of a workload, of every revision, as of the pods' own `resource_version`."""

    workload: Workload
    resource_version: int
    at: datetime
    pods: tuple[Pod, ...]
    events: tuple[Event, ...] | None = None
    """About the workload, its revisions and its pods; None where they were not looked for."""
    logs: Mapping[LogRequest, str] = field(default_factory=dict)
    """Last lines of containers that were asked for; empty text where they cannot be had."""
