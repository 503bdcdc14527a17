"""Rate limits, counted in sliding windows."""

from hypothesis import given
from hypothesis import strategies as st

from shipbell.sandbox import pacing


def test_a_burst_passes_and_the_next_post_waits_for_the_window_to_slide() -> None:
    pace = pacing.Pace(pacing.Rates())
    burst = [_post(pace, "C1", at) for at in (0.0, 0.1, 0.2, 0.3, 0.4)]
    sixth = _post(pace, "C1", 1.0)
    elsewhere = _post(pace, "C2", 1.0)
    after_the_wait = _post(pace, "C1", 1.0 + sixth)

    assert burst == [0.0] * 5
    assert sixth == 4.0
    assert (elsewhere, after_the_wait) == (0.0, 0.0)


def test_a_refused_call_does_not_count() -> None:
    pace = pacing.Pace(pacing.Rates(posts=1, posts_window=1.0))
    _post(pace, "C1", 0.0)
    waits = [_post(pace, "C1", 0.5) for _ in range(10)]

    assert waits == [0.5] * 10
    assert _post(pace, "C1", 1.0) == 0.0


def test_methods_have_budgets_of_their_own() -> None:
    pace = pacing.Pace(pacing.Rates())
    edits = [pace.admit("chat.update", per_minute=50, posts_to=None, now=0.0) for _ in range(51)]
    other = pace.admit("chat.delete", per_minute=50, posts_to=None, now=0.0)

    assert (edits[:50], edits[50], other) == ([0.0] * 50, 60.0, 0.0)


def test_without_enforcement_nothing_waits() -> None:
    pace = pacing.Pace(pacing.Rates(enforced=False))
    assert [_post(pace, "C1", 0.0) for _ in range(1000)] == [0.0] * 1000


@given(
    st.lists(st.floats(min_value=0.0, max_value=3.0), max_size=60),
    st.sampled_from([1.0, 1 / 60, 10.0]),
)
def test_no_window_ever_holds_more_posts_than_the_limit(gaps: list[float], factor: float) -> None:
    rates = pacing.Rates(time_factor=factor)
    pace, now, passed = pacing.Pace(rates), 0.0, []
    for gap in gaps:
        now += gap * factor
        if _post(pace, "C1", now) == 0.0:
            passed.append(now)

    window = rates.posts_window * factor
    assert all(sum(start - window < at <= start for at in passed) <= rates.posts for start in passed)


def _post(pace: pacing.Pace, channel: str, now: float) -> float:
    return pace.admit("chat.postMessage", per_minute=300, posts_to=channel, now=now)
