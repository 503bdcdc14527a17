"""The time of leases: the database's, told between its answers by a clock that nobody sets."""

from datetime import UTC, datetime, timedelta

import pytest

from shipbell.domain import State
from shipbell.store import Store
from shipbell.store.clocks import ANSWERS, Clock
from tests.store import examples
from tests.store.examples import LEASE, NOW, ROOT, SECOND

HOUR = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC)


class Ticks:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def _answered(clock: Clock, ticks: Ticks, moment: datetime, *, after: float) -> None:
    """The database says what its clock shows, as soon as it is asked; the answer is on its way for long."""
    asked = clock.asking()
    ticks.seconds += after
    clock.hear(moment, asked)


def test_a_clock_that_was_never_told_shows_the_machines_time() -> None:
    before = _now()

    assert before <= Clock().now() <= _now()


def test_a_clock_goes_on_by_itself_from_what_it_was_told() -> None:
    ticks = Ticks()
    clock = Clock(ticks)
    _answered(clock, ticks, NOW, after=0)

    ticks.seconds += 90

    assert clock.now() == NOW + 90 * SECOND


def test_a_clock_is_rather_ahead_of_the_database_than_behind() -> None:
    ticks = Ticks()
    clock = Clock(ticks)

    _answered(clock, ticks, NOW, after=2)

    assert clock.now() == NOW + 2 * SECOND


def test_the_quickest_answer_is_believed() -> None:
    ticks = Ticks()
    clock = Clock(ticks)

    _answered(clock, ticks, NOW + 5 * SECOND, after=5)  # asked at NOW; the answer took its time before
    _answered(clock, ticks, NOW + 5 * SECOND, after=0)
    _answered(clock, ticks, NOW + 9 * SECOND, after=4)

    assert clock.now() == NOW + 9 * SECOND


def test_a_database_whose_clock_was_set_is_followed() -> None:
    ticks = Ticks()
    clock = Clock(ticks)
    _answered(clock, ticks, NOW, after=0)

    for _ in range(ANSWERS):
        _answered(clock, ticks, NOW + HOUR, after=0)
    assert clock.now() == NOW + HOUR

    _answered(clock, ticks, NOW - HOUR, after=0)
    assert clock.now() == NOW - HOUR


@pytest.mark.parametrize("off", [HOUR, -HOUR])
async def test_a_replica_whose_clock_is_off_steals_no_claim(server_url: str, off: timedelta) -> None:
    async with await Store.open(server_url) as right, await Store.open(server_url) as wrong:
        await examples.begin(right, examples.rollout())
        claim = await examples.claim(right, _now())

        assert await wrong.claim(_now() + off, "wrong", LEASE) is None
        assert await right.held(claim, _now() + off)
        assert await right.open_intent(claim, ROOT, channel_id="C1", attempt=1, now=_now() + off)
        extended = await right.extend(claim, _now() + off, LEASE)

        assert extended is not None
        assert abs(extended.lease_until - _now() - LEASE) < 5 * SECOND
        assert (await wrong.counts(_now() + off)).uncertain == 0
        due = await wrong.next_due(_now() + off)
        assert due == extended.lease_until


async def test_a_replica_whose_clock_is_behind_takes_over_from_the_dead(server_url: str) -> None:
    async with await Store.open(server_url) as dead, await Store.open(server_url) as behind:
        await examples.begin(dead, examples.rollout())
        lost = await dead.claim(_now(), "dead", timedelta(0))

        taken = await behind.claim(_now() - HOUR, "behind", LEASE)

        assert lost is not None
        assert taken is not None
        assert taken.taken_over
        assert not await dead.held(lost, _now() - HOUR)


async def test_intents_and_edits_are_opened_in_the_databases_time(server_url: str) -> None:
    async with await Store.open(server_url) as store:
        await examples.begin(store, examples.rollout())
        claim = await examples.claim(store, _now())
        wrong = _now() - HOUR
        await store.open_intent(claim, ROOT, channel_id="C1", attempt=1, now=wrong)
        said = {"channel_id": "C1", "ts": "1.1", "gist": "", "digest": ""}
        await store.settle_post(claim, ROOT, state=State.STARTED, now=wrong, **said)
        await store.open_edit(claim, ROOT, wrong)

        (delivery,) = await store.deliveries_of(claim.rollout.id)
        post = delivery.posts[ROOT]
        assert post.edit_open_at is not None
        assert abs(post.intent_at - _now()) < 5 * SECOND
        assert abs(post.edit_open_at - _now()) < 5 * SECOND


async def test_what_can_be_claimed_at_once_is_said_to_be_due_now_by_the_callers_clock(
    server_url: str,
) -> None:
    async with await Store.open(server_url) as store:
        await examples.begin(store, examples.rollout())
        wrong = _now() - HOUR

        assert await store.next_due(wrong) == wrong


@pytest.mark.parametrize("off", [HOUR, -HOUR])
async def test_a_pace_is_kept_whatever_the_clocks_say(server_url: str, off: timedelta) -> None:
    async with await Store.open(server_url) as right, await Store.open(server_url) as wrong:
        first = await right.reserve("C1", _now(), interval=HOUR, burst=1)
        second = await wrong.reserve("C1", _now() + off, interval=HOUR, burst=1)

        assert second - first == HOUR
        assert abs(first - _now()) < 5 * SECOND


async def test_a_store_tells_the_databases_time_without_asking(server_url: str) -> None:
    async with await Store.open(server_url) as store:
        assert abs(store.now() - _now()) < 5 * SECOND


async def test_a_store_on_sqlite_tells_the_machines_time(file_url: str) -> None:
    async with await Store.open(file_url) as store:
        before = _now()
        assert before <= store.now() <= _now()
