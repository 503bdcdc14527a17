"""How durations are read and written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.config import durations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1.5h", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        (" 5s ", timedelta(seconds=5)),
    ],
)
def test_a_duration_is_read_as_written(text: str, expected: timedelta) -> None:
    assert durations.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "10", 10, True, None, "10 m", "m", "-5s", "5S", "1e9s", "99999999999d", []]
)
def test_what_is_no_duration_is_refused_with_a_remedy(text: object) -> None:
    with pytest.raises(ValueError, match=r"; write a (number|shorter)"):
        durations.parse(text)


@given(st.integers(min_value=0, max_value=durations.LONGEST // timedelta(milliseconds=1)))
def test_a_duration_is_read_back_as_it_was_spelt(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert durations.parse(durations.spell(duration)) == duration


def test_a_duration_is_spelt_in_the_units_that_people_use() -> None:
    assert durations.spell(timedelta(minutes=90)) == "1h30m"
    assert durations.spell(timedelta()) == "0s"
