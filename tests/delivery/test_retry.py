"""What is done about failures, decided without I/O and without a clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.delivery import retry
from shipbell.delivery.answers import NotSent, RateLimited, Reason, Refused, Result, Sent, Uncertain
from shipbell.delivery.retry import Attempt, Decision, Link, Move, Second
from shipbell.delivery.timing import Timing

NOW = datetime(2026, 1, 31, 14, 2, 11, tzinfo=UTC)
TIMING = Timing()
SENT = Sent(channel_id="C1", ts="1.1")


def refused(reason: Reason) -> Refused:
    return Refused(reason=reason, code="some_code")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def decided(result: Result, *, edit: bool, reply: bool = False, plain: bool = False) -> Decision:
    tried = Attempt(at=NOW, edit=edit, reply=reply, plain=plain)
    return retry.decide(result, tried, now=NOW, jitter=0.0, timing=TIMING)


@pytest.mark.parametrize(
    ("result", "post", "edit"),
    [
        (SENT, Decision(move=Move.DONE), Decision(move=Move.DONE)),
        (
            RateLimited(after=timedelta(seconds=7)),
            Decision(move=Move.PAUSE, at=after(7)),
            Decision(move=Move.PAUSE, at=after(7)),
        ),
        (
            NotSent(detail="refused"),
            Decision(move=Move.RETRY, at=after(1)),
            Decision(move=Move.RETRY, at=after(1)),
        ),
        (
            Uncertain(detail="timeout"),
            Decision(move=Move.RECONCILE, at=after(20)),
            Decision(move=Move.REPEAT, at=after(1)),
        ),
        (
            refused(Reason.TOKEN),
            Decision(move=Move.STOP_TOKEN, at=after(60)),
            Decision(move=Move.STOP_TOKEN, at=after(60)),
        ),
        (
            refused(Reason.CHANNEL),
            Decision(move=Move.STOP_CHANNEL, at=after(300)),
            Decision(move=Move.STOP_CHANNEL, at=after(300)),
        ),
        (refused(Reason.PAYLOAD), Decision(move=Move.TEXT_ONLY), Decision(move=Move.TEXT_ONLY)),
        (refused(Reason.UNKNOWN), Decision(move=Move.TEXT_ONLY), Decision(move=Move.TEXT_ONLY)),
        (
            refused(Reason.GONE),
            Decision(move=Move.RETRY, at=after(300)),
            Decision(move=Move.RECREATE),
        ),
        (
            refused(Reason.SLOW),
            Decision(move=Move.RETRY, at=after(300)),
            Decision(move=Move.RETRY, at=after(300)),
        ),
    ],
    ids=lambda value: getattr(value, "reason", type(value).__name__),
)
def test_each_answer_leads_to_one_move(result: Result, post: Decision, edit: Decision) -> None:
    assert decided(result, edit=False) == post
    assert decided(result, edit=True) == edit


def test_what_is_refused_without_blocks_too_is_tried_again_slowly() -> None:
    again = Decision(move=Move.RETRY, at=after(300))
    assert decided(refused(Reason.PAYLOAD), edit=False, plain=True) == again
    assert decided(refused(Reason.UNKNOWN), edit=True, plain=True) == again


def test_a_reply_whose_root_is_gone_leads_to_a_new_root() -> None:
    assert decided(refused(Reason.GONE), edit=False, reply=True).move is Move.RECREATE


RESULTS = st.one_of(
    st.just(SENT),
    st.builds(RateLimited, after=st.timedeltas(timedelta(seconds=1), timedelta(hours=1))),
    st.builds(NotSent, detail=st.text()),
    st.builds(Uncertain, detail=st.text()),
    st.builds(Refused, reason=st.sampled_from(Reason), code=st.text()),
)
ATTEMPTS = st.builds(
    Attempt,
    at=st.just(NOW),
    edit=st.booleans(),
    reply=st.booleans(),
    plain=st.booleans(),
    failures=st.integers(0, 10_000),
)


@given(RESULTS, ATTEMPTS, st.floats(0, 1))
def test_what_is_not_done_comes_back_later_unless_something_else_is_done_at_once(
    result: Result, attempt: Attempt, jitter: float
) -> None:
    decision = retry.decide(result, attempt, now=NOW, jitter=jitter, timing=TIMING)
    at_once = {Move.DONE, Move.RECREATE, Move.TEXT_ONLY}
    assert (decision.at is None) == (decision.move in at_once)
    assert decision.at is None or decision.at > NOW


@given(RESULTS, ATTEMPTS)
def test_only_what_certainly_did_not_happen_is_posted_again(result: Result, attempt: Attempt) -> None:
    decision = retry.decide(result, attempt, now=NOW, jitter=0.5, timing=TIMING)
    if isinstance(result, Uncertain) and not attempt.edit:
        assert decision.move is Move.RECONCILE
    else:
        assert decision.move is not Move.RECONCILE


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_waits_grow_up_to_a_cap_and_never_to_nothing(failures: int, jitter: float) -> None:
    wait = retry.backoff(failures, jitter, TIMING)
    assert TIMING.backoff / 2 <= wait <= TIMING.backoff_cap
    assert wait <= retry.backoff(failures + 1, jitter, TIMING)


@pytest.mark.parametrize(
    ("passed", "counts_from"), [(0, None), (19.9, None), (20, 20), (59.9, 20), (60, 60), (900, 60)]
)
def test_a_post_in_doubt_is_looked_for_after_twenty_and_after_sixty_seconds(
    passed: float, counts_from: float | None
) -> None:
    expected = None if counts_from is None else after(counts_from)
    assert retry.look_at(NOW, after(passed), TIMING) == expected


def test_only_a_last_look_that_finds_nothing_means_that_nothing_was_posted() -> None:
    assert retry.look_again(NOW, after(20), TIMING) == after(60)
    assert retry.look_again(NOW, after(59.9), TIMING) == after(60)
    assert retry.look_again(NOW, after(60), TIMING) is None


def test_an_edit_whose_answer_was_lost_can_undo_later_ones_for_thirty_seconds() -> None:
    assert retry.second_edit(None, NOW, TIMING) is Second.NONE
    assert retry.second_edit(NOW, after(29.9), TIMING) is Second.PENDING
    assert retry.second_edit(NOW, after(30), TIMING) is Second.DUE


def test_a_message_waits_a_moment_for_the_one_to_link_to_and_is_edited_late_for_it_for_a_minute() -> None:
    assert retry.linking(NOW, NOW, TIMING) == retry.Linking(link=Link.HOLD, at=after(2))
    assert retry.linking(NOW, after(2), TIMING) == retry.Linking(link=Link.LATER, at=after(12))
    assert retry.linking(NOW, after(55), TIMING) == retry.Linking(link=Link.LATER, at=after(60))
    assert retry.linking(NOW, after(60), TIMING) == retry.Linking(link=Link.GIVE_UP)


@given(st.floats(0.001, 10))
def test_on_every_scale_of_time_no_request_outlives_its_claim_nor_a_look_comes_before(factor: float) -> None:
    timing = Timing().scaled(factor)
    assert timing.connect < timing.request < timing.lease < timing.first_look < timing.last_look
    assert timing.request < timing.second_edit
    assert timing.edits.burst > timing.spared_edits


def test_the_pace_stays_within_what_slack_promises_in_any_minute() -> None:
    minute = timedelta(minutes=1)
    assert TIMING.edits.burst + minute / TIMING.edits.interval <= 50
    assert TIMING.posts.burst == 1
    assert TIMING.posts.interval == timedelta(seconds=1)
