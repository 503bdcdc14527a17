"""Puts a conformance case before Shipbell: the true decoding, then the domain's steps.

Cases are skeletons of objects, as other projects' tests have them. What a real API server always writes and
a skeleton may lack is filled in: a uid, a revision number, a creation time, a ReplicaSet that bears the
number (by the name that the last Progressing condition gives it), and a time and that name in a Progressing
condition that has none. Their ReplicaSets' own times and histories contradict the conditions, so they are
dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from shipbell.domain import Condition, Memory, Observation, Policy, Revision, Rollout, State
from shipbell.domain.deployment import bearer, complete
from shipbell.domain.stepping import Setting, step
from shipbell.sources.kubernetes import objects, revisions
from shipbell.sources.kubernetes.kinds import deployments

SUCCESS = {State.SUCCEEDED, State.RECOVERED}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NAMED = re.compile(r'ReplicaSet "([^"]+)"')

Case = Mapping[str, Any]


def judge(case: Case) -> dict[str, object]:
    """The verdict of a case in the conformance suite's words, with the reason where there is one."""
    memory: Memory | None = None
    observations = _observations(case)
    for observation in observations:
        memory = step(memory, observation, Setting(now=observation.at, policy=Policy())).memory
    if memory is None:
        return {"verdict": "unknown", "reason": ""}
    return {"verdict": _verdict(memory, observations[-1]), "reason": _reason(memory.rollout)}


def _verdict(memory: Memory, last: Observation) -> str:
    """Cases ask how the workload is, we how its rollout went: a success holds while it is still whole."""
    rollout = memory.rollout
    if memory.deleted_at is not None:
        return "unknown"
    if rollout is not None and rollout.state is State.FAILED:
        return "failed"
    if rollout is not None and rollout.state in SUCCESS and complete(last):
        return "succeeded"
    return "paused" if last.paused else "progressing"


def _reason(rollout: Rollout | None) -> str:
    return rollout.diagnosis.reason if rollout and rollout.diagnosis else ""


def _observations(case: Case) -> list[Observation]:
    """What a watch would show of the target, each with the ReplicaSets that exist by then."""
    named, observations = case["target"]["name"], []
    sets: dict[str, Revision] = {}
    for event in _events(case):
        thing = event["object"]
        if thing["kind"] == "ReplicaSet":
            sets[thing["metadata"]["name"]] = revisions.of_replicaset(_typed(thing, revisions.ReplicaSet))
        elif thing["kind"] == "Deployment" and thing["metadata"]["name"] == named:
            deployment = _typed(thing, deployments.Deployment)
            seen = deployments.observation("apps", deployment, LONG_AGO, event["type"] == "DELETED")
            observations.append((seen, tuple(sets.values())))
    name = _named([o for o, _ in observations])
    return [_filled(o, position, revisions, name) for position, (o, revisions) in enumerate(observations, 1)]


def _named(observations: list[Observation]) -> str:
    """The ReplicaSet that the last word of the controller names."""
    progressing = (o.condition("Progressing") for o in reversed(observations))
    found = (NAMED.search(condition.message) for condition in progressing if condition)
    return next((match[1] for match in found if match), "")


def _events(case: Case) -> list[dict[str, Any]]:
    if "sequence" in case:
        return list(case["sequence"])
    beside = [{"type": "ADDED", "object": thing} for thing in case.get("related", ())]
    return [*beside, {"type": "ADDED", "object": case["object"]}]


def _typed(thing: object, kind: type[objects.ObjectT]) -> objects.ObjectT:
    return msgspec.json.decode(msgspec.json.encode(thing), type=kind)


def _filled(
    observation: Observation, position: int, revisions: tuple[Revision, ...], name: str
) -> Observation:
    observation = replace(
        observation,
        workload=replace(observation.workload, uid="uid"),
        resource_version=position,
        at=datetime.now(UTC),
        created_at=LONG_AGO,
        revision=observation.revision or 1,
    )
    own = _bearer(observation, revisions, name)
    conditions = tuple(_condition(condition, own) for condition in observation.conditions)
    return replace(observation, conditions=conditions, revisions=(own,))


def _bearer(observation: Observation, revisions: tuple[Revision, ...], name: str) -> Revision:
    """The ReplicaSet of the number, one of the case's if it has one."""
    number = observation.revision or 1
    known = bearer(replace(observation, revision=number, revisions=revisions))
    if known is not None:
        return replace(known, created_at=LONG_AGO, earlier_numbers=(), name=name or known.name)
    return Revision(
        number=number,
        name=name or f"{observation.workload.name}-hash",
        hash="hash",
        uid=f"rs-{number}",
        created_at=LONG_AGO,
        template=observation.template,
    )


def _condition(condition: Condition, own: Revision) -> Condition:
    silent = condition.type == "Progressing" and not NAMED.search(condition.message)
    message = f'ReplicaSet "{own.name}": {condition.message}' if silent else condition.message
    return replace(condition, message=message, last_update=condition.last_update or LONG_AGO)
