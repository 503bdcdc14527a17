"""The rules for Deployments: when its status may be believed, and what it then says.

Each rule is what the Deployment controller does, see
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status; where its status is
known to lie for an event or two, the rule says how.
"""

from datetime import datetime, timedelta

from shipbell.domain.observation import Condition, Observation, Revision
from shipbell.domain.rollout import Diagnosis, Identity

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"

REFUSED = "Pods refused"
"""The cause where the API server does not let the ReplicaSet create its pods."""


def believed_number(observation: Observation) -> int | None:
    """The revision number, if it can be believed.

    An exported manifest, a `kubectl replace` or an annotation by hand shows a false number until the
    controller has caught up; a paused Deployment gets no number for a new template until it is resumed.
    """
    if not observation.settled or observation.paused:
        return None
    return observation.revision


def bearer(observation: Observation, number: int) -> Revision | None:
    """The ReplicaSet that bears the number, now or (re-used since by a rollback) before."""
    revisions = observation.revisions or ()
    now = (r for r in revisions if r.number == number)
    before = (r for r in revisions if number in r.earlier_numbers)
    return next(now, None) or next(before, None)


def identity(revision: Revision, number: int) -> Identity:
    """The identity of a template: the controller's number with the ReplicaSet that bears it."""
    return Identity(number=number, hash=revision.hash, name=revision.name, uid=revision.uid)


def complete(observation: Observation) -> bool:
    """What `kubectl rollout status` calls success, with every updated pod available.

    https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_status/
    """
    o = observation
    return o.settled and o.updated >= o.wanted and o.total <= o.updated and o.available >= o.updated


def underway(observation: Observation) -> bool:
    """At first sight: whether a rollout is in flight, and not one that timed out before we looked."""
    progressing = observation.condition("Progressing")
    timed_out = progressing is not None and progressing.reason == DEADLINE_EXCEEDED
    unfinished = observation.updated < observation.wanted or observation.total > observation.updated
    return unfinished and not timed_out


def adopted(observation: Observation, revision: Revision) -> bool:
    """Whether a new Deployment took over a ReplicaSet that already runs all its pods.

    `kubectl delete --cascade=orphan` and a re-creation roll nothing out.
    """
    older = revision.created_at < observation.created_at
    return older and revision.available >= observation.wanted and revision.total >= observation.wanted


def timeout(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """The controller's word that this revision exceeded its progress deadline."""
    progressing = _own(observation.condition("Progressing"), f'"{identity.name}"', started_at)
    if progressing is None or progressing.status != "False" or progressing.reason != DEADLINE_EXCEEDED:
        return None
    cause = f"no progress for {seconds(observation.deadline)}"
    since = progressing.last_update
    return Diagnosis(reason=DEADLINE_EXCEEDED, cause=cause, words=progressing.message, since=since)


def refusal(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """The API server's word that it refuses this revision's pods (quota, admission, policy)."""
    condition = observation.condition("ReplicaFailure")
    # A webhook's refusal names no pod at all. The controller takes the new ReplicaSet's word first.
    nameless = condition is not None and not _names_a_pod(condition.message)
    refused = _own(condition, "" if nameless else f'"{identity.name}-', started_at)
    if refused is None or refused.status != "True":
        return None
    return Diagnosis(reason=refused.reason, cause=REFUSED, words=refused.message, since=refused.last_update)


def confirmed_at(observation: Observation, identity: Identity, started_at: datetime) -> datetime | None:
    """When the controller last said something good of this revision; None if it said nothing yet."""
    progressing = _own(observation.condition("Progressing"), f'"{identity.name}"', started_at)
    if progressing is None or progressing.status != "True":
        return None
    return progressing.last_update


def _names_a_pod(message: str) -> bool:
    """`pods "web-1" is forbidden: ...`, `Pod "web-1" is invalid: ...`."""
    return any(f'{word} "' in message for word in ("pod", "Pod", "pods"))


def _own(condition: Condition | None, mention: str, started_at: datetime) -> Condition | None:
    """The condition, if it speaks of this revision and of this rollout of it.

    The controller does not renew a condition whose status and reason stay the same, so an older
    revision's words, or this revision's from an earlier life, may stand beside a new rollout. API times
    have whole seconds.
    """
    if condition is None or condition.last_update is None or mention not in condition.message:
        return None
    return condition if condition.last_update >= started_at.replace(microsecond=0) else None


def seconds(deadline: timedelta | None) -> str:
    """A deadline in words: `10 min`, `1 min 30 s`."""
    if deadline is None:
        return "too long"
    minutes, seconds = divmod(int(deadline.total_seconds()), 60)
    return " ".join(
        part for part in (f"{minutes} min" * bool(minutes), f"{seconds} s" * bool(seconds)) if part
    )
