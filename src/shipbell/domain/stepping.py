"""How an observation moves what is remembered: the heart of Shipbell, and pure.

`step` takes a workload's memory and an observation and answers with the new memory, the rollouts that
changed and what happened to them. `see_pods`, `vanish` and `tick` do the same for the pods of a workload,
for its absence from a complete list, and for time alone. A step that changes nothing says so (`changed`),
and then nothing is written.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shipbell.domain import beginning, blaming, judging, kinds, lastwords, rules
from shipbell.domain.observation import Observation, Revision
from shipbell.domain.pods import Event, LogRequest, PodsObservation
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Identity, Memory, Rollout, RolloutKind, State, Transition, TransitionKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an observation leads to."""

    memory: Memory
    rollouts: tuple[Rollout, ...] = ()
    """Those that changed, the older first."""
    begun: Rollout | None = None
    """The one among them that is new and wants its destinations."""
    transitions: tuple[Transition, ...] = ()
    changed: bool = False
    needs_revisions: bool = False
    """Undecided: the workload's ReplicaSets must be read along with it."""
    needs_pods: bool = False
    """Undecided: it has failed, and only a look at its pods tells why."""
    wants_log: LogRequest | None = None
    """Undecided: this container's last lines belong to what is about to be said. The same look at the pods
    is to be taken again with them, or with an empty text where they cannot be had."""

    @property
    def undecided(self) -> bool:
        """Whether something must be looked up before it can be taken."""
        return self.needs_revisions or self.needs_pods or self.wants_log is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """The circumstances of a step."""

    now: datetime
    policy: Policy
    baseline: bool = False
    """The observation is of the first list of all: what is complete is old news."""
    continuous: bool = True
    """It came from an unbroken watch, so that nothing can have happened in between unseen."""
    recreated: bool = False
    """Another object bore this name before."""
    unfixed_failure: datetime | None = None
    """When that one's last rollout failed, if nothing has mended it: a Job that is run again is another."""


def step(memory: Memory | None, observation: Observation, setting: Setting) -> Step:
    """What the observation of a workload changes."""
    fresh = memory is None
    memory = memory or _first_memory(observation, setting)
    if memory.deleted_at is not None or (
        not fresh and observation.resource_version <= memory.resource_version
    ):
        return Step(memory=memory)
    outcome = _identify(memory, observation, setting)
    if outcome.undecided and not observation.deleted:
        return outcome
    if observation.deleted:
        outcome = _bury(outcome, observation, setting)
    if fresh or outcome.changed:
        return _written(outcome, observation.resource_version)
    return outcome


def see_pods(memory: Memory, observation: PodsObservation, setting: Setting) -> Step:
    """What a look at a workload's pods changes; only an open rollout is judged by them."""
    rollout = memory.rollout
    stale = observation.resource_version < memory.pods_version  # the same again may bring Events or a log
    if rollout is None or not rollout.state.open or memory.deleted_at is not None or stale:
        return Step(memory=memory)
    then = min(setting.now, observation.at)  # what had to wait since may have healed since
    if wanted := blaming.wants_log(rollout, observation, then, setting.policy):
        return Step(memory=memory, wants_log=wanted)
    seen = blaming.count_pods(_named(rollout, observation), observation, then, setting.policy)
    seen = judging.start_clock(rollout, seen, then)
    moved = judging.settle(seen, then, setting.policy, may_end=False)
    outcome = _moved(memory, rollout, moved, setting.now)
    return replace(outcome, memory=replace(outcome.memory, pods_version=observation.resource_version))


def vanish(
    memory: Memory, resource_version: int, setting: Setting, last_words: tuple[Event, ...] = ()
) -> Step:
    """What it changes that a complete list at `resource_version` lacks the workload.

    Nobody saw its last moments: an open rollout may have succeeded before, so its outcome is unknown, unless
    the Events that it left behind tell it.
    """
    if memory.deleted_at is not None or resource_version <= memory.resource_version:
        return Step(memory=memory)
    gone = replace(memory, deleted_at=setting.now, resource_version=resource_version)
    if memory.rollout is None or not memory.rollout.state.open:
        return Step(memory=gone, changed=True)
    lost = judging.end(memory.rollout, State.UNKNOWN, at=setting.now, approximate=True, outcome_seen=False)
    ended = lastwords.ending(memory.rollout, last_words) or lost
    return _moved(gone, memory.rollout, ended, setting.now)


def tick(memory: Memory, setting: Setting) -> Step:
    """What time alone changes: a patience or a deadline that has run out.

    Only for a workload that was just looked at: what is remembered of it must be what is true now.
    """
    rollout = memory.rollout
    if rollout is None or not rollout.state.open or memory.deleted_at is not None:
        return Step(memory=memory)
    return _moved(memory, rollout, judging.settle(rollout, setting.now, setting.policy), setting.now)


def _named(rollout: Rollout, observation: PodsObservation) -> Rollout:
    """Only the pods tell that the same image name leads to another image now."""
    if rollout.kind not in {RolloutKind.RESTART, RolloutKind.CONFIG_CHANGE}:
        return rollout
    own = [pod for pod in observation.pods if pod.hash == rollout.identity.hash]
    others = [pod for pod in observation.pods if pod.hash != rollout.identity.hash]
    images = kinds.renewed(rollout, own, others)
    return replace(rollout, kind=RolloutKind.NEW_DIGEST, images=images) if images else rollout


def _first_memory(observation: Observation, setting: Setting) -> Memory:
    return Memory(
        workload=observation.workload,
        resource_version=observation.resource_version,
        sighting=setting.baseline,
        recreated=setting.recreated,
        unfixed_failure=setting.unfixed_failure,
    )


def _identify(memory: Memory, observation: Observation, setting: Setting) -> Step:
    """Decides which revision the observation speaks of, then what it says of it."""
    if memory.sighting:
        return _sight(memory, observation, setting)
    kind = rules.of(observation.workload.kind)
    if not kind.believed(observation) or not kind.is_news(observation, memory):
        return _judge(memory, observation, setting)
    bearer = kind.bearer(observation)
    if bearer is None:
        return Step(memory=memory, needs_revisions=True)
    return _renumber(memory, observation, kind.identity(observation, bearer), bearer, setting)


def _sight(memory: Memory, observation: Observation, setting: Setting) -> Step:
    """First sight at a baseline: only what is visibly in flight is news; all else has ended unseen."""
    kind = rules.of(observation.workload.kind)
    underway = kind.underway(observation)
    if underway is None:
        return Step(memory=memory)
    if not underway:
        return _take_as_ended(memory, observation)
    bearer = kind.bearer(observation)
    if bearer is None:
        return Step(memory=memory, needs_revisions=True)
    identity = kind.identity(observation, bearer)
    return _begin(replace(memory, sighting=False), observation, identity, bearer, setting)


def _take_as_ended(memory: Memory, observation: Observation) -> Step:
    kind = rules.of(observation.workload.kind)
    bearer = kind.bearer(observation)
    known = replace(
        memory,
        sighting=False,
        identity=kind.identity(observation, bearer),
        generation=observation.generation,
        template=bearer.template if bearer else None if observation.paused else observation.template,
    )
    return Step(memory=known, changed=True)


def _renumber(
    memory: Memory, observation: Observation, identity: Identity, bearer: Revision, setting: Setting
) -> Step:
    """Another revision than the one known, or the same one under another number or generation."""
    if memory.identity is not None and _is_same(memory, memory.identity, identity, bearer):
        return _go_on(memory, observation, identity, bearer, setting)
    open_still = memory.rollout is not None and memory.rollout.state.open
    if not open_still and rules.of(observation.workload.kind).idle(observation, bearer, memory.identity):
        return Step(memory=_known(memory, observation, identity, bearer), changed=True)
    return _begin(memory, observation, identity, bearer, setting)


def _is_same(memory: Memory, known: Identity, identity: Identity, bearer: Revision) -> bool:
    """Whether it is the revision that is known: a rollback to it would have given it a higher number.

    By the hash of what bears it; where the first sight was without, by the template, whose images alone
    count at the same number, for an upgrade of the API server writes the rest anew.
    """
    if known.number and identity.number > known.number:
        return False
    if known.hash:
        return known.hash == identity.hash
    if identity.number < known.number:
        return memory.template == bearer.template
    return memory.template is None or memory.template.containers == bearer.template.containers


def _go_on(
    memory: Memory, observation: Observation, identity: Identity, bearer: Revision, setting: Setting
) -> Step:
    """The same revision: renumbered, written anew by the API server, or let on to further pods.

    A partition that is lowered after the end lets the revision on: that is a further rollout of it.
    """
    before = memory.identity.partition if memory.identity else 0
    partition = min(before, identity.partition)
    ended = memory.rollout is None or not memory.rollout.state.open
    lets_on = partition < before and rules.of(observation.workload.kind).underway(observation)
    if ended and lets_on:
        return _begin(memory, observation, identity, bearer, setting)
    same = _known(memory, observation, replace(identity, partition=partition), bearer)
    return replace(_judge(same, observation, setting), changed=True)


def _known(memory: Memory, observation: Observation, identity: Identity, bearer: Revision) -> Memory:
    """The memory with what is now believed; the template as the workload has it, unless that is an edit
    that waits for a resume."""
    template = bearer.template if observation.paused else observation.template
    return replace(memory, identity=identity, template=template, generation=observation.generation)


def _begin(
    memory: Memory, observation: Observation, identity: Identity, bearer: Revision, setting: Setting
) -> Step:
    """A new rollout, with the ending of the one that it replaces, judged at once: it may be complete."""
    begun = beginning.begin(
        memory,
        observation,
        identity,
        bearer,
        now=setting.now,
        policy=setting.policy,
        continuous=setting.continuous,
    )
    replaced = beginning.replace_open(memory, begun, now=setting.now, continuous=setting.continuous)
    known = _known(replace(memory, rollout=begun, pods_version=0), observation, identity, bearer)
    started = Transition(
        rollout=begun.id, version=begun.version, kind=TransitionKind.STARTED, at=begun.started_at
    )
    judged = _judge(known, observation, setting)
    if judged.undecided:
        return replace(judged, memory=memory)
    rollouts = judged.rollouts or (begun,)
    return Step(
        memory=judged.memory,
        rollouts=(*(r for r, _ in replaced), *rollouts),
        begun=rollouts[-1],
        transitions=(*(t for _, t in replaced), started, *judged.transitions),
        changed=True,
    )


def _judge(memory: Memory, observation: Observation, setting: Setting) -> Step:
    """What the observation says of the rollout that is known."""
    rollout = memory.rollout
    if rollout is None or not _speaks_of(memory, observation):
        return Step(memory=memory)
    if observation.paused and observation.template != memory.template:
        return _edit_while_paused(memory, rollout, setting)
    if rollout.state is State.FAILED:
        return _recover(memory, rollout, observation, setting)
    if not rollout.state.open:
        return Step(memory=memory)
    if judging.wants_pods(rollout, observation):
        return Step(memory=memory, needs_pods=True)
    seen = rollout
    if observation.pods is not None:
        if wanted := blaming.wants_log(rollout, observation.pods, setting.now, setting.policy):
            return Step(memory=memory, wants_log=wanted)
        seen = blaming.count_pods(rollout, observation.pods, setting.now, setting.policy)
    judged = judging.judge(
        seen, observation, now=setting.now, policy=setting.policy, continuous=setting.continuous
    )
    return _moved(memory, rollout, judged, setting.now)


def _speaks_of(memory: Memory, observation: Observation) -> bool:
    kind, known = rules.of(observation.workload.kind), memory.identity
    return known is not None and kind.believed(observation) and kind.speaks_of(observation, known)


def _edit_while_paused(memory: Memory, rollout: Rollout, setting: Setting) -> Step:
    """The counts of updated pods now speak of a template that has no number yet."""
    if not rollout.state.open:
        return Step(memory=memory)
    return _moved(memory, rollout, judging.pause(rollout, scaled_to_zero=False), setting.now)


def _recover(memory: Memory, rollout: Rollout, observation: Observation, setting: Setting) -> Step:
    if observation.wanted == 0 or not rules.of(rollout.workload.kind).complete(observation):
        return Step(memory=memory)
    recovered = judging.succeed(rollout, observation, State.RECOVERED, continuous=setting.continuous)
    return _moved(memory, rollout, recovered, setting.now)


def _bury(outcome: Step, observation: Observation, setting: Setting) -> Step:
    """The object is deleted; its last words have been judged already."""
    gone = replace(outcome.memory, deleted_at=setting.now)
    rollout = gone.rollout
    if rollout is None or not rollout.state.open:
        return replace(outcome, memory=gone, changed=True, needs_revisions=False)
    at = observation.deletion_timestamp or observation.at
    cancelled = judging.end(rollout, State.CANCELLED, at=at, approximate=not setting.continuous)
    ending = _moved(gone, rollout, cancelled, setting.now)
    return Step(
        memory=ending.memory,
        rollouts=(*(r for r in outcome.rollouts if r.id != rollout.id), *ending.rollouts),
        begun=ending.rollouts[-1] if outcome.begun else None,
        transitions=(*outcome.transitions, *ending.transitions),
        changed=True,
    )


def _moved(memory: Memory, before: Rollout, after: Rollout, now: datetime) -> Step:
    """The step from one version of a rollout to the next; none where nothing changed."""
    if after == before:
        return Step(memory=memory, changed=memory.deleted_at is not None)
    fixes = memory.unfixed_failure if after.state is State.SUCCEEDED else None
    after = replace(after, version=before.version + 1, changed_at=now, fixes_failure_of=fixes)
    return Step(
        memory=_remember_failure(replace(memory, rollout=after), before, after),
        rollouts=(after,),
        transitions=judging.transitions(before, after),
        changed=True,
    )


def _remember_failure(memory: Memory, before: Rollout, after: Rollout) -> Memory:
    """A failure stands until a success, of this rollout or of a later one, mends it."""
    if after.state is State.FAILED and before.state is not State.FAILED:
        return replace(memory, unfixed_failure=after.failed_at)
    if after.state in {State.SUCCEEDED, State.RECOVERED}:
        return replace(memory, unfixed_failure=None)
    return memory


def _written(outcome: Step, resource_version: int) -> Step:
    known = replace(outcome.memory, resource_version=resource_version)
    return replace(outcome, memory=known, changed=True)
