"""Ages and columns."""

from datetime import timedelta

import pytest

from shipbell.cli import tables


@pytest.mark.parametrize(
    ("seconds", "spelt"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (129, "2m9s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 1200, "3h20m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (5 * 86400 + 7200, "5d2h"),
        (8 * 86400 + 7200, "8d"),
        (700 * 86400, "700d"),
    ],
)
def test_ages_are_spelt_as_kubectl_does(seconds: int, spelt: str) -> None:
    assert tables.span(timedelta(seconds=seconds)) == spelt


def test_states_have_colours_on_a_terminal_only() -> None:
    rows = [("web", "failed")]

    assert "\x1b[31mfailed" in tables.table(("NAME", "STATE"), rows, colour=True)
    assert "\x1b" not in tables.table(("NAME", "STATE"), rows, colour=False)
