"""What is fed to ingest, and that trouble with one workload stays with that workload."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shipbell.domain import Policy
from shipbell.ingest import Ingest
from shipbell.metrics import Metrics
from shipbell.service import choosing
from shipbell.service.feeding import Feed
from shipbell.service.lanes import Lanes
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import kinds, reading, reflector, transport
from shipbell.store import Store, upgrading
from tests.fakes.api_server import ApiServer, Fault
from tests.sources.apiobjects import deployment, replicaset
from tests.sources.following import QUICK, Token

BEGINNING = {"replicas": 0, "updatedReplicas": 0}


@dataclass
class Bench:
    """A feed between a fake API server and a real store."""

    feed: Feed
    store: Store
    follower: reflector.Reflector[Any, Any]

    async def told(self, *paths: str) -> None:
        """Until exactly these workloads have a rollout."""

        async def are_told() -> bool:
            return {rollout.workload.path for rollout in await self.store.rollouts()} == set(paths)

        await until(are_told)


class _EnoughError(Exception):
    """Ends a task group that would run for ever."""


@asynccontextmanager
async def feeding(
    directory: Path, server: ApiServer, *, scopes: tuple[str, ...] = ("",)
) -> AsyncIterator[Bench]:
    """Follows the first scope; whatever others there are never get their list."""
    url = f"sqlite:///{directory / 'shipbell.db'}"
    await upgrading.upgrade(url)
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(await Store.open(url))
            connection = await stack.enter_async_context(transport.Transport(Token(server.url)))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            yield _bench(store, connection, group, scopes)
            raise _EnoughError
    except* _EnoughError:
        pass


def _bench(
    store: Store, connection: transport.Transport, group: asyncio.TaskGroup, scopes: tuple[str, ...]
) -> Bench:
    reader = reading.Reader(connection, "apps")
    ingest = Ingest(
        store,
        policy=Policy(),
        destinations=(),
        reader=reader,
        announce=lambda _: None,
        now=lambda: datetime.now(UTC),
        metrics=Metrics(),
    )
    feed = Feed(
        ingest,
        reader,
        Lanes(group),
        listed=asyncio.Event(),
        choice=choosing.Choice(
            cluster="apps", kinds=frozenset({"Deployment"}), scopes=scopes, watching=False
        ),
        metrics=Metrics(),
    )
    follower = reflector.Reflector(connection, kinds.DEPLOYMENT.format_("apps"), scope=scopes[0], pace=QUICK)
    group.create_task(feed.follow("Deployment", follower), name="deployments")
    return Bench(feed=feed, store=store, follower=follower)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Polls until it is so; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.02)


def begin(server: ApiServer, name: str, *, readable: bool = True) -> None:
    """A Deployment that begins its first rollout; its ReplicaSet may be beyond understanding."""
    made = replicaset(f"{name}-79fc7fd494", owner=name)
    server.put(made if readable else {**made, "status": 7})
    server.put(deployment(name, status=BEGINNING))


async def test_workloads_that_cannot_be_read_do_not_keep_others_from_being_taken(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        for number in range(20):
            begin(server, f"broken-{number}", readable=False)
        begin(server, "web")

        await bench.told("shop/web")


async def test_a_list_does_not_wait_for_ever_for_a_workload_that_cannot_be_read(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        begin(server, "broken", readable=False)
        bench.follower.relist()
        server.bookmark()
        await server.until_asked("watch", 2)
        begin(server, "web")

        await bench.told("shop/web")


async def test_what_a_list_leaves_undecided_does_not_keep_the_watch_from_being_followed(
    tmp_path: Path,
) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        server.break_off()
        begin(server, "broken", readable=False)
        server.compact()
        await server.until_asked("watch", 3)
        begin(server, "web")

        await bench.told("shop/web")


async def test_a_hint_whose_owner_may_not_be_read_is_let_go(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        server.fail("list", *[Fault(status=403)] * 50)

        async with asyncio.timeout(5):
            await bench.feed.look_at(Hint(kind="Pod", namespace="shop", name="web-1"))


async def test_a_hint_waits_for_the_first_list_of_its_own_namespace_only(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server, scopes=("shop", "locked")) as bench:
        await server.until_asked("watch", 1)

        async with asyncio.timeout(5):
            await bench.feed.look_at(Hint(kind="Deployment", namespace="shop", name="web"))


async def test_an_undecided_workload_is_looked_at_again(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        server.put(deployment("web", status=BEGINNING))
        lists = server.count("list")
        await server.until_asked("list", lists + 2)
        server.put(replicaset())

        await bench.told("shop/web")
