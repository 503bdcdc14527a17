"""What Shipbell says of a StatefulSet, told as stories of observations."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell.domain import Observation, Policy, RolloutKind, rules
from tests.domain.deployments import Story, at, pod
from tests.domain.statefulsets import BOTH, A, B, C, revision, running, seen, upgrading


def test_what_is_whole_at_first_sight_is_old_news() -> None:
    story = running()

    assert story.rollouts == {}
    assert story.last is not None
    assert not story.last.needs_revisions


def test_in_flight_at_first_sight_is_told_with_its_old_image() -> None:
    story = Story().baseline(seen(0, gen=(2, 2), update="bbb", counts=(1, 3, 3, 3), rs=BOTH))

    assert story.states == ["started"]
    assert story.newest.images[0].old == A.template.containers[0].image
    assert story.newest.kind is RolloutKind.NEW_VERSION


def test_a_new_one_is_a_first_rollout_until_its_last_pod_is_available() -> None:
    story = Story().sees(
        seen(0, gen=(1, 0), update="", current="", counts=(0, 0, 0, 0), created_at=at(0)),
        seen(1, counts=(1, 1, 0, 0), created_at=at(0), rs=(replace(A, created_at=at(1)),)),
        seen(2, counts=(3, 3, 3, 2), created_at=at(0)),
    )
    assert story.states == ["progressing"]

    story.sees(seen(3, created_at=at(0)))

    assert story.states == ["succeeded"]
    assert story.newest.kind is RolloutKind.FIRST
    assert story.newest.started_at == at(1)


def test_a_new_revision_starts_once_and_succeeds_when_it_is_the_current_one() -> None:
    story = upgrading().sees(
        seen(7, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2)),
        seen(8, gen=(2, 2), update="bbb", counts=(2, 3, 3, 3)),
        seen(9, gen=(2, 2), update="bbb", counts=(3, 3, 3, 3)),
    )
    assert story.states == ["progressing"]

    story.sees(seen(10, gen=(2, 2), update="bbb", current="bbb"))

    assert story.told == ["started", "progressed", "succeeded"]
    assert story.newest.unseen is None
    assert story.newest.started_at == at(5)
    assert story.newest.finished_at == at(10)


def test_its_revisions_are_asked_for_when_the_name_is_another() -> None:
    story = running().sees(seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3)))

    assert story.last is not None
    assert story.last.needs_revisions
    assert story.rollouts == {}


def test_nothing_is_believed_before_its_controller_has_caught_up() -> None:
    story = running().sees(seen(6, gen=(2, 1), update="bbb", counts=(0, 3, 3, 3), rs=BOTH))

    assert story.rollouts == {}


def test_a_scale_is_no_rollout_and_is_asked_about_once() -> None:
    story = running().sees(seen(6, gen=(2, 2), wanted=5, counts=(3, 3, 3, 3)))
    assert story.last is not None
    assert story.last.needs_revisions

    story.sees(seen(6, gen=(2, 2), wanted=5, rs=(A,)), seen(7, gen=(2, 2), wanted=5, counts=(4, 4, 3, 3)))

    assert story.rollouts == {}
    assert not story.last.needs_revisions


def test_back_to_the_revision_before_is_a_rollback_although_its_name_returns() -> None:
    undone = replace(A, number=3)
    story = upgrading().sees(
        seen(8, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2)),
        seen(9, gen=(3, 3), counts=(2, 3, 2, 2), rs=(undone, B)),
        seen(10, gen=(3, 3), counts=(3, 3, 3, 3)),
    )

    assert story.states == ["rolled_back", "succeeded"]
    assert story.newest.kind is RolloutKind.ROLLBACK
    assert (story.newest.rollback_to, story.newest.rollback_of) == (1, A.created_at)
    assert story.newest.started_at == at(9)


def test_a_rollback_is_known_although_both_revisions_were_made_in_the_same_second() -> None:
    undone = replace(A, number=3, created_at=B.created_at)
    story = upgrading().sees(
        seen(8, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2)),
        seen(9, gen=(3, 3), counts=(2, 3, 2, 2), rs=(undone, B)),
    )

    assert story.newest.kind is RolloutKind.ROLLBACK


def test_there_and_back_again_unseen_is_a_rollout_of_the_higher_number() -> None:
    known = running().sees(seen(1, gen=(2, 2), rs=(A,)))

    known.sees(seen(60, gen=(4, 4), rs=(replace(A, number=3), B)), continuous=False)

    assert known.states == ["succeeded"]
    assert known.newest.unseen == (2, 2)
    assert known.newest.finished_approximate


def test_on_the_way_back_it_is_not_done_because_both_revisions_are_the_same() -> None:
    undone = replace(A, number=3)
    story = upgrading().sees(seen(9, gen=(3, 3), counts=(1, 3, 3, 3), rs=(undone, B)))

    assert story.states == ["rolled_back", "started"]


def test_which_number_a_rollback_goes_to_is_unsaid_where_it_cannot_be_told() -> None:
    twice = (replace(A, number=3), replace(B, number=4))
    story = (
        Story()
        .baseline(seen(0, rs=(A,)))
        .sees(
            seen(
                60, gen=(4, 4), update="bbb", counts=(0, 3, 3, 3), rs=(*twice, revision(2, "old", created=90))
            )
        )
    )

    assert story.newest.kind is RolloutKind.ROLLBACK
    assert story.newest.rollback_to == 1

    unsure = (
        Story()
        .baseline(seen(0))
        .sees(
            seen(
                60,
                gen=(4, 4),
                update="bbb",
                counts=(0, 3, 3, 3),
                rs=(replace(A, number=9), replace(C, number=2), replace(B, number=10)),
            )
        )
    )
    assert unsure.newest.kind is RolloutKind.ROLLBACK
    assert unsure.newest.rollback_to is None


def test_a_newer_revision_supersedes_the_one_that_had_not_finished() -> None:
    story = upgrading().sees(seen(51, gen=(3, 3), update="ccc", counts=(0, 3, 3, 3), rs=(A, B, C)))

    assert story.states == ["superseded", "started"]
    assert story.rollouts[story.newest.id].images[0].old == B.template.containers[0].image


def test_with_a_partition_it_has_succeeded_when_the_pods_above_it_have_the_revision() -> None:
    story = upgrading(partition=2).sees(
        seen(7, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2), partition=2),
        seen(8, gen=(2, 2), update="bbb", counts=(1, 3, 3, 3), partition=2),
    )

    assert story.told == ["started", "succeeded"]
    assert story.newest.old_serving == 2


def test_a_partition_that_is_lowered_after_success_is_a_further_rollout_of_the_revision() -> None:
    story = upgrading(partition=2).sees(
        seen(8, gen=(2, 2), update="bbb", counts=(1, 3, 3, 3), partition=2),
        seen(60, gen=(3, 3), update="bbb", counts=(1, 3, 3, 3), rs=BOTH),
        seen(70, gen=(3, 3), update="bbb", current="bbb"),
    )

    assert story.states == ["succeeded", "succeeded"]
    assert len({rollout.id for rollout in story.rollouts.values()}) == 2
    assert {rollout.identity.number for rollout in story.rollouts.values()} == {2}
    assert story.newest.started_at == at(60)
    assert story.newest.images[0].old == A.template.containers[0].image


def test_a_partition_that_is_lowered_in_the_middle_belongs_to_the_same_rollout() -> None:
    story = upgrading(partition=2).sees(
        seen(8, gen=(3, 3), update="bbb", counts=(0, 3, 3, 3), rs=BOTH),
        seen(9, gen=(3, 3), update="bbb", counts=(1, 3, 3, 3)),
    )
    assert story.states == ["started"]

    story.sees(seen(10, gen=(3, 3), update="bbb", current="bbb"))

    assert story.states == ["succeeded"]


def test_a_partition_that_goes_up_and_down_again_over_updated_pods_is_silent() -> None:
    story = upgrading().sees(
        seen(8, gen=(2, 2), update="bbb", current="bbb"),
        seen(20, gen=(3, 3), update="bbb", current="bbb", partition=3, rs=BOTH),
        seen(30, gen=(4, 4), update="bbb", current="bbb", partition=0, rs=BOTH),
    )

    assert story.states == ["succeeded"]


def test_a_staged_revision_begins_when_the_partition_lets_it_on() -> None:
    story = running().sees(
        seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), partition=3, rs=BOTH),
        seen(20, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), partition=3),
    )
    assert story.rollouts == {}

    story.sees(
        seen(60, gen=(3, 3), update="bbb", counts=(0, 3, 3, 3), rs=BOTH),
        seen(70, gen=(3, 3), update="bbb", current="bbb"),
    )

    assert story.states == ["succeeded"]
    assert story.newest.kind is RolloutKind.NEW_VERSION


def test_on_delete_is_stalled_once_until_all_pods_were_deleted() -> None:
    left = {"update": "bbb", "strategy": "OnDelete", "gen": (2, 2)}
    story = upgrading(strategy="OnDelete").sees(
        seen(700, counts=(0, 3, 3, 3), **left),  # type: ignore[arg-type]  # only true fields
        seen(800, counts=(1, 3, 2, 2), **left),  # type: ignore[arg-type]  # only true fields
    )
    assert story.states == ["stalled"]
    assert story.newest.on_delete

    story.sees(seen(900, counts=(3, 3, 3, 3), **left))  # type: ignore[arg-type]  # only true fields

    assert story.told == ["started", "stalled", "succeeded"]


def test_on_delete_waits_for_nobody_once_all_pods_were_deleted() -> None:
    story = upgrading(strategy="OnDelete")
    story.sees(seen(700, gen=(2, 2), update="bbb", counts=(3, 3, 2, 2), strategy="OnDelete")).waits_until(
        1200
    )
    assert story.told == ["started", "stalled", "progressed"]

    story.waits_until(1301)

    assert story.states == ["stalled"]


def test_on_delete_that_waits_at_first_sight_is_old_news() -> None:
    story = running(gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), strategy="OnDelete")

    assert story.rollouts == {}


def test_without_progress_it_stalls_once_and_goes_on_when_it_moves() -> None:
    story = upgrading().sees(seen(10, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2)))
    story.waits_until(609).waits_until(611).waits_until(1300)
    assert story.states == ["stalled"]

    story.sees(
        seen(1400, gen=(2, 2), update="bbb", counts=(2, 3, 3, 3)),
        seen(1401, gen=(2, 2), update="bbb", current="bbb"),
    )

    assert story.told == ["started", "stalled", "progressed", "succeeded"]


def test_how_long_it_may_stand_still_is_for_people_to_choose() -> None:
    story = Story(policy=Policy(stall_after=timedelta(minutes=1))).baseline(seen(0))
    story.sees(seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), rs=BOTH)).waits_until(67)

    assert story.states == ["stalled"]


def test_scaled_to_zero_before_success_is_paused_until_replicas_return() -> None:
    story = upgrading().sees(
        seen(8, gen=(3, 3), update="bbb", current="bbb", wanted=0, counts=(0, 0, 0, 0), rs=BOTH)
    )
    assert story.states == ["paused"]
    assert story.newest.scaled_to_zero

    story.sees(seen(9, gen=(4, 4), update="bbb", current="bbb", rs=BOTH))

    assert story.states == ["succeeded"]


def test_zero_replicas_from_the_start_succeed() -> None:
    empty = {"wanted": 0, "counts": (0, 0, 0, 0)}
    story = running(**empty).sees(
        seen(6, gen=(2, 2), update="bbb", current="bbb", rs=BOTH, **empty)  # type: ignore[arg-type]  # only true fields
    )

    assert story.states == ["succeeded"]


def test_deleted_in_the_middle_is_cancelled_and_never_comes_back() -> None:
    gone = seen(8, gen=(2, 2), update="bbb", counts=(1, 3, 2, 2), deleted=True)
    story = upgrading().sees(gone, seen(9, gen=(2, 2), update="bbb", current="bbb"))

    assert story.states == ["cancelled"]


def test_a_re_creation_that_adopts_running_pods_is_silent() -> None:
    story = Story().sees(seen(6, rs=(A,), created_at=at(5)), recreated=True)

    assert story.rollouts == {}


def test_a_restart_is_told_as_such() -> None:
    restarted = replace(A.template, annotations={"kubectl.kubernetes.io/restartedAt": "2026-01-31T12:00:05Z"})
    again = replace(B, template=restarted)
    story = running().sees(seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), rs=(A, again)))

    assert story.newest.kind is RolloutKind.RESTART


def test_the_same_tag_with_another_image_behind_it_is_told_by_its_pods() -> None:
    restarted = replace(A.template, annotations={"kubectl.kubernetes.io/restartedAt": "2026-01-31T12:00:05Z"})
    old = replace(pod("0", "aaa", ready=True), hash="db-aaa", image_ids={"web": "db@sha256:1"})
    new = replace(pod("1", "bbb"), hash="db-bbb")
    story = running().sees(
        seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), rs=(A, replace(B, template=restarted)))
    )
    story.sees_pods(7, old, new)
    assert [rollout.kind for rollout in story.rollouts.values()] == [RolloutKind.RESTART]

    story.sees_pods(8, old, replace(new, image_ids={"web": "db@sha256:2"}))

    assert [rollout.kind for rollout in story.rollouts.values()] == [RolloutKind.NEW_DIGEST]


def test_pods_are_its_own_by_the_revisions_whole_name() -> None:
    story = upgrading().sees_pods(
        7, replace(pod("0", ""), hash="db-aaa", ready=True), replace(pod("2", ""), hash="db-bbb", ready=True)
    )

    assert (story.newest.new_ready, story.newest.old_serving) == (1, 1)
    assert story.states == ["progressing"]


ROLLING = {"update": "bbb", "current": "aaa"}
DONE = {"update": "bbb", "current": "bbb"}
PART = {**ROLLING, "partition": 2}
BY_HAND = {**ROLLING, "strategy": "OnDelete"}


@pytest.mark.parametrize(
    ("fields", "wanted", "counts", "complete"),
    [
        (DONE, 3, (3, 3, 3, 3), True),
        (DONE, 3, (3, 3, 2, 2), False),
        (DONE, 3, (3, 3, 3, 2), False),
        (DONE, 3, (2, 3, 3, 3), False),
        (ROLLING, 3, (3, 3, 3, 3), False),
        (ROLLING, 3, (0, 3, 3, 3), False),
        (PART, 3, (1, 3, 3, 3), True),
        (PART, 3, (0, 3, 3, 3), False),
        (PART, 3, (1, 3, 2, 2), False),
        (PART, 2, (0, 2, 2, 2), True),
        (PART, 1, (0, 1, 1, 1), True),
        (BY_HAND, 3, (3, 3, 3, 3), True),
        (BY_HAND, 3, (2, 3, 3, 3), False),
        ({**BY_HAND, "partition": 2}, 3, (1, 3, 3, 3), False),
        (DONE, 0, (0, 0, 0, 0), True),
        (DONE, 1, (1, 1, 1, 1), True),
        (DONE, 1, (1, 1, 1, 0), False),
        ({"update": "bbb", "current": ""}, 3, (3, 3, 3, 3), True),
        ({**DONE, "gen": (2, 1)}, 3, (3, 3, 3, 3), False),
    ],
)
def test_complete_is_what_kubectl_calls_success_and_available(
    fields: dict[str, object], wanted: int, counts: tuple[int, int, int, int], complete: bool
) -> None:
    observation: Observation = seen(1, wanted=wanted, counts=counts, **fields)  # type: ignore[arg-type]  # only true fields

    assert rules.of("StatefulSet").complete(observation) is complete
