"""Rollouts reduced to what routing looks at."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from shipbell.domain import Diagnosis, Identity, Rollout, RolloutKind, State, Workload
from shipbell.routing import Destination, Part, Profile, Sink, Told, gist

NOW = datetime(2026, 1, 31, 14, 2, 11, tzinfo=UTC)
CERTAIN = Diagnosis(
    reason="ImagePullBackOff", cause="Image not found: app:1.2", words="not found", certain=True
)
UNSURE = Diagnosis(
    reason="CrashLoopBackOff", cause="Container app exits 1, 2 restarts (1 of 3 new pods)", words="back-off"
)
BASE = Rollout(
    id=uuid.UUID(int=1),
    workload=Workload(cluster="c", namespace="shop", kind="Deployment", name="web", uid="u"),
    identity=Identity(number=2),
    state=State.STARTED,
    version=1,
    kind=RolloutKind.NEW_VERSION,
    started_at=NOW,
    changed_at=NOW,
    progress_at=NOW,
    wanted=4,
    serving=4,
)
FAILURES = {State.FAILING, State.FAILED}


def in_state(
    state: State,
    *,
    kind: RolloutKind = RolloutKind.NEW_VERSION,
    serving: int = 4,
    diagnosis: Diagnosis | None = CERTAIN,
) -> Rollout:
    """A rollout in that state, with a cause where it fails."""
    cause = diagnosis if state in FAILURES else None
    return replace(BASE, state=state, kind=kind, serving=serving, diagnosis=cause)


def to(profile: Profile, sink: Sink = Sink.SLACK) -> Destination:
    return Destination(sink=sink, channel="#deployments", profile=profile)


def told(*posts: tuple[Part, Rollout]) -> dict[Part, Told]:
    """What was posted, each post telling a rollout as it was then."""
    return {part: Told(part=part, state=then.state, gist=gist(then)) for part, then in posts}
