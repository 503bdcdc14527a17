"""The table "Who hears it", row by row, and what follows from it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain import Diagnosis, Rollout, RolloutKind, State
from shipbell.routing import Destination, Part, Plan, Profile, Saying, Sink, Told, gist, plan
from tests.routing import rollouts
from tests.routing.rollouts import CERTAIN, NOW, UNSURE, in_state, to, told

QUIET, NORMAL, LOUD = Profile.QUIET, Profile.NORMAL, Profile.LOUD
NOTHING = Plan(root=False)
ROOT = Plan(root=True)
START = in_state(State.STARTED)
OPEN = (State.STARTED, State.PROGRESSING, State.PAUSED, State.STALLED)
JOB = RolloutKind.RUN
WITHDRAWN = (State.SUPERSEDED, State.ROLLED_BACK, State.CANCELLED, State.UNKNOWN)
ENDINGS = tuple(state for state in State if not state.open)
STARTED_TOLD = told((Part.ROOT, START))


def saying(part: Part, *, broadcast: bool, mention: bool = False) -> Plan:
    return Plan(root=True, replies=(Saying(part=part, broadcast=broadcast, mention=mention),))


@pytest.mark.parametrize("state", OPEN)
def test_quiet_has_no_message_before_a_result(state: State) -> None:
    assert plan(in_state(state), to(QUIET), {}) == NOTHING


def test_quiet_has_no_message_for_what_is_only_failing() -> None:
    assert plan(in_state(State.FAILING, serving=0), to(QUIET), {}) == NOTHING


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.RECOVERED, *WITHDRAWN])
def test_quiet_posts_the_root_message_with_the_result_and_nothing_beside_it(state: State) -> None:
    assert plan(in_state(state), to(QUIET), {}) == ROOT


def test_quiet_edits_a_success_into_a_message_that_is_there() -> None:
    assert plan(in_state(State.SUCCEEDED), to(QUIET), STARTED_TOLD) == ROOT


def test_quiet_broadcasts_a_failure_where_a_message_is_there() -> None:
    assert plan(in_state(State.FAILED), to(QUIET), STARTED_TOLD) == saying(Part.FAILED, broadcast=True)


def test_quiet_tells_a_recovery_in_one_line_of_the_thread() -> None:
    failed = told((Part.ROOT, in_state(State.FAILED)))
    assert plan(in_state(State.RECOVERED), to(QUIET), failed) == saying(Part.RECOVERED, broadcast=False)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
@pytest.mark.parametrize("state", list(State))
def test_normal_and_loud_have_a_root_message_in_every_state(profile: Profile, state: State) -> None:
    assert plan(in_state(state), to(profile), {}).root


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("state", [*OPEN, *WITHDRAWN])
def test_what_calls_for_nobody_is_only_edited(profile: Profile, state: State) -> None:
    assert plan(in_state(state), to(profile), STARTED_TOLD) == ROOT


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
@pytest.mark.parametrize(
    ("state", "part"), [(State.SUCCEEDED, Part.SUCCEEDED), (State.RECOVERED, Part.RECOVERED)]
)
def test_normal_and_loud_broadcast_good_endings(profile: Profile, state: State, part: Part) -> None:
    assert plan(in_state(state), to(profile), STARTED_TOLD) == saying(part, broadcast=True)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_failing_that_waiting_will_not_heal_is_broadcast(profile: Profile) -> None:
    failing = in_state(State.FAILING, diagnosis=CERTAIN)
    assert plan(failing, to(profile), STARTED_TOLD) == saying(Part.FAILING, broadcast=True)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_failing_that_users_feel_is_broadcast(profile: Profile) -> None:
    failing = in_state(State.FAILING, diagnosis=UNSURE, serving=3)
    assert plan(failing, to(profile), STARTED_TOLD) == saying(Part.FAILING, broadcast=True)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_failing_that_may_heal_and_hurts_nobody_is_told_in_the_thread_alone(profile: Profile) -> None:
    failing = in_state(State.FAILING, diagnosis=UNSURE, serving=4)
    assert plan(failing, to(profile), STARTED_TOLD) == saying(Part.DETAIL, broadcast=False)


def test_a_failing_that_worsens_is_broadcast_after_all() -> None:
    before = in_state(State.FAILING, diagnosis=UNSURE, serving=4)
    posts = told((Part.ROOT, START), (Part.DETAIL, before))
    worse = replace(before, serving=2)
    assert plan(worse, to(NORMAL), posts) == saying(Part.FAILING, broadcast=True)


def test_a_failure_is_broadcast() -> None:
    assert plan(in_state(State.FAILED), to(NORMAL), STARTED_TOLD) == saying(Part.FAILED, broadcast=True)


def test_a_failure_whose_cause_and_impact_were_broadcast_before_stays_in_the_thread() -> None:
    posts = told((Part.ROOT, START), (Part.FAILING, in_state(State.FAILING)))
    assert plan(in_state(State.FAILED), to(NORMAL), posts) == saying(Part.FAILED, broadcast=False)


def test_a_failure_that_a_new_root_message_told_as_failing_stays_in_the_thread() -> None:
    posts = told((Part.ROOT, in_state(State.FAILING)))
    assert plan(in_state(State.FAILED), to(NORMAL), posts) == saying(Part.FAILED, broadcast=False)


@pytest.mark.parametrize("serving", [0, 3])
def test_a_failure_with_another_impact_than_was_broadcast_is_broadcast(serving: int) -> None:
    posts = told((Part.ROOT, START), (Part.FAILING, in_state(State.FAILING, serving=4)))
    failed = in_state(State.FAILED, serving=serving)
    assert plan(failed, to(NORMAL), posts) == saying(Part.FAILED, broadcast=True)


def test_more_restarts_and_more_troubled_pods_are_no_other_cause() -> None:
    grown = replace(UNSURE, cause="Container app exits 1, 7 restarts (3 of 3 new pods)")
    before, after = (in_state(State.FAILED, diagnosis=cause) for cause in (UNSURE, grown))
    assert gist(before) == gist(after)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pods refused: exceeded quota, used: pods=4", "Pods refused: exceeded quota, used: pods=5"),
        ("Unschedulable, 0/3 nodes: 3 Insufficient cpu", "Unschedulable, 0/4 nodes: 4 Insufficient cpu"),
        ("Container app exited 1, tried 2 of 3 times", "Container app exited 1, tried 3 of 3 times"),
    ],
)
def test_the_clusters_own_numbers_are_no_other_cause(one: str, other: str) -> None:
    before, after = (in_state(State.FAILED, diagnosis=replace(UNSURE, cause=c)) for c in (one, other))
    assert gist(before) == gist(after)


def test_the_same_trouble_of_another_container_is_another_gist() -> None:
    one, other = (in_state(State.FAILED, diagnosis=replace(UNSURE, container=c)) for c in ("app", "proxy"))
    assert gist(one) != gist(other)


@pytest.mark.parametrize("cause", ["Container app exits 2, 2 restarts (1 of 3 new pods)", "Pods refused"])
def test_another_cause_is_another_gist(cause: str) -> None:
    other = in_state(State.FAILED, diagnosis=replace(UNSURE, cause=cause))
    assert gist(in_state(State.FAILED, diagnosis=UNSURE)) != gist(other)


@pytest.mark.parametrize(
    ("profile", "serving", "mention"), [(LOUD, 3, True), (LOUD, 4, False), (NORMAL, 3, False)]
)
def test_only_loud_mentions_and_only_where_users_are_affected(
    profile: Profile, serving: int, mention: bool
) -> None:
    failed = in_state(State.FAILED, serving=serving)
    expected = saying(Part.FAILED, broadcast=True, mention=mention)
    assert plan(failed, to(profile), STARTED_TOLD) == expected


@pytest.mark.parametrize("state", [State.FAILING, State.FAILED])
def test_a_root_posted_to_tell_a_failure_gets_only_the_details_in_its_thread(state: State) -> None:
    failure = in_state(state)
    details = saying(Part.DETAIL, broadcast=False)
    assert plan(failure, to(NORMAL), {}) == details
    assert plan(failure, to(NORMAL), told((Part.ROOT, failure))) == details
    assert plan(failure, to(NORMAL), told((Part.ROOT, failure), (Part.DETAIL, failure))) == ROOT


def test_a_failure_without_words_of_the_cluster_gets_no_details() -> None:
    mute = Diagnosis(reason="ProgressDeadlineExceeded", cause="no progress for 10 min")
    failed = in_state(State.FAILED, diagnosis=mute)
    assert plan(failed, to(NORMAL), told((Part.ROOT, failed))) == ROOT


def test_a_state_that_passed_while_slack_was_away_is_not_told() -> None:
    recovered = plan(in_state(State.RECOVERED), to(NORMAL), STARTED_TOLD)
    assert recovered == saying(Part.RECOVERED, broadcast=True)


def test_an_edit_that_came_before_the_broadcast_does_not_take_its_place() -> None:
    """A crash between the two: the root already shows the ending, but nothing has rung yet."""
    edited = {Part.ROOT: Told(part=Part.ROOT, state=State.SUCCEEDED, gist=gist(START))}
    assert plan(in_state(State.SUCCEEDED), to(NORMAL), edited) == saying(Part.SUCCEEDED, broadcast=True)


def test_a_post_whose_gist_was_not_kept_counts_by_its_state() -> None:
    bare = {Part.ROOT: Told(part=Part.ROOT, state=State.SUCCEEDED)}
    assert plan(in_state(State.SUCCEEDED), to(NORMAL), bare) == ROOT


@pytest.mark.parametrize("state", [s for s in State if s is not State.FAILED])
def test_a_restart_in_quiet_is_told_only_if_it_fails(state: State) -> None:
    assert plan(in_state(state, kind=RolloutKind.RESTART), to(QUIET), {}) == NOTHING


def test_a_restart_that_fails_in_quiet_is_told() -> None:
    assert plan(in_state(State.FAILED, kind=RolloutKind.RESTART), to(QUIET), {}).root


@pytest.mark.parametrize("state", list(State))
def test_a_restart_by_a_person_is_told_as_any_rollout(state: State) -> None:
    restart, rollout = in_state(state, kind=RolloutKind.RESTART), in_state(state)
    assert plan(restart, to(NORMAL), STARTED_TOLD) == plan(rollout, to(NORMAL), STARTED_TOLD)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
@pytest.mark.parametrize("state", [*OPEN, State.SUCCEEDED, State.RECOVERED, *WITHDRAWN])
def test_an_automatic_restart_that_goes_well_is_not_told(profile: Profile, state: State) -> None:
    assert plan(automatic(state), to(profile), {}) == NOTHING


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
@pytest.mark.parametrize("state", [State.FAILING, State.FAILED])
def test_an_automatic_restart_that_fails_is_told(profile: Profile, state: State) -> None:
    assert plan(automatic(state), to(profile), {}).root


def test_an_automatic_restart_that_may_heal_and_hurts_nobody_is_not_told() -> None:
    failing = replace(automatic(State.FAILING), diagnosis=UNSURE)
    assert plan(failing, to(NORMAL), {}) == NOTHING


def test_an_automatic_restart_that_was_told_is_kept_true() -> None:
    posts = told((Part.ROOT, automatic(State.FAILED)))
    assert plan(automatic(State.RECOVERED), to(NORMAL), posts).root


@pytest.mark.parametrize(("profile", "broadcast"), [(QUIET, False), (NORMAL, True), (LOUD, True)])
def test_the_recovery_of_a_restart_whose_failure_was_told_is_told(profile: Profile, broadcast: bool) -> None:
    posts = told((Part.ROOT, automatic(State.FAILED)))
    planned = plan(automatic(State.RECOVERED), to(profile), posts)
    assert planned == saying(Part.RECOVERED, broadcast=broadcast)


@pytest.mark.parametrize("profile", list(Profile))
def test_the_recovery_of_a_restart_that_nobody_heard_of_is_not_told(profile: Profile) -> None:
    assert plan(automatic(State.RECOVERED), to(profile), {}) == NOTHING


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_stall_that_users_feel_is_broadcast_once(profile: Profile) -> None:
    stalled = in_state(State.STALLED, serving=3)
    assert plan(stalled, to(profile), STARTED_TOLD) == saying(Part.DETAIL, broadcast=True)
    after = STARTED_TOLD | told((Part.DETAIL, stalled))
    assert plan(stalled, to(profile), after) == ROOT


def test_a_stall_is_not_told_in_quiet() -> None:
    assert plan(in_state(State.STALLED, serving=0), to(QUIET), {}) == NOTHING


@pytest.mark.parametrize(("profile", "posted"), [(QUIET, False), (NORMAL, True), (LOUD, True)])
def test_a_jobs_start_is_posted_as_a_rollouts(profile: Profile, posted: bool) -> None:
    assert plan(in_state(State.STARTED, kind=JOB), to(profile), {}) == Plan(root=posted)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_job_serves_nobody_so_that_its_failure_mentions_nobody(profile: Profile) -> None:
    failed = in_state(State.FAILED, kind=JOB, serving=0)
    assert plan(failed, to(profile), STARTED_TOLD) == saying(Part.FAILED, broadcast=True)


@pytest.mark.parametrize("profile", [NORMAL, LOUD])
def test_a_job_that_will_be_tried_again_does_not_ring(profile: Profile) -> None:
    retrying = in_state(State.FAILING, kind=JOB, serving=0, diagnosis=UNSURE)
    assert plan(retrying, to(profile), STARTED_TOLD) == saying(Part.DETAIL, broadcast=False)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_streak_of_failed_runs_is_one_message_that_is_edited(profile: Profile) -> None:
    first = streak(State.FAILED, runs=1)
    posts = told((Part.ROOT, first), (Part.DETAIL, first))
    for runs in (2, 3, 37):
        further = replace(streak(State.FAILED, runs=runs), diagnosis=CERTAIN)
        assert plan(further, to(profile), posts) == ROOT


@pytest.mark.parametrize(("profile", "broadcast"), [(QUIET, False), (NORMAL, True), (LOUD, True)])
def test_the_end_of_a_streak_is_told(profile: Profile, broadcast: bool) -> None:
    posts = told((Part.ROOT, streak(State.FAILED, runs=1)))
    recovered = streak(State.RECOVERED, runs=37)
    assert plan(recovered, to(profile), posts) == saying(Part.RECOVERED, broadcast=broadcast)


def test_where_nothing_can_be_edited_a_streak_is_told_once_and_then_its_end() -> None:
    there = to(NORMAL, Sink.SLACK_WEBHOOK)
    posts = told((Part.ROOT, streak(State.FAILED, runs=1)))
    assert plan(streak(State.FAILED, runs=9), there, posts) == ROOT
    ended = plan(streak(State.RECOVERED, runs=9), there, posts)
    assert ended == saying(Part.RECOVERED, broadcast=False)


@pytest.mark.parametrize(
    "more", [replace(UNSURE, words="", log="boom"), replace(UNSURE, words="", events=("BackOff: again",))]
)
def test_a_log_or_a_warning_is_worth_a_thread(more: Diagnosis) -> None:
    failed = in_state(State.FAILED, diagnosis=more)
    assert plan(failed, to(NORMAL), told((Part.ROOT, failed))) == saying(Part.DETAIL, broadcast=False)


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("rollout", [in_state(State.SUCCEEDED, kind=kind) for kind in RolloutKind])
def test_a_success_that_mends_a_failure_is_always_told(profile: Profile, rollout: Rollout) -> None:
    assert plan(replace(rollout, fixes_failure_of=NOW), to(profile), {}) == ROOT


@pytest.mark.parametrize(("profile", "broadcast"), [(QUIET, False), (NORMAL, True), (LOUD, True)])
def test_a_fix_of_a_told_rollout_is_a_reply(profile: Profile, broadcast: bool) -> None:
    fixed = replace(in_state(State.SUCCEEDED), fixes_failure_of=NOW)
    assert plan(fixed, to(profile), STARTED_TOLD) == saying(Part.SUCCEEDED, broadcast=broadcast)


@pytest.mark.parametrize("state", ENDINGS)
def test_where_nothing_can_be_edited_an_ending_is_one_more_post(state: State) -> None:
    there = to(NORMAL, Sink.SLACK_WEBHOOK)
    first = plan(in_state(state), there, STARTED_TOLD)
    assert [reply.broadcast for reply in first.replies] == [False]
    after = STARTED_TOLD | told((first.replies[0].part, in_state(state)))
    assert plan(in_state(state), there, after) == ROOT


@pytest.mark.parametrize("state", [s for s in State if s.open])
def test_where_nothing_can_be_edited_progress_is_not_told(state: State) -> None:
    assert plan(in_state(state), to(NORMAL, Sink.SLACK_WEBHOOK), STARTED_TOLD) == ROOT


def test_where_nothing_can_be_edited_a_recovery_follows_the_failure() -> None:
    posts = told((Part.ROOT, START), (Part.FAILED, in_state(State.FAILED)))
    planned = plan(in_state(State.RECOVERED), to(NORMAL, Sink.SLACK_WEBHOOK), posts)
    assert planned == saying(Part.RECOVERED, broadcast=False)


HISTORIES = st.lists(
    st.builds(
        in_state,
        st.sampled_from(State),
        kind=st.sampled_from(RolloutKind),
        serving=st.integers(0, 4),
        diagnosis=st.sampled_from([CERTAIN, UNSURE]),
    ),
    min_size=1,
    max_size=8,
)


@given(HISTORIES, st.sampled_from(Profile), st.sampled_from(Sink), st.booleans())
def test_whatever_happens_nothing_rings_twice_for_the_same_news(
    history: list[Rollout], profile: Profile, sink: Sink, automatic: bool
) -> None:
    posts: dict[Part, Told] = {}
    rung: list[str] = []
    for step in history:
        rollout = replace(step, automatic=automatic)
        rung += carry_out(rollout, to(profile, sink), posts)
        assert not carry_out(rollout, to(profile, sink), posts), "asked again, there is nothing left to say"
    assert len(rung) == len(set(rung))


def carry_out(rollout: Rollout, destination: Destination, posts: dict[Part, Told]) -> list[str]:
    """Does what is planned; answers with what rang: a new root or a broadcast, by its gist."""
    planned = plan(rollout, destination, posts)
    assert planned.root or not planned.replies
    rang = [gist(rollout)] if planned.root and Part.ROOT not in posts else []
    if planned.root:
        posts.setdefault(Part.ROOT, told((Part.ROOT, rollout))[Part.ROOT])
    for reply in planned.replies:
        assert reply.part not in posts
        posts |= told((reply.part, rollout))
        rang += [gist(rollout)] if reply.broadcast else []
    return rang


def automatic(state: State) -> Rollout:
    return replace(rollouts.in_state(state, kind=RolloutKind.RESTART), automatic=True)


def streak(state: State, *, runs: int) -> Rollout:
    """The failed runs of a CronJob, or their end."""
    rollout = in_state(state, kind=JOB, serving=0, diagnosis=UNSURE)
    return replace(rollout, workload=replace(rollout.workload, kind="CronJob"), runs_failed=runs)
