"""Deployments as a real API server tells them, event by event, and what Shipbell makes of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell.domain import Policy, Revision, RolloutKind, State, Workload
from tests.domain.deployments import (
    A,
    B,
    C,
    Story,
    at,
    condition,
    refused,
    revision,
    running,
    seen,
    upgrading,
)

WHOLE = (2, 2, 2, 2)


def test_what_is_complete_at_first_sight_is_old_news() -> None:
    story = running()

    assert story.rollouts == {}
    assert story.memory is not None
    assert story.memory.identity is not None


def test_a_new_image_starts_once_and_succeeds_once() -> None:
    story = upgrading().sees(
        seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2)),
        seen(7, gen=(2, 2), rev=2, counts=(2, 3, 3, 3)),
        seen(8, gen=(2, 2), rev=2, counts=WHOLE, conditions=(condition("NewReplicaSetAvailable", "bbb", 8),)),
        seen(9, gen=(2, 2), rev=2, counts=WHOLE, conditions=(condition("NewReplicaSetAvailable", "bbb", 8),)),
    )

    assert story.told == ["started", "succeeded"]
    assert story.newest.kind is RolloutKind.NEW_VERSION
    assert [(i.old, i.new) for i in story.newest.images] == [
        ("reg.example/shop/web:aaa", "reg.example/shop/web:bbb")
    ]
    assert (story.newest.started_at, story.newest.finished_at) == (at(5), at(8))


def test_nothing_is_believed_before_the_controller_has_caught_up() -> None:
    story = running().sees(seen(5, gen=(2, 1), rev=2, rs=(A, B)), seen(6, gen=(2, 1), rev=None))
    assert story.rollouts == {}

    story.sees(seen(7, gen=(2, 1), rev=7))
    assert story.last is not None
    assert not story.last.needs_revisions


def test_an_undo_is_not_complete_while_its_words_are_of_the_past() -> None:
    story = running()
    undone = replace(A, number=3, earlier_numbers=(1,))
    story.sees(
        seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B)),
        seen(6, gen=(2, 2), rev=2, counts=WHOLE),
        seen(7, gen=(3, 2), rev=3, counts=WHOLE),
        seen(
            7.1,
            gen=(3, 3),
            rev=3,
            counts=(0, 2, 2, 2),
            rs=(undone, B),
            conditions=(condition("NewReplicaSetAvailable", "bbb", 6),),
        ),
    )

    assert story.states == ["succeeded", "started"]
    assert story.newest.kind is RolloutKind.ROLLBACK
    assert story.newest.rollback_to == 1


def test_a_scale_a_label_and_an_annotation_are_no_rollouts() -> None:
    story = running().sees(
        seen(5, gen=(2, 2), wanted=5, counts=(2, 2, 2, 2)),
        seen(6, gen=(2, 2), wanted=5, counts=(5, 5, 5, 5)),
        seen(7, gen=(3, 3), wanted=0, counts=(0, 0, 0, 0)),
        seen(8, gen=(4, 4), wanted=2, counts=(2, 2, 0, 0)),
        seen(9, gen=(5, 5), labels={"a": "b"}),
    )

    assert story.rollouts == {}


def test_a_pod_that_flaps_after_success_is_no_news() -> None:
    story = upgrading().sees(
        seen(8, gen=(2, 2), rev=2),
        seen(9, gen=(2, 2), rev=2, counts=(2, 2, 1, 1)),
        seen(10, gen=(2, 2), rev=2),
    )

    assert story.told == ["started", "succeeded"]


def test_an_older_observation_changes_nothing() -> None:
    story = upgrading().sees(seen(8, gen=(2, 2), rev=2))
    before = story.memory

    story.sees(seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2)))

    assert story.memory == before


def test_a_newer_revision_supersedes_the_one_that_had_not_finished() -> None:
    story = upgrading().sees(seen(8.2, gen=(3, 3), rev=3, counts=(0, 3, 2, 2), rs=(A, B, C)))

    assert story.states == ["superseded", "started"]
    first, second = story.rollouts.values()
    assert first.successor == second.id
    assert first.finished_at == at(8)
    assert first.outcome_seen


def test_going_back_before_it_finished_is_rolled_back_not_superseded() -> None:
    undone = replace(A, number=3, earlier_numbers=(1,))
    story = upgrading().sees(
        seen(8, gen=(3, 3), rev=3, counts=(0, 3, 2, 2), rs=(undone, B)),
        seen(9, gen=(3, 3), rev=3, counts=WHOLE, template=A.template),
    )

    assert story.states == ["rolled_back", "succeeded"]


def test_a_template_edited_while_paused_is_a_rollout_only_at_the_resume() -> None:
    story = running().sees(
        seen(5, gen=(2, 2), paused=True),
        seen(6, gen=(3, 3), paused=True, counts=(0, 2, 2, 2)),
        seen(7, gen=(4, 4), paused=True, counts=(0, 2, 2, 2)),
    )
    assert story.rollouts == {}

    resumed = revision(2, "bbb", created=9)
    story.sees(seen(9.1, gen=(5, 5), rev=2, counts=(0, 2, 2, 2), rs=(A, resumed)))

    assert story.states == ["started"]
    assert story.newest.started_at == at(9)


def test_paused_in_the_middle_waits_without_a_deadline_and_goes_on() -> None:
    story = upgrading().sees(seen(6, gen=(3, 3), rev=2, paused=True, counts=(1, 3, 2, 2)))
    assert story.states == ["paused"]

    story.waits_until(3600)
    assert story.states == ["paused"]

    story.sees(seen(3601, gen=(4, 4), rev=2, counts=(1, 3, 2, 2)), seen(3602, gen=(4, 4), rev=2))
    assert story.told == ["started", "paused", "progressed", "succeeded"]


def test_scaled_to_zero_before_success_is_paused_until_replicas_return() -> None:
    story = upgrading().sees(seen(6, gen=(3, 3), rev=2, wanted=0, counts=(0, 0, 0, 0)))
    assert story.states == ["paused"]
    assert story.newest.scaled_to_zero

    story.sees(seen(9, gen=(4, 4), rev=2, counts=WHOLE))
    assert story.states == ["succeeded"]


def test_zero_replicas_from_the_start_succeed() -> None:
    story = running().sees(seen(5.2, gen=(2, 2), rev=2, wanted=0, counts=(0, 0, 0, 0), rs=(A, B)))

    assert story.states == ["succeeded"]


def test_the_controllers_own_timeout_fails_it_and_a_late_success_recovers_it() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 20, status="False")
    story = upgrading().sees(seen(20, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), conditions=(late,)))
    assert story.states == ["failed"]
    assert story.newest.failed_at == at(20)

    story.sees(seen(60, gen=(2, 2), rev=2))
    assert story.told == ["started", "failed", "recovered"]
    assert story.newest.finished_at == at(60)
    assert story.newest.failed_at == at(20)


@pytest.mark.parametrize(
    "past",
    [
        condition("ProgressDeadlineExceeded", "aaa", 20, status="False"),
        condition("ProgressDeadlineExceeded", "bbb", 4, status="False"),
    ],
    ids=["of another ReplicaSet", "older than the rollout"],
)
def test_a_timeout_of_the_past_fails_nothing(past: object) -> None:
    story = upgrading().sees(seen(20, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), conditions=(past,)))

    assert story.newest.state.open


def test_our_own_clock_fails_what_the_controller_does_not_renew() -> None:
    story = upgrading().sees(
        seen(
            6,
            gen=(2, 2),
            rev=2,
            counts=(0, 2, 2, 2),
            deadline=timedelta(seconds=10),
            conditions=(condition("ProgressDeadlineExceeded", "aaa", 4, status="False"),),
        )
    )
    story.waits_until(15)
    assert story.newest.state.open

    story.waits_until(26)
    assert story.states == ["failed"]


def test_progress_moves_our_own_deadline() -> None:
    story = upgrading().sees(
        seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), deadline=timedelta(seconds=10)),
        seen(15, gen=(2, 2), rev=2, counts=(2, 3, 3, 3), deadline=timedelta(seconds=10)),
    )
    story.waits_until(30)

    assert story.newest.state.open


def test_without_any_deadline_it_stalls_once() -> None:
    story = Story(policy=Policy(stall_after=timedelta(seconds=30))).baseline(seen(0, rs=(A,)))
    story.sees(seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B), deadline=None))

    story.waits_until(40)
    story.waits_until(80)

    assert story.told == ["started", "stalled"]


def test_refused_pods_are_said_after_patience_and_heal() -> None:
    story = upgrading().sees(seen(6, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), conditions=(refused("bbb", 6),)))
    assert story.newest.state.open
    story.waits_until(20)
    assert "failing" not in story.told

    story.waits_until(26)
    assert story.states == ["failing"]

    story.sees(seen(40, gen=(2, 2), rev=2, counts=(1, 3, 3, 3)), seen(41, gen=(2, 2), rev=2))
    assert story.told == ["started", "failing", "healed", "succeeded"]


def test_the_first_success_after_a_failure_says_what_it_mends() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 20, status="False")
    undone = replace(A, number=3, earlier_numbers=(1,))
    story = upgrading().sees(
        seen(20, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), conditions=(late,)),
        seen(30, gen=(3, 3), rev=3, counts=(2, 3, 2, 2), rs=(undone, B)),
        seen(31, gen=(3, 3), rev=3, template=A.template),
    )

    assert story.states == ["failed", "succeeded"]
    assert story.newest.fixes_failure_of == at(20)


def test_deleted_in_the_middle_is_cancelled_when_it_was_deleted() -> None:
    story = upgrading().sees(
        seen(7, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), deleted=True, deletion_timestamp=at(6))
    )

    assert story.states == ["cancelled"]
    assert story.newest.finished_at == at(6)


def test_the_last_words_of_a_deleted_object_may_be_success() -> None:
    story = upgrading().sees(seen(7, gen=(2, 2), rev=2, counts=WHOLE, deleted=True))

    assert story.states == ["succeeded"]


def test_of_what_is_gone_nothing_more_is_read() -> None:
    story = running().sees(seen(7, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), deleted=True))

    assert story.rollouts == {}
    assert story.last is not None
    assert not story.last.needs_revisions


def test_the_dead_do_not_come_back() -> None:
    story = upgrading().sees(seen(7, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), deleted=True))

    story.sees(seen(8, gen=(2, 2), rev=2))

    assert story.states == ["cancelled"]


def test_absence_from_a_list_leaves_the_outcome_unknown() -> None:
    story = upgrading().misses(60)

    assert story.states == ["unknown"]
    assert not story.newest.outcome_seen


def test_absence_from_a_list_that_is_older_than_the_row_counts_for_nothing() -> None:
    story = upgrading().misses(60, resource_version=1)

    assert story.newest.state.open


def test_revisions_that_nobody_saw_are_named_by_their_successor() -> None:
    late = revision(6, "fff", created=50)
    story = upgrading().sees(seen(60, gen=(9, 9), rev=6, counts=WHOLE, rs=(A, B, late)), continuous=False)

    assert story.states == ["superseded", "succeeded"]
    assert story.newest.unseen == (3, 5)
    assert not next(iter(story.rollouts.values())).outcome_seen


def test_numbering_that_began_anew_with_the_same_template_is_silent() -> None:
    story = Story().baseline(seen(0, rev=5, rs=(replace(A, number=5),)))

    story.sees(seen(5, rev=1, rs=(replace(A, uid="rs-new", created_at=at(4)),)))

    assert story.rollouts == {}
    assert story.memory is not None
    assert story.memory.identity is not None
    assert story.memory.identity.number == 1


def test_a_lower_number_with_another_template_is_a_rollout() -> None:
    story = Story().baseline(seen(0, rev=5, rs=(replace(A, number=5),)))

    story.sees(seen(5, rev=1, counts=(0, 2, 2, 2), rs=(revision(1, "zzz", created=4),)))

    assert story.states == ["started"]


def test_a_workload_that_appears_later_is_a_first_rollout() -> None:
    new = revision(1, "aaa", created=10)
    story = Story().sees(
        seen(10, gen=(1, 0), rev=None, counts=(0, 0, 0, 0), created_at=at(10)),
        seen(10.2, gen=(1, 1), counts=(2, 2, 0, 0), rs=(new,), created_at=at(10)),
        seen(11, gen=(1, 1), created_at=at(10)),
    )

    assert story.told == ["started", "succeeded"]
    assert story.newest.kind is RolloutKind.FIRST


def test_a_new_object_under_a_known_name_is_said_to_be_re_created() -> None:
    new = revision(1, "aaa", created=10)
    story = Story().sees(
        seen(10.2, gen=(1, 1), counts=(2, 2, 0, 0), rs=(new,), created_at=at(10)), recreated=True
    )

    assert story.newest.recreated


def test_a_re_creation_that_adopts_a_complete_replica_set_is_silent() -> None:
    adopted = replace(A, number=2, wanted=2, total=2, ready=2, available=2)
    story = Story().sees(seen(10, rev=2, rs=(adopted,), created_at=at(10)))

    assert story.rollouts == {}


def test_in_flight_at_first_sight_is_told_with_its_old_image() -> None:
    story = Story().baseline(seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), rs=(A, B)))

    assert story.states == ["started"]
    assert story.newest.kind is RolloutKind.NEW_VERSION
    assert story.newest.started_at == at(5)


def test_timed_out_before_first_sight_is_silent() -> None:
    late = condition("ProgressDeadlineExceeded", "bbb", 0, status="False")
    story = Story().baseline(seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), rs=(A, B), conditions=(late,)))

    assert story.rollouts == {}


def test_met_between_spec_and_status_at_first_sight_it_is_judged_when_settled() -> None:
    story = Story().baseline(seen(5.1, gen=(2, 1), rev=2))
    story.sees(seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B)))

    assert story.states == ["started"]


def test_edited_while_paused_at_first_sight_is_not_in_flight() -> None:
    whole = replace(A, wanted=2, total=2, ready=2, available=2)
    story = Story().baseline(seen(5, paused=True, counts=(0, 2, 2, 2), rs=(whole,)))

    assert story.rollouts == {}


def test_without_its_replica_set_a_new_number_is_undecided() -> None:
    story = running().sees(seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2)))

    assert story.last is not None
    assert story.last.needs_revisions
    assert story.rollouts == {}


@pytest.mark.parametrize(
    ("annotation", "automatic"),
    [
        ("kubectl.kubernetes.io/restartedAt", False),
        ("vso.secrets.hashicorp.com/restartedAt", True),
        ("reloader.stakater.com/last-reloaded-from", True),
    ],
)
def test_only_a_restart_annotation_changed_is_a_restart(annotation: str, automatic: bool) -> None:
    restarted = replace(B, template=replace(A.template, annotations={annotation: "2026-01-31T12:00:05Z"}))
    story = running().sees(seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, restarted)))

    assert story.newest.kind is RolloutKind.RESTART
    assert story.newest.automatic is automatic


def test_anything_else_in_the_template_is_a_config_change() -> None:
    changed = replace(B, template=replace(A.template, spec_digest="other env"))
    story = running().sees(seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, changed)))

    assert story.newest.kind is RolloutKind.CONFIG_CHANGE


def test_a_rollout_never_ends_before_it_began() -> None:
    story = upgrading().sees(
        seen(5.3, gen=(2, 2), rev=2, deleted=True, counts=(0, 2, 2, 2), deletion_timestamp=at(1))
    )

    assert story.newest.finished_at == story.newest.started_at


def test_states_are_open_or_endings() -> None:
    assert {s.value for s in State if s.open} == {"started", "progressing", "paused", "stalled", "failing"}


def test_a_workload_is_named_as_people_say_it() -> None:
    assert Workload(cluster="c", namespace="n", kind="Deployment", name="x", uid="u").path == "n/x"


def test_the_same_number_of_another_template_is_a_rollout_although_nobody_looked() -> None:
    story = running()
    anew = revision(1, "new", created=400)

    story.sees(seen(500, gen=(2, 2), template=anew.template), continuous=False)
    assert story.last is not None
    assert story.last.needs_revisions

    story.sees(seen(500, gen=(2, 2), template=anew.template, rs=(anew,)), continuous=False)

    assert story.states == ["succeeded"]
    assert story.newest.identity.hash == "new"
    assert story.newest.started_at == at(400)


def test_a_template_that_an_upgraded_api_server_writes_anew_is_no_rollout() -> None:
    story = running()

    story.sees(seen(500, template=replace(A.template, spec_digest="the same with a new default")))

    assert story.rollouts == {}
    assert story.last is not None
    assert not story.last.needs_revisions


def test_a_scale_after_such_an_upgrade_is_no_rollout_and_is_asked_about_once() -> None:
    story = running()
    anew = replace(A.template, spec_digest="the same with a new default")

    story.sees(
        seen(500, gen=(2, 2), template=anew, rs=(replace(A, template=anew),)),
        seen(501, gen=(2, 2), template=anew),
    )

    assert story.rollouts == {}
    assert story.last is not None
    assert not story.last.needs_revisions


@pytest.mark.parametrize(("image", "states"), [("reg.example/shop/web:aaa", []), ("other", ["succeeded"])])
def test_where_only_the_number_was_known_the_images_tell_another_template(
    image: str, states: list[str]
) -> None:
    anew = revision(1, "new", created=400, image=image)
    changed = replace(anew, template=replace(anew.template, spec_digest="another"))

    unread = Story().baseline(seen(0))
    story = unread.sees(seen(500, gen=(2, 2), template=changed.template, rs=(changed,)), continuous=False)

    assert story.states == states
    assert story.memory is not None
    assert story.memory.identity is not None
    assert story.memory.identity.hash == "new"


@pytest.mark.parametrize(("bearer", "states"), [(A, []), (revision(1, "new", created=8), ["succeeded"])])
def test_a_lower_number_where_no_replica_set_was_known_is_told_by_its_template(
    bearer: Revision, states: list[str]
) -> None:
    unread = Story().baseline(seen(0, rev=4, template=A.template))

    unread.sees(seen(9, gen=(2, 2), rs=(bearer,)))

    assert unread.states == states


def test_in_flight_at_first_sight_its_replica_sets_are_asked_for() -> None:
    story = Story().baseline(seen(0, gen=(2, 2), rev=2, counts=(1, 3, 2, 2)))

    assert story.rollouts == {}
    assert story.last is not None
    assert story.last.needs_revisions


def test_what_has_ended_is_not_judged_by_its_pods_and_ends_only_once_by_absence() -> None:
    story = upgrading().sees(seen(9, gen=(2, 2), rev=2)).sees_pods(10).misses(11)

    assert story.told == ["started", "succeeded"]
    assert story.memory is not None
    assert story.memory.deleted_at == at(11)
