"""Requests go at the rate that is allowed, and what matters most goes first."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

import pytest

from shipbell.sources.kubernetes import limiting, transport
from shipbell.sources.kubernetes.limiting import Urgency
from tests.fakes.api_server import ApiServer
from tests.sources.following import Token


class Clock:
    """Time that passes only when nothing else happens."""

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def __call__(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._planned, (self.now + delay, next(self._order), call))

    async def run(self) -> None:
        """Until nothing is planned any more."""
        await _settle()
        while self._planned:
            self.now, _, call = heapq.heappop(self._planned)
            call()
            await _settle()


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def bucket(clock: Clock, *, rate: float = 20, burst: float = 40) -> limiting.Bucket:
    return limiting.Bucket(rate, burst, monotonic=clock, call_later=clock.call_later)


async def times(clock: Clock, limit: limiting.Bucket, *urgencies: Urgency) -> list[tuple[Urgency, float]]:
    """When each request went, in the order in which they did."""
    went: list[tuple[Urgency, float]] = []

    async def request(urgency: Urgency) -> None:
        await limit.take(urgency)
        went.append((urgency, clock.now))

    async with asyncio.TaskGroup() as group:
        for urgency in urgencies:
            group.create_task(request(urgency))
        await clock.run()
    return went


async def test_what_is_within_the_burst_goes_at_once() -> None:
    clock = Clock()
    went = await times(clock, bucket(clock), *[Urgency.AGAIN] * 40)

    assert {at for _, at in went} == {0.0}


async def test_a_storm_of_500_rollouts_keeps_below_the_limit_and_tells_each_in_time() -> None:
    clock = Clock()
    went = await times(clock, bucket(clock), *[Urgency.AGAIN] * 1000, *[Urgency.NEWS] * 500)
    moments = [at for _, at in went]
    news = [at for urgency, at in went[40:] if urgency is Urgency.NEWS]

    assert all(late - early >= 0.99 for early, late in zip(moments[40:], moments[60:], strict=False))
    assert len(news) == 500
    assert max(news) == pytest.approx(25, abs=0.2)


async def test_the_more_urgent_goes_first_whenever_it_came() -> None:
    clock = Clock()
    order = (Urgency.AGAIN, Urgency.SOON, Urgency.NEWS, Urgency.ASKED)
    went = await times(clock, bucket(clock, burst=1), Urgency.AGAIN, *order)

    assert [urgency for urgency, _ in went] == [Urgency.AGAIN, *sorted(order)]


async def test_equals_go_in_the_order_in_which_they_came() -> None:
    clock, went = Clock(), []
    limit = bucket(clock, burst=1)

    async def request(number: int) -> None:
        await limit.take(Urgency.NEWS)
        went.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(request(number))
        await clock.run()

    assert went == list(range(20))


async def test_a_rest_earns_a_burst_and_no_more() -> None:
    clock = Clock()
    limit = bucket(clock)
    await times(clock, limit, *[Urgency.NEWS] * 40)
    clock.now += 3600
    began = clock.now
    went = await times(clock, limit, *[Urgency.NEWS] * 41)

    assert [at == began for _, at in went] == [*[True] * 40, False]


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    clock = Clock()
    limit = bucket(clock, rate=1, burst=1)
    await limit.take(Urgency.NEWS)
    given_up = asyncio.ensure_future(limit.take(Urgency.NEWS))
    waiting = asyncio.ensure_future(limit.take(Urgency.NEWS))
    await asyncio.sleep(0)
    given_up.cancel()
    await clock.run()

    assert waiting.done()
    assert clock.now == pytest.approx(1, abs=0.01)


async def test_requests_are_bound_and_watches_are_not() -> None:
    clock = Clock()
    limit = bucket(clock, rate=1, burst=1)
    path = "/apis/apps/v1/deployments"
    async with ApiServer() as server, transport.Transport(Token(server.url), limit=limit) as connection:
        await connection.get_json_bytes(path)
        second = asyncio.ensure_future(connection.get_json_bytes(path))
        params = {"watch": "1", "resourceVersion": "100"}
        async with asyncio.timeout(5), connection.watch_lines(path, params, silence=5):
            await server.until_asked("watch", 1)
        asked_before = server.count("list")
        await clock.run()
        await second

    assert (asked_before, server.count("list")) == (1, 2)
