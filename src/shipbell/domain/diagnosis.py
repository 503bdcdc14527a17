"""Why a rollout is failing, from the pods of its own revision, and from when on that may be said.

Patience is the table "When failing is said" of the messages' rules: what cannot heal by waiting is said at
once, what often heals is given time. Pods of other revisions are not asked.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipbell.domain.pods import Pod, PodTrouble
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis
from shipbell.domain.workload import Workload

IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError"})
CRASH = frozenset({"CrashLoopBackOff", "OOMKilled", "Error", "RunContainerError", "StartError"})
UNSCHEDULABLE = frozenset({"Unschedulable"})
FAMILIES = {"image": IMAGE, "config": CONFIG, "crash": CRASH, "unschedulable": UNSCHEDULABLE}
"""Causes that are told, by what the kubelet and the scheduler call them."""

SECOND_TRY = frozenset({"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
"""The kubelet backs off only after it has tried: this is its word for "tried again"."""

HOPELESS = ("not found", "manifest unknown", "denied", "unauthorized", "invalid reference", "forbidden")
"""What registries say of an image that waiting will not bring; a time-out is not among them."""

RESTARTS = 2
"""Crashes are told from the second restart on: the first may be a race with something still starting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Finding:
    reason: str
    cause: str
    words: str
    certain: bool
    wait: timedelta | None
    """How long it must last before it is said; None: never by itself."""


def diagnose(
    pods: tuple[Pod, ...],
    hash_: str,
    workload: Workload,
    *,
    before: Diagnosis | None,
    now: datetime,
    policy: Policy,
) -> Diagnosis | None:
    """The cause that most of this revision's troubled pods share, or None."""
    own = [pod for pod in pods if pod.hash == hash_]
    troubles = [pod.trouble for pod in own if pod.trouble is not None and not pod.ready]
    told = [trouble for trouble in troubles if _family(trouble) in FAMILIES]
    if not told:
        return None
    trouble, count = _commonest(told)
    finding = _find(_explained(trouble, before), f"{count} of {len(own)} new pods")
    return _dated(finding, workload, before, now, policy)


def impatient(diagnosis: Diagnosis, workload: Workload, *, wait: timedelta, policy: Policy) -> Diagnosis:
    """The controller's own finding, with the moment from which it may be said."""
    since = diagnosis.since
    say_at = since + wait * policy.patience if since else None
    return replace(diagnosis, say_at=say_at, next_step=undo_command(workload))


def undo_command(workload: Workload) -> str:
    """The command that takes a rollout back, ready to be pasted."""
    return f"kubectl -n {workload.namespace} rollout undo {workload.kind.lower()}/{workload.name}"


def _commonest(troubles: list[PodTrouble]) -> tuple[PodTrouble, int]:
    """The trouble that most pods have, told by the pod that has restarted most."""
    kinds = Counter((_family(t), t.container) for t in troubles)
    (family, container), count = kinds.most_common(1)[0]
    same = [t for t in troubles if (_family(t), t.container) == (family, container)]
    return max(same, key=lambda t: (t.restarts, t.reason in SECOND_TRY)), count


def _family(trouble: PodTrouble) -> str:
    return next((name for name, reasons in FAMILIES.items() if trouble.reason in reasons), "")


def _explained(trouble: PodTrouble, before: Diagnosis | None) -> PodTrouble:
    """While it backs off, an older kubelet says no more than that; why, it said with the try before."""
    silent = trouble.reason in IMAGE and not _is_hopeless(trouble.message)
    if before is None or before.reason not in IMAGE or not silent or not _is_hopeless(before.words):
        return trouble
    return replace(trouble, message=before.words)


def _is_hopeless(message: str) -> bool:
    return any(word in message.lower() for word in HOPELESS)


def _find(trouble: PodTrouble, pods: str) -> _Finding:
    match _family(trouble):
        case "image":
            return _image(trouble, pods)
        case "crash":
            return _crash(trouble, pods)
        case "unschedulable":
            return _waiting(trouble, f"No node can take it ({pods})", timedelta(minutes=5))
        case _:
            cause = f"Container {trouble.container} cannot be configured ({pods})"
            return _waiting(trouble, cause, timedelta(seconds=60))


def _waiting(trouble: PodTrouble, cause: str, wait: timedelta) -> _Finding:
    """What others may still put right: a Secret that comes late, a node that is being added."""
    return _Finding(reason=trouble.reason, cause=cause, words=trouble.message, certain=False, wait=wait)


def _image(trouble: PodTrouble, pods: str) -> _Finding:
    hopeless = trouble.reason == "InvalidImageName" or _is_hopeless(trouble.message)
    what = "Image not found" if "not found" in trouble.message.lower() else "Image cannot be pulled"
    cause = f"{what}: {trouble.image} (container {trouble.container}, {pods})"
    if not hopeless:
        wait = timedelta(minutes=3)
    else:
        wait = timedelta(0) if trouble.reason in SECOND_TRY else timedelta(seconds=20)
    return _Finding(reason=trouble.reason, cause=cause, words=trouble.message, certain=hopeless, wait=wait)


def _crash(trouble: PodTrouble, pods: str) -> _Finding:
    role = "Init container" if trouble.init else "Container"
    if trouble.reason == "OOMKilled":
        what = "is killed for want of memory"
    elif trouble.exit_code is not None:
        what = f"exits {trouble.exit_code}"
    else:
        what = "cannot start"
    cause = f"{role} {trouble.container} {what}, {trouble.restarts} restarts ({pods})"
    wait = timedelta(0) if trouble.restarts >= RESTARTS else None
    return _Finding(reason=trouble.reason, cause=cause, words=trouble.message, certain=False, wait=wait)


def _dated(
    finding: _Finding, workload: Workload, before: Diagnosis | None, now: datetime, policy: Policy
) -> Diagnosis:
    """Keeps the time of the first sighting while the trouble is of the same family."""
    since = now
    if before is not None and before.since is not None and _kin(before.reason, finding.reason):
        since = before.since
    say_at = since + finding.wait * policy.patience if finding.wait is not None else None
    return Diagnosis(
        reason=finding.reason,
        cause=finding.cause,
        words=finding.words,
        certain=finding.certain,
        next_step=undo_command(workload),
        since=since,
        say_at=say_at,
    )


def _kin(one: str, other: str) -> bool:
    return any({one, other} <= family for family in FAMILIES.values())
