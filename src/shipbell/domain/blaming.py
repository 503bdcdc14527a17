"""Whom an open rollout may blame: the cause that its pods or its controller name, and when it is over.

Between what was seen (`pods`, the controller's own complaint) and the rollout's diagnosis. `diagnosis` finds
the cause in one look; here is decided what a look means for what earlier looks have found.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shipbell.domain import deployment, diagnosis, rules
from shipbell.domain.observation import Observation
from shipbell.domain.pods import LogRequest, PodsObservation
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis, Rollout, State

REFUSED_PATIENCE = timedelta(seconds=20)
"""How long a refusal by quota, admission or policy may last before it is said."""

CALM = timedelta(seconds=30)
"""How long the pods of a failing rollout must do well before it is taken to have healed: a container that
crashes again and again runs, and may even be ready, in between."""


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
    if found is None or (found.say_at is None and is_refused(rollout)):
        found = _lasting(rollout, ready, len(own), now, policy)
    moved = ready > (rollout.new_ready or 0)
    return replace(
        rollout,
        new_ready=ready,
        serving=serving,
        old_serving=serving - ready,
        diagnosis=found,
        progress_at=now if moved else rollout.progress_at,
    )


def wants_log(
    rollout: Rollout, observation: PodsObservation, now: datetime, policy: Policy
) -> LogRequest | None:
    """Whose last lines belong to what is about to be said; None where they are there, or explain nothing."""
    return None


def complain(rollout: Rollout, observation: Observation, policy: Policy) -> Rollout:
    """The controller's own complaint of refused pods; a cause seen in the pods themselves goes first."""
    known = rollout.diagnosis
    if known is not None and known.say_at is not None and not is_refused(rollout):
        return rollout
    refused = rules.of(rollout.workload.kind).refusal(observation, rollout.identity, rollout.started_at)
    if refused is not None:
        told = diagnosis.impatient(refused, rollout.workload, wait=REFUSED_PATIENCE, policy=policy)
        return replace(rollout, diagnosis=told)
    return replace(rollout, diagnosis=None) if is_refused(rollout) else rollout


def is_refused(rollout: Rollout) -> bool:
    """Whether its diagnosis is the controller's word, which looking at pods neither brings nor takes."""
    return rollout.diagnosis is not None and rollout.diagnosis.cause == deployment.REFUSED


def may_be_said(told: Diagnosis, now: datetime) -> bool:
    return told.say_at is not None and now >= told.say_at


def _lasting(rollout: Rollout, ready: int, own: int, now: datetime, policy: Policy) -> Diagnosis | None:
    """The known cause, where its not being seen in the pods now does not mean that it is gone."""
    told, before = rollout.diagnosis, rollout.new_ready or 0
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
