"""The rules for StatefulSets: which revision its pods are to become, and when they have.

Each rule is what the StatefulSet controller does, see
https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies; success is what
`kubectl rollout status` calls success, with every pod available.
"""

from shipbell.domain import histories
from shipbell.domain.observation import Observation, Revision
from shipbell.domain.rollout import Identity, Memory
from shipbell.domain.workload import Workload

reused = histories.reused
counts = histories.counts
failure = histories.failure
refusal = histories.refusal
confirmed_at = histories.confirmed_at
finished_at = histories.finished_at
keeps_time = histories.keeps_time


def believed(observation: Observation) -> bool:
    """Whether the controller has caught up, and so names the revision of this template."""
    return observation.settled and bool(observation.update_revision)


def is_news(observation: Observation, memory: Memory) -> bool:
    """Whether the name is another, or may have come back.

    A revision that is rolled out again has the same name, and only its number tells: it is read anew
    whenever the spec has changed. The partition, which is of the spec, moves the generation too.
    """
    known = memory.identity
    if known is None or known.name != observation.update_revision:
        return True
    return observation.generation != memory.generation


def bearer(observation: Observation) -> Revision | None:
    """The ControllerRevision that the status names."""
    named = (r for r in observation.revisions or () if r.name == observation.update_revision)
    found = next(named, None)
    return None if found is None else histories.with_earlier_number(observation, found)


def identity(observation: Observation, bearer: Revision | None) -> Identity:
    """Its ControllerRevision, by whose name its pods are known, and how far it is let."""
    name = observation.update_revision
    return Identity(
        number=(bearer.number or 0) if bearer else 0,
        hash=name,
        name=name,
        uid=bearer.uid if bearer else "",
        partition=_partition(observation),
    )


def speaks_of(observation: Observation, identity: Identity) -> bool:
    """Updated pods are those of the revision that the status names."""
    return observation.update_revision == identity.name


def underway(observation: Observation) -> bool | None:
    """At first sight: whether pods are being replaced. What waits for people to do so has waited before."""
    if not believed(observation):
        return None
    if _on_delete(observation):
        return False
    return observation.updated < _expected(observation) or not _is_current(observation)


def idle(observation: Observation, bearer: Revision, known: Identity | None) -> bool:
    """Whether it rolls nothing out.

    A new object may have adopted pods that already run (`kubectl delete --cascade=orphan`); a partition
    above all ordinals stages a revision, which begins when the partition is lowered, see
    https://kubernetes.io/docs/tutorials/stateful-application/basic-stateful-set/#staging-an-update.
    """
    if known is None:
        return bearer.created_at < observation.created_at and complete(observation)
    return observation.wanted > 0 and _expected(observation) == 0


def complete(observation: Observation) -> bool:
    """What `kubectl rollout status` calls success, with every pod available.

    The controller makes the updated revision the current one when all pods have it, but not where a
    partition or OnDelete keeps some back. That alone does not do: on the way back to the current
    revision both are the same all the while. Pods that a smaller number of replicas leaves over must go.
    """
    o = observation
    replaced = o.updated >= _expected(o) and o.total <= o.wanted and _is_current(o)
    return o.settled and replaced and o.ready >= o.wanted and o.available >= o.wanted


def emptied(observation: Observation, most_wanted: int) -> bool:
    """Whether somebody scaled it to zero since it began."""
    return observation.wanted == 0 and most_wanted > 0


def remedy(workload: Workload) -> str:
    """The revision before is still there to go back to."""
    return f"kubectl -n {workload.namespace} rollout undo statefulset/{workload.name}"


def _expected(observation: Observation) -> int:
    """How many pods are to be updated: those whose ordinal is not below the partition."""
    return max(0, observation.wanted - _partition(observation))


def _partition(observation: Observation) -> int:
    return 0 if _on_delete(observation) else observation.partition


def _is_current(observation: Observation) -> bool:
    """Whether the controller has taken the update for done, where it ever does."""
    kept_back = bool(_partition(observation)) or _on_delete(observation)
    return kept_back or observation.current_revision in {"", observation.update_revision}


def _on_delete(observation: Observation) -> bool:
    return observation.strategy == "OnDelete"
