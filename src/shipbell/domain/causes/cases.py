"""What a rule of a cause is given, and what it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipbell.domain.pods import Event, LogRequest, Pod, PodTrouble
from shipbell.domain.rollout import Rollout, RolloutKind
from shipbell.domain.workload import Workload

UNDOABLE = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
"""What `kubectl rollout undo` knows, see
https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_undo/."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A trouble that pods of the rollout's own revision share."""

    rollout: Rollout
    trouble: PodTrouble
    """As the pod tells it that has it worst."""
    pod: Pod
    """That pod."""
    count: int
    """How many of the revision's pods have it, of `total`."""
    total: int
    events: tuple[Event, ...] = ()
    """About the pods that have it."""
    tries: int = 0
    """How often a Job has tried: the runs of all its pods."""

    @property
    def pods(self) -> str:
        """`1 of 3 new pods`; without "new" where there is no other revision."""
        what = "pods" if self.rollout.workload.kind == "Job" else "new pods"
        return f"{self.count} of {self.total} {what}"

    @property
    def where(self) -> str:
        """`container web, 1 of 3 new pods`."""
        role = "init container" if self.trouble.init else "container"
        return f"{role} {self.trouble.container}, {self.pods}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A cause as it may be told."""

    cause: str
    """One line."""
    words: str
    """The API's own, in full."""
    next_step: str
    wait: timedelta | None
    """How long it must last before it is said; None: never by itself."""
    certain: bool = False
    """Waiting will not heal it."""
    reason: str = ""
    """A better word than the trouble's own."""
    since: datetime | None = None
    """When it began, where the API says; else it counts from the first sight of it."""
    helped_at: datetime | None = None
    """When somebody said to be at work on it."""
    help_takes: timedelta = timedelta(0)
    """How long that may take; until then it is not said."""
    usual: bool = False
    """Many rollouts have it for a while: it is not worth a note before half of its wait is over."""
    log: LogRequest | None = None
    """Which container's last lines explain it."""


def undo(rollout: Rollout) -> str:
    """The command that takes the rollout back, ready to be pasted; empty where there is no way back."""
    workload = rollout.workload
    if workload.kind not in UNDOABLE or rollout.kind is RolloutKind.FIRST:
        return ""
    return f"kubectl -n {workload.namespace} rollout undo {_object(workload)}"


def mend(advice: str, rollout: Rollout) -> str:
    """The advice, and the way back where there is one: `Push the tag, or: kubectl ...`."""
    command = undo(rollout)
    return f"{advice}, or: {command}" if command else advice


def logs(rollout: Rollout, container: str) -> str:
    """The command that shows what a container wrote, in any of the workload's pods."""
    workload = rollout.workload
    of_container = f" -c {container}" if container else ""
    return f"kubectl -n {workload.namespace} logs {_object(workload)}{of_container}"


def describe(case: Case) -> str:
    """The command that shows a pod with its conditions and Events."""
    return f"kubectl -n {case.rollout.workload.namespace} describe pod {case.pod.name}"


def shortened(words: str, limit: int = 160) -> str:
    """The first line of the API's words, not too long for a line of ours."""
    line = " ".join(words.split("\n", 1)[0].split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def capital(words: str) -> str:
    """With a capital at its beginning, and otherwise as it is."""
    return words[:1].upper() + words[1:]


def _object(workload: Workload) -> str:
    return f"{workload.kind.lower()}/{workload.name}"
