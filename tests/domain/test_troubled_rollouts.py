"""Rollouts that do not go well: what is said of them, when, and what must not be said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell.domain import Condition, PodTrouble, Policy, State
from tests.domain.deployments import A, B, Story, at, condition, pod, refused, running, seen, upgrading

STUCK = (1, 3, 2, 2)
CRASH = PodTrouble(reason="CrashLoopBackOff", container="web", exit_code=1, restarts=3)
NOT_FOUND = PodTrouble(reason="ErrImagePull", message="web:bbb: not found", container="web", image="web:bbb")


def crashing() -> Story:
    """Revision 2 with one of its two pods in a crash loop, and that said."""
    story = upgrading().sees(seen(6, gen=(2, 2), rev=2, counts=STUCK))
    return story.sees_pods(7, pod("1", "bbb", trouble=CRASH), pod("2", "bbb", ready=True))


@pytest.mark.parametrize(
    ("trouble", "patience"),
    [
        (NOT_FOUND, 20),
        (replace(NOT_FOUND, reason="ImagePullBackOff"), 0),
        (PodTrouble(reason="CreateContainerConfigError", container="web"), 60),
        (PodTrouble(reason="CreateContainerError", container="web"), 60),
        (PodTrouble(reason="Unschedulable", message="0/3 nodes are available"), 300),
        (replace(CRASH, restarts=2), 0),
        (replace(CRASH, restarts=2, init=True), 0),
        (replace(CRASH, reason="OOMKilled", restarts=2), 0),
    ],
    ids=lambda value: getattr(value, "reason", ""),
)
def test_a_cause_is_said_when_its_patience_ends_and_not_before(trouble: PodTrouble, patience: int) -> None:
    story = upgrading().sees_pods(10, pod("1", "bbb", trouble=trouble))
    if patience:
        story.waits_until(10 + patience - 1)
        assert "failing" not in story.told

    story.waits_until(10 + patience)

    assert story.states == ["failing"]


@pytest.mark.parametrize(
    "trouble",
    [replace(CRASH, restarts=1), PodTrouble(reason="SchedulingGated")],
    ids=["a first crash", "a gate"],
)
def test_what_often_heals_is_never_said_by_itself(trouble: PodTrouble) -> None:
    story = upgrading().sees_pods(10, pod("1", "bbb", trouble=trouble)).waits_until(500)

    assert story.newest.state.open
    assert "failing" not in story.told


def test_pods_of_an_older_revision_fail_nothing() -> None:
    story = upgrading().sees_pods(10, pod("1", "aaa", trouble=CRASH)).waits_until(500)

    assert "failing" not in story.told


def test_the_cause_that_is_told_is_one_that_is_known() -> None:
    gated = PodTrouble(reason="SchedulingGated")
    story = upgrading().sees_pods(
        10, pod("1", "bbb", trouble=gated), pod("2", "bbb", trouble=gated), pod("3", "bbb", trouble=CRASH)
    )

    assert story.states == ["failing"]


def test_a_back_off_without_a_reason_keeps_the_reason_of_the_try_before() -> None:
    backing_off = replace(NOT_FOUND, reason="ImagePullBackOff", message='Back-off pulling image "web:bbb"')
    story = upgrading().sees_pods(10, pod("1", "bbb", trouble=NOT_FOUND))
    story.sees_pods(12, pod("1", "bbb", trouble=backing_off))

    assert story.states == ["failing"]
    assert story.newest.diagnosis is not None
    assert story.newest.diagnosis.certain
    assert story.newest.diagnosis.cause.startswith("Image not found: web:bbb")


def test_a_refusal_is_still_said_after_a_look_at_pods_that_are_not_there() -> None:
    story = upgrading().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), conditions=(refused("bbb", 6),)))
    story.sees_pods(7, pod("1", "aaa", ready=True), pod("2", "aaa", ready=True))

    story.waits_until(26)

    assert story.states == ["failing"]
    assert story.newest.diagnosis is not None
    assert story.newest.diagnosis.reason == "FailedCreate"


def test_a_cause_in_the_pods_goes_before_a_refusal_and_they_do_not_take_turns() -> None:
    halved = seen(6, gen=(2, 2), rev=2, counts=STUCK, conditions=(refused("bbb", 6),))
    looks = (pod("1", "bbb", trouble=CRASH), pod("1", "aaa", ready=True), pod("2", "aaa", ready=True))
    story = upgrading().sees(halved).sees_pods(7, *looks)
    version = story.newest.version

    story.sees(replace(halved, resource_version=5000)).sees_pods(8, *looks)

    assert story.newest.version == version
    assert story.newest.diagnosis is not None
    assert story.newest.diagnosis.reason == "CrashLoopBackOff"


def test_a_first_crash_does_not_hide_a_refusal() -> None:
    halved = seen(6, gen=(2, 2), rev=2, counts=STUCK, conditions=(refused("bbb", 6),))
    story = upgrading().sees(halved).sees_pods(7, pod("1", "bbb", trouble=replace(CRASH, restarts=1)))

    story.waits_until(26)

    assert story.states == ["failing"]


@pytest.mark.parametrize(
    ("message", "is_ours"),
    [
        ('admission webhook "policy.example" denied the request: no limits set', True),
        ('pods "web-aaa-x7k2p" is forbidden: exceeded quota: small', False),
        ('Pod "web-aaa-x7k2p" is invalid: spec.containers', False),
    ],
)
def test_a_refusal_is_ours_unless_it_names_another_revisions_pod(message: str, is_ours: bool) -> None:
    refusal = replace(refused("bbb", 6), message=message)
    story = upgrading().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), conditions=(refusal,)))

    story.waits_until(26)

    assert (story.states == ["failing"]) is is_ours


def test_a_crash_loop_that_runs_between_its_crashes_stays_failing() -> None:
    story = crashing()
    for lap in range(3):
        story.sees_pods(20 + 20 * lap, pod("1", "bbb", ready=True), pod("2", "bbb", ready=True))
        story.waits_until(29 + 20 * lap)
        story.sees_pods(30 + 20 * lap, pod("1", "bbb", trouble=CRASH), pod("2", "bbb", ready=True))

    assert story.told == ["started", "failing"]


def test_pods_that_do_well_for_a_while_have_healed_it() -> None:
    healthy = (pod("1", "bbb", ready=True), pod("2", "bbb", ready=True))
    story = crashing().sees_pods(20, *healthy)
    assert story.newest.wake_at == at(50)

    story.sees_pods(50, *healthy)

    assert story.told == ["started", "failing", "healed"]
    assert story.newest.diagnosis is None


def test_a_container_that_runs_for_a_moment_without_being_ready_has_not_healed() -> None:
    story = crashing()
    for when in (20, 60, 100):
        story.sees_pods(when, pod("1", "bbb"), pod("2", "bbb", ready=True))

    assert story.states == ["failing"]


def test_success_needs_no_calm() -> None:
    story = crashing().sees(seen(8, gen=(2, 2), rev=2))

    assert story.told == ["started", "failing", "succeeded"]


def test_the_workload_alone_does_not_blame_pods_that_were_seen_long_ago() -> None:
    story = upgrading().sees_pods(10, pod("1", "bbb", trouble=NOT_FOUND))
    story.sees(seen(40, gen=(2, 2), rev=2, counts=STUCK))
    assert "failing" not in story.told

    story.sees_pods(41, pod("1", "bbb"))
    story.waits_until(42)

    assert "failing" not in story.told


def test_failed_by_the_clock_is_explained_by_the_pods() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 605, status="False")
    story = crashing().sees(seen(606, gen=(2, 2), rev=2, counts=STUCK, conditions=(late,)))

    assert story.states == ["failed"]
    assert story.newest.diagnosis is not None
    assert story.newest.diagnosis.cause.startswith("Container web exits 1")
    assert story.newest.diagnosis.words == late.message


def test_after_an_outage_the_cluster_gets_time_to_catch_up_before_our_clock_counts() -> None:
    hours = seen(3600, gen=(2, 2), rev=2, counts=(0, 2, 2, 2))
    story = upgrading().sees(hours, continuous=False).waits_until(3601)
    assert story.newest.state.open
    assert story.newest.wake_at == at(3660)

    story.sees(seen(3610, gen=(2, 2), rev=2))

    assert story.told == ["started", "succeeded"]


def test_what_does_not_move_after_an_outage_failed_when_its_time_had_run_out() -> None:
    hours = seen(3600, gen=(2, 2), rev=2, counts=(0, 2, 2, 2))
    story = upgrading().sees(hours, continuous=False).waits_until(3659)
    assert story.newest.state.open

    story.waits_until(3660)

    assert story.states == ["failed"]
    assert story.newest.failed_at is not None
    assert at(600) < story.newest.failed_at < at(620)


def test_the_controllers_own_word_is_believed_at_once_even_after_an_outage() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 605, status="False")
    hours = seen(3600, gen=(2, 2), rev=2, counts=STUCK, conditions=(late,))
    story = upgrading().sees(hours, continuous=False)

    assert story.states == ["failed"]
    assert story.newest.failed_at == at(605)


def test_stalled_with_a_ready_pod_is_said_once_and_goes_on_when_it_moves() -> None:
    patient = Policy(stall_after=timedelta(seconds=30))
    story = Story(policy=patient).baseline(seen(0, rs=(A,)))
    story.sees(seen(5.2, gen=(2, 2), rev=2, counts=STUCK, rs=(A, B), deadline=None))
    looks = (pod("1", "bbb", ready=True), pod("2", "bbb"))
    story.sees_pods(6, *looks).waits_until(40)
    for when in (50, 60):
        story.sees_pods(when, *looks).waits_until(when + 1)
    assert story.told == ["started", "progressed", "stalled"]

    story.sees(seen(70, gen=(2, 2), rev=2, counts=(2, 3, 3, 3), deadline=None))

    assert story.told[-1] == "progressed"


def test_without_a_deadline_failing_does_not_become_stalled() -> None:
    patient = Policy(stall_after=timedelta(seconds=30))
    story = Story(policy=patient).baseline(seen(0, rs=(A,)))
    story.sees(seen(5.2, gen=(2, 2), rev=2, counts=STUCK, rs=(A, B), deadline=None))
    story.sees_pods(6, pod("1", "bbb", trouble=CRASH)).waits_until(40).waits_until(70)

    assert story.told == ["started", "failing"]
    assert story.newest.wake_at is None


def test_the_end_of_a_rollout_that_was_at_zero_is_not_the_moment_it_came_to_zero() -> None:
    said = (condition("NewReplicaSetAvailable", "bbb", 7),)
    story = upgrading().sees(
        seen(7, gen=(3, 3), rev=2, wanted=0, counts=(0, 0, 0, 0), conditions=said),
        seen(900, gen=(4, 4), rev=2, counts=(0, 0, 0, 0), conditions=said),
        seen(905, gen=(4, 4), rev=2, conditions=said),
    )

    assert story.told == ["started", "paused", "progressed", "succeeded"]
    assert story.newest.finished_at == at(905)


def test_an_edit_back_while_paused_is_no_success_of_the_paused_revision() -> None:
    story = running().sees(
        seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B), template=B.template),
        seen(6, gen=(3, 3), rev=2, paused=True, counts=(2, 2, 2, 2), template=A.template),
    )

    assert story.states == ["paused"]


def test_what_completes_while_paused_has_succeeded() -> None:
    story = running().sees(
        seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B), template=B.template),
        seen(6, gen=(3, 3), rev=2, paused=True, counts=STUCK, template=B.template),
        seen(7, gen=(3, 3), rev=2, paused=True, template=B.template),
    )

    assert story.told == ["started", "paused", "succeeded"]


def test_a_failed_rollout_that_is_scaled_to_zero_or_edited_while_paused_stays_failed() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 20, status="False")
    story = upgrading().sees(
        seen(20, gen=(2, 2), rev=2, counts=STUCK, conditions=(late,)),
        seen(30, gen=(3, 3), rev=2, wanted=0, counts=(0, 0, 0, 0)),
        seen(40, gen=(4, 4), rev=2, paused=True, template=A.template),
    )

    assert story.states == ["failed"]


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILING, State.FAILED])
def test_a_deletion_cancels_what_is_open_whatever_its_state(state: State) -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 9, status="False")
    words: dict[State, tuple[Condition, ...]] = {State.FAILED: (late,)}
    story = crashing().sees(
        seen(
            9, gen=(2, 2), rev=2, counts=STUCK, paused=state is State.PAUSED, conditions=words.get(state, ())
        )
    )
    assert story.newest.state is state

    story.sees(seen(10, gen=(2, 2), rev=2, counts=STUCK, deleted=True))

    assert story.states == ["failed" if state is State.FAILED else "cancelled"]


def test_superseded_while_paused_is_superseded() -> None:
    story = upgrading().sees(seen(6, gen=(3, 3), rev=2, paused=True, counts=STUCK))
    other = replace(B, number=3, hash="ccc", name="web-ccc", uid="rs-ccc", created_at=at(30))

    story.sees(seen(30.1, gen=(5, 5), rev=3, counts=(0, 3, 2, 2), rs=(A, B, other)))

    assert story.states == ["superseded", "started"]
