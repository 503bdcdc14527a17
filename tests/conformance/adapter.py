"""Puts a conformance case before Shipbell: the true decoding, then the domain's steps and its look at pods.

The suite asks how an object is; Shipbell says how a rollout goes. So a case is a rollout that began long ago,
and its verdict is what the rollout's message would show after the last event, with all patience over.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipbell.domain import Memory, Observation, Pod, PodsObservation, Policy, Rollout, State
from shipbell.domain import rules as rules_of_kinds
from shipbell.domain.causes import readiness
from shipbell.domain.stepping import Setting, see_pods, step
from tests.conformance import stand_ins, workloads

SUCCESS = {State.SUCCEEDED, State.RECOVERED}

UNREADY = readiness.PROBE_REASONS | readiness.SIDECAR_REASONS | readiness.GATE_REASONS
"""Causes of containers that run."""

OVER = timedelta(hours=1)
"""After it, whatever is to be said of pods is said."""

Case = Mapping[str, Any]


def judge(case: Case) -> dict[str, object]:
    """The verdict of a case in the conformance suite's words, with the reason where there is one."""
    target, events = case["target"], _events(case)
    observed = workloads.observations(*_subject(events, target))
    memory: Memory | None = None
    for observation in observed:
        memory = _taken(memory, observation, events, target)
    if memory is None:
        return {"verdict": "unknown", "reason": ""}
    memory = _looked_at(memory, events, target)
    verdict = _verdict(memory, observed[-1], may_fail=target["kind"] == "Pod")
    return {"verdict": verdict, "reason": _reason(memory.rollout)}


def _taken(
    memory: Memory | None, observation: Observation, events: list[dict[str, Any]], target: Case
) -> Memory:
    """The observation taken, with a look at the pods where it needs one."""
    setting = Setting(now=observation.at, policy=Policy())
    outcome = step(memory, observation, setting)
    if not outcome.needs_pods:
        return outcome.memory
    uid = observation.workload.uid
    pods = tuple(replace(pod, hash=pod.hash or uid) for pod in _pods(events, target))
    seen = PodsObservation(workload=observation.workload, resource_version=0, at=observation.at, pods=pods)
    return step(memory, replace(observation, pods=seen), setting).memory


def _subject(events: list[dict[str, Any]], target: Case) -> tuple[list[dict[str, Any]], str, str]:
    """The events with the target as a workload, and that workload's kind and name."""
    kind, name = target["kind"], target["name"]
    if kind in workloads.FILLED:
        return events, kind, name
    mine = [event for event in events if _is_target(event["object"], target)]
    stood = [{**event, "object": stand_ins.workload(event["object"])} for event in mine]
    last = stood[-1]["object"]["kind"] if stood else "Deployment"
    return [event for event in stood if event["object"]["kind"] == last], last, name


def _looked_at(memory: Memory, events: list[dict[str, Any]], target: Case) -> Memory:
    """What its pods add, at once and when patience is over."""
    is_target = target["kind"] == "Pod"
    pods = [_own(pod, memory, surely=is_target) for pod in _pods(events, target)]
    for now in (datetime.now(UTC), datetime.now(UTC) + OVER):
        seen = PodsObservation(workload=memory.workload, resource_version=1, at=now, pods=tuple(pods))
        memory = see_pods(memory, seen, Setting(now=now, policy=Policy())).memory
    return memory


def _pods(events: list[dict[str, Any]], target: Case) -> list[Pod]:
    """The pods beside the target, or the target itself, each as it was last."""
    last = {
        event["object"]["metadata"]["name"]: event["object"]
        for event in events
        if event["object"]["kind"] == "Pod"
        and (target["kind"] != "Pod" or _is_target(event["object"], target))
    }
    found = (stand_ins.pod(thing) for thing in last.values())
    return [pod for pod in found if pod is not None]


def _own(pod: Pod, memory: Memory, *, surely: bool) -> Pod:
    """Skeletons of pods without the label of a revision are taken to be of the newest one."""
    if memory.identity is None or (pod.hash and not surely):
        return pod
    return replace(pod, hash=memory.identity.hash)


def _verdict(memory: Memory, last: Observation, *, may_fail: bool) -> str:
    """Cases ask how the workload is, we how its rollout went: a success holds while it is still whole.

    A pod that is failing has failed, for nobody else will say more of it, unless it only is not ready yet. A
    workload's rollout may heal.
    """
    rollout = memory.rollout
    if memory.deleted_at is not None:
        return "unknown"
    if rollout is not None and rollout.state is State.FAILED:
        return "failed"
    if (
        rollout is not None
        and rollout.state is State.FAILING
        and may_fail
        and _reason(rollout) not in UNREADY
    ):
        return "failed"
    complete = rules_of_kinds.of(last.workload.kind).complete
    if rollout is not None and rollout.state in SUCCESS and complete(last):
        return "succeeded"
    return "paused" if last.paused else "progressing"


def _reason(rollout: Rollout | None) -> str:
    return rollout.diagnosis.reason if rollout and rollout.diagnosis else ""


def _events(case: Case) -> list[dict[str, Any]]:
    if "sequence" in case:
        return list(case["sequence"])
    beside = [{"type": "ADDED", "object": thing} for thing in case.get("related", ())]
    return [*beside, {"type": "ADDED", "object": case["object"]}]


def _is_target(thing: Case, target: Case) -> bool:
    return (thing["kind"], thing["metadata"]["name"]) == (target["kind"], target["name"])
