"""How a Job ended that was gone before anybody looked: told by the Events that it left behind.

A Job with `ttlSecondsAfterFinished` zero, or a Helm hook, is deleted as soon as it has ended; its Events stay
for an hour as a rule (`--event-ttl` of the API server). The reasons are those of its controller, see
https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions.
"""

from dataclasses import replace

from shipbell.domain import judging, redaction
from shipbell.domain.pods import Event
from shipbell.domain.rollout import Diagnosis, Rollout, State

COMPLETED = "Completed"
GIVEN_UP = frozenset(
    {
        "BackoffLimitExceeded",
        "DeadlineExceeded",
        "PodFailurePolicy",
        "FailedIndexes",
        "MaxFailedIndexesExceeded",
    }
)


def ending(rollout: Rollout, events: tuple[Event, ...]) -> Rollout | None:
    """The rollout as its Job's own last Event says that it ended; None where none says so."""
    last = next((event for event in reversed(events) if event.reason in {COMPLETED, *GIVEN_UP}), None)
    if last is None or last.uid != rollout.workload.uid:
        return None
    if last.reason == COMPLETED:
        return judging.end(rollout, State.SUCCEEDED, at=last.last_at)
    words = redaction.redact(last.message)
    told = rollout.diagnosis or Diagnosis(reason=last.reason, cause=words or last.reason, words=words)
    failed = judging.end(replace(rollout, diagnosis=told), State.FAILED, at=last.last_at)
    return replace(failed, failed_at=failed.finished_at)
