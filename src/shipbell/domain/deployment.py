"""The rules for Deployments: when its status may be believed, and what it then says.

Each rule is what the Deployment controller does, see
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status; where its status is
known to lie for an event or two, the rule says how.
"""

from datetime import datetime, timedelta

from shipbell.domain import durations
from shipbell.domain.observation import DEADLINE_EXCEEDED, Condition, Observation, Revision
from shipbell.domain.rollout import Diagnosis, Identity, Memory, Rollout
from shipbell.domain.workload import Workload

SKEW = timedelta(seconds=10)
"""How far our clock may be ahead of the API server's, where their times are compared."""


def believed(observation: Observation) -> bool:
    """Whether the controller has caught up with the spec.

    An exported manifest, a `kubectl replace` or an annotation by hand shows a false number until it has.
    """
    return observation.settled and observation.revision is not None


def is_news(observation: Observation, memory: Memory) -> bool:
    """Whether the number is another, or the same for another template.

    A paused Deployment gets no number for a new template until it is resumed. The same number returns where
    all ReplicaSets were deleted and the template was changed while nobody looked. A template that differs at
    the same generation is the same one, as an upgraded API server writes it.
    """
    if observation.paused:
        return False
    if memory.identity is None or observation.revision != memory.identity.number:
        return True
    edited = observation.generation != memory.generation
    return edited and memory.template is not None and observation.template != memory.template


def bearer(observation: Observation) -> Revision | None:
    """The ReplicaSet that bears the number, now or (re-used since by a rollback) before."""
    number, revisions = observation.revision, observation.revisions or ()
    now = (r for r in revisions if r.number == number)
    before = (r for r in revisions if number in r.earlier_numbers)
    return next(now, None) or next(before, None)


def identity(observation: Observation, bearer: Revision | None) -> Identity:
    """The controller's number with the ReplicaSet that bears it."""
    number = observation.revision or 0
    if bearer is None:
        return Identity(number=number)
    return Identity(number=number, hash=bearer.hash, name=bearer.name, uid=bearer.uid)


def reused(observation: Observation, bearer: Revision) -> bool:
    """Whether the ReplicaSet bore another number before: the controller writes down which."""
    return bool(bearer.earlier_numbers)


def speaks_of(observation: Observation, identity: Identity) -> bool:
    """A paused Deployment keeps its number, so that pausing and success can be seen by it."""
    return observation.revision == identity.number


def complete(observation: Observation) -> bool:
    """What `kubectl rollout status` calls success, with every updated pod available.

    https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_status/
    """
    o = observation
    return o.settled and o.updated >= o.wanted and o.total <= o.updated and o.available >= o.updated


def underway(observation: Observation) -> bool | None:
    """At first sight: whether a rollout is in flight, and not one that timed out before we looked."""
    if not believed(observation):
        return None
    progressing = observation.condition("Progressing")
    timed_out = progressing is not None and progressing.reason == DEADLINE_EXCEEDED
    unfinished = observation.updated < observation.wanted or observation.total > observation.updated
    return unfinished and not timed_out and not _edited_while_paused(observation)


def idle(observation: Observation, bearer: Revision, known: Identity | None) -> bool:
    """Whether a new Deployment took over a ReplicaSet that already runs all its pods.

    `kubectl delete --cascade=orphan` and a re-creation roll nothing out.
    """
    older = bearer.created_at < observation.created_at
    return (
        known is None
        and older
        and bearer.available >= observation.wanted
        and bearer.total >= observation.wanted
    )


def emptied(observation: Observation, most_wanted: int) -> bool:
    """Whether somebody scaled it to zero since it began."""
    return observation.wanted == 0 and most_wanted > 0


def failure(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """The controller's word that this revision exceeded its progress deadline; no clock runs in a pause."""
    if observation.paused or observation.wanted == 0:
        return None
    progressing = _own(observation.condition("Progressing"), f'"{identity.name}"', started_at)
    if progressing is None or progressing.status != "False" or progressing.reason != DEADLINE_EXCEEDED:
        return None
    cause = f"no progress for {durations.in_words(observation.deadline)}"
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
    return Diagnosis(
        reason=refused.reason, cause=refused.reason, words=refused.message, since=refused.last_update
    )


def confirmed_at(observation: Observation, identity: Identity, started_at: datetime) -> datetime | None:
    """When the controller last said something good of this revision; None if it said nothing yet."""
    progressing = _own(observation.condition("Progressing"), f'"{identity.name}"', started_at)
    if progressing is None or progressing.status != "True":
        return None
    return progressing.last_update


def finished_at(observation: Observation, rollout: Rollout) -> datetime | None:
    """When the controller said that it is done, unless that was said of an earlier moment.

    It says so of zero replicas too, and does not say it anew when they have returned.
    """
    confirmed = confirmed_at(observation, rollout.identity, rollout.started_at)
    if confirmed is None or rollout.scaled_to_zero:
        return None
    return confirmed if confirmed >= rollout.progress_at - SKEW else None


def counts(observation: Observation, identity: Identity) -> tuple[int, int] | None:
    """By its ReplicaSet, where that was read along."""
    own = next((r for r in observation.revisions or () if r.hash == identity.hash), None)
    return None if own is None else (own.ready, max(0, observation.ready - own.ready))


def keeps_time(rollout: Rollout) -> bool:
    """Pods are replaced one after the other, so that standing still means being stuck."""
    return True


def remedy(workload: Workload) -> str:
    """The revision before is still there to go back to."""
    return f"kubectl -n {workload.namespace} rollout undo deployment/{workload.name}"


def _edited_while_paused(observation: Observation) -> bool:
    """The numbered revision runs whole, and the edit has no number yet."""
    own = bearer(observation)
    if not observation.paused or own is None:
        return False
    others = sum(r.total for r in observation.revisions or () if r.uid != own.uid)
    return own.available >= observation.wanted and others == 0


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
