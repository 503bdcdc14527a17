"""What sources say: facts about a workload at a time, normalised. The only thing that sources produce.

An observation says nothing about rollouts; whether it begins, moves or ends one is decided in `stepping`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipbell.domain.pods import PodsObservation
from shipbell.domain.workload import Workload

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
"""The reason of a Progressing condition when the progress deadline has passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A container of a pod template. `image` is as the template spells it, registry and all."""

    name: str
    image: str
    init: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A pod template, reduced to what tells one version from another."""

    containers: tuple[Container, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Without `pod-template-hash`, so that a Deployment's and its ReplicaSet's compare equal."""
    spec_digest: str = ""
    """Digest of the pod spec's bytes as the API server wrote them: tells a config change from a restart."""
    outline: str = field(default="", compare=False)
    """The pod spec's settings, see `changes`; empty where it was remembered before there were outlines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A status condition. Times are UTC with whole seconds, as the API has them."""

    type: str
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str = ""
    message: str = ""
    last_update: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A ReplicaSet or ControllerRevision of a workload: one entry of its history."""

    number: int | None
    earlier_numbers: tuple[int, ...] = ()
    """Numbers that it bore before a rollback re-used it (`deployment.kubernetes.io/revision-history`)."""
    name: str
    hash: str
    """What its pods are known by, see `pods.Pod.hash`."""
    uid: str
    created_at: datetime
    template: Template
    wanted: int = 0
    total: int = 0
    ready: int = 0
    available: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The controller above a workload: a CronJob, whose name its Jobs are told under."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatus:
    """What only a Job has, see
    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/."""

    completions: int | None = None
    """How many pods must succeed; None where one success of any ends the work (a work queue)."""
    parallelism: int = 1
    backoff_limit: int = 6
    active_deadline: timedelta | None = None
    """From `started_at`; after it the controller fails the Job."""
    started_at: datetime | None = None
    """Moves when a suspended Job is resumed."""
    finished_at: datetime | None = None
    """`completionTime`; a failed Job has none."""
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    """Pods that failed; with `backoffLimit` 2 the third ends it."""
    failed_indexes: str = ""
    """Of an Indexed Job, as the API writes them: `1,3-5`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """A workload as the API server had it at `resource_version`.

    Counts are the status' own words and speak of the whole workload, old pods included, unless they say
    "updated". See https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/.
    """

    workload: Workload
    resource_version: int
    at: datetime
    """When it was seen by us, UTC."""
    created_at: datetime
    generation: int
    observed_generation: int
    revision: int | None
    """The number that the controller gave its template; believed only when `settled`.

    Deployment: its revision annotation. DaemonSet: its template generation. StatefulSet: None, for the
    number is its ControllerRevision's. Job: 1.
    """
    update_revision: str = ""
    """StatefulSet: the name of the ControllerRevision that its pods are to become."""
    current_revision: str = ""
    """StatefulSet: the name of the one that they were."""
    strategy: str = "RollingUpdate"
    """`RollingUpdate`, `Recreate` or `OnDelete`."""
    partition: int = 0
    """StatefulSet: pods with a lower ordinal keep their revision."""
    job: JobStatus | None = None
    owner: Owner | None = None
    wanted: int
    updated: int = 0
    total: int = 0
    ready: int = 0
    available: int = 0
    paused: bool = False
    deadline: timedelta | None = None
    """`progressDeadlineSeconds`; None where the API has none (absent, or at its maximum)."""
    conditions: tuple[Condition, ...] = ()
    template: Template = field(default_factory=Template)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Without kubectl's last-applied copy, which repeats the whole object."""
    manager: str | None = None
    """The field manager that last wrote the pod template, raw (`kubectl-client-side-apply`)."""
    revisions: tuple[Revision, ...] | None = None
    """Its ReplicaSets or ControllerRevisions, where they were read along; None where they were not."""
    pods: PodsObservation | None = None
    """Its pods, where they were looked at along with it; None where they were not."""
    deleted: bool = False
    """The object is gone; the other fields are its last words."""
    deletion_timestamp: datetime | None = None

    @property
    def settled(self) -> bool:
        """Whether the controller has caught up with the spec, so that status and revision speak of it."""
        return self.observed_generation >= self.generation

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if the status has one."""
        return next((c for c in self.conditions if c.type == type_), None)
