"""How hints wait: each object once, a bounded number, a relist in place of too many."""

import asyncio

from shipbell.sources.hints import Hint
from shipbell.web.hooks import HintQueue, Taken


def hint(name: str) -> Hint:
    return Hint(kind="Deployment", namespace="shop", name=name)


async def test_hints_come_out_in_the_order_in_which_they_came() -> None:
    queue = HintQueue()
    for name in ("a", "b", "c"):
        queue.put(hint(name))

    assert [await queue.get() for _ in range(3)] == [hint("a"), hint("b"), hint("c")]


async def test_an_object_waits_once_however_often_it_is_hinted_at() -> None:
    queue = HintQueue()

    taken = [queue.put(hint("a")), queue.put(hint("b")), queue.put(hint("a"))]

    assert taken == [Taken.ACCEPTED, Taken.ACCEPTED, Taken.KNOWN]
    assert len(queue) == 2


async def test_a_hint_for_what_is_being_looked_at_is_queued_anew() -> None:
    queue = HintQueue()
    queue.put(hint("a"))
    await queue.get()

    assert queue.put(hint("a")) is Taken.ACCEPTED


async def test_one_hint_too_many_makes_a_relist_of_them_all() -> None:
    queue = HintQueue(limit=2)

    taken = [queue.put(hint(name)) for name in "abcd"]

    assert taken == [Taken.ACCEPTED, Taken.ACCEPTED, Taken.OVERFLOWED, Taken.KNOWN]
    assert len(queue) == 0
    assert await queue.get() is None


async def test_hints_that_come_after_the_relist_has_begun_are_queued_again() -> None:
    queue = HintQueue(limit=1)
    for name in "ab":
        queue.put(hint(name))
    await queue.get()

    queue.put(hint("c"))

    assert await queue.get() == hint("c")


async def test_whoever_waits_is_woken_by_the_next_hint() -> None:
    queue = HintQueue()
    waiting = asyncio.ensure_future(queue.get())
    await asyncio.wait({waiting}, timeout=0.01)
    assert not waiting.done()

    queue.put(hint("a"))

    assert await asyncio.wait_for(waiting, 1) == hint("a")


async def test_two_who_wait_get_one_hint_each() -> None:
    queue = HintQueue()
    waiting = [asyncio.ensure_future(queue.get()) for _ in range(2)]
    await asyncio.wait(waiting, timeout=0.01)

    queue.put(hint("a"))
    queue.put(hint("b"))

    assert {h.name for h in await asyncio.gather(*waiting) if h} == {"a", "b"}
