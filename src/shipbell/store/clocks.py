"""The time that leases, due times and paces are kept by: one for all who share a store.

Replicas' clocks differ, and any of them may be set at any moment; the database has one. What decides is
therefore asked of it, inside of the statement that decides. Between its answers the same time can be told
without asking, by a clock that nobody sets: it is never behind the database's by more than the two drift,
and ahead of it by no more than an answer takes, so that a lease seems to end early rather than late.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

ANSWERS = 8
"""The quickest of that many is believed: a slow one says little, and an old one may be wrong by now."""


class Clock:
    """The database's time as of its last answers; before the first, the machine's own."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._origins: deque[datetime] = deque(maxlen=ANSWERS)
        """What the database's clock said when the machine's monotonic one began, by each answer."""

    def asking(self) -> float:
        """To be called before the database is asked; belongs to `hear`."""
        return self._monotonic()

    def hear(self, answer: datetime, asked: float) -> None:
        """Takes the database's answer as the time at which it was asked: in truth it is later."""
        self._origins.append(answer - timedelta(seconds=asked))

    def now(self) -> datetime:
        """The time, without asking."""
        if not self._origins:
            return datetime.now(UTC)
        return min(self._origins) + timedelta(seconds=self._monotonic())
