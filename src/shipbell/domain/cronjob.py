"""What a CronJob's runs mean for it: one rollout for a whole streak of failures, and its recovery.

Each run is a Job, judged by itself and told to nobody. When it ends, its rollout is handed on to here, and
moves what is remembered of the CronJob. The first failure begins a rollout that has failed already; further
ones count it up; a success recovers it. See
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/.
"""

from dataclasses import replace
from datetime import datetime

from shipbell.domain import judging
from shipbell.domain.rollout import (
    Identity,
    Memory,
    Rollout,
    State,
    Transition,
    TransitionKind,
    rollout_id,
)
from shipbell.domain.stepping import Setting, Step
from shipbell.domain.workload import Workload


def workload_of(run: Rollout) -> Workload | None:
    """The CronJob that a Job's rollout is a run of; None where it is nobody's."""
    if run.owner is None:
        return None
    job = run.workload
    return Workload(
        cluster=job.cluster,
        namespace=job.namespace,
        kind=run.owner.kind,
        name=run.owner.name,
        uid=run.owner.uid,
    )


def step_run(memory: Memory | None, run: Rollout, setting: Setting) -> Step:
    """What the ending of a run changes for its CronJob.

    `run` is the rollout of a Job whose `workload_of` is the CronJob; one that is open still, or that ended
    before the streak's last word, changes nothing. Raises `ValueError` where nobody owns it.
    """
    workload = workload_of(run)
    if workload is None:
        raise ValueError(f"the Job {run.workload.path} belongs to no CronJob")
    memory = memory or Memory(workload=workload, resource_version=0)
    if run.state.open or _is_late(memory.rollout, run):
        return Step(memory=memory)
    streak = memory.rollout if memory.rollout and memory.rollout.state is State.FAILED else None
    if run.state is State.FAILED:
        return _count_up(memory, streak, run, setting.now) if streak else _begin(memory, run, setting.now)
    if run.state is State.SUCCEEDED and streak:
        return _recover(memory, streak, run, setting.now)
    if setting.policy.cronjob_successes and not streak:
        return _begin(memory, run, setting.now)
    return Step(memory=memory)


def _is_late(last: Rollout | None, run: Rollout) -> bool:
    """Runs may overlap, and be seen to end in another order than they did."""
    if last is None or last.finished_at is None or run.finished_at is None:
        return False
    return run.finished_at < last.finished_at


def _begin(memory: Memory, run: Rollout, now: datetime) -> Step:
    """A rollout that ends with its first word, since it was told to nobody before."""
    identity = Identity(number=1, hash=run.identity.hash, name=run.workload.name, uid=run.identity.uid)
    failed = run.state is State.FAILED
    begun = replace(
        run,
        id=rollout_id(memory.workload, identity),
        workload=memory.workload,
        identity=identity,
        owner=None,
        version=1,
        changed_at=now,
        runs_failed=1 if failed else 0,
        fixes_failure_of=None,
        recreated=False,
    )
    known = replace(
        memory,
        identity=identity,
        rollout=begun,
        unfixed_failure=begun.failed_at if failed else memory.unfixed_failure,
    )
    ended = Transition(
        rollout=begun.id,
        version=begun.version,
        kind=judging.TOLD_AS[begun.state],
        at=begun.finished_at or now,
        note=begun.diagnosis.cause if begun.diagnosis and failed else "",
    )
    started = replace(ended, kind=TransitionKind.STARTED, at=begun.started_at, note="")
    return Step(memory=known, rollouts=(begun,), begun=begun, transitions=(started, ended), changed=True)


def _count_up(memory: Memory, streak: Rollout, run: Rollout, now: datetime) -> Step:
    """One more of the same streak, told by the newest cause; since when it fails stays as it was."""
    longer = replace(
        streak,
        runs_failed=streak.runs_failed + 1,
        diagnosis=run.diagnosis,
        failed_by=run.failed_by,
        job=run.job,
        finished_at=run.finished_at,
        finished_approximate=run.finished_approximate,
    )
    return _moved(memory, streak, longer, now)


def _recover(memory: Memory, streak: Rollout, run: Rollout, now: datetime) -> Step:
    """The first success after failures; the diagnosis stays, to say what is over."""
    over = replace(
        streak,
        state=State.RECOVERED,
        job=run.job,
        finished_at=run.finished_at,
        finished_approximate=run.finished_approximate,
    )
    return _moved(replace(memory, unfixed_failure=None), streak, over, now)


def _moved(memory: Memory, before: Rollout, after: Rollout, now: datetime) -> Step:
    after = replace(after, version=before.version + 1, changed_at=now)
    return Step(
        memory=replace(memory, rollout=after),
        rollouts=(after,),
        transitions=judging.transitions(before, after),
        changed=True,
    )
