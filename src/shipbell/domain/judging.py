"""What a rollout's state is, by the API's words, by its pods and by the clock.

`judge` takes in an observation; `settle` decides what waiting alone decides. Both answer with the rollout
as it now is; whether that is a change worth writing is decided in `stepping`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shipbell.domain import blaming, durations, rules, usual
from shipbell.domain.observation import DEADLINE_EXCEEDED, Observation
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis, Rollout, State, Transition, TransitionKind

RETURN = 6
"""Where nobody could look when the deadline passed, the cluster gets this many times the deadline's grace
to catch up: its controllers may have been cut off as well, and have a backlog."""

NEVER = datetime.max.replace(tzinfo=UTC)

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
    kind = rules.of(rollout.workload.kind)
    counted = _count(rollout, observation)
    emptied = kind.emptied(observation, counted.most_wanted)
    if kind.complete(observation) and not emptied:
        return succeed(rollout, observation, State.SUCCEEDED, continuous=continuous)
    if failure := kind.failure(observation, rollout.identity, rollout.started_at):
        return _fail(counted, failure, at=failure.since or now)
    if observation.paused or emptied:
        return pause(counted, scaled_to_zero=emptied)
    resumed = _resume(blaming.complain(counted, observation, policy), now)
    return settle(resumed, now, policy, may_blame=blaming.is_refused(resumed))


def wants_pods(rollout: Rollout, observation: Observation) -> bool:
    """Whether a Job has failed before anybody saw its pods: they stay, and tell why."""
    if observation.deleted or observation.pods is not None or rollout.job is None or rollout.diagnosis:
        return False
    kind = rules.of(rollout.workload.kind)
    return kind.failure(observation, rollout.identity, rollout.started_at) is not None


def settle(
    rollout: Rollout, now: datetime, policy: Policy, *, may_end: bool = True, may_blame: bool = True
) -> Rollout:
    """The state that time gives: failing after patience, failed or stalled after the deadline.

    Nothing is concluded from what was seen long ago. The deadline counts only where the workload itself was
    just looked at (`may_end`): it may have succeeded since. A cause in the pods is said only where these
    were looked at (`may_blame`): they may have healed since.
    """
    if rollout.state is State.PAUSED:
        return replace(rollout, wake_at=None)
    limit = _limit(rollout, policy)
    rollout = _doubt(rollout, limit, now, policy)
    due = rollout.doubted_until or limit
    overdue = now >= due
    if overdue and may_end and rollout.deadline_seconds is not None:
        return _run_out(rollout, rollout.deadline_seconds, at=limit)
    stalled = _waits_for_people(rollout) or (overdue and (may_end or rollout.state is State.STALLED))
    slow_at = usual.slow_at(rollout)
    settled = replace(
        rollout,
        state=_state(rollout, now, stalled=stalled, may_blame=may_blame),
        slow=slow_at is not None and now >= slow_at,
    )
    return replace(settled, wake_at=_wake(settled, None if stalled or due == NEVER else due, policy))


def start_clock(before: Rollout, after: Rollout, now: datetime) -> Rollout:
    """Where standing still meant nothing so far (a Job's pod ran), and does now, its time begins now."""
    kind = rules.of(after.workload.kind)
    begins = kind.keeps_time(after) and not kind.keeps_time(before)
    return replace(after, progress_at=now) if begins else after


def succeed(rollout: Rollout, observation: Observation, state: State, *, continuous: bool) -> Rollout:
    """The API says that it is done: all that it was to replace is replaced and available."""
    counted = replace(
        _count(rollout, observation),
        new_ready=observation.updated,
        old_serving=max(0, observation.ready - observation.updated),
        scaled_to_zero=False,
    )
    confirmed = rules.of(rollout.workload.kind).finished_at(observation, rollout)
    at = confirmed or observation.at
    ended = end(
        counted,
        state,
        at=max(at, rollout.failed_at or at),
        approximate=confirmed is None and not continuous,
    )
    return replace(ended, diagnosis=rollout.diagnosis if state is State.RECOVERED else None)


def pause(rollout: Rollout, *, scaled_to_zero: bool) -> Rollout:
    """Waiting for a person: no clock runs."""
    return replace(rollout, state=State.PAUSED, scaled_to_zero=scaled_to_zero, wake_at=None)


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
    o, kind = observation, rules.of(rollout.workload.kind)
    moved = (
        o.updated > rollout.updated
        or o.total - o.updated < rollout.total - rollout.updated
        or o.ready > rollout.serving
        or o.available > rollout.available
        or _worked(rollout, o)
    )
    spoken = kind.confirmed_at(o, rollout.identity, rollout.started_at)
    progress = max(rollout.progress_at, o.at if moved else rollout.progress_at, spoken or rollout.progress_at)
    new_ready, old_serving = kind.counts(o, rollout.identity) or (rollout.new_ready, rollout.old_serving)
    return replace(
        rollout,
        started_at=_begun_at(rollout, o),
        wanted=o.wanted,
        most_wanted=max(rollout.most_wanted, o.wanted),
        updated=o.updated,
        total=o.total,
        available=o.available,
        serving=o.ready,
        new_ready=new_ready,
        old_serving=old_serving,
        on_delete=o.strategy == "OnDelete",
        job=o.job,
        progress_at=progress,
        deadline_seconds=int(o.deadline.total_seconds()) if o.deadline else None,
    )


def _worked(rollout: Rollout, observation: Observation) -> bool:
    """Whether a Job's pods did anything: one that runs for hours works all the while."""
    before, now = rollout.job, observation.job
    if before is None or now is None:
        return False
    return rollout.serving > 0 or now.succeeded > before.succeeded or now.failed > before.failed


def _begun_at(rollout: Rollout, observation: Observation) -> datetime:
    """A Job that was suspended at first begins with its first pod."""
    waited = rollout.job is not None and rollout.job.started_at is None
    started_at = observation.job.started_at if observation.job and waited else None
    return max(started_at, rollout.started_at) if started_at else rollout.started_at


def _resume(rollout: Rollout, now: datetime) -> Rollout:
    """No pause any more: the deadline starts anew, as the controller's own does."""
    if rollout.state is not State.PAUSED:
        return rollout
    return replace(rollout, state=State.PROGRESSING, scaled_to_zero=False, progress_at=now)


def _state(rollout: Rollout, now: datetime, *, stalled: bool, may_blame: bool) -> State:
    told = rollout.diagnosis
    if told is not None and (
        rollout.state is State.FAILING or (may_blame and blaming.may_be_said(told, now))
    ):
        return State.FAILING
    if stalled:
        return State.STALLED
    return State.PROGRESSING if _moves(rollout) else State.STARTED


def _moves(rollout: Rollout) -> bool:
    """Whether any new pod is ready, or anything was told: before that, a rollout has only started."""
    return bool(rollout.new_ready) or rollout.state is not State.STARTED


def _waits_for_people(rollout: Rollout) -> bool:
    """With the strategy OnDelete nothing moves by itself: somebody must delete the old pods."""
    return rollout.on_delete and rollout.updated < rollout.wanted


def _limit(rollout: Rollout, policy: Policy) -> datetime:
    """When our own clock says that it takes too long; the controller gets a little time to say it first."""
    if not rules.of(rollout.workload.kind).keeps_time(rollout):
        return NEVER
    if rollout.deadline_seconds is None:
        return rollout.progress_at + policy.stall_after
    return rollout.progress_at + timedelta(seconds=rollout.deadline_seconds) + policy.deadline_grace


def _doubt(rollout: Rollout, limit: datetime, now: datetime, policy: Policy) -> Rollout:
    """Puts our own clock off where the limit passed while nobody could look."""
    if now < limit:
        return replace(rollout, doubted_until=None)
    late = now - limit > policy.deadline_grace
    if rollout.deadline_seconds is None or rollout.doubted_until is not None or not late:
        return rollout
    return replace(rollout, doubted_until=now + RETURN * policy.deadline_grace)


def _run_out(rollout: Rollout, deadline_seconds: int, *, at: datetime) -> Rollout:
    words = Diagnosis(
        reason=DEADLINE_EXCEEDED,
        cause=f"no progress for {durations.in_words(timedelta(seconds=deadline_seconds))}",
    )
    return _fail(rollout, words, at=at)


def _fail(rollout: Rollout, words: Diagnosis, *, at: datetime) -> Rollout:
    """Failed, by the controller's word or by the clock; a cause seen in the pods explains it better."""
    seen = rollout.diagnosis
    told = replace(
        seen or words,
        reason=words.reason if seen is None else seen.reason,
        words=(seen.words if seen else "") or words.words,
        next_step=(seen.next_step if seen else "")
        or rules.of(rollout.workload.kind).remedy(rollout.workload),
        say_at=None,
    )
    failed = end(replace(rollout, diagnosis=told, failed_by=words.reason), State.FAILED, at=at)
    return replace(failed, failed_at=failed.finished_at)


def _wake(rollout: Rollout, due: datetime | None, policy: Policy) -> datetime | None:
    told = rollout.diagnosis
    moments = [due, None if rollout.slow else usual.slow_at(rollout)]
    if told is not None and rollout.state is not State.FAILING:
        moments.append(told.say_at)
    if told is not None and told.calm_since is not None:
        moments.append(told.calm_since + blaming.CALM * policy.patience)
    return min((at for at in moments if at is not None), default=None)
