"""Which message comes next, from what is known of those before."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shipbell import routing
from shipbell.delivery import planning
from shipbell.delivery.planning import Step, Urgency
from shipbell.domain import State
from shipbell.routing import Destination, Part
from shipbell.store import Post, PostStatus
from tests.delivery.stage import NORMAL, QUIET, WEBHOOK, failing, later, rollout

NOTHING: frozenset[Step] = frozenset()
WEB = rollout()
DONE = later(WEB, State.SUCCEEDED)
ROOT = Step(part=Part.ROOT)
EDIT = Step(part=Part.ROOT, edit=True)


def post(part: Part = Part.ROOT, **fields: Any) -> Post:
    """A post that stands in the channel."""
    plain = Post(
        part=part,
        status=PostStatus.POSTED,
        attempt=1,
        channel_id="C1",
        ts="1.1",
        intent_at=datetime(2026, 1, 31, tzinfo=UTC),
        state=State.STARTED,
    )
    return replace(plain, **fields)


def posts(*them: Post) -> dict[Part, Post]:
    return {one.part: one for one in them}


def test_a_rollout_that_nobody_heard_of_gets_its_root() -> None:
    assert planning.next_step(WEB, NORMAL, {}, NOTHING) == ROOT
    assert planning.next_step(WEB, QUIET, {}, NOTHING) is None


def test_the_root_is_brought_up_to_date_before_its_thread() -> None:
    known = posts(post())
    assert planning.next_step(DONE, NORMAL, known, NOTHING) == EDIT
    reply = Step(part=Part.SUCCEEDED, broadcast=True)
    assert planning.next_step(DONE, NORMAL, known, frozenset({EDIT})) == reply
    assert planning.next_step(DONE, NORMAL, known, frozenset({EDIT, reply})) is None


def test_nothing_is_sent_while_the_root_is_in_doubt() -> None:
    known = posts(post(status=PostStatus.INTENT, ts=None))
    assert planning.next_step(DONE, NORMAL, known, NOTHING) is None


def test_a_reply_in_doubt_is_not_sent_again() -> None:
    known = posts(post(), post(Part.SUCCEEDED, status=PostStatus.INTENT, ts=None, state=State.SUCCEEDED))
    assert planning.next_step(DONE, NORMAL, known, frozenset({EDIT})) is None


def test_a_reply_that_was_given_up_as_never_sent_is_sent() -> None:
    lost = post(Part.SUCCEEDED, status=PostStatus.GONE, ts=None, state=State.SUCCEEDED)
    step = planning.next_step(DONE, NORMAL, posts(post(), lost), frozenset({EDIT}))
    assert step == Step(part=Part.SUCCEEDED, broadcast=True)


def test_a_root_that_was_given_up_as_never_sent_is_posted_whatever_the_state() -> None:
    known = posts(post(status=PostStatus.GONE, ts=None, attempt=3))
    assert planning.next_step(WEB, NORMAL, known, NOTHING) == ROOT


def test_a_root_that_somebody_removed_is_replaced_only_by_news() -> None:
    known = posts(post(status=PostStatus.GONE))
    assert planning.next_step(later(WEB, State.PROGRESSING), NORMAL, known, NOTHING) is None
    assert planning.next_step(failing(WEB), NORMAL, known, NOTHING) == ROOT
    assert planning.next_step(DONE, NORMAL, known, NOTHING) == ROOT


def test_a_removed_root_is_not_replaced_twice() -> None:
    known = posts(post(status=PostStatus.GONE, attempt=2))
    assert planning.next_step(DONE, NORMAL, known, NOTHING) is None


def test_a_removed_root_is_not_replaced_for_what_a_reply_has_told() -> None:
    known = posts(post(status=PostStatus.GONE), post(Part.SUCCEEDED, state=State.SUCCEEDED))
    assert planning.next_step(DONE, NORMAL, known, NOTHING) is None


def test_a_root_that_was_removed_before_its_reply_could_ring_is_replaced() -> None:
    known = posts(post(status=PostStatus.GONE, state=State.SUCCEEDED, gist=routing.gist(WEB)))
    assert planning.next_step(DONE, NORMAL, known, NOTHING) == ROOT
    seen = posts(post(status=PostStatus.GONE, state=State.SUCCEEDED, gist=routing.gist(DONE)))
    assert planning.next_step(DONE, NORMAL, seen, NOTHING) is None


def test_a_removed_root_is_not_replaced_to_be_told_a_second_time_that_it_is_superseded() -> None:
    over = later(WEB, State.SUPERSEDED)
    known = posts(post(status=PostStatus.GONE, state=State.SUPERSEDED, gist=routing.gist(WEB)))
    assert planning.next_step(over, NORMAL, known, NOTHING) is None


def test_a_root_of_unknown_place_is_left_until_there_is_news() -> None:
    known = posts(post(ts=None))
    assert planning.next_step(later(WEB, State.PROGRESSING), NORMAL, known, NOTHING) is None
    assert planning.next_step(DONE, NORMAL, known, NOTHING) == ROOT


def test_where_nothing_can_be_edited_the_ending_is_another_post() -> None:
    known = posts(post(ts=None))
    assert planning.next_step(later(WEB, State.PROGRESSING), WEBHOOK, known, NOTHING) is None
    step = planning.next_step(DONE, WEBHOOK, known, NOTHING)
    assert step == Step(part=Part.SUCCEEDED)


def test_failures_go_before_endings_and_these_before_the_rest_until_they_are_told() -> None:
    assert planning.urgency(failing(WEB), told_version=1) is Urgency.ALARM
    assert planning.urgency(later(WEB, State.FAILED), told_version=1) is Urgency.ALARM
    assert planning.urgency(DONE, told_version=1) is Urgency.ENDING
    assert planning.urgency(DONE, told_version=2) is Urgency.CALM
    assert planning.urgency(later(WEB, State.PROGRESSING), told_version=1) is Urgency.CALM


POSTS = st.dictionaries(
    st.sampled_from(Part),
    st.builds(
        post,
        status=st.sampled_from(PostStatus),
        attempt=st.integers(1, 3),
        ts=st.none() | st.just("1.1"),
        state=st.sampled_from(State),
    ),
)


@given(st.sampled_from(State), st.sampled_from([NORMAL, QUIET, WEBHOOK]), POSTS, st.booleans())
def test_no_post_is_made_where_one_is_in_doubt_and_every_delivery_comes_to_an_end(
    state: State, destination: Destination, known: dict[Part, Post], diagnosed: bool
) -> None:
    told = {part: replace(one, part=part) for part, one in known.items()}
    current = later(failing(WEB) if diagnosed else WEB, state)
    taken: frozenset[Step] = NOTHING
    while (step := planning.next_step(current, destination, told, taken)) is not None:
        assert step not in taken
        assert step.edit or step.part not in told or told[step.part].status is not PostStatus.INTENT
        assert step.part is Part.ROOT or told[Part.ROOT].status is PostStatus.POSTED
        taken |= {step}
    assert len(taken) <= len(Part)
