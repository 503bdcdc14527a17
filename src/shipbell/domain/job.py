"""The rules for Jobs: one run to completion, whose ending is the controller's word alone.

See https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup. A Job is its
own only revision, and nothing is read along with it. `SuccessCriteriaMet` and `FailureTarget` announce an
ending while pods still run; the ending itself is `Complete` or `Failed`.
"""

from datetime import datetime

from shipbell.domain import durations
from shipbell.domain.observation import Condition, JobStatus, Observation, Revision
from shipbell.domain.rollout import Diagnosis, Identity, Memory, Rollout
from shipbell.domain.workload import Workload


def believed(observation: Observation) -> bool:
    """A Job's controller does not say which generation it has seen; its template cannot change."""
    return True


def is_news(observation: Observation, memory: Memory) -> bool:
    """Only once: a Job that is to run again is another Job."""
    return memory.identity is None


def bearer(observation: Observation) -> Revision | None:
    """The Job itself."""
    return Revision(
        number=1,
        name=observation.workload.name,
        hash=observation.workload.uid,
        uid=observation.workload.uid,
        created_at=observation.created_at,
        template=observation.template,
    )


def identity(observation: Observation, bearer: Revision | None) -> Identity:
    """Its uid, by which its pods are known."""
    workload = observation.workload
    return Identity(number=1, hash=workload.uid, name=workload.name, uid=workload.uid)


def reused(observation: Observation, bearer: Revision) -> bool:
    """There is no going back to a Job."""
    return False


def speaks_of(observation: Observation, identity: Identity) -> bool:
    """It has no other revision to speak of."""
    return True


def underway(observation: Observation) -> bool | None:
    """At first sight: whether it runs. One that is suspended may begin yet."""
    if _verdict(observation) is not None:
        return False
    return None if observation.paused else True


def idle(observation: Observation, bearer: Revision, known: Identity | None) -> bool:
    """A Job always does something."""
    return False


def complete(observation: Observation) -> bool:
    """The controller says so: enough pods have succeeded, and all have ended."""
    verdict = _verdict(observation)
    return verdict is not None and verdict.type == "Complete"


def emptied(observation: Observation, most_wanted: int) -> bool:
    """A parallelism of zero waits for somebody to raise it."""
    return observation.job is not None and observation.job.parallelism == 0 and _verdict(observation) is None


def failure(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """The controller's word that it has given up, and why."""
    verdict = _verdict(observation)
    if verdict is None or verdict.type != "Failed":
        return None
    cause = _cause(verdict, observation.job or JobStatus())
    return Diagnosis(reason=verdict.reason, cause=cause, words=verdict.message, since=verdict.last_update)


def refusal(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """Refused pods are told by Events alone."""
    return None


def confirmed_at(observation: Observation, identity: Identity, started_at: datetime) -> datetime | None:
    """It says when it begins and ends, nothing between."""
    return None


def finished_at(observation: Observation, rollout: Rollout) -> datetime | None:
    """Its completion time."""
    verdict = _verdict(observation)
    told = observation.job.finished_at if observation.job else None
    return told or (verdict.last_update if verdict else None)


def counts(observation: Observation, identity: Identity) -> tuple[int, int] | None:
    """All its pods are its own."""
    return observation.ready, 0


def keeps_time(rollout: Rollout) -> bool:
    """A pod may run for as long as its work takes; only a Job of which none runs can be stuck.

    With a deadline of its own the controller decides.
    """
    limited = rollout.job is not None and rollout.job.active_deadline is not None
    return not limited and rollout.serving == 0


def remedy(workload: Workload) -> str:
    """What it wrote before it ended."""
    return f"kubectl -n {workload.namespace} logs job/{workload.name}"


def _verdict(observation: Observation) -> Condition | None:
    """The condition that ends it; neither is ever taken back."""
    endings = (c for c in observation.conditions if c.type in {"Complete", "Failed"} and c.status == "True")
    return next(endings, None)


def _cause(verdict: Condition, job: JobStatus) -> str:
    """The controller's reason in words, see
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions."""
    match verdict.reason:
        case "BackoffLimitExceeded":
            return _tries(job)
        case "DeadlineExceeded":
            return f"ran longer than {durations.in_words(job.active_deadline)}"
        case "PodFailurePolicy":
            return "its pod failure policy ended it"
        case "FailedIndexes":
            return f"failed indexes: {job.failed_indexes or 'some'}"
        case "MaxFailedIndexesExceeded":
            return f"too many failed indexes: {job.failed_indexes or 'some'}"
        case _:
            return verdict.message or verdict.reason or "its controller gave it up"


def _tries(job: JobStatus) -> str:
    """Failed pods are tries only where each try had a pod of its own and none ran beside it."""
    if job.failed == job.backoff_limit + 1:
        return f"tried {job.failed} of {job.failed} times"
    return f"failed more often than its backoff limit of {job.backoff_limit} allows"
