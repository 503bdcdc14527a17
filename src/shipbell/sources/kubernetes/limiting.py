"""A bound on requests to the API server, so that a storm of rollouts here is none there.

A token bucket: a rest earns a burst, and beyond it requests go at an even rate. Who has to wait goes in the
order of urgency, so that what re-reads never keeps what is new from being told. Watches are not counted.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from enum import IntEnum
from itertools import count

SOONEST = 0.001
"""Seconds; keeps a wait that rounds to nothing from becoming a busy loop."""


class Urgency(IntEnum):
    """What a request is for; the lower, the sooner."""

    ASKED = 0
    """Somebody waits for the answer: a probe, a command."""
    NEWS = 1
    """Something is known to have happened, and cannot be told without it."""
    SOON = 2
    """Something may have happened, as a hint or a clock says."""
    AGAIN = 3
    """Nothing is known to have happened."""


def _on_the_loop(delay: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(delay, call)


class Bucket:
    """Lets so many through in a second, and so many at once after a rest. For one event loop."""

    def __init__(
        self,
        rate: float,
        burst: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        call_later: Callable[[float, Callable[[], None]], None] = _on_the_loop,
    ) -> None:
        """`rate` is in requests per second."""
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._call_later = call_later
        self._tokens = burst
        self._filled_at = monotonic()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._order = count()
        self._granting = False

    async def take(self, urgency: Urgency) -> None:
        """Returns when a request may go. May be cancelled."""
        self._fill()
        if not self._waiting and self._tokens >= 1:
            self._tokens -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._order), turn))
        self._plan()
        await turn

    def _fill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now

    def _plan(self) -> None:
        if not self._granting:
            self._granting = True
            self._call_later(max(SOONEST, (1 - self._tokens) / self._rate), self._grant)

    def _grant(self) -> None:
        self._granting = False
        self._fill()
        while self._waiting and self._tokens >= 1:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # its request was given up meanwhile
                turn.set_result(None)
                self._tokens -= 1
        if self._waiting:
            self._plan()
