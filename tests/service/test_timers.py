"""What is read again because time passes, whatever happens to others."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shipbell.domain import Workload
from shipbell.service.timers import InFlight, reread
from tests.domain.deployments import WEB, upgrading

QUICK = timedelta(milliseconds=5)
STUCK = replace(WEB, name="stuck", uid="uid-stuck")


@dataclass
class Looks:
    """Looks at workloads; one of them never comes to an end."""

    seen: Counter[str] = field(default_factory=Counter)
    often: asyncio.Event = field(default_factory=asyncio.Event)

    async def look_again(self, workload: Workload) -> None:
        """Counts."""
        self.seen[workload.name] += 1
        if self.seen["web"] > 3:
            self.often.set()
        if workload == STUCK:
            await asyncio.Event().wait()


def in_flight(*workloads: Workload) -> InFlight:
    made = InFlight(lambda _: None)
    made.note(tuple(replace(upgrading().newest, workload=workload) for workload in workloads))
    return made


async def test_one_that_cannot_be_read_keeps_no_other_from_being_read_again() -> None:
    looks = Looks()
    task = asyncio.create_task(reread(looks, in_flight(STUCK, WEB), QUICK))

    async with asyncio.timeout(5):
        await looks.often.wait()
    task.cancel()

    assert looks.seen["stuck"] == 1


def test_what_has_ended_is_not_in_flight_any_more() -> None:
    told: list[tuple[Workload, ...]] = []
    flights = InFlight(told.append)
    flights.note((upgrading().newest,))
    flights.note((upgrading().misses(9).newest,))

    assert told == [(WEB,), ()]
