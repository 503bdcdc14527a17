"""Who writes next: one at a time, the quick before the patient."""

import asyncio

from shipbell.store.turns import Turns


async def _write(turns: Turns, name: str, order: list[str], *, quick: bool) -> None:
    async with turns.turn(quick=quick):
        order.append(f"{name} begins")
        await asyncio.sleep(0)
        order.append(f"{name} ends")


async def test_one_writes_at_a_time_and_the_quick_go_first() -> None:
    turns, order = Turns(), list[str]()
    async with asyncio.TaskGroup() as group:
        for name, quick in (("first", False), ("patient", False), ("quick", True), ("quicker", True)):
            group.create_task(_write(turns, name, order, quick=quick))

    names = ("first", "quick", "quicker", "patient")
    assert order == [f"{name} {what}" for name in names for what in ("begins", "ends")]


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    turns, order = Turns(), list[str]()
    async with turns.turn(quick=False):
        gone = asyncio.ensure_future(_write(turns, "gone", order, quick=True))
        waiting = asyncio.ensure_future(_write(turns, "waiting", order, quick=False))
        await asyncio.sleep(0)
        gone.cancel()
    await waiting

    assert order == ["waiting begins", "waiting ends"]
    assert gone.cancelled()


async def test_a_turn_that_comes_as_its_owner_is_cancelled_is_passed_on() -> None:
    turns, order = Turns(), list[str]()
    async with turns.turn(quick=False):
        gone = asyncio.ensure_future(_write(turns, "gone", order, quick=True))
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(_write(turns, "waiting", order, quick=False))
        await asyncio.sleep(0)
    gone.cancel()
    await waiting

    assert order == ["waiting begins", "waiting ends"]


async def test_an_error_in_a_turn_ends_it() -> None:
    turns, order = Turns(), list[str]()
    try:
        async with turns.turn(quick=True):
            raise ValueError
    except ValueError:
        await _write(turns, "next", order, quick=False)

    assert order == ["next begins", "next ends"]
