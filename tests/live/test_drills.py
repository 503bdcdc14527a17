"""What goes wrong in production while Deployments roll out; after it, the account must balance.

One wave of rollouts serves all troubles: each has a Shipbell and a Slack of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from shipbell.sandbox import Fault, Rates, Sandbox
from tests.cluster.running import Cluster
from tests.live.account import Account
from tests.live.deployments import Deployment, until
from tests.live.shipbell import SECRETS, Shipbell, installed, settings_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

FACTOR = 0.2
"""Of Shipbell's and of Slack's time: a minute's outage takes twelve seconds."""

MINUTE = 60 * FACTOR
WIDE, NARROW = 30, 10
"""Deployments of a wave: many for one Shipbell, fewer where eight share two cores."""

CHANNEL = "deployments"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """One Shipbell with its Slack."""

    shipbell: Shipbell
    slack: Sandbox
    namespace: str

    @property
    def account(self) -> Account:
        """What reached this Slack."""
        return Account(self.slack, CHANNEL)


Trouble: TypeAlias = Callable[[Bench], Coroutine[None, None, None]]


async def slack_answers_503_for_a_minute(bench: Bench) -> None:
    bench.slack.order(Fault(kind="server_error", status=503, seconds=MINUTE))


async def slack_refuses_connections_for_a_minute(bench: Bench) -> None:
    bench.slack.order(Fault(kind="down", seconds=MINUTE))


async def slack_says_429(bench: Bench) -> None:
    for method in ("chat.postMessage", "chat.update"):
        bench.slack.order(Fault(kind="rate_limited", method=method, retry_after=2, times=4))


async def answers_are_lost_after_the_post(bench: Bench) -> None:
    for _ in range(4):
        await _something_is_told(bench, more_than=len(bench.account.roots()))
        bench.slack.order(Fault(kind="lost", stored=True, method="chat.postMessage", times=2))


async def answers_are_lost_before_the_post(bench: Bench) -> None:
    for _ in range(4):
        await _something_is_told(bench, more_than=len(bench.account.roots()))
        bench.slack.order(Fault(kind="lost", method="chat.postMessage", times=2))


async def edits_are_lost(bench: Bench) -> None:
    bench.slack.order(Fault(kind="lost", stored=True, method="chat.update", times=10))
    bench.slack.order(Fault(kind="lost", method="chat.update", times=10))


async def killed_six_times(bench: Bench) -> None:
    """No more than one message apart: on a slow machine the rest of the wave may pass while nobody looks."""
    for kill in range(6):
        await _something_is_told(bench, more_than=kill)
        await bench.shipbell.kill()
        await bench.shipbell.start()


async def down_meanwhile(bench: Bench) -> None:
    await bench.shipbell.stop()
    await asyncio.sleep(MINUTE / 2)  # the drill itself: nobody is there for half a minute
    await bench.shipbell.start()


TROUBLES: tuple[Trouble, ...] = (
    slack_answers_503_for_a_minute,
    slack_refuses_connections_for_a_minute,
    slack_says_429,
    answers_are_lost_after_the_post,
    answers_are_lost_before_the_post,
    edits_are_lost,
    killed_six_times,
    down_meanwhile,
)

BLIND = {"killed_six_times", "down_meanwhile"}
"""Troubles in which a revision may come and go unseen."""


@pytest.fixture(scope="module")
async def benches(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Bench]]:
    """One bench per trouble, after the wave has gone through."""
    namespace = await cluster.client.create_namespace("narrow")
    async with AsyncExitStack() as stack:
        made = {}
        for trouble in TROUBLES:
            bench = _bench(cluster, tmp_path_factory.mktemp(trouble.__name__), namespace)
            made[trouble.__name__] = await stack.enter_async_context(bench)
        async with asyncio.TaskGroup() as group:
            group.create_task(_wave(cluster, namespace, NARROW))
            for trouble in TROUBLES:
                group.create_task(trouble(made[trouble.__name__]))
        yield made


@asynccontextmanager
async def _bench(cluster: Cluster, folder: Path, namespace: str) -> AsyncIterator[Bench]:
    """A Shipbell that looks at one namespace alone, and tells a Slack of its own."""
    async with Sandbox(rates=Rates(time_factor=FACTOR), channels=(CHANNEL,)) as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL, factor=FACTOR, namespaces=[namespace])
        async with installed(folder, settings, SECRETS) as shipbell:
            yield Bench(shipbell=shipbell, slack=slack, namespace=namespace)


async def _wave(cluster: Cluster, namespace: str, width: int) -> None:
    """Many Deployments at once, and then a new image for all of them."""
    fleet = [Deployment(client=cluster.client, namespace=namespace, name=name) for name in _names(width)]
    await asyncio.gather(*(one.create(replicas=1) for one in fleet))
    await asyncio.gather(*(one.completes() for one in fleet))
    await asyncio.gather(*(one.set_image("2") for one in fleet))
    await asyncio.gather(*(one.completes() for one in fleet))


def _names(width: int) -> list[str]:
    return [f"app-{number:02}" for number in range(width)]


async def _something_is_told(bench: Bench, *, more_than: int) -> None:
    async def told() -> bool:
        return len(bench.account.roots()) > more_than

    await until(told, lambda: f"nothing was told:\n{bench.shipbell.log[-4000:]}")


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_after_trouble_the_account_balances(trouble: Trouble, benches: dict[str, Bench]) -> None:
    bench = benches[trouble.__name__]

    await bench.account.settles(bench.namespace, _names(NARROW), patience=120)

    if trouble.__name__ in BLIND:
        bench.account.check_seen(bench.namespace, ["succeeded"] * 2 * NARROW)
    else:
        bench.account.check(bench.namespace, ["succeeded"] * 2 * NARROW)


async def test_thirty_at_once_are_thirty_messages_each_true(cluster: Cluster, tmp_path: Path) -> None:
    namespace = await cluster.client.create_namespace("wide")
    async with _bench(cluster, tmp_path, namespace) as bench:
        await _wave(cluster, namespace, WIDE)
        await bench.account.settles(namespace, _names(WIDE), patience=120)

        bench.account.check(namespace, ["succeeded"] * 2 * WIDE)


async def test_an_api_server_that_is_killed_and_comes_back_costs_no_message(
    cluster: Cluster, tmp_path: Path
) -> None:
    namespace = await cluster.client.create_namespace("away")
    web = Deployment(client=cluster.client, namespace=namespace)
    async with _bench(cluster, tmp_path, namespace) as bench:
        await web.create()
        await web.completes()
        await web.set_image("slow-2")
        await web.begins(2)

        await cluster.plane.kill_apiserver()
        await cluster.plane.restart_apiserver()
        await web.completes()
        await web.set_image("3")
        await web.completes()

        await bench.account.becomes(namespace, ["succeeded"] * 3, patience=120)
        bench.account.check(namespace, ["succeeded"] * 3)
