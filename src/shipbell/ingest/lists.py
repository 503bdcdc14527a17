"""Complete lists: what they mean for what is remembered of their scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shipbell.domain import Memory, Observation, Workload
from shipbell.domain.stepping import Step
from shipbell.store import Intake

JOB = "Job"
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class FullList:
    """A complete, consistent list of one kind: what it lacks did not exist at its resourceVersion."""

    cluster: str
    kind: str
    resource: str
    """As the API spells it: `deployments`."""
    scope: str
    """The namespace, or empty for the whole cluster."""
    resource_version: int
    observations: tuple[Observation, ...]
    """What may have changed since the source last said it."""
    present: frozenset[str]
    """The uids of everything that it has."""
    name: str = ""
    """Set where it lists a single object by its name."""
    restored: bool = False
    """It is older than what the source saw before: the cluster came back from a backup."""


def known(intake: Intake, listed: FullList) -> dict[str, Memory]:
    """What is remembered of the listed scope, or of the listed name."""
    namespaces = (listed.scope,) if listed.scope else None
    return intake.memories(listed.cluster, listed.kind, namespaces, listed.name or None)


def missing_jobs(listed: FullList, remembered: Mapping[str, Memory]) -> tuple[Workload, ...]:
    """Jobs in flight that are gone: their Events tell how they ended, for an hour or so."""
    if listed.kind != JOB:
        return ()
    return tuple(
        memory.workload
        for uid, memory in remembered.items()
        if uid not in listed.present and memory.rollout is not None and memory.rollout.state.open
    )


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The runs of a CronJob make a streak in the order in which they ended, not in that of their names."""
    return sorted(steps, key=_ended_at)


def without_marks(known: Mapping[str, Memory], listed: FullList) -> dict[str, Memory]:
    """After a restore: nothing is too old to be believed, and what is there again is not dead."""
    return {
        uid: replace(memory, resource_version=0, pods_version=0)
        for uid, memory in known.items()
        if memory.deleted_at is None or uid not in listed.present
    }


def marked(taken: Step, observation: Observation) -> Step:
    """A step that is written whatever it changed: the old marks must go."""
    if taken.undecided:
        return replace(taken, changed=taken.memory.resource_version == 0)
    memory = replace(taken.memory, resource_version=observation.resource_version)
    return replace(taken, memory=memory, changed=True)


def _ended_at(taken: Step) -> datetime:
    return max((r.finished_at for r in taken.rollouts if r.finished_at), default=BEGINNING)
