"""How a rollout begins, and what that does to the one before it."""

from dataclasses import replace
from datetime import datetime

from shipbell.domain import authorship, changes, judging, kinds, rules
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
    reused = rules.of(observation.workload.kind).reused(observation, bearer)
    kind, automatic = kinds.classify(old, bearer.template, policy, reused=reused)
    if observation.job is not None:
        kind = RolloutKind.RUN
    started_at, approximate = _start(memory, observation, bearer, continuous)
    return Rollout(
        id=rollout_id(observation.workload, identity),
        workload=observation.workload,
        identity=identity,
        state=State.STARTED,
        version=1,
        kind=kind,
        automatic=automatic,
        changes=changes.between(old, bearer.template, ignored=kinds.restart_annotations(policy)),
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
        rollback_to=max(bearer.earlier_numbers, default=None) if kind is RolloutKind.ROLLBACK else None,
        rollback_of=bearer.created_at if kind is RolloutKind.ROLLBACK else None,
        unseen=_unseen(memory, identity),
        recreated=memory.recreated and memory.identity is None and kind is not RolloutKind.RUN,
        job=observation.job,
        owner=observation.owner if observation.owner and observation.owner.kind == "CronJob" else None,
    )


def replace_open(
    memory: Memory, successor: Rollout, *, now: datetime, continuous: bool
) -> tuple[tuple[Rollout, Transition], ...]:
    """Ends the rollout that the successor replaces, if it was still open."""
    before = memory.rollout
    if before is None or not before.state.open:
        return ()
    withdrawn = successor.kind is RolloutKind.ROLLBACK and successor.identity.uid != before.identity.uid
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
    """The template that this one replaces: as its revision has it, else as it was remembered."""
    known = memory.identity
    others = [r for r in observation.revisions or () if r.uid != identity.uid]
    if known is not None and (known.uid != identity.uid or not known.uid):
        kept = (r.template for r in others if _is_of(r, known))
        return next(kept, memory.template)
    numbered = [r for r in others if r.number is not None and r.number < identity.number]
    return max(numbered, key=lambda r: r.number or 0).template if numbered else None


def _is_of(revision: Revision, known: Identity) -> bool:
    """Whether it is the revision that was known, by its hash; by its number where the hash was not read."""
    return revision.hash == known.hash if known.hash else revision.number == known.number


def _start(
    memory: Memory, observation: Observation, bearer: Revision, continuous: bool
) -> tuple[datetime, bool]:
    """When it began, and whether that is only approximately known.

    A revision that was made for this rollout was made when it began (an edit while paused: at the resume).
    A re-used one is older, and then the first observation is the best that is known.
    """
    if observation.job is not None:
        return observation.job.started_at or observation.created_at, False
    reused = rules.of(observation.workload.kind).reused(observation, bearer)
    goes_on = memory.identity is not None and memory.identity.uid == bearer.uid
    if reused or goes_on or bearer.created_at < observation.created_at:
        return observation.at, not continuous
    return bearer.created_at, False


def _unseen(memory: Memory, identity: Identity) -> tuple[int, int] | None:
    known = memory.identity
    if known is None or not known.number or identity.number <= known.number + 1:
        return None
    return known.number + 1, identity.number - 1


def _version(rollout: Rollout) -> str:
    """The image that tells the successor apart, else its revision number."""
    changed = [image.new for image in rollout.images if image.new != image.old]
    return changed[0] if changed else f"revision {rollout.identity.number}"
