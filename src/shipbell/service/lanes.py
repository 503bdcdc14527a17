"""Order where it matters: work of one key runs in the order in which it came, different keys side by side.

Watch events of one workload must be taken in order; those of thirty workloads need not wait for each other's
reads. What is waiting is bounded: `put` then waits, the watch is read more slowly, and the API server's own
buffers hold the rest.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

Work = Callable[[], Awaitable[object]]


class Lanes:
    """One lane per key with work, each a task of the group. Work must handle its own errors."""

    def __init__(self, group: asyncio.TaskGroup, *, waiting: int = 1000) -> None:
        self._group = group
        self._room = asyncio.Semaphore(waiting)
        self._lanes: dict[str, deque[Work]] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    async def put(self, key: str, work: Work) -> None:
        """Queues work behind all earlier work of the same key; waits where too much is waiting."""
        await self._room.acquire()
        self._empty.clear()
        if key in self._lanes:
            self._lanes[key].append(work)
            return
        self._lanes[key] = deque([work])
        self._group.create_task(self._drive(key), name=f"lane {key}")

    async def drained(self) -> None:
        """Waits until nothing is waiting or running."""
        await self._empty.wait()

    async def _drive(self, key: str) -> None:
        lane = self._lanes[key]
        while lane:
            work = lane.popleft()
            try:
                await work()
            finally:
                self._room.release()
        del self._lanes[key]
        if not self._lanes:
            self._empty.set()
