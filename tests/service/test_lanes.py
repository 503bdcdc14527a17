"""Order within a key, none between keys, and a bound on what waits."""

import asyncio

import pytest

from shipbell.service.lanes import Lanes


async def test_work_of_one_key_runs_in_order() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(group)
        for number in range(20):
            await lanes.put("a", lambda number=number: work(number))  # type: ignore[misc]

    assert done == list(range(20))


async def test_one_key_does_not_wait_for_another() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    async def open_gate() -> None:
        gate.set()

    async def wait_for_gate() -> None:
        await gate.wait()
        done.set()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        lanes = Lanes(group)
        await lanes.put("slow", wait_for_gate)
        await lanes.put("quick", open_gate)

    assert done.is_set()


async def test_putting_waits_where_too_much_is_waiting() -> None:
    gate = asyncio.Event()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        lanes = Lanes(group, waiting=2)
        await lanes.put("a", gate.wait)
        await lanes.put("a", gate.wait)
        third = asyncio.ensure_future(lanes.put("a", gate.wait))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(third), timeout=0.05)
        gate.set()
        await third

    assert third.done()


async def test_drained_waits_for_everything() -> None:
    finished: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        finished.append("done")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        lanes = Lanes(group)
        await lanes.put("a", work)
        await lanes.put("b", work)
        await lanes.drained()
        assert finished == ["done", "done"]
