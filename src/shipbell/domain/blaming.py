"""Whom an open rollout may blame: the cause that its pods or its controller name, and when it is over.

Between what was seen (`pods`, the controller's own complaint) and the rollout's diagnosis. `diagnosis` finds
the cause in one look; here is decided what a look means for what earlier looks have found.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shipbell.domain import diagnosis, rules
from shipbell.domain.causes import refusals
from shipbell.domain.observation import Observation
from shipbell.domain.pods import LogRequest, Pod, PodsObservation
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis, Rollout, State

CALM = timedelta(seconds=30)
"""How long the pods of a failing rollout must do well before it is taken to have healed: a container that
crashes again and again runs, and may even be ready, in between."""


def count_pods(rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy) -> Rollout:
    """The rollout with what its pods say: how many are ready, and why the others are not."""
    own = diagnosis.own_pods(rollout, observation)
    ready = sum(pod.ready for pod in own)
    serving = sum(pod.ready for pod in observation.pods)
    moved = ready > (rollout.new_ready or 0)
    return replace(
        rollout,
        new_ready=ready,
        serving=serving,
        old_serving=serving - ready,
        diagnosis=_diagnose(rollout, observation, now, policy),
        progress_at=now if moved else rollout.progress_at,
    )


def wants_log(
    rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy
) -> LogRequest | None:
    """Whose last lines belong to what is about to be said; None where they are there, or explain nothing.

    A Job may end with its next word, so that its log is wanted with its first bad exit.
    """
    found = diagnosis.diagnose(rollout, observation, now=now, policy=policy) if policy.read_logs else None
    if found is None or found.log is None or found.log in observation.logs:
        return None
    is_due = may_be_said(found.told, now) or rollout.job is not None
    return found.log if is_due and not _was_asked(rollout, found.told) else None


def complain(rollout: Rollout, observation: Observation, policy: Policy) -> Rollout:
    """The controller's own complaint of refused pods; a cause in the pods goes first if it is due earlier."""
    known = None if is_refused(rollout) else rollout.diagnosis
    refused = rules.of(rollout.workload.kind).refusal(observation, rollout.identity, rollout.started_at)
    if refused is None:
        return replace(rollout, diagnosis=known)
    told = refusals.told(refused, rollout.workload, patience=policy.patience)
    return replace(rollout, diagnosis=_due_first(known, told) or told)


def is_refused(rollout: Rollout) -> bool:
    """Whether its diagnosis is the controller's word, which looking at pods neither brings nor takes."""
    return rollout.diagnosis is not None and rollout.diagnosis.cause.startswith(refusals.REFUSED)


def may_be_said(told: Diagnosis, now: datetime) -> bool:
    """Whether patience with it is at its end."""
    return told.say_at is not None and now >= told.say_at


def _diagnose(
    rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy
) -> Diagnosis | None:
    """What the pods say; then what Events say of refused ones; then what was known before."""
    found = diagnosis.diagnose(rollout, observation, now=now, policy=policy)
    told = found.told if found is not None else None
    refused = _refused(rollout, observation, now, policy)
    if first := _due_first(told, refused):
        return first
    if refused is None and told is not None and rollout.state is not State.FAILING:
        return told
    return _lasting(rollout, diagnosis.own_pods(rollout, observation), now, policy)


def _due_first(one: Diagnosis | None, other: Diagnosis | None) -> Diagnosis | None:
    """The one that may be said earlier, so that two causes do not take turns; None where neither ever may."""
    due = [(told.say_at, told) for told in (one, other) if told is not None and told.say_at is not None]
    return min(due, key=lambda pair: pair[0])[1] if due else None


def _refused(
    rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy
) -> Diagnosis | None:
    """Looked for anew where there are Events; without them, what they said before stands.

    The controller's own word stands until the workload is looked at.
    """
    known = rollout.diagnosis
    if is_refused(rollout):
        return known
    if observation.events is None:
        by_events = known is not None and known.cause.startswith(refusals.REFUSED_BY_EVENTS)
        return known if by_events else None
    own = diagnosis.own_pods(rollout, observation)
    return refusals.by_events(rollout, own, observation.events, now=now, patience=policy.patience)


def _was_asked(rollout: Rollout, told: Diagnosis) -> bool:
    """Whether its log was asked for when this was found; asking again would bring no more."""
    known = rollout.diagnosis
    if known is None or known.container != told.container:
        return False
    return bool(known.log) or known.cause == told.cause or rollout.state is State.FAILING


def _lasting(rollout: Rollout, pods: list[Pod], now: datetime, policy: Policy) -> Diagnosis | None:
    """The known cause, where its not being seen in the pods now does not mean that it is gone."""
    told, before = rollout.diagnosis, rollout.new_ready or 0
    ready, own = sum(pod.ready for pod in pods), len(pods)
    if told is None or is_refused(rollout):
        return told
    if rollout.state is not State.FAILING:
        return None
    if ready < before:
        return replace(told, calm_since=None)
    if told.calm_since is None and (own == 0 or ready == before < own):
        return told
    calm_since = told.calm_since or now
    healed = now >= calm_since + CALM * policy.patience
    return None if healed else replace(told, calm_since=calm_since)
