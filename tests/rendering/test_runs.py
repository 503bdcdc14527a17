"""Jobs and CronJobs in words: what is done, how often it was tried, and streaks of failed runs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell import rendering
from shipbell.domain import Diagnosis, JobStatus, Rollout, State
from shipbell.rendering import images, runs, sentences
from tests.rendering import kinds, stories

NOW = stories.STARTED + timedelta(minutes=5)


def told(rollout: Rollout) -> str:
    """The sentence behind the workload's name."""
    return sentences.fallback(rollout, stories.PRODUCTION, NOW).partition(" → production: ")[2]


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
    ("cause", "said"),
    [
        ("Container app exited 1, tried 3 of 3 times", "app exited 1 after 3 tries"),
        ("Container app exited 1, tried 1 of 7 times", "app exited 1 after 1 try"),
        ("tried 3 of 3 times", "tried 3 of 3 times"),
        ("ran longer than 10 min", "ran longer than 10 min"),
    ],
)
def test_a_sentence_counts_the_tries_in_fewer_words(cause: str, said: str) -> None:
    found = replace(kinds.JOB_FAILED, diagnosis=Diagnosis(reason="Error", cause=cause))
    assert runs.brief(found, stories.PRODUCTION) == said


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
    assert runs.verdict(replace(kinds.JOB_FAILED, failed_by="PodFailurePolicy"), NOW) == ": PodFailurePolicy"
    assert runs.verdict(replace(kinds.JOB_FAILED, failed_by=""), NOW) == ""


def test_one_failed_run_is_no_streak() -> None:
    once = replace(kinds.STREAK, state=State.RECOVERED, runs_failed=1)
    assert ", 1 run had failed" in told(once)


def test_a_run_is_named_by_its_image_although_nothing_changed() -> None:
    again = replace(kinds.JOB, images=kinds.SAME_IMAGE)
    assert images.version(again) == "2026.01.31.1"
    assert images.version(replace(kinds.JOB, images=())) == ""
