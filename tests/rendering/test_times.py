"""Times and durations in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shipbell.rendering import times

AT = datetime(2026, 1, 31, 14, 2, 11, tzinfo=UTC)
SOON = AT + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (0, "under 1 s", "under 1 s"),
        (0.4, "under 1 s", "under 1 s"),
        (1, "1 s", "1 s"),
        (54, "54 s", "54 s"),
        (60, "1 min", "1 min"),
        (129, "2 min 9 s", "2 min"),
        (603, "10 min 3 s", "10 min"),
        (1137, "18 min 57 s", "19 min"),
        (3599, "59 min 59 s", "1 h"),
        (3600, "1 h", "1 h"),
        (3900, "1 h 5 min", "1 h 5 min"),
        (86_400, "1 d", "1 d"),
        (183_700, "2 d 3 h", "2 d 3 h"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, exact: str, rough: str) -> None:
    span = timedelta(seconds=seconds)
    assert (times.exact(span), times.rough(span)) == (exact, rough)


def test_a_live_time_is_slacks_with_a_fallback_that_names_its_zone() -> None:
    assert times.clock(AT, SOON, live=True) == "<!date^1769868131^{time}|14:02 UTC>"
    assert times.clock(AT, SOON, live=True, seconds=True) == "<!date^1769868131^{time_secs}|14:02:11 UTC>"


def test_a_plain_time_is_utc_wherever_it_was_measured() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert times.clock(there, SOON, live=False) == "14:02 UTC"


def test_a_time_of_another_day_says_the_day() -> None:
    later = AT + timedelta(days=3)
    assert times.clock(AT, later, live=False) == "31 Jan 2026 14:02 UTC"
    assert times.clock(AT, later, live=True).startswith("<!date^1769868131^{date_short_pretty} {time}|31 Jan")


def test_an_approximate_time_says_so() -> None:
    assert times.clock(AT, SOON, live=False, approximate=True) == "about 14:02 UTC"
