"""What Shipbell says of a CronJob: one message for a streak of failed runs, and its end."""

from dataclasses import replace

import pytest

from shipbell.domain import Condition, Policy, Rollout, RolloutKind, cronjob
from shipbell.domain.stepping import Setting
from tests.domain.deployments import Story, at
from tests.domain.jobs import NIGHTLY, ended, run, seen, taken

HOUR = 3600


def failing(hour: int) -> Rollout:
    """A run that began at the hour and failed a minute later."""
    begin = hour * HOUR
    word = ended("Failed", "BackoffLimitExceeded", begin + 60)
    return run(hour, word, begin=begin, end=begin + 61).newest


def passing(hour: int) -> Rollout:
    """A run that began at the hour and was complete a minute later."""
    begin = hour * HOUR
    return run(hour, ended("Complete", when=begin + 60), begin=begin, end=begin + 61).newest


def cancelled(hour: int) -> Rollout:
    """A run that was deleted in the middle (`concurrencyPolicy: Replace`)."""
    begin = hour * HOUR
    story = run(hour, begin=begin, end=begin + 61)
    assert story.newest.state.open
    gone = seen(begin + 62, workload=story.newest.workload, owner=NIGHTLY, deleted=True)
    return story.sees(gone).newest


def told(*runs: Rollout, successes: bool = False) -> Story:
    """What is told of the CronJob after those runs."""
    story = Story(policy=Policy(cronjob_successes=successes))
    for each in runs:
        setting = Setting(now=at(10**6), policy=story.policy)
        taken(story, cronjob.step_run(story.memory, each, setting))
    return story


def test_a_failed_run_is_told_under_the_cronjobs_name() -> None:
    story = told(failing(2))

    assert story.told == ["started", "failed"]
    assert (story.newest.workload.kind, story.newest.workload.name) == ("CronJob", "nightly")
    assert story.newest.workload.uid == "uid-cron"
    assert (story.newest.kind, story.newest.runs_failed) == (RolloutKind.RUN, 1)
    assert story.newest.started_at == at(2 * HOUR)
    assert story.newest.owner is None


def test_runs_that_succeed_are_silent() -> None:
    story = told(passing(1), passing(2))

    assert story.rollouts == {}


def test_further_failures_count_up_in_the_same_rollout_and_begin_nothing() -> None:
    story = told(*(failing(hour) for hour in range(2, 39)))

    assert story.told == ["started", "failed"]
    assert story.newest.runs_failed == 37
    assert story.newest.version == 37
    assert story.newest.started_at == at(2 * HOUR)
    assert story.newest.failed_at == at(2 * HOUR + 60)


def test_the_newest_cause_is_the_one_that_is_told() -> None:
    late = run(3, ended("Failed", "DeadlineExceeded", 3 * HOUR + 9), begin=3 * HOUR, end=3 * HOUR + 9)
    story = told(failing(2), late.newest)

    assert story.newest.failed_by == "DeadlineExceeded"


def test_a_success_ends_the_streak_as_its_recovery() -> None:
    story = told(failing(2), failing(3), passing(4), passing(5))

    assert story.told == ["started", "failed", "recovered"]
    assert story.newest.finished_at == at(4 * HOUR + 60)
    assert story.newest.diagnosis is not None


def test_another_streak_is_another_rollout() -> None:
    story = told(failing(2), passing(3), failing(4))

    assert story.states == ["recovered", "failed"]
    assert story.newest.runs_failed == 1


def test_a_run_that_ended_before_the_streaks_last_word_changes_nothing() -> None:
    story = told(failing(2), passing(4), failing(3))

    assert story.states == ["recovered"]


def test_a_run_that_is_open_still_changes_nothing() -> None:
    assert told(replace(failing(2), state=run(2, begin=1, end=2).newest.state)).rollouts == {}


def test_a_run_that_was_cancelled_neither_fails_nor_mends() -> None:
    assert told(cancelled(1)).rollouts == {}
    assert told(failing(2), cancelled(3)).states == ["failed"]
    assert told(failing(2), cancelled(3), successes=True).states == ["failed"]


@pytest.mark.parametrize(("outcome", "state"), [(passing(1), "succeeded"), (cancelled(1), "cancelled")])
def test_other_outcomes_are_told_where_people_ask_for_them(outcome: Rollout, state: str) -> None:
    assert told(outcome, successes=True).states == [state]


def test_asked_for_a_success_recovers_a_streak_and_is_no_rollout_of_its_own() -> None:
    story = told(failing(2), passing(3), passing(4), successes=True)

    assert story.states == ["recovered", "succeeded"]


def test_the_same_runs_give_the_same_ids_on_every_replica() -> None:
    assert told(failing(2)).newest.id == told(failing(2), failing(3)).newest.id


def test_a_job_of_nobody_is_refused() -> None:
    word: Condition = ended("Failed", "BackoffLimitExceeded", 60)
    orphan = replace(run(1, word, begin=0, end=61).newest, owner=None)

    assert cronjob.workload_of(orphan) is None
    with pytest.raises(ValueError, match="belongs to no CronJob"):
        told(orphan)
