"""The loop: it survives what breaks in it, ends when it is told to, and shares its work with others."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from shipbell import errors, routing
from shipbell.delivery.clock import SystemClock
from shipbell.delivery.sending import Sender
from shipbell.domain import State
from shipbell.sandbox import Fault, Rates
from shipbell.store import Store
from tests.delivery.stage import FACTOR, TIMING, WEBHOOK, Stage, later, payload, rollout, staged, until

Hook = Callable[[str], Awaitable[None]]


class Intercepted:
    """A sender or a store before each of whose methods something else happens."""

    def __init__(self, real: object, before: Hook) -> None:
        self._real = real
        self._before = before

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not asyncio.iscoroutinefunction(value):
            return value

        async def call(*given: Any, **named: Any) -> Any:
            await self._before(name)
            return await value(*given, **named)

        return call


def intercepted(stage: Stage, before: Hook) -> dict[routing.Sink, Sender]:
    return {
        sink: cast(Sender, Intercepted(real, before)) for sink, real in stage.senders(stage.store).items()
    }


async def test_a_delivery_that_breaks_harms_no_other_and_is_tried_again(store_url: str) -> None:
    web, other = rollout("web"), rollout("other")
    left = 2

    async def break_twice(name: str) -> None:
        nonlocal left
        if name == "address" and left:
            left -= 1
            raise ZeroDivisionError("a bug")

    async with staged(store_url) as stage:
        with capture_logs() as lines:
            async with stage.working(stage.worker(senders=intercepted(stage, break_twice))):
                await stage.begin(web, other)
                await stage.told(web)
                await stage.told(other)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["a delivery broke"] * 2


async def test_a_store_that_is_away_for_a_while_costs_nothing_but_time(store_url: str) -> None:
    web = rollout()
    calls = 0

    async def be_away(name: str) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0 and calls < 30:
            raise errors.StoreError("the disk is full")

    async with staged(store_url) as stage:
        store = cast(Store, Intercepted(stage.store, be_away))
        async with stage.working(stage.worker(store)):
            await stage.begin(web)
            await stage.told(web)
            await stage.change(later(web, State.SUCCEEDED))
            await stage.told(web)
        assert stage.shown(web) == "succeeded"
        assert stage.replies(web) == ["succeeded"]


async def test_stopping_finishes_the_message_in_hand_and_begins_no_other(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        async with stage.working():
            await stage.begin(web)
            await stage.told(web)
        stage.slack.order(Fault(kind="slow", delay=0.2, method="chat.update"))
        worker = stage.worker()
        running = asyncio.create_task(worker.run())
        web = later(web, State.SUCCEEDED)
        await stage.change(web)
        await stage.becomes(web, State.SUCCEEDED)
        worker.stop()
        await running

        (delivery,) = await stage.store.deliveries_of(web.id)
        assert not any(post.unsettled for post in delivery.posts.values())
        assert delivery.lease_until is None
        assert delivery.due
        assert stage.replies(web) == []
        async with stage.working():
            await stage.told(web)
        assert stage.replies(web) == ["succeeded"]


async def test_a_worker_that_comes_back_after_its_claim_ended_sends_nothing(store_url: str) -> None:
    web = rollout()
    frozen, thawed = asyncio.Event(), asyncio.Event()

    async def freeze(name: str) -> None:
        if name == "address":
            frozen.set()
            await thawed.wait()

    async with staged(store_url) as stage:
        async with stage.working(stage.worker(senders=intercepted(stage, freeze))):
            await stage.begin(web)
            await frozen.wait()
            async with stage.working():
                await stage.told(web)
            clock = SystemClock()
            await clock.sleep_until(clock.now() + 3 * TIMING.posts.interval)
            thawed.set()
        posts = [call for call in stage.slack.calls() if call.method == "chat.postMessage"]
        assert len(posts) == 1


async def test_a_claim_with_too_little_time_left_is_prolonged_before_anything_is_sent(store_url: str) -> None:
    web = rollout()
    times_left: list[timedelta] = []

    async def dawdle(name: str) -> None:
        if name == "post":
            (delivery,) = await stage.store.deliveries_of(web.id)
            assert delivery.lease_until is not None
            times_left.append(delivery.lease_until - datetime.now(UTC))
        if name == "address":
            clock = SystemClock()
            await clock.sleep_until(clock.now() + TIMING.lease - TIMING.request / 2)

    async with (
        staged(store_url) as stage,
        stage.working(stage.worker(senders=intercepted(stage, dawdle))),
    ):
        await stage.begin(web)
        await stage.told(web)
    (time_left,) = times_left
    assert time_left > 0.8 * TIMING.request


async def test_workers_on_one_store_share_the_work_and_double_nothing(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(12)]
    async with staged(store_url) as stage, stage.working(), stage.working(), stage.working():
        await stage.begin(*rollouts)
        await stage.change(*(later(one, State.SUCCEEDED) for one in rollouts))
        for one in rollouts:
            await stage.told(one)
            assert stage.shown(one) == "succeeded"


async def test_what_goes_to_a_sink_that_is_configured_no_more_is_put_off_with_the_reason(
    store_url: str,
) -> None:
    web, other = rollout("web"), rollout("other")
    async with staged(store_url) as stage:
        senders = stage.senders(stage.store)
        del senders[routing.Sink.SLACK_WEBHOOK]
        async with stage.working(stage.worker(senders=senders)):
            await stage.begin(web, to=WEBHOOK)
            await stage.begin(other)
            await stage.told(other)

            async def put_off() -> bool:
                (delivery,) = await stage.store.deliveries_of(web.id)
                return delivery.error == "slack_webhook is not configured any more"

            await until(put_off)


async def test_while_slack_is_away_the_store_is_left_alone(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(30)]
    claims = 0

    async def count(name: str) -> None:
        nonlocal claims
        claims += name == "claim"

    async with staged(store_url) as stage:
        await stage.slack.go_down()
        store = cast(Store, Intercepted(stage.store, count))
        senders = stage.senders(stage.store)
        del senders[routing.Sink.SLACK_WEBHOOK]
        worker = stage.worker(store, senders=senders)
        async with stage.working(worker):
            await stage.begin(*rollouts)

            async def complains() -> bool:
                return "cannot be reached" in await worker.ping()

            await until(complains)
            assert claims == 0
            await stage.slack.come_back()
            for one in rollouts:
                await stage.told(one)


async def test_an_errand_leaves_one_line_in_the_log_and_its_figures(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        with capture_logs() as lines:
            async with stage.working():
                stage.slack.order(Fault(kind="rate_limited", method="chat.postMessage"))
                await stage.begin(web)
                await stage.told(web)
        said = [(line["did"], line.get("reason")) for line in lines if line["event"] == "delivery"]
        assert said == [
            ("post root: pause", "Slack asks to wait for 1 s"),
            ("post root: done", None),
        ]
        figures = stage.metrics.exposition().decode()
    assert 'shipbell_deliveries_total{result="sent",sink="slack"} 1.0' in figures
    assert 'shipbell_deliveries_total{result="retried",sink="slack"} 1.0' in figures
    assert 'shipbell_delivery_lag_seconds_count{sink="slack"} 1.0' in figures


FAULTS = (
    Fault(kind="lost"),
    Fault(kind="lost", stored=True),
    Fault(kind="server_error"),
    Fault(kind="server_error", stored=True),
    Fault(kind="rate_limited"),
    Fault(kind="not_json", stored=True),
    Fault(kind="slow", delay=0.7),
    Fault(kind="error", code="fatal_error", stored=True),
    Fault(kind="error", code="internal_error"),
)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_fails_in_whatever_order_the_account_balances(store_url: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - dice, no secret
    rollouts = [rollout(f"web-{number}") for number in range(10)]
    async with staged(store_url, rates=Rates(time_factor=FACTOR)) as stage, stage.working() as worker:
        await stage.begin(*rollouts)
        for _ in range(30):
            stage.slack.order(dice.choice(FAULTS))
            chosen = dice.randrange(len(rollouts))
            if rollouts[chosen].state.open:
                state = dice.choice((State.PROGRESSING, State.FAILING, State.SUCCEEDED, State.FAILED))
                rollouts[chosen] = later(rollouts[chosen], state, new_ready=dice.randrange(4))
                await stage.change(rollouts[chosen])
            if dice.random() < 0.5:
                worker.wake()
                await asyncio.sleep(dice.random() * TIMING.edit_spacing.total_seconds())
        stage.slack.clear_faults()
        for one in rollouts:
            await stage.told(one)

        for one in rollouts:
            assert stage.shown(one) == one.state.value
            assert len(stage.replies(one)) == len(set(stage.replies(one)))
            assert payload(stage.roots(one)[0])["version"] <= one.version
