"""Who of one process writes next.

SQLite has one writer at a time. Were it left to the order of arrival, the message about a change would wait
behind each further change of the same rollout: three or four come within milliseconds. What writes in one
step, which is all that delivery does, therefore goes before what reads, thinks and writes; deliveries are
few, so that these wait for milliseconds at most.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class Turns:
    """A lock with two lines of waiting: the quick go first, each line in its order."""

    def __init__(self) -> None:
        self._taken = False
        self._quick: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @contextlib.asynccontextmanager
    async def turn(self, *, quick: bool) -> AsyncIterator[None]:
        """Waits for the turn, and has it for the block."""
        await self._wait(self._quick if quick else self._patient)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, line: deque[asyncio.Future[None]]) -> None:
        if not self._taken:
            self._taken = True
            return
        place = asyncio.get_running_loop().create_future()
        line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # the turn came in the same moment: it is another's now
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """The turn goes to the next who still waits for it."""
        for line in (self._quick, self._patient):
            while line:
                place = line.popleft()
                if not place.done():
                    place.set_result(None)
                    return
        self._taken = False
