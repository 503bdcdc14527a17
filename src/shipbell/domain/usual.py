"""How long a workload's rollouts take as a rule, and what is slower than that."""

import statistics
from collections.abc import Sequence
from datetime import timedelta

SLOW = 3
"""So many times the usual duration is slower than usual."""


def duration(durations: Sequence[timedelta]) -> timedelta | None:
    """The median of the last successful ones; None where there was none."""
    if not durations:
        return None
    return timedelta(seconds=statistics.median(each.total_seconds() for each in durations))
