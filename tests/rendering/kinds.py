"""Stories of the kinds beyond Deployment, and of what a thread tells: one per golden message."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from shipbell.domain import (
    Diagnosis,
    Identity,
    ImageChange,
    JobStatus,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    Workload,
)
from shipbell.routing import Detail, Part
from tests.rendering import stories
from tests.rendering.stories import IMAGE, PRODUCTION, STARTED, Story

LINE = replace(PRODUCTION, detail=Detail.LINE)
SAME_IMAGE = (ImageChange(container="app", old=f"{IMAGE}:2026.01.31.1", new=f"{IMAGE}:2026.01.31.1"),)
LOG = """\
INFO  reading the settings
INFO  DATABASE_URL=postgres://mitlearn:••••@db.internal:5432/mitlearn
INFO  applying 0042_add_index (of 3)
Traceback (most recent call last):
  File "/src/manage.py", line 21, in <module>
    execute(sys.argv)
django.db.utils.OperationalError: connection to server at "db.internal" failed: Connection refused
"""
MIGRATION_FAILED = Diagnosis(
    reason="Error",
    cause="Container migrate exited 1, tried 3 of 3 times",
    words="Job has reached the specified backoff limit",
    container="migrate",
    log=LOG,
    events=("BackoffLimitExceeded: Job has reached the specified backoff limit",),
    next_step="kubectl -n mitlearn logs job/mitlearn-migrate",
)
JOB = replace(
    stories.START,
    workload=Workload(
        cluster="applications-production", namespace="mitlearn", kind="Job", name="mitlearn-migrate", uid="f7"
    ),
    identity=Identity(number=1, hash="f7", name="mitlearn-migrate", uid="f7"),
    kind=RolloutKind.RUN,
    images=(ImageChange(container="migrate", old=None, new=f"{IMAGE}:2026.01.31.1"),),
    job=JobStatus(completions=1, backoff_limit=2, active=1),
    wanted=1,
    most_wanted=1,
    total=1,
    serving=1,
    new_ready=1,
    old_serving=0,
    old_images=(),
    deadline_seconds=None,
    usual_seconds=35,
)
JOB_FAILED = replace(
    JOB,
    state=State.FAILED,
    version=5,
    diagnosis=MIGRATION_FAILED,
    failed_by="BackoffLimitExceeded",
    job=JobStatus(completions=1, backoff_limit=2, failed=3),
    finished_at=STARTED + timedelta(seconds=98),
    failed_at=STARTED + timedelta(seconds=98),
)
CRON_FAILED = replace(
    JOB_FAILED,
    workload=Workload(
        cluster="applications-production", namespace="mitlearn", kind="CronJob", name="backup", uid="c4"
    ),
    identity=Identity(number=1, uid="f7"),
    runs_failed=1,
    diagnosis=replace(
        MIGRATION_FAILED,
        cause="Container backup exited 1, tried 3 of 3 times",
        container="backup",
        next_step="kubectl -n mitlearn logs job/backup-29497740",
    ),
    usual_seconds=None,
)
STREAK = replace(
    CRON_FAILED,
    version=40,
    started_at=STARTED - timedelta(hours=12, minutes=2),
    failed_at=STARTED - timedelta(hours=12, minutes=1),
    finished_at=STARTED + timedelta(seconds=12),
    runs_failed=37,
)
DAEMON = Workload(
    cluster="applications-production", namespace="logging", kind="DaemonSet", name="vector", uid="d5"
)
DATABASE = Workload(
    cluster="applications-production", namespace="mitlearn", kind="StatefulSet", name="redis", uid="5e"
)
CHANGED = (
    "env LOG_LEVEL, WORKERS changed",
    "env DEBUG added",
    "memory limit 512Mi → 256Mi",
    "liveness probe changed",
    "volume cache removed",
)
KILLED = Diagnosis(
    reason="OOMKilled",
    cause="Container app is killed for want of memory (OOMKilled, limit 256Mi), 5 restarts (3 of 4 new pods)",
    words="back-off 2m40s restarting failed container=app pod=mitlearn-app-6d4cf56db6-x2x7q_mitlearn",
    container="app",
    log="booting 8 workers\nworker 1 (pid 12) up\nloading the model …\n",
    events=(
        "Unhealthy (4x): Readiness probe failed: dial tcp 10.0.3.7:8080: connect: connection refused",
        "BackOff (12x): Back-off restarting failed container app",
    ),
    next_step="kubectl -n mitlearn rollout undo deployment/mitlearn-app",
    since=STARTED + timedelta(seconds=40),
)


def all_stories() -> Iterator[Story]:
    """Every golden message beyond those of `stories`."""
    yield from _jobs()
    yield from _cronjobs()
    yield from _sets()
    yield from _changes()
    yield from _threads()
    yield from _webhooks()


def _in_both_forms(name: str, rollout: Rollout) -> Iterator[Story]:
    told = stories.transitions(rollout)
    yield Story(name=name, rollout=rollout, transitions=told)
    yield Story(name=f"{name}-line", rollout=rollout, transitions=told, options=LINE)


def _jobs() -> Iterator[Story]:
    many = JobStatus(completions=5, parallelism=2, active=2, succeeded=2, failed=1)
    timeout = Diagnosis(
        reason="DeadlineExceeded",
        cause="ran longer than 10 min",
        words="Job was active longer than specified deadline",
        next_step="kubectl -n mitlearn logs job/mitlearn-migrate",
    )
    indexes = replace(timeout, reason="FailedIndexes", cause="failed indexes: 1,3-5", words="")
    done = JobStatus(completions=1, backoff_limit=2, succeeded=1)
    shapes = {
        "running": JOB,
        "progressing": replace(JOB, state=State.PROGRESSING, job=many),
        "suspended": replace(JOB, state=State.PAUSED, job=replace(many, active=0)),
        "retrying": replace(
            JOB,
            state=State.FAILING,
            job=JobStatus(completions=1, backoff_limit=2, failed=2, active=1),
            diagnosis=replace(
                MIGRATION_FAILED,
                cause="Container migrate exited 1, tried 2 of 3 times",
                words="",
                since=STARTED + timedelta(seconds=30),
            ),
        ),
        "stalled": replace(JOB, state=State.STALLED, progress_at=STARTED),
        "succeeded": replace(
            JOB, state=State.SUCCEEDED, job=done, finished_at=STARTED + timedelta(seconds=35)
        ),
        "failed": JOB_FAILED,
        "deadline": replace(JOB_FAILED, diagnosis=timeout, failed_by=timeout.reason),
        "indexes": replace(
            JOB_FAILED, diagnosis=indexes, failed_by=indexes.reason, job=replace(many, active=0, failed=4)
        ),
        "cancelled": replace(JOB, state=State.CANCELLED, finished_at=STARTED + timedelta(seconds=40)),
        "unknown": replace(
            JOB, state=State.UNKNOWN, finished_at=STARTED + timedelta(seconds=40), outcome_seen=False
        ),
    }
    for name, rollout in shapes.items():
        yield from _in_both_forms(f"job-{name}", rollout)
    queue = replace(JOB, state=State.PROGRESSING, job=JobStatus(parallelism=3, active=3))
    yield Story(name="job-work-queue", rollout=queue)


def _cronjobs() -> Iterator[Story]:
    recovered = replace(STREAK, state=State.RECOVERED, finished_at=STARTED + timedelta(minutes=20))
    shapes = {
        "failed": CRON_FAILED,
        "streak": STREAK,
        "recovered": recovered,
        "recovered-at-once": replace(recovered, runs_failed=1, started_at=STARTED, failed_at=STARTED),
        "succeeded": replace(
            CRON_FAILED, state=State.SUCCEEDED, runs_failed=0, diagnosis=None, failed_at=None
        ),
    }
    for name, rollout in shapes.items():
        yield from _in_both_forms(f"cronjob-{name}", rollout)
    yield Story(name="cronjob-reply-recovered", rollout=recovered, part=Part.RECOVERED, options=PRODUCTION)


def _sets() -> Iterator[Story]:
    failing = replace(stories.FAILING, diagnosis=KILLED, deadline_seconds=None)
    shapes = {
        "daemonset-progressing": replace(stories.PROGRESS, workload=DAEMON),
        "daemonset-succeeded": replace(stories.SUCCESS, workload=DAEMON),
        "daemonset-failing": replace(
            failing,
            workload=DAEMON,
            diagnosis=replace(KILLED, next_step="kubectl -n logging rollout undo daemonset/vector"),
            serving=3,
            old_serving=3,
        ),
        "daemonset-no-node": replace(stories.SUCCESS, workload=DAEMON, wanted=0, new_ready=0, serving=0),
        "statefulset-progressing": replace(stories.PROGRESS, workload=DATABASE),
        "statefulset-stalled": replace(stories.EVERY_STATE["stalled"], workload=DATABASE),
        "statefulset-on-delete": replace(
            stories.EVERY_STATE["stalled"], workload=DATABASE, on_delete=True, serving=4, old_serving=3
        ),
        "statefulset-rollback": replace(
            stories.SUCCESS,
            workload=DATABASE,
            kind=RolloutKind.ROLLBACK,
            rollback_of=STARTED - timedelta(days=1),
        ),
        "statefulset-partition": replace(
            stories.PROGRESS,
            workload=DATABASE,
            identity=Identity(number=7, hash="redis-84f7", name="redis-84f7", uid="a7", partition=2),
        ),
    }
    for name, rollout in shapes.items():
        yield from _in_both_forms(name, rollout)


def _changes() -> Iterator[Story]:
    sha = "@sha256:4a1c4b21597c1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108"
    other = "@sha256:9b2cf7a4c3d1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a01081"
    moved = (ImageChange(container="app", old=f"{IMAGE}:main{sha}", new=f"{IMAGE}:main{other}"),)
    config = replace(stories.SUCCESS, kind=RolloutKind.CONFIG_CHANGE, images=SAME_IMAGE, changes=CHANGED[:2])
    slow = replace(stories.SUCCESS, finished_at=STARTED + timedelta(minutes=9, seconds=2))
    shapes = {
        "new-digest": replace(stories.SUCCESS, kind=RolloutKind.NEW_DIGEST, images=moved),
        "new-digest-unnamed": replace(stories.PROGRESS, kind=RolloutKind.NEW_DIGEST, images=SAME_IMAGE),
        "config-change-told": config,
        "failed-changed": replace(stories.FAILED, diagnosis=KILLED, changes=CHANGED),
        "slow": slow,
    }
    for name, rollout in shapes.items():
        yield from _in_both_forms(f"change-{name}", rollout)
    yield from _in_both_forms("change-slow-still-open", replace(stories.PROGRESS, slow=True))


def _threads() -> Iterator[Story]:
    failed = replace(stories.FAILED, diagnosis=KILLED, changes=CHANGED)
    failing = replace(stories.FAILING, diagnosis=KILLED, changes=CHANGED)
    long = replace(KILLED, log="".join(f"line {n} {'.' * 90}\n" for n in range(60)))
    hostile = replace(
        KILLED,
        container=stories.HOSTILE,
        log=stories.HOSTILE * 90,
        events=(stories.HOSTILE,) * 7,
        words=stories.HOSTILE * 90,
    )
    shapes = {
        "failed": (failed, Part.FAILED),
        "failing": (failing, Part.FAILING),
        "detail": (failed, Part.DETAIL),
        "stalled": (replace(stories.EVERY_STATE["stalled"], workload=DATABASE), Part.DETAIL),
        "long-log": (replace(failed, diagnosis=long), Part.FAILED),
        "hostile": (replace(failed, diagnosis=hostile, changes=(stories.HOSTILE,) * 30), Part.FAILED),
        "job-failed": (JOB_FAILED, Part.FAILED),
    }
    for name, (rollout, part) in shapes.items():
        told = _happened(rollout)
        yield Story(name=f"thread-{name}", rollout=rollout, transitions=told, part=part)
    yield Story(name="thread-job-webhook", rollout=JOB_FAILED, webhook=True)


def _webhooks() -> Iterator[Story]:
    for name in ("started", "succeeded", "failed", "superseded"):
        rollout = stories.EVERY_STATE[name]
        yield Story(
            name=f"webhook-{name}", rollout=rollout, transitions=stories.transitions(rollout), webhook=True
        )


def _happened(rollout: Rollout) -> tuple[Transition, ...]:
    if rollout.kind is not RolloutKind.RUN:
        return stories.transitions(rollout)
    told = ((TransitionKind.STARTED, rollout.started_at), (TransitionKind.FAILED, rollout.failed_at))
    return tuple(
        Transition(rollout=rollout.id, version=number, kind=kind, at=at)
        for number, (kind, at) in enumerate(told, start=1)
        if at is not None
    )
