"""What Shipbell says of a Job, told as stories of observations."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell.domain import Condition, JobStatus, Policy, RolloutKind, State
from shipbell.domain.stepping import Setting, step
from tests.domain.deployments import Story, at, pod
from tests.domain.jobs import COMPLETE, EXHAUSTED, MIGRATE, NIGHTLY, ended, seen, started, status


def test_a_job_is_told_like_a_rollout_that_reads_nothing_along() -> None:
    story = started()

    assert story.states == ["started"]
    assert story.newest.kind is RolloutKind.RUN
    assert story.newest.started_at == at(1)
    assert story.newest.images[0].new == "reg.example/shop/migrate:7"


def test_complete_is_success_at_its_completion_time() -> None:
    done = status(active=0, succeeded=1, finished_at=at(29))
    story = started().sees(seen(5, ready=1), seen(30.5, COMPLETE, job=done))

    assert story.told == ["started", "progressed", "succeeded"]
    assert story.newest.finished_at == at(29)
    assert not story.newest.finished_approximate


def test_found_late_it_still_has_its_true_times() -> None:
    done = status(active=0, succeeded=1, finished_at=at(29))
    story = Story().sees(seen(500, COMPLETE, job=done), continuous=False)

    assert story.states == ["succeeded"]
    assert (story.newest.started_at, story.newest.finished_at) == (at(1), at(29))
    assert not story.newest.finished_approximate


@pytest.mark.parametrize(
    ("reason", "fields", "cause"),
    [
        ("BackoffLimitExceeded", {"failed": 3}, "tried 3 of 3 times"),
        ("BackoffLimitExceeded", {"failed": 1, "backoff_limit": 0}, "tried 1 of 1 times"),
        ("BackoffLimitExceeded", {"failed": 1}, "failed more often than its backoff limit of 2 allows"),
        ("BackoffLimitExceeded", {"failed": 5}, "failed more often than its backoff limit of 2 allows"),
        ("DeadlineExceeded", {"active_deadline": timedelta(seconds=90)}, "ran longer than 1 min 30 s"),
        ("PodFailurePolicy", {}, "its pod failure policy ended it"),
        ("FailedIndexes", {"failed_indexes": "1,3-5"}, "failed indexes: 1,3-5"),
        ("MaxFailedIndexesExceeded", {"failed_indexes": "0,2"}, "too many failed indexes: 0,2"),
        ("SomethingNew", {}, "the controller's words"),
    ],
)
def test_failed_is_the_controllers_word_with_its_reason(
    reason: str, fields: dict[str, object], cause: str
) -> None:
    word = ended("Failed", reason, message="the controller's words")
    story = started().sees(seen(31, word, job=status(active=0, **fields)))

    told = story.newest.diagnosis
    assert story.states == ["failed"]
    assert story.newest.failed_by == reason
    assert told is not None
    assert (told.cause, told.words) == (cause, "the controller's words")
    assert story.newest.finished_at == story.newest.failed_at == at(30)


@pytest.mark.parametrize("announced", ["SuccessCriteriaMet", "FailureTarget", "Suspended", "Other"])
def test_an_ending_that_is_announced_is_not_the_end_yet(announced: str) -> None:
    story = started().sees(seen(30, ended(announced)))

    assert story.states == ["started"]


@pytest.mark.parametrize("type_", ["Complete", "Failed"])
def test_a_condition_that_is_not_true_ends_nothing(type_: str) -> None:
    story = started().sees(seen(30, Condition(type=type_, status="False")))

    assert story.states == ["started"]


def test_pods_that_succeeded_are_no_success_before_the_controller_says_so() -> None:
    story = started().sees(seen(30, job=status(active=0, succeeded=1)))

    assert story.states == ["started"]


def test_what_to_do_next_is_to_read_its_log() -> None:
    story = started().sees(seen(30, EXHAUSTED))

    assert story.newest.diagnosis is not None
    assert story.newest.diagnosis.next_step == "kubectl -n shop logs job/migrate"


def test_a_suspended_job_is_paused_and_begins_with_its_first_pod() -> None:
    waiting = status(started_at=None, active=0)
    story = Story().sees(seen(0.1, job=waiting, paused=True), seen(500, job=waiting, paused=True))
    assert story.states == ["paused"]

    story.sees(seen(900, job=status(started_at=at(899))))

    assert story.states == ["progressing"]
    assert story.newest.started_at == at(899)


def test_suspended_in_the_middle_it_waits_and_goes_on() -> None:
    story = started().sees(
        seen(10, job=status(active=0), paused=True),
        seen(900, job=status(started_at=at(899))),
        seen(950, ended("Complete", when=949)),
    )

    assert story.told == ["started", "paused", "progressed", "succeeded"]
    assert story.newest.started_at == at(1)


def test_suspended_and_removed_is_cancelled() -> None:
    waiting = status(started_at=None, active=0)
    story = Story().sees(
        seen(0.1, job=waiting, paused=True), seen(60, job=waiting, paused=True, deleted=True)
    )

    assert story.states == ["cancelled"]


def test_deleted_while_it_runs_is_cancelled() -> None:
    assert started().sees(seen(9, deleted=True)).states == ["cancelled"]


@pytest.mark.parametrize(("word", "state"), [(COMPLETE, "succeeded"), (EXHAUSTED, "failed")])
def test_what_its_time_to_live_removes_is_judged_by_its_last_words(word: Condition, state: str) -> None:
    assert started().sees(seen(31, word, deleted=True)).states == [state]


def test_finished_at_first_sight_is_old_news() -> None:
    assert Story().baseline(seen(40, COMPLETE)).rollouts == {}
    assert Story().baseline(seen(40, EXHAUSTED)).rollouts == {}


def test_active_at_first_sight_is_in_flight() -> None:
    story = Story().baseline(seen(40)).sees(seen(50, ended("Complete", when=50)))

    assert story.states == ["succeeded"]


def test_suspended_at_first_sight_is_told_when_it_is_resumed() -> None:
    waiting = status(started_at=None, active=0)
    story = Story().baseline(seen(40, job=waiting, paused=True))
    assert story.rollouts == {}

    story.sees(seen(50, job=status(started_at=at(49))))

    assert story.states == ["started"]


def test_a_job_whose_pod_runs_for_hours_is_not_stalled() -> None:
    story = started().sees(seen(5, ready=1)).waits_until(700).waits_until(9000)

    assert story.states == ["progressing"]


def test_a_job_whose_pod_is_no_longer_ready_stalls_only_after_its_time() -> None:
    running = replace(pod("x", ""), hash=MIGRATE.uid, ready=True)
    story = started().sees_pods(3, running).sees_pods(9000, replace(running, ready=False))
    story.waits_until(9001).waits_until(9599)
    assert story.states == ["progressing"]

    story.waits_until(9601)

    assert story.states == ["stalled"]


def test_a_job_of_which_no_pod_runs_stalls_once() -> None:
    story = started().waits_until(602).waits_until(9000)

    assert story.told == ["started", "stalled"]


def test_with_a_deadline_of_its_own_the_controller_decides() -> None:
    limited = status(active_deadline=timedelta(hours=2))
    story = Story().sees(seen(1, job=limited)).waits_until(9000)
    assert story.states == ["started"]

    story.sees(seen(9001, ended("Failed", "DeadlineExceeded", when=7201), job=limited))

    assert story.states == ["failed"]
    assert story.newest.finished_at == at(7201)


def test_a_try_that_failed_is_a_sign_of_life() -> None:
    story = started().sees(seen(500, job=status(failed=1))).waits_until(1000)
    assert story.states == ["started"]

    story.waits_until(1101)

    assert story.states == ["stalled"]


def test_a_parallelism_of_zero_is_paused() -> None:
    story = started().sees(seen(10, job=status(parallelism=0, active=0)))

    assert story.states == ["paused"]


def test_a_failed_job_does_not_recover() -> None:
    story = started().sees(seen(31, EXHAUSTED), seen(40, EXHAUSTED, ready=1), seen(50, EXHAUSTED))

    assert story.told == ["started", "failed"]


def test_a_job_of_the_same_name_is_not_said_to_be_re_created() -> None:
    story = Story().sees(seen(1), recreated=True)

    assert not story.newest.recreated


def test_its_pods_are_known_by_its_uid() -> None:
    own = replace(pod("x", ""), hash=MIGRATE.uid, ready=True)
    story = started().sees_pods(3, own)

    assert (story.newest.new_ready, story.newest.old_serving) == (1, 0)


def test_the_owner_is_kept_where_it_is_a_cronjob() -> None:
    theirs = replace(NIGHTLY, kind="Workflow")

    assert Story().sees(seen(1, owner=NIGHTLY)).newest.owner == NIGHTLY
    assert Story().sees(seen(1, owner=theirs)).newest.owner is None


def test_its_counts_are_kept_as_last_seen() -> None:
    now = JobStatus(completions=5, succeeded=2, failed=1, started_at=at(1))

    assert started().sees(seen(9, job=now)).newest.job == now


def test_the_next_job_of_that_name_mends_the_failure_of_the_one_before() -> None:
    failed = started().sees(seen(31, EXHAUSTED))
    assert failed.memory is not None
    again = seen(90, COMPLETE, workload=replace(MIGRATE, uid="another"), created_at=at(80))

    setting = Setting(
        now=at(90), policy=Policy(), recreated=True, unfixed_failure=failed.memory.unfixed_failure
    )
    begun = step(None, again, setting).rollouts[-1]

    assert begun.state is State.SUCCEEDED
    assert begun.fixes_failure_of == at(30)
