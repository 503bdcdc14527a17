"""The words of the domain: a rollout, its states, and what is remembered of a workload.

A `Rollout` is our record of one revision of one workload, from its start to its one ending. Everything a
message says is in it: a message is a projection of a rollout, rendered when it is sent.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipbell.domain.observation import JobStatus, Owner, Template
from shipbell.domain.workload import Workload

NAMESPACE = uuid.UUID("5a4f8f6c-2f0b-5d0e-9a3e-7d3c1b5e9f10")
"""Namespace of rollout ids. Never changes: a lost store finds its messages by these ids."""


class State(StrEnum):
    """Where a rollout stands. The first five are open; `failed` may still become `recovered`."""

    STARTED = "started"
    PROGRESSING = "progressing"
    PAUSED = "paused"
    STALLED = "stalled"
    FAILING = "failing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RECOVERED = "recovered"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def open(self) -> bool:
        """Whether the rollout still waits for its ending."""
        return self in OPEN


OPEN = frozenset({State.STARTED, State.PROGRESSING, State.PAUSED, State.STALLED, State.FAILING})


class RolloutKind(StrEnum):
    """What kind of change is rolled out."""

    FIRST = "first"
    NEW_VERSION = "new_version"
    CONFIG_CHANGE = "config_change"
    RESTART = "restart"
    ROLLBACK = "rollback"
    NEW_DIGEST = "new_digest"
    """The image's name is the same, and leads to another image."""
    RUN = "run"
    """A Job, which is its own only revision."""


class TransitionKind(StrEnum):
    """What happened to a rollout, in the past tense."""

    STARTED = "started"
    PROGRESSED = "progressed"
    PAUSED = "paused"
    STALLED = "stalled"
    FAILING = "failing"
    HEALED = "healed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RECOVERED = "recovered"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Which revision, by the controller's own word."""

    number: int
    """0 where it is not known: a StatefulSet's, before its ControllerRevisions were read."""
    hash: str = ""
    """What its pods are known by, see `pods.Pod.hash`; empty while it is not known."""
    name: str = ""
    """Of the ReplicaSet or ControllerRevision that bears the number; a Deployment's conditions mention it."""
    uid: str = ""
    """Of the same: numbering may begin anew, a uid never returns."""
    partition: int = 0
    """StatefulSet: the lowest partition that this revision was rolled out down to."""

    @property
    def token(self) -> str:
        """The part of a rollout's id that tells revisions of one workload apart."""
        part = f"/{self.partition}" if self.partition else ""
        return f"{self.number}/{self.uid or self.hash}{part}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageChange:
    """A container's image before and after; `old` is None where there was no such container."""

    container: str
    old: str | None
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Why a rollout is failing or has failed."""

    reason: str
    """The API's word: `ImagePullBackOff`, `ProgressDeadlineExceeded`, `FailedCreate`."""
    cause: str
    """One line for people: "Image not found: app:1.2 (container app, 1 of 3 new pods)"."""
    words: str = ""
    """The controller's or kubelet's own words, in full; secrets are blacked out."""
    container: str = ""
    """Whose fault it is, where it is one container's."""
    log: str = ""
    """That container's last lines, where they may be read; secrets are blacked out."""
    events: tuple[str, ...] = ()
    """Warning Events about it, each once, as `Reason (3x): message`; the newest last."""
    certain: bool = False
    """Whether waiting will not heal it (an image that does not exist), so that it is said loudly."""
    next_step: str = ""
    """What to do, with a command that can be pasted."""
    since: datetime | None = None
    """When it was first seen."""
    say_at: datetime | None = None
    """When patience ends: before it, nothing is said."""
    calm_since: datetime | None = None
    """Since when the pods do well again; it is over when that has lasted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One revision of one workload, from start to ending. All times are UTC."""

    id: uuid.UUID
    workload: Workload
    identity: Identity
    state: State
    version: int
    """Grows with every change; what a destination was told is one of these."""
    kind: RolloutKind
    automatic: bool = False
    """A restart that no person asked for (a rotated Secret)."""
    changes: tuple[str, ...] = ()
    """What else changed against the revision before, in words, names only: `env LOG_LEVEL`."""
    usual_seconds: float | None = None
    """How long this workload's rollouts take: the median of the last ten that succeeded."""
    slow: bool = False
    """It takes much longer than that, and its message should say so."""
    started_at: datetime
    finished_at: datetime | None = None
    started_approximate: bool = False
    finished_approximate: bool = False
    """Found late: the true time lies before."""
    changed_at: datetime
    """When `version` was written."""
    images: tuple[ImageChange, ...] = ()
    """Containers whose image changed; where none did, all of them with `old` equal to `new` or None."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The selected labels, full keys, in the order of the configuration."""
    by: str = ""
    """Who, in friendly words: `Pulumi`, `Helm release web (7)`, `kubectl by hand`."""
    change_cause: str = ""
    wanted: int = 0
    most_wanted: int = 0
    """The largest `wanted` since the start: zero now, and not then, means "scaled to zero"."""
    updated: int = 0
    """Pods of this revision that exist."""
    new_ready: int | None = None
    """Ready pods of this revision; None where no source could count them yet."""
    total: int = 0
    available: int = 0
    serving: int = 0
    """Ready pods of every revision: what the workload's users feel."""
    old_serving: int | None = None
    """Ready pods of other revisions; None where not known."""
    on_delete: bool = False
    """Its pods are replaced only when somebody deletes them: stalled, it waits for that."""
    job: JobStatus | None = None
    """A Job's own counts, as last seen."""
    owner: Owner | None = None
    """The CronJob whose run this is: nobody is told of it but under the CronJob's name."""
    runs_failed: int = 0
    """CronJob: how many of its runs have failed since `started_at`, without a success between them."""
    old_images: tuple[str, ...] = ()
    """Images (short of nothing) that the old pods run, to say what still serves."""
    progress_at: datetime
    """The last sign of progress: our own clock of the deadline starts here."""
    deadline_seconds: int | None = None
    """Seconds without progress after which it fails; None where the API has no deadline."""
    diagnosis: Diagnosis | None = None
    scaled_to_zero: bool = False
    failed_by: str = ""
    """The reason that the controller gave: `ProgressDeadlineExceeded`, `BackoffLimitExceeded`."""
    failed_at: datetime | None = None
    """Set by the failure and kept through the recovery."""
    fixes_failure_of: datetime | None = None
    """For a success: when the failure was that it mends."""
    rollback_to: int | None = None
    """For a rollback: the number that this template bore before."""
    rollback_of: datetime | None = None
    """For a rollback: when that revision was created."""
    unseen: tuple[int, int] | None = None
    """First and last number of revisions that came and went unseen before this one."""
    recreated: bool = False
    """Another object bore this workload's name before."""
    successor: uuid.UUID | None = None
    """The rollout that superseded it or rolled it back."""
    successor_version: str = ""
    """The successor's image or revision, in a word."""
    doubted_until: datetime | None = None
    """Nobody could look when its deadline passed: until then the cluster may still catch up."""
    outcome_seen: bool = True
    """False where it was superseded while nobody looked."""
    wake_at: datetime | None = None
    """When time alone may change the state: deadline, patience. None where it cannot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """A change of a rollout worth telling, in the past tense."""

    rollout: uuid.UUID
    version: int
    """The rollout's version that it led to."""
    kind: TransitionKind
    at: datetime
    """When it happened, as well as is known."""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What is remembered of one workload between two observations: one row of the store."""

    workload: Workload
    resource_version: int
    """Of the last observation that changed something; an older one is ignored."""
    pods_version: int = 0
    """The same for its pods, of the identity that they judged."""
    identity: Identity | None = None
    """The last one believed."""
    generation: int = 0
    """Of the last observation that was believed: a StatefulSet's revision is read again when it moves."""
    template: Template | None = None
    """The pod template of that identity."""
    sighting: bool = False
    """Met at a baseline before its controller had caught up: the next believed identity is old news."""
    rollout: Rollout | None = None
    """The rollout of that identity; None where it was complete at first sight."""
    unfixed_failure: datetime | None = None
    """When the last rollout that counts failed; None after a success."""
    recreated: bool = False
    """Another uid bore the name before."""
    deleted_at: datetime | None = None
    """A tombstone: the object is gone."""


def rollout_id(workload: Workload, identity: Identity) -> uuid.UUID:
    """The contract's id: the same for every replica, and again after a lost store."""
    name = "\n".join((workload.cluster, workload.kind, workload.uid, identity.token))
    return uuid.uuid5(NAMESPACE, name)
