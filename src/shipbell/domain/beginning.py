"""How a rollout begins, and what that does to the one before it."""

from dataclasses import replace
from datetime import datetime

from shipbell.domain import authorship, changes, judging, kinds
from shipbell.domain.observation import Observation, Revision, Template
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import (
    Identity,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    rollout_id,
)


def begin(
    memory: Memory,
    observation: Observation,
    identity: Identity,
    bearer: Revision,
    *,
    now: datetime,
    policy: Policy,
    continuous: bool,
) -> Rollout:
    """The rollout of a newly believed identity, before anything of it is judged."""
    old = _template_before(memory, observation, identity)
    kind, automatic = kinds.classify(old, bearer.template, bearer, policy)
    started_at, approximate = _start(observation, bearer, continuous)
    return Rollout(
        id=rollout_id(observation.workload, identity),
        workload=observation.workload,
        identity=identity,
        state=State.STARTED,
        version=1,
        kind=kind,
        automatic=automatic,
        changes=changes.between(
            old, bearer.template, ignored={*policy.restart_annotations, *policy.automatic_restart_annotations}
        ),
        started_at=started_at,
        started_approximate=approximate,
        changed_at=now,
        images=kinds.image_changes(old, bearer.template),
        labels=authorship.select_labels(observation.labels, policy.labels),
        by=authorship.author(observation, policy),
        change_cause=observation.annotations.get(authorship.CHANGE_CAUSE, ""),
        wanted=observation.wanted,
        most_wanted=observation.wanted,
        old_images=tuple(c.image for c in old.containers if not c.init) if old else (),
        progress_at=observation.at,
        deadline_seconds=int(observation.deadline.total_seconds()) if observation.deadline else None,
        rollback_to=max(bearer.earlier_numbers) if kind is RolloutKind.ROLLBACK else None,
        rollback_of=bearer.created_at if kind is RolloutKind.ROLLBACK else None,
        unseen=_unseen(memory, identity),
        recreated=memory.recreated and memory.identity is None,
    )


def replace_open(
    memory: Memory, successor: Rollout, bearer: Revision, *, now: datetime, continuous: bool
) -> tuple[tuple[Rollout, Transition], ...]:
    """Ends the rollout that the successor replaces, if it was still open."""
    before = memory.rollout
    if before is None or not before.state.open:
        return ()
    withdrawn = bearer.earlier_numbers and bearer.uid != before.identity.uid
    ended = judging.end(
        before,
        State.ROLLED_BACK if withdrawn else State.SUPERSEDED,
        at=successor.started_at,
        approximate=successor.started_approximate,
        outcome_seen=continuous and successor.unseen is None,
    )
    ended = replace(
        ended,
        version=before.version + 1,
        changed_at=now,
        successor=successor.id,
        successor_version=_version(successor),
    )
    kind = TransitionKind.ROLLED_BACK if withdrawn else TransitionKind.SUPERSEDED
    at = ended.finished_at or now
    return ((ended, Transition(rollout=ended.id, version=ended.version, kind=kind, at=at)),)


def _template_before(memory: Memory, observation: Observation, identity: Identity) -> Template | None:
    """The template that this one replaces: as its ReplicaSet has it, else as it was remembered."""
    others = [r for r in observation.revisions or () if r.uid != identity.uid]
    if memory.identity is not None:
        kept = (r.template for r in others if r.hash and r.hash == memory.identity.hash)
        return next(kept, memory.template)
    numbered = [r for r in others if r.number is not None and r.number < identity.number]
    return max(numbered, key=lambda r: r.number or 0).template if numbered else None


def _start(observation: Observation, bearer: Revision, continuous: bool) -> tuple[datetime, bool]:
    """When it began, and whether that is only approximately known.

    A ReplicaSet that was made for this revision was made when it began (an edit while paused: at the
    resume). A re-used one is older, and then the first observation is the best that is known.
    """
    made_for_it = not bearer.earlier_numbers and bearer.created_at >= observation.created_at
    return (bearer.created_at, False) if made_for_it else (observation.at, not continuous)


def _unseen(memory: Memory, identity: Identity) -> tuple[int, int] | None:
    known = memory.identity
    if known is None or identity.number <= known.number + 1:
        return None
    return known.number + 1, identity.number - 1


def _version(rollout: Rollout) -> str:
    """The image that tells the successor apart, else its revision number."""
    changed = [image.new for image in rollout.images if image.new != image.old]
    return changed[0] if changed else f"revision {rollout.identity.number}"
