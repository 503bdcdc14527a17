"""Jobs, those of CronJobs included, see
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/."""

from datetime import datetime

import msgspec

from shipbell.domain import JobStatus, Observation, Owner
from shipbell.sources.kubernetes import decoding, objects, resources, templates

GENERATED = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
"""Labels that the API server adds to the template. They tell every Job from every other."""


class Spec(objects.WorkloadSpec):
    """What is wanted."""

    completions: int | None = None
    parallelism: int | None = None
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    suspend: bool | None = None


class Status(objects.Struct):
    """What is."""

    start_time: datetime | None = None
    completion_time: datetime | None = None
    active: int = 0
    ready: int | None = None
    succeeded: int = 0
    failed: int = 0
    failed_indexes: str | None = None
    conditions: list[objects.Condition] | None = None


class Job(objects.Workload):
    """A Status has a word where this has its status."""

    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status | str | None = None


def observation(cluster: str, job: Job, at: datetime, deleted: bool) -> Observation:
    """A Job, as it was seen `at`.

    Its status bears no observed generation, and its template cannot change: it is always settled. Pods that
    have succeeded are no longer among its pods, but they are what was wanted of it.
    """
    metadata, spec = job.metadata, job.spec
    status = job.status if isinstance(job.status, Status) else Status()
    return Observation(
        workload=decoding.workload(cluster, resources.JOBS.kind, metadata),
        resource_version=decoding.version(metadata.resource_version),
        at=at,
        created_at=metadata.creation_timestamp or decoding.BEGINNING,
        generation=metadata.generation,
        observed_generation=metadata.generation,
        revision=1,
        job=_job_status(spec, status),
        owner=_owner(job),
        wanted=_parallelism(spec) if spec.completions is None else spec.completions,
        updated=status.active + status.succeeded,
        total=status.active,
        ready=status.ready or 0,
        available=status.succeeded,
        paused=bool(spec.suspend),
        conditions=decoding.conditions(status.conditions),
        template=templates.template(_without_generated(spec.template), outlined=False),
        labels=metadata.labels or {},
        annotations=decoding.annotations(metadata),
        manager=decoding.manager(metadata),
        deleted=deleted,
        deletion_timestamp=metadata.deletion_timestamp,
    )


def _job_status(spec: Spec, status: Status) -> JobStatus:
    return JobStatus(
        completions=spec.completions,
        parallelism=_parallelism(spec),
        backoff_limit=6 if spec.backoff_limit is None else spec.backoff_limit,
        active_deadline=decoding.seconds(spec.active_deadline_seconds),
        started_at=status.start_time,
        finished_at=status.completion_time,
        active=status.active,
        succeeded=status.succeeded,
        failed=status.failed,
        failed_indexes=status.failed_indexes or "",
    )


def _parallelism(spec: Spec) -> int:
    return 1 if spec.parallelism is None else spec.parallelism


def _owner(job: Job) -> Owner | None:
    above = decoding.controller(job)
    return Owner(kind=above.kind, name=above.name, uid=above.uid) if above else None


def _without_generated(template: objects.PodTemplate) -> objects.PodTemplate:
    labels = template.metadata.labels or {}
    own = {key: value for key, value in labels.items() if key not in GENERATED}
    metadata = msgspec.structs.replace(template.metadata, labels=own)
    return msgspec.structs.replace(template, metadata=metadata)
