"""How long a workload's rollouts take as a rule, and what is slower than that."""

import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta

from shipbell.domain.rollout import Rollout

SLOW = 3
"""So many times the usual duration is slower than usual."""


def duration(durations: Sequence[timedelta]) -> timedelta | None:
    """The median of the last successful ones; None where there was none."""
    if not durations:
        return None
    return timedelta(seconds=statistics.median(each.total_seconds() for each in durations))


def slow_at(rollout: Rollout) -> datetime | None:
    """From when on it is slower than usual; None where nobody knows what is usual."""
    if not rollout.usual_seconds:
        return None
    return rollout.started_at + SLOW * timedelta(seconds=rollout.usual_seconds)
