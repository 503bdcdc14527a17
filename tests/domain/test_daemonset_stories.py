"""What Shipbell says of a DaemonSet, told as stories of observations."""

from dataclasses import replace

import pytest

from shipbell.domain import RolloutKind, rules
from tests.domain.daemonsets import A, B, C, running, seen, upgrading
from tests.domain.deployments import Story, at


def test_what_is_whole_at_first_sight_is_old_news() -> None:
    assert running().rollouts == {}


def test_at_first_sight_nothing_is_said_before_its_controller_has_caught_up() -> None:
    story = Story().baseline(seen(0, gen=(2, 1), rev=2, rs=(A, B)))
    assert story.rollouts == {}

    story.sees(seen(1, gen=(2, 2), rev=2, counts=(0, 3, 3), rs=(A, B)))

    assert story.states == ["started"]


def test_in_flight_at_first_sight_is_told_with_its_old_image() -> None:
    story = Story().baseline(seen(0, gen=(2, 2), rev=2, counts=(1, 3, 3), rs=(A, B)))

    assert story.states == ["started"]
    assert story.newest.images[0].old == A.template.containers[0].image


def test_a_new_template_starts_once_and_succeeds_when_every_node_has_it() -> None:
    story = upgrading().sees(
        seen(7, gen=(2, 2), rev=2, counts=(1, 2, 2)),
        seen(8, gen=(2, 2), rev=2, counts=(3, 3, 2)),
    )
    assert story.states == ["progressing"]

    story.sees(seen(9, gen=(2, 2), rev=2))

    assert story.told == ["started", "progressed", "succeeded"]
    assert (story.newest.started_at, story.newest.finished_at) == (at(5), at(9))
    assert story.newest.identity.hash == "bbb"


def test_its_revisions_are_asked_for_when_the_number_is_another() -> None:
    story = running().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 3, 3)))

    assert story.last is not None
    assert story.last.needs_revisions


def test_a_revision_of_a_later_template_is_not_taken_for_this_one() -> None:
    story = running().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 3, 3), rs=(A, C)))

    assert story.rollouts == {}
    assert story.last is not None
    assert story.last.needs_revisions


def test_its_own_revision_is_found_although_a_later_one_was_made_before_they_were_read() -> None:
    story = running().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 3, 3), rs=(A, B, C)))

    assert story.newest.identity.hash == "bbb"


def test_of_two_revisions_with_one_number_the_one_of_the_template_is_meant() -> None:
    again = replace(B, number=1)
    story = running().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 3, 3), rs=(A, again)))

    assert story.newest.identity.hash == "bbb"


def test_nothing_is_believed_before_its_controller_has_caught_up() -> None:
    story = running().sees(seen(6, gen=(2, 1), rev=2, rs=(A, B)))

    assert story.rollouts == {}


def test_no_matching_node_has_succeeded() -> None:
    empty = seen(6, gen=(2, 2), rev=2, wanted=0, counts=(0, 0, 0), rs=(A, B))

    assert running().sees(empty).states == ["succeeded"]


def test_nodes_that_go_in_the_middle_leave_nothing_to_do() -> None:
    story = upgrading().sees(seen(8, gen=(2, 2), rev=2, wanted=0, counts=(0, 0, 0)))

    assert story.states == ["succeeded"]


def test_nodes_that_come_and_go_are_no_rollout() -> None:
    story = running().sees(
        seen(6, wanted=4, counts=(3, 3, 3)), seen(7, wanted=4, counts=(4, 4, 4)), seen(8, wanted=3)
    )

    assert story.rollouts == {}


def test_a_cordoned_or_lost_node_stalls_it_once() -> None:
    story = upgrading().sees(seen(10, gen=(2, 2), rev=2, counts=(2, 2, 2)))

    story.waits_until(611).waits_until(2000).sees(seen(2001, gen=(2, 2), rev=2))

    assert story.told == ["started", "stalled", "succeeded"]


def test_on_delete_is_stalled_once_until_all_pods_were_deleted() -> None:
    left = seen(700, gen=(2, 2), rev=2, counts=(1, 3, 3), strategy="OnDelete")
    story = upgrading(strategy="OnDelete").sees(left)
    assert story.states == ["stalled"]

    story.sees(seen(800, gen=(2, 2), rev=2, strategy="OnDelete"))

    assert story.told == ["started", "stalled", "succeeded"]


def test_back_to_the_revision_before_is_a_rollback() -> None:
    undone = replace(A, number=3)
    story = upgrading().sees(
        seen(9, gen=(3, 3), rev=3, hash_="aaa", counts=(2, 3, 3), rs=(undone, B)),
        seen(10, gen=(3, 3), rev=3, hash_="aaa"),
    )

    assert story.states == ["rolled_back", "succeeded"]
    assert (story.newest.rollback_to, story.newest.rollback_of) == (1, A.created_at)


def test_templates_that_nobody_saw_are_named_by_their_successor() -> None:
    story = running().sees(seen(60, gen=(3, 3), rev=3, rs=(A, B, C)), continuous=False)

    assert story.states == ["succeeded"]
    assert story.newest.unseen == (2, 2)


def test_a_restart_is_told_as_such_where_only_the_number_was_known() -> None:
    restarted = replace(A.template, annotations={"kubectl.kubernetes.io/restartedAt": "2026-01-31T12:00:05Z"})
    again = replace(B, template=restarted)
    story = running().sees(
        seen(6, gen=(2, 2), rev=2, hash_="aaa", counts=(0, 3, 3), rs=(A, again), template=restarted)
    )

    assert story.newest.kind is RolloutKind.RESTART


def test_without_the_api_servers_number_its_revisions_number_counts() -> None:
    story = (
        Story()
        .baseline(seen(0, rev=None))
        .sees(
            seen(5, rev=None, gen=(2, 2), rs=(A,)),
            seen(6, rev=None, gen=(3, 3), hash_="bbb", counts=(0, 3, 3), rs=(A, B)),
            seen(7, rev=None, gen=(3, 3), hash_="bbb"),
        )
    )

    assert story.states == ["succeeded"]
    assert story.newest.identity.number == 2


def test_a_re_creation_that_adopts_running_pods_is_silent() -> None:
    story = Story().sees(seen(6, rs=(A,), created_at=at(5)), recreated=True)

    assert story.rollouts == {}


def test_deleted_in_the_middle_is_cancelled() -> None:
    story = upgrading().sees(seen(8, gen=(2, 2), rev=2, counts=(1, 3, 3), deleted=True))

    assert story.states == ["cancelled"]


@pytest.mark.parametrize(
    ("wanted", "counts", "gen", "complete"),
    [
        (3, (3, 3, 3), (1, 1), True),
        (3, (3, 3, 2), (1, 1), False),
        (3, (2, 3, 3), (1, 1), False),
        (3, (3, 3, 3), (2, 1), False),
        (0, (0, 0, 0), (1, 1), True),
        (1, (1, 1, 1), (1, 1), True),
        (1, (0, 0, 0), (1, 1), False),
        (2, (3, 3, 3), (1, 1), True),
    ],
)
def test_complete_is_what_kubectl_calls_success(
    wanted: int, counts: tuple[int, int, int], gen: tuple[int, int], complete: bool
) -> None:
    assert rules.of("DaemonSet").complete(seen(1, wanted=wanted, counts=counts, gen=gen)) is complete
