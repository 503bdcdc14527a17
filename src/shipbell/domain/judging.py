"""What a rollout's state is, by the API's words, by its pods and by the clock.

`judge` takes in an observation; `settle` decides what waiting alone decides. Both answer with the rollout
as it now is; whether that is a change worth writing is decided in `stepping`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shipbell.domain import deployment, diagnosis
from shipbell.domain.observation import Observation, PodsObservation
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis, Rollout, State, Transition, TransitionKind

REFUSED_PATIENCE = timedelta(seconds=20)
"""How long a refusal by quota, admission or policy may last before it is said."""

TOLD_AS = {
    State.PAUSED: TransitionKind.PAUSED,
    State.STALLED: TransitionKind.STALLED,
    State.FAILING: TransitionKind.FAILING,
    State.SUCCEEDED: TransitionKind.SUCCEEDED,
    State.FAILED: TransitionKind.FAILED,
    State.RECOVERED: TransitionKind.RECOVERED,
    State.SUPERSEDED: TransitionKind.SUPERSEDED,
    State.ROLLED_BACK: TransitionKind.ROLLED_BACK,
    State.CANCELLED: TransitionKind.CANCELLED,
    State.UNKNOWN: TransitionKind.LOST,
}


def judge(
    rollout: Rollout, observation: Observation, *, now: datetime, policy: Policy, continuous: bool
) -> Rollout:
    """An open rollout after a settled observation of its own revision."""
    counted = _count(rollout, observation)
    if deployment.complete(observation):
        if observation.wanted == 0 and counted.most_wanted > 0:
            return _pause(counted, scaled_to_zero=True)
        return succeed(counted, observation, State.SUCCEEDED, continuous=continuous)
    emptied = observation.wanted == 0 and counted.most_wanted > 0
    if observation.paused or emptied:
        return _pause(counted, scaled_to_zero=emptied)
    if timeout := deployment.timeout(observation, rollout.identity, rollout.started_at):
        return _fail(counted, timeout, at=timeout.since or now)
    return settle(_resume(_complaint(counted, observation, policy), now), now, policy)


def settle(rollout: Rollout, now: datetime, policy: Policy, *, may_end: bool = True) -> Rollout:
    """The state that time gives: failing after patience, failed or stalled after the deadline.

    The deadline counts only where the workload itself was just looked at (`may_end`): it may have succeeded
    since it was last seen.
    """
    if rollout.state is State.PAUSED:
        return replace(rollout, wake_at=None)
    limit = _limit(rollout, policy)
    if may_end and limit is not None and now >= limit:
        return _run_out(rollout, limit)
    settled = replace(rollout, state=_state(rollout, now))
    return replace(settled, wake_at=_wake(settled, limit))


def succeed(rollout: Rollout, observation: Observation, state: State, *, continuous: bool) -> Rollout:
    """All pods of the revision are available, and no others are left."""
    counted = replace(
        _count(rollout, observation), new_ready=observation.updated, old_serving=0, scaled_to_zero=False
    )
    confirmed = deployment.confirmed_at(observation, rollout.identity, rollout.started_at)
    ended = end(
        counted, state, at=confirmed or observation.at, approximate=confirmed is None and not continuous
    )
    return replace(ended, diagnosis=rollout.diagnosis if state is State.RECOVERED else None)


def end(
    rollout: Rollout, state: State, *, at: datetime, approximate: bool = False, outcome_seen: bool = True
) -> Rollout:
    """The rollout in an ending; it never ends before it began."""
    return replace(
        rollout,
        state=state,
        finished_at=max(at, rollout.started_at),
        finished_approximate=approximate,
        outcome_seen=outcome_seen,
        wake_at=None,
    )


def count_pods(rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy) -> Rollout:
    """The rollout with what its pods say: how many are ready, and why the others are not."""
    own = [pod for pod in observation.pods if pod.hash == rollout.identity.hash]
    ready = sum(pod.ready for pod in own)
    serving = sum(pod.ready for pod in observation.pods)
    found = diagnosis.diagnose(
        observation.pods,
        rollout.identity.hash,
        rollout.workload,
        before=rollout.diagnosis,
        now=now,
        policy=policy,
    )
    if found is None and _still_suffers(rollout, ready, len(own)):
        found = rollout.diagnosis
    moved = ready > (rollout.new_ready or 0)
    return replace(
        rollout,
        new_ready=ready,
        serving=serving,
        old_serving=serving - ready,
        diagnosis=found,
        progress_at=now if moved else rollout.progress_at,
    )


def transitions(before: Rollout, after: Rollout) -> tuple[Transition, ...]:
    """What the change from one version to the next is called; counts alone have no name."""
    if after.state is before.state:
        return ()
    kind = TOLD_AS.get(after.state)
    if kind is None:
        kind = TransitionKind.HEALED if before.state is State.FAILING else TransitionKind.PROGRESSED
    at = after.finished_at if after.finished_at and not after.state.open else after.changed_at
    note = after.diagnosis.cause if after.diagnosis and after.state in {State.FAILING, State.FAILED} else ""
    return (Transition(rollout=after.id, version=after.version, kind=kind, at=at, note=note),)


def _count(rollout: Rollout, observation: Observation) -> Rollout:
    """The rollout with the status' counts, and the time of its last progress moved where they moved."""
    o = observation
    moved = (
        o.updated > rollout.updated
        or o.total - o.updated < rollout.total - rollout.updated
        or o.ready > rollout.serving
        or o.available > rollout.available
    )
    spoken = deployment.confirmed_at(o, rollout.identity, rollout.started_at)
    progress = max(rollout.progress_at, o.at if moved else rollout.progress_at, spoken or rollout.progress_at)
    return _with_revisions(
        replace(
            rollout,
            wanted=o.wanted,
            most_wanted=max(rollout.most_wanted, o.wanted),
            updated=o.updated,
            total=o.total,
            available=o.available,
            serving=o.ready,
            progress_at=progress,
            deadline_seconds=int(o.deadline.total_seconds()) if o.deadline else None,
        ),
        o,
    )


def _with_revisions(rollout: Rollout, observation: Observation) -> Rollout:
    """New pods counted by their ReplicaSet, where it was read along."""
    own = next((r for r in observation.revisions or () if r.hash == rollout.identity.hash), None)
    if own is None:
        return rollout
    return replace(rollout, new_ready=own.ready, old_serving=max(0, observation.ready - own.ready))


def _complaint(rollout: Rollout, observation: Observation, policy: Policy) -> Rollout:
    """The controller's own complaint of refused pods; a cause seen in the pods themselves goes first."""
    refused = deployment.refusal(observation, rollout.identity, rollout.started_at)
    if refused is not None:
        told = diagnosis.impatient(refused, rollout.workload, wait=REFUSED_PATIENCE, policy=policy)
        return replace(rollout, diagnosis=told)
    was_refused = rollout.diagnosis is not None and rollout.diagnosis.cause == "Pods refused"
    return replace(rollout, diagnosis=None) if was_refused else rollout


def _pause(rollout: Rollout, *, scaled_to_zero: bool) -> Rollout:
    return replace(rollout, state=State.PAUSED, scaled_to_zero=scaled_to_zero, wake_at=None)


def _resume(rollout: Rollout, now: datetime) -> Rollout:
    """No pause any more: the deadline starts anew, as the controller's own does."""
    if rollout.state is not State.PAUSED:
        return rollout
    return replace(rollout, state=State.PROGRESSING, scaled_to_zero=False, progress_at=now)


def _state(rollout: Rollout, now: datetime) -> State:
    told = rollout.diagnosis
    if told is not None and (rollout.state is State.FAILING or _may_be_said(told, now)):
        return State.FAILING
    if rollout.state is State.STALLED and told is None and not _moves(rollout):
        return State.STALLED
    return State.PROGRESSING if _moves(rollout) else State.STARTED


def _moves(rollout: Rollout) -> bool:
    """Whether any new pod is ready: before that, a rollout has only started."""
    return bool(rollout.new_ready) or rollout.state in {State.PROGRESSING, State.FAILING}


def _may_be_said(told: Diagnosis, now: datetime) -> bool:
    return told.say_at is not None and now >= told.say_at


def _limit(rollout: Rollout, policy: Policy) -> datetime | None:
    """When our own clock says that it takes too long; the controller gets a little time to say it first."""
    if rollout.deadline_seconds is not None:
        return rollout.progress_at + timedelta(seconds=rollout.deadline_seconds) + policy.deadline_grace
    return rollout.progress_at + policy.stall_after if rollout.state is not State.STALLED else None


def _run_out(rollout: Rollout, limit: datetime) -> Rollout:
    if rollout.deadline_seconds is None:
        return replace(rollout, state=State.STALLED, wake_at=None)
    words = Diagnosis(
        reason=deployment.DEADLINE_EXCEEDED,
        cause=f"no progress for {deployment.seconds(timedelta(seconds=rollout.deadline_seconds))}",
    )
    return _fail(rollout, words, at=limit)


def _fail(rollout: Rollout, words: Diagnosis, *, at: datetime) -> Rollout:
    """Failed, by the controller's word or by the clock; a cause seen in the pods explains it better."""
    seen = rollout.diagnosis
    told = replace(
        seen or words,
        reason=words.reason if seen is None else seen.reason,
        words=(seen.words if seen else "") or words.words,
        next_step=diagnosis.undo_command(rollout.workload),
        say_at=None,
    )
    failed = end(replace(rollout, diagnosis=told), State.FAILED, at=at)
    return replace(failed, failed_at=failed.finished_at)


def _still_suffers(rollout: Rollout, ready: int, own: int) -> bool:
    """A crashing container runs for moments; only a pod that became ready is a sign of healing."""
    return rollout.state is State.FAILING and ready <= (rollout.new_ready or 0) and ready < max(own, 1)


def _wake(rollout: Rollout, limit: datetime | None) -> datetime | None:
    say_at = rollout.diagnosis.say_at if rollout.diagnosis else None
    untold = say_at if rollout.state is not State.FAILING else None
    return min((at for at in (limit, untold) if at is not None), default=None)
