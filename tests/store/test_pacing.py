"""Buckets of tokens: never more than the burst and what time has brought since, and silence when asked."""

from datetime import timedelta

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shipbell.store import Store, engine, pacing
from tests.store.examples import NOW, SECOND


async def test_a_burst_goes_at_once_and_the_rest_one_by_one(store: Store) -> None:
    times = [await store.reserve("C1", NOW, interval=SECOND, burst=3) for _ in range(5)]

    assert times == [NOW, NOW, NOW, NOW + SECOND, NOW + 2 * SECOND]


async def test_the_bucket_fills_with_time_but_never_above_the_burst(store: Store) -> None:
    for _ in range(3):
        await store.reserve("C1", NOW, interval=SECOND, burst=3)
    later = NOW + 60 * SECOND

    times = [await store.reserve("C1", later, interval=SECOND, burst=3) for _ in range(4)]

    assert times == [later, later, later, later + SECOND]


async def test_keys_have_buckets_of_their_own(store: Store) -> None:
    await store.reserve("C1", NOW, interval=SECOND, burst=1)

    assert await store.reserve("C2", NOW, interval=SECOND, burst=1) == NOW


async def test_a_token_that_comes_too_late_is_left_to_others(store: Store) -> None:
    await store.reserve("C1", NOW, interval=10 * SECOND, burst=1)

    refused = [await store.reserve("C1", NOW, interval=10 * SECOND, burst=1, within=SECOND) for _ in range(3)]

    assert refused == [NOW + 10 * SECOND] * 3
    assert await store.reserve("C1", NOW, interval=10 * SECOND, burst=1) == NOW + 10 * SECOND


async def test_a_smaller_burst_leaves_the_rest_of_the_bucket_to_the_important(store: Store) -> None:
    nothing = timedelta(0)
    for _ in range(2):
        assert await store.reserve("W", NOW, interval=SECOND, burst=2, within=nothing) == NOW
    assert await store.reserve("W", NOW, interval=SECOND, burst=2, within=nothing) > NOW

    assert await store.reserve("W", NOW, interval=SECOND, burst=3, within=nothing) == NOW


async def test_nobody_goes_before_the_hold_ends(store: Store) -> None:
    until = NOW + 30 * SECOND
    await store.hold("C1", until)

    assert await store.held_until("C1") == until
    assert await store.reserve("C1", NOW, interval=SECOND, burst=1) == until
    assert await store.reserve("C1", NOW, interval=SECOND, burst=1) == until + SECOND


async def test_a_hold_silences_a_bucket_that_is_in_use(store: Store) -> None:
    await store.reserve("C1", NOW, interval=SECOND, burst=5)
    until = NOW + 30 * SECOND

    await store.hold("C1", until)

    assert await store.reserve("C1", NOW, interval=SECOND, burst=5) == until
    assert await store.reserve("C1", until + 60 * SECOND, interval=SECOND, burst=5) == until + 60 * SECOND


async def test_a_shorter_hold_does_not_cut_a_longer_one(store: Store) -> None:
    await store.hold("C1", NOW + 30 * SECOND)
    await store.hold("C1", NOW + 5 * SECOND)

    assert await store.held_until("C1") == NOW + 30 * SECOND
    assert await store.held_until("C2") is None


async def test_channels_are_remembered_with_and_without_the_hash(store: Store) -> None:
    assert await store.channel_id("default", "#deployments") is None

    await store.remember_channel("default", "#deployments", "C1", NOW)
    assert await store.channel_id("default", "deployments") == "C1"

    await store.remember_channel("default", "deployments", "C2", NOW)
    assert await store.channel_id("default", "#deployments") == "C2"
    assert await store.channel_id("other", "#deployments") is None


@given(waits=st.lists(st.floats(0, 5), max_size=30), burst=st.integers(1, 5))
def _no_window_holds_too_much(connection: sa.Connection, waits: list[float], burst: int) -> None:
    now, times = NOW, []
    with connection.begin_nested() as story:
        for wait in waits:
            now += timedelta(seconds=wait)
            may_go = pacing.reserve(connection, "C1", now, interval=SECOND, burst=burst, within=None)
            assert may_go >= now
            times.append(may_go)
        story.rollback()

    assert times == sorted(times)
    for i, first in enumerate(times):
        for count, last in enumerate(times[i:], start=1):
            assert count <= burst + (last - first) / SECOND + 1e-6


async def test_no_window_ever_holds_more_than_the_burst_and_its_length_in_tokens(url: str) -> None:
    database = engine.open_database(url, patient=True)
    await database.write(_no_window_holds_too_much)  # hypothesis fills in the rest
    await database.close()
