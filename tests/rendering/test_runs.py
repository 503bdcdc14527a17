"""Jobs and CronJobs in words: what is done, how often it was tried, and streaks of failed runs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell import rendering
from shipbell.domain import Diagnosis, JobStatus, Rollout, State
from shipbell.rendering import images, runs, sentences
from tests.rendering import kinds, stories

NOW = stories.STARTED + timedelta(minutes=5)
EXITS = "Container app exits 1"
RETRYING = JobStatus(completions=1, backoff_limit=2, failed=2, active=1)


def told(rollout: Rollout) -> str:
    """The sentence behind the workload's name."""
    return sentences.fallback(rollout, stories.PRODUCTION, NOW).partition(" → production: ")[2]


def failed(reason: str, cause: str, job: JobStatus) -> Rollout:
    found = Diagnosis(reason="Error", cause=cause)
    return replace(kinds.JOB_FAILED, diagnosis=found, failed_by=reason, job=job)


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        (kinds.JOB, "Job running 2026.01.31.1, started 14:02 UTC"),
        (kinds.JOB_FAILED, "Job failed, migrate exited 1 after 3 tries (started 14:02 UTC)"),
        (kinds.CRON_FAILED, "CronJob failed, backup exited 1 after 3 tries (started 14:02 UTC)"),
        (
            kinds.STREAK,
            "37 runs failed since 31 Jan 2026 02:00 UTC, backup exited 1 after 3 tries",
        ),
        (replace(kinds.JOB_FAILED, diagnosis=None), "Job failed (started 14:02 UTC)"),
        (
            replace(kinds.JOB, state=State.SUCCEEDED, finished_at=NOW, job=None),
            "Job succeeded in 5 min, slower than usual (35 s), started 14:02 UTC",
        ),
    ],
)
def test_a_run_is_told_in_one_sentence(rollout: Rollout, said: str) -> None:
    assert told(rollout) == said


@pytest.mark.parametrize(
    ("reason", "job", "count"),
    [
        ("BackoffLimitExceeded", JobStatus(backoff_limit=2, failed=3), 3),
        ("BackoffLimitExceeded", JobStatus(backoff_limit=2, failed=1), 0),
        ("DeadlineExceeded", JobStatus(backoff_limit=2, failed=2), 0),
        ("FailedIndexes", JobStatus(backoff_limit=2**31 - 1, failed=4), 0),
        ("PodFailurePolicy", JobStatus(backoff_limit=6, failed=1), 1),
        ("", JobStatus(backoff_limit=2, failed=2), 2),
    ],
)
def test_tries_are_counted_only_where_failed_pods_are_tries(reason: str, job: JobStatus, count: int) -> None:
    assert runs.tries(failed(reason, "Container app exits 1", job)) == count


@pytest.mark.parametrize(
    ("cause", "job", "said"),
    [
        (
            "Container app exits 1, 0 restarts (1 of 1 new pods)",
            JobStatus(backoff_limit=2, failed=3),
            "Container app exited 1, tried 3 of 3 times",
        ),
        (
            "Container app exits 1",
            JobStatus(backoff_limit=2, failed=4),
            "Container app exited 1, tried 4 of 4 times",
        ),
        (
            "Container app exits 1",
            JobStatus(backoff_limit=2**31 - 1, failed=2),
            "Container app exited 1, tried 2 times",
        ),
        ("tried 3 of 3 times", JobStatus(backoff_limit=2, failed=3), "tried 3 of 3 times"),
        ("Container app exits 1 (1 of 1 new pods)", JobStatus(), "Container app exits 1 (1 of 1 new pods)"),
    ],
)
def test_a_cause_counts_the_tries_once(cause: str, job: JobStatus, said: str) -> None:
    retrying = replace(
        kinds.JOB, state=State.FAILING, diagnosis=Diagnosis(reason="Error", cause=cause), job=job
    )
    assert runs.cause(cause, retrying) == said


def test_what_is_failing_has_been_tried_so_far() -> None:
    diagnosis = Diagnosis(reason="Error", cause="Container migrate exits 1")
    retrying = replace(kinds.JOB, state=State.FAILING, diagnosis=diagnosis, job=RETRYING)
    assert told(retrying) == "Job failing, migrate exited 1 after 2 tries, started 14:02 UTC"


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (JobStatus(completions=5, succeeded=2, active=2), "▰▰▱▱▱ 2/5 · 2 at work"),
        (JobStatus(completions=1, succeeded=1), "▰ 1/1"),
        (JobStatus(completions=None, succeeded=3), "3"),
        (None, ""),
    ],
)
def test_what_is_done_is_told_of_completions(job: JobStatus | None, said: str) -> None:
    assert runs.progress(replace(kinds.JOB, job=job)) == said


@pytest.mark.parametrize("rollout", [kinds.JOB_FAILED, kinds.STREAK])
def test_nobody_is_affected_by_a_run(rollout: Rollout) -> None:
    message = rendering.root(rollout, (), stories.PRODUCTION, NOW)
    assert "Impact" not in f"{message.blocks}"
    assert "serving" not in f"{message}"


def test_the_controllers_word_stands_behind_the_status() -> None:
    assert runs.verdict(failed("PodFailurePolicy", EXITS, JobStatus()), NOW) == ": PodFailurePolicy"
    assert runs.verdict(failed("", EXITS, JobStatus()), NOW) == ""


def test_one_failed_run_is_no_streak() -> None:
    once = replace(kinds.STREAK, state=State.RECOVERED, runs_failed=1)
    assert ", 1 run had failed" in told(once)


def test_a_run_is_named_by_its_image_although_nothing_changed() -> None:
    again = replace(kinds.JOB, images=kinds.SAME_IMAGE)
    assert images.version(again) == "2026.01.31.1"
    assert images.version(replace(kinds.JOB, images=())) == ""
