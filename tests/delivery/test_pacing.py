"""Who may send when: turns of a channel and of a workspace, on a clock that the test moves."""

from datetime import UTC, datetime, timedelta

from shipbell.delivery.pacing import Pace
from shipbell.delivery.planning import Urgency
from shipbell.delivery.timing import Timing
from shipbell.store import Store

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CALM, ENDING, ALARM = Urgency.CALM, Urgency.ENDING, Urgency.ALARM


class Watch:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    async def sleep_until(self, moment: datetime) -> None:
        raise AssertionError("pacing never sleeps")


def pace(store: Store, watch: Watch) -> Pace:
    return Pace(store, workspace="w", clock=watch, timing=Timing())


def after(moment: datetime | None) -> float:
    """Seconds after noon; 0 for a turn that is there."""
    return (moment - NOON).total_seconds() if moment else 0


async def test_a_channel_gets_one_post_a_second(store_url: str) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        assert await kept.post("C1", "a", CALM) is None
        assert after(await kept.post("C1", "b", CALM)) == 1
        assert await kept.post("C2", "c", CALM) is None
        watch.seconds = 1
        assert await kept.post("C1", "b", CALM) is None


async def test_a_calm_queue_comes_back_one_after_the_other(store_url: str) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        waits = [after(await kept.post("C1", str(number), CALM)) for number in range(5)]
        assert waits == [0, 1, 2, 3, 4]


async def test_a_failure_takes_its_turn_in_advance_so_that_no_start_gets_between(store_url: str) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        assert await kept.post("C1", "start", CALM) is None
        assert after(await kept.post("C1", "failure", ALARM)) == 1
        watch.seconds = 1
        assert after(await kept.post("C1", "another start", CALM)) == 2
        assert await kept.post("C1", "failure", ALARM) is None
        assert after(await kept.post("C1", "failure", ALARM)) == 2


async def test_endings_take_only_a_few_turns_in_advance_so_that_a_failure_need_not_wait_for_all(
    store_url: str,
) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        for number in range(20):
            await kept.post("C1", f"ending {number}", ENDING)
        assert after(await kept.post("C1", "failure", ALARM)) == 6


async def test_a_turn_that_nobody_came_for_is_forgotten(store_url: str) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        await kept.post("C1", "a", ALARM)
        assert after(await kept.post("C1", "b", ALARM)) == 1
        watch.seconds = 3600
        assert await kept.post("C1", "c", ALARM) is None
        assert after(await kept.post("C1", "b", ALARM)) == 3601


async def test_the_last_edits_of_the_budget_are_kept_for_what_hurries(store_url: str) -> None:
    timing = Timing()
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept = pace(store, watch)
        for number in range(timing.edits.burst - timing.spared_edits):
            assert await kept.edit(str(number), CALM) is None
        assert await kept.edit("progress", CALM) is not None
        for number in range(timing.spared_edits):
            assert await kept.edit(f"ending {number}", ENDING) is None
        assert await kept.edit("one too many", ENDING) is not None


async def test_when_slack_asks_for_silence_every_post_waits_and_edits_go_on(store_url: str) -> None:
    watch = Watch()
    async with await Store.open(store_url) as store:
        kept, replica = pace(store, watch), pace(store, watch)
        await kept.hold_posts("C1", NOON + timedelta(seconds=30))
        assert after(await kept.post("C1", "a", ALARM)) == 30
        assert after(await kept.post("C2", "b", ALARM)) == 30
        assert after(await replica.post("C1", "c", CALM)) == 30
        assert await kept.edit("a", CALM) is None
        await kept.hold_edits(NOON + timedelta(seconds=40))
        assert after(await replica.edit("d", CALM)) == 40
