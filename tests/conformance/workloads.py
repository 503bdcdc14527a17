"""Workloads of conformance cases as the observations that a watch would make of them.

Cases are skeletons of objects, as other projects' tests have them. What a real API server always writes and
a skeleton may lack is filled in: a uid, a creation time, a revision with what bears it, and, for a
Deployment, the name of its ReplicaSet and a time in its Progressing condition. Histories and times of the
cases' own ReplicaSets contradict the conditions, so they are dropped.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from shipbell.domain import Condition, Observation, Revision
from shipbell.domain.deployment import bearer
from shipbell.sources.kubernetes import kinds, objects, revisions

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NAMED = re.compile(r'ReplicaSet "([^"]+)"')

Object = Mapping[str, Any]
Seen = tuple[Observation, tuple[Revision, ...]]
"""What was observed, and which ReplicaSets there were by then."""


def observations(events: list[dict[str, Any]], kind: str, name: str) -> list[Observation]:
    """What a watch would show of the workload of that name."""
    seen, sets = list[Seen](), dict[str, Revision]()
    for event in events:
        thing = event["object"]
        if thing["kind"] == "ReplicaSet":
            sets[thing["metadata"]["name"]] = revisions.of_replicaset(typed(thing, revisions.ReplicaSet))
        elif thing["kind"] == kind and thing["metadata"]["name"] == name:
            seen.append((_observed(thing, event["type"] == "DELETED"), tuple(sets.values())))
    fill = FILLED[kind]
    return [fill(_known(observation, place), seen, own) for place, (observation, own) in enumerate(seen, 1)]


def typed(thing: object, kind: type[objects.ObjectT]) -> objects.ObjectT:
    """JSON as the source's own type."""
    return msgspec.json.decode(msgspec.json.encode(thing), type=kind)


def _observed(thing: Object, deleted: bool) -> Observation:
    kind, thing = kinds.ALL[thing["kind"]], _of_today(thing)
    found: Observation = kind.observe("apps", typed(thing, kind.object), LONG_AGO, deleted)
    return found


def _of_today(thing: Object) -> Object:
    """A StatefulSet with the counts that every controller writes today, and older ones or fixtures leave out:
    without minReadySeconds what is ready is available, and what is of the current revision is updated where
    both are the same."""
    status = thing.get("status")
    if thing["kind"] != "StatefulSet" or not isinstance(status, dict):
        return thing
    filled = dict(status)
    if not thing["spec"].get("minReadySeconds"):
        filled["availableReplicas"] = max(status.get("availableReplicas", 0), status.get("readyReplicas", 0))
    if status.get("currentRevision") == status.get("updateRevision") and not _partition(thing):
        filled.setdefault("updatedReplicas", status.get("currentReplicas", 0))
    return {**thing, "status": filled}


def _partition(thing: Object) -> int:
    strategy = thing["spec"].get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)


def _known(observation: Observation, position: int) -> Observation:
    return replace(
        observation,
        workload=replace(observation.workload, uid="uid"),
        resource_version=position,
        at=datetime.now(UTC),
        created_at=LONG_AGO,
    )


def _deployment(observation: Observation, seen: list[Seen], own: tuple[Revision, ...]) -> Observation:
    name = _named_set([each for each, _ in seen])
    observation = replace(observation, revision=observation.revision or 1)
    bears = _bearing_set(observation, own, name)
    conditions = tuple(_condition(condition, bears) for condition in observation.conditions)
    return replace(observation, conditions=conditions, revisions=(bears,))


def _named_set(observed: list[Observation]) -> str:
    """The ReplicaSet that the last word of the controller names."""
    progressing = (o.condition("Progressing") for o in reversed(observed))
    found = (NAMED.search(condition.message) for condition in progressing if condition)
    return next((match[1] for match in found if match), "")


def _bearing_set(observation: Observation, own: tuple[Revision, ...], name: str) -> Revision:
    """The ReplicaSet of the number, one of the case's if it has one."""
    known = bearer(replace(observation, revisions=own))
    if known is not None:
        return replace(known, created_at=LONG_AGO, earlier_numbers=(), name=name or known.name)
    return _revision(observation, observation.revision or 1, name or f"{observation.workload.name}-hash")


def _condition(condition: Condition, own: Revision) -> Condition:
    silent = condition.type == "Progressing" and not NAMED.search(condition.message)
    message = f'ReplicaSet "{own.name}": {condition.message}' if silent else condition.message
    return replace(condition, message=message, last_update=condition.last_update or LONG_AGO)


def _stateful_set(observation: Observation, seen: list[Seen], own: tuple[Revision, ...]) -> Observation:
    """Each new name gets the next number, as the controller gives them."""
    name = observation.update_revision or f"{observation.workload.name}-hash"
    names = list(dict.fromkeys(each.update_revision or name for each, _ in seen))
    kept = tuple(_revision(observation, number, each) for number, each in enumerate(names, 1))
    updated = observation.total if _was_counted(observation, seen) else observation.updated
    return replace(observation, update_revision=name, revisions=kept, updated=updated)


def _was_counted(observation: Observation, seen: list[Seen]) -> bool:
    """Whether pods of this revision were counted before and are counted no more: recordings of old
    controllers drop the number when all are updated."""
    before = (each for each, _ in seen[: observation.resource_version - 1] if each.settled)
    same = any(each.updated and each.update_revision == observation.update_revision for each in before)
    return same and observation.updated == 0 and observation.ready == observation.total


def _daemon_set(observation: Observation, seen: list[Seen], own: tuple[Revision, ...]) -> Observation:
    number = observation.revision or 1
    return replace(observation, revision=number, revisions=(_revision(observation, number, "agent-hash"),))


def _job(observation: Observation, seen: list[Seen], own: tuple[Revision, ...]) -> Observation:
    return observation


def _revision(observation: Observation, number: int, name: str) -> Revision:
    return Revision(
        number=number,
        name=name,
        hash=name if observation.workload.kind == "StatefulSet" else "hash",
        uid=f"{name}-{number}",
        created_at=LONG_AGO,
        template=observation.template,
    )


FILLED: Mapping[str, Callable[[Observation, list[Seen], tuple[Revision, ...]], Observation]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
}
"""What a skeleton of the kind lacks."""
