"""Time as delivery sees it: a parameter, so that tests need not wait for it."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time, and waits for it."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return at the moment, or at once if it has passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Sleeps for the time that is left now: a clock that is set meanwhile is not followed."""
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))
