"""Rollouts as they come in real life, one per golden message: the documentation's examples too."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shipbell import rendering
from shipbell.domain import (
    Diagnosis,
    Identity,
    ImageChange,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    Workload,
)
from shipbell.routing import Detail, Part

STARTED = datetime(2026, 1, 31, 14, 2, 11, tzinfo=UTC)
REGISTRY = "registry.example.com:5000"
IMAGE = f"{REGISTRY}/mitlearn-app"
ID = uuid.UUID("0f8fad5b-d9cb-569f-a165-70867728950e")
SUCCESSOR = uuid.UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")
PRODUCTION = rendering.Options(environment="production")
CI = rendering.Options(environment="CI")
SUCCESSOR_LINK = "https://example.slack.com/archives/C0SHIPBELL/p1769868211000100"

IMAGE_MISSING = Diagnosis(
    reason="ImagePullBackOff",
    cause=f"Image not found: {IMAGE}:2026.01.31.1 (container app, 1 of 1 new pods)",
    words=f'Back-off pulling image "{IMAGE}:2026.01.31.1": ErrImagePull: rpc error: code = NotFound desc = '
    f'failed to pull and unpack image "{IMAGE}:2026.01.31.1": not found',
    certain=True,
    next_step="kubectl -n mitlearn rollout undo deployment/mitlearn-app",
    since=STARTED + timedelta(seconds=22),
)
CRASH = Diagnosis(
    reason="CrashLoopBackOff",
    cause="Container app exits 1, 5 restarts (3 of 4 new pods)",
    words="back-off 2m40s restarting failed container=app pod=mitlearn-app-6d4cf56db6-x2x7q_mitlearn",
    next_step="kubectl -n mitlearn rollout undo deployment/mitlearn-app",
    since=STARTED + timedelta(seconds=40),
)
QUOTA = Diagnosis(
    reason="FailedCreate",
    cause="Pods refused: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4",
    words='pods "mitlearn-app-6d4cf56db6-8gx2l" is forbidden: exceeded quota: compute, requested: pods=1, '
    "used: pods=4, limited: pods=4",
    next_step="Raise the quota; it is shown by: kubectl -n mitlearn describe quota",
    since=STARTED + timedelta(seconds=1),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One message to be rendered."""

    name: str
    rollout: Rollout
    transitions: tuple[Transition, ...] = ()
    options: rendering.Options = PRODUCTION
    part: Part = Part.ROOT
    webhook: bool = False
    now: datetime | None = None
    """None: a second after its last change."""

    def message(self) -> rendering.Message:
        now = self.now or (self.rollout.finished_at or STARTED + timedelta(minutes=5)) + timedelta(seconds=1)
        if self.webhook:
            return rendering.plain(self.rollout, self.transitions, self.options, now)
        if self.part is Part.ROOT:
            return rendering.root(self.rollout, self.transitions, self.options, now)
        return rendering.reply(self.rollout, self.part, self.transitions, self.options, now)


START = Rollout(
    id=ID,
    workload=Workload(
        cluster="applications-production",
        namespace="mitlearn",
        kind="Deployment",
        name="mitlearn-app",
        uid="b3a5c1f0",
    ),
    identity=Identity(number=42, hash="6d4cf56db6", name="mitlearn-app-6d4cf56db6", uid="c0ffee"),
    state=State.STARTED,
    version=1,
    kind=RolloutKind.NEW_VERSION,
    started_at=STARTED,
    changed_at=STARTED,
    images=(ImageChange(container="app", old=f"{IMAGE}:2026.01.30.2", new=f"{IMAGE}:2026.01.31.1"),),
    labels={
        "ol.mit.edu/application": "mitlearn",
        "ol.mit.edu/process": "webapp",
        "ol.mit.edu/service": "mitlearn",
    },
    by="Pulumi, for jdoe",
    wanted=4,
    most_wanted=4,
    updated=1,
    new_ready=0,
    total=5,
    available=4,
    serving=4,
    old_serving=4,
    old_images=(f"{IMAGE}:2026.01.30.2",),
    progress_at=STARTED + timedelta(seconds=3),
    deadline_seconds=600,
    usual_seconds=120,
)
PROGRESS = replace(
    START, state=State.PROGRESSING, version=3, updated=2, new_ready=1, serving=4, old_serving=3
)
SUCCESS = replace(
    PROGRESS,
    state=State.SUCCEEDED,
    version=6,
    updated=4,
    new_ready=4,
    old_serving=0,
    total=4,
    finished_at=STARTED + timedelta(minutes=2, seconds=9),
)
FAILING = replace(START, state=State.FAILING, version=2, diagnosis=IMAGE_MISSING)
FAILED = replace(
    START,
    state=State.FAILED,
    version=4,
    diagnosis=CRASH,
    serving=3,
    old_serving=3,
    updated=4,
    finished_at=STARTED + timedelta(minutes=10, seconds=3),
    failed_at=STARTED + timedelta(minutes=10, seconds=3),
)
RECOVERED = replace(
    SUCCESS,
    state=State.RECOVERED,
    diagnosis=CRASH,
    failed_at=FAILED.failed_at,
    finished_at=STARTED + timedelta(minutes=29),
)
SUPERSEDED = replace(
    PROGRESS,
    state=State.SUPERSEDED,
    version=4,
    finished_at=STARTED + timedelta(seconds=40),
    successor=SUCCESSOR,
    successor_version=f"{IMAGE}:2026.01.31.2",
)
ROLLED_BACK = replace(
    SUPERSEDED,
    state=State.ROLLED_BACK,
    finished_at=STARTED + timedelta(minutes=2, seconds=5),
    successor_version=f"{IMAGE}:2026.01.30.2",
)
RESTART = replace(
    SUCCESS,
    kind=RolloutKind.RESTART,
    workload=replace(START.workload, cluster="applications-ci"),
    images=(ImageChange(container="app", old=f"{IMAGE}:2026.01.31.1", new=f"{IMAGE}:2026.01.31.1"),),
    by="kubectl rollout, by hand",
    wanted=2,
    new_ready=2,
    serving=2,
    finished_at=STARTED + timedelta(seconds=54),
    usual_seconds=50,
)
_FIRST = (ImageChange(container="app", old=None, new=f"{IMAGE}:2026.01.31.1"),)
EVERY_STATE = {
    "started": START,
    "progressing": PROGRESS,
    "paused": replace(PROGRESS, state=State.PAUSED),
    "stalled": replace(
        PROGRESS,
        state=State.STALLED,
        deadline_seconds=None,
        serving=3,
        progress_at=STARTED + timedelta(minutes=1),
    ),
    "failing": FAILING,
    "succeeded": SUCCESS,
    "failed": FAILED,
    "recovered": RECOVERED,
    "superseded": SUPERSEDED,
    "rolled-back": ROLLED_BACK,
    "cancelled": replace(SUPERSEDED, state=State.CANCELLED, successor=None, successor_version=""),
    "unknown": replace(
        SUPERSEDED, state=State.UNKNOWN, successor=None, successor_version="", outcome_seen=False
    ),
}


def transitions(rollout: Rollout) -> tuple[Transition, ...]:
    """How a rollout in that state usually came there."""
    kinds = [TransitionKind.STARTED]
    troubled = {State.FAILING, State.FAILED, State.RECOVERED}
    if rollout.state in troubled:
        kinds.append(TransitionKind.FAILING)
    moments = {
        TransitionKind.STARTED: rollout.started_at,
        TransitionKind.FAILING: STARTED + timedelta(seconds=40),
    }
    told = [
        Transition(rollout=rollout.id, version=number, kind=kind, at=moments[kind])
        for number, kind in enumerate(kinds, start=1)
    ]
    if rollout.failed_at:
        failed = TransitionKind.FAILED
        told.append(Transition(rollout=rollout.id, version=4, kind=failed, at=rollout.failed_at))
    if rollout.state is State.RECOVERED and rollout.finished_at:
        recovered = TransitionKind.RECOVERED
        told.append(Transition(rollout=rollout.id, version=9, kind=recovered, at=rollout.finished_at))
    return tuple(told)


def all_stories() -> Iterator[Story]:
    """Every golden message."""
    for name, rollout in EVERY_STATE.items():
        link = SUCCESSOR_LINK if rollout.successor else None
        options = replace(PRODUCTION, successor_link=link)
        story = Story(name=f"full-{name}", rollout=rollout, transitions=transitions(rollout), options=options)
        yield story
        yield replace(story, name=f"line-{name}", options=replace(options, detail=Detail.LINE))
    yield from _kinds()
    yield from _circumstances()
    yield from _failures()
    yield from _images()
    yield from _hostile()
    yield from _replies()


def _kinds() -> Iterator[Story]:
    config = replace(SUCCESS, kind=RolloutKind.CONFIG_CHANGE, images=RESTART.images)
    rollback = replace(
        SUCCESS,
        kind=RolloutKind.ROLLBACK,
        rollback_to=41,
        rollback_of=STARTED - timedelta(days=1, hours=2),
        images=(ImageChange(container="app", old=f"{IMAGE}:2026.01.31.1", new=f"{IMAGE}:2026.01.30.2"),),
        by="kubectl rollout, by hand",
        change_cause="kubectl rollout undo deployment/mitlearn-app",
    )
    shapes = {
        "first": replace(SUCCESS, kind=RolloutKind.FIRST, images=_FIRST, old_images=()),
        "config-change": config,
        "restart": RESTART,
        "restart-automatic": replace(RESTART, automatic=True, by="Vault Secrets Operator"),
        "rollback": rollback,
    }
    for name, rollout in shapes.items():
        options = CI if rollout.kind is RolloutKind.RESTART else PRODUCTION
        story = Story(name=f"kind-{name}", rollout=rollout, options=options)
        yield story
        yield replace(story, name=f"kind-{name}-line", options=replace(options, detail=Detail.LINE))


def _circumstances() -> Iterator[Story]:
    shapes = {
        "approximate": replace(SUCCESS, started_approximate=True, finished_approximate=True),
        "fixes": replace(SUCCESS, fixes_failure_of=STARTED - timedelta(minutes=50)),
        "unseen": replace(PROGRESS, unseen=(38, 41)),
        "recreated": replace(PROGRESS, kind=RolloutKind.FIRST, recreated=True, images=_FIRST),
        "scaled-to-zero": replace(
            PROGRESS, state=State.PAUSED, scaled_to_zero=True, wanted=0, serving=0, new_ready=0, old_serving=0
        ),
        "zero-from-the-start": replace(SUCCESS, wanted=0, most_wanted=0, new_ready=0, serving=0),
        "uncounted": replace(PROGRESS, new_ready=None, old_serving=None),
        "outcome-unseen": replace(SUPERSEDED, outcome_seen=False),
        "superseded-by-revision": replace(SUPERSEDED, successor_version="revision 43"),
        "many-pods": replace(
            PROGRESS, wanted=240, new_ready=131, updated=150, serving=238, old_serving=107, total=270
        ),
    }
    for name, rollout in shapes.items():
        yield Story(name=f"case-{name}", rollout=rollout)
    yield Story(name="case-told-late", rollout=SUCCESS, now=STARTED + timedelta(days=3))
    bare = replace(
        START,
        workload=replace(START.workload, cluster=""),
        by="",
        labels={},
        new_ready=None,
        old_serving=None,
        usual_seconds=None,
    )
    yield Story(name="case-bare", rollout=replace(bare, images=()), options=rendering.Options())
    yield Story(name="case-sample", rollout=SUCCESS, options=replace(PRODUCTION, sample=True))
    history = replace(PRODUCTION, history_link="https://shipbell.example.com/workloads/mitlearn/mitlearn-app")
    yield Story(name="case-history-link", rollout=SUCCESS, options=history)


def _failures() -> Iterator[Story]:
    timeout = Diagnosis(
        reason="ProgressDeadlineExceeded",
        cause="no progress for 10 min",
        words='ReplicaSet "mitlearn-app-6d4cf56db6" has timed out progressing.',
        next_step=CRASH.next_step,
    )
    first = replace(
        FAILED,
        kind=RolloutKind.FIRST,
        images=_FIRST,
        old_images=(),
        serving=0,
        old_serving=0,
    )
    shapes = {
        "no-cause-found": replace(FAILED, diagnosis=timeout),
        "quota": replace(FAILING, diagnosis=QUOTA, updated=0),
        "down": replace(FAILED, serving=0, old_serving=0),
        "first-deployment": replace(first, diagnosis=IMAGE_MISSING),
        "mixed-versions": replace(FAILED, serving=3, old_serving=2, new_ready=1),
        "unaffected": replace(FAILED, serving=4, old_serving=4),
        "config-change": replace(FAILED, kind=RolloutKind.CONFIG_CHANGE, images=RESTART.images),
    }
    for name, rollout in shapes.items():
        story = Story(name=f"failure-{name}", rollout=rollout, transitions=transitions(rollout))
        yield story
        yield replace(story, name=f"failure-{name}-line", options=replace(PRODUCTION, detail=Detail.LINE))


def _images() -> Iterator[Story]:
    sha = "@sha256:4a1c4b21597c1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108"
    other = "@sha256:9b2cf7a4c3d1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a01081"
    shapes = {
        "several": (
            ImageChange(container="app", old=f"{IMAGE}:1.2", new=f"{IMAGE}:1.3"),
            ImageChange(container="worker", old=f"{IMAGE}:1.2", new=f"{IMAGE}:1.3"),
            ImageChange(container="proxy", old="nginx:1.29", new="docker.io/library/nginx:1.30"),
            ImageChange(container="new", old=None, new="ghcr.io/acme/metrics:0.4"),
        ),
        "digests": (ImageChange(container="app", old=f"{IMAGE}{sha}", new=f"{IMAGE}{other}"),),
        "same-tag": (ImageChange(container="app", old=f"{IMAGE}:main{sha}", new=f"{IMAGE}:main{other}"),),
        "moved": (
            ImageChange(container="app", old="quay.io/acme/app:1.3", new="ghcr.io/acme/app:1.3"),
            ImageChange(container="side", old="ghcr.io/acme/old:1", new="ghcr.io/acme/new:2"),
        ),
        "untagged": (ImageChange(container="app", old="busybox", new="busybox:1.37"),),
        "dozen": tuple(
            ImageChange(container=f"c{n}", old=f"acme/part-{n}:{n}", new=f"acme/part-{n}:{n + 1}")
            for n in range(12)
        ),
    }
    for name, changes in shapes.items():
        yield Story(name=f"images-{name}", rollout=replace(PROGRESS, images=changes))
    registry = replace(PRODUCTION, show_registry=True)
    yield Story(name="images-with-registry", rollout=FAILING, options=registry)


HOSTILE = (
    "<!channel> <@U1> <https://evil|ok> @here #general https://x.y `a` ```b``` *b* _i_ ~s~ :tada: &lt; "
    "\u202eabc\n> q\x00"
)


def _hostile() -> Iterator[Story]:
    workload = replace(START.workload, cluster=HOSTILE, namespace=HOSTILE, name="n" * 10_000, kind=HOSTILE)
    nasty = Diagnosis(
        reason=HOSTILE, cause=HOSTILE, words=HOSTILE * 200, next_step=f"kubectl {HOSTILE}", certain=True
    )
    rollout = replace(
        FAILED,
        workload=workload,
        images=(ImageChange(container=HOSTILE, old=HOSTILE, new=f"{HOSTILE}2"),),
        labels={HOSTILE: HOSTILE, "a/": ""},
        by=HOSTILE,
        change_cause=HOSTILE,
        diagnosis=nasty,
    )
    options = replace(PRODUCTION, environment=HOSTILE)
    yield Story(name="hostile-full", rollout=rollout, options=options)
    yield Story(name="hostile-line", rollout=rollout, options=replace(options, detail=Detail.LINE))
    yield Story(name="hostile-reply", rollout=rollout, options=options, part=Part.FAILED)
    replaced = replace(rollout, state=State.SUPERSEDED, successor_version=HOSTILE)
    link = replace(options, successor_link="https://x.example/a|b>c<d e")
    yield Story(name="hostile-superseded", rollout=replaced, options=link)


def _replies() -> Iterator[Story]:
    shapes = {
        Part.FAILING: FAILING,
        Part.FAILED: FAILED,
        Part.RECOVERED: RECOVERED,
        Part.SUCCEEDED: SUCCESS,
        Part.DETAIL: FAILED,
    }
    for part, rollout in shapes.items():
        yield Story(name=f"reply-{part.value}", rollout=rollout, transitions=transitions(rollout), part=part)
    mention = replace(PRODUCTION, mention="<!subteam^S0PLATFORM>")
    yield Story(name="reply-failed-mention", rollout=FAILED, options=mention, part=Part.FAILED)
