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
from shipbell.sources.kubernetes import reading, reflector, transport
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
    directory: Path,
    server: ApiServer,
    *,
    scopes: tuple[str, ...] = ("",),
    chosen: tuple[str, ...] = ("Deployment",),
    is_watching: bool = False,
) -> AsyncIterator[Bench]:
    """Follows the first scope; whatever others there are never get their list."""
    url = f"sqlite:///{directory / 'shipbell.db'}"
    await upgrading.upgrade(url)
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(await Store.open(url))
            connection = await stack.enter_async_context(transport.Transport(Token(server.url)))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            choice = choosing.Choice(
                cluster="apps", kinds=frozenset(chosen), scopes=scopes, watching=is_watching
            )
            yield _bench(store, connection, group, choice)
            raise _EnoughError
    except* _EnoughError:
        pass


def _bench(
    store: Store, connection: transport.Transport, group: asyncio.TaskGroup, choice: choosing.Choice
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
        choice=choice,
        metrics=Metrics(),
    )
    follower = reflector.Reflector(
        connection, reader.observing("Deployment"), scope=choice.scopes[0], pace=QUICK
    )
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


async def test_a_hint_that_comes_before_the_first_list_is_followed_after_it(tmp_path: Path) -> None:
    async with ApiServer() as server:
        server.fail("list", Fault(status=500))
        async with feeding(tmp_path, server) as bench:
            await server.until_asked("list", 1)
            async with asyncio.timeout(5):
                await bench.feed.look_at(Hint(kind="Deployment", namespace="shop", name="web"))
            await server.until_asked("list", 3)

    assert [asked.query.get("fieldSelector") for asked in server.asked if asked.verb == "list"] == [
        None,
        None,
        "metadata.name=web",
    ]


async def test_a_kind_that_may_not_be_listed_holds_up_no_hint_at_another(tmp_path: Path) -> None:
    async with ApiServer() as server:
        server.refused.add("jobs")
        async with feeding(tmp_path, server, chosen=("Deployment", "Job")) as bench:
            await server.until_asked("watch", 1)
            async with asyncio.timeout(5):
                for name in range(100):
                    await bench.feed.look_at(Hint(kind="Job", namespace="shop", name=f"migrate-{name}"))
                begin(server, "web")
                await bench.feed.look_at(Hint(kind="Deployment", namespace="shop", name="web"))

            await bench.told("shop/web")


async def test_a_hint_that_says_what_the_watch_says_reads_nothing(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server, is_watching=True) as bench:
        await server.until_asked("watch", 1)
        begin(server, "web")
        await bench.told("shop/web")
        lists = server.count("list")
        for kind, name in [("Deployment", "web"), ("ReplicaSet", "web-1"), ("Pod", "web-1-a")]:
            await bench.feed.look_at(Hint(kind=kind, namespace="shop", name=name))

        assert server.count("list") == lists


async def test_a_hint_of_which_the_watch_says_nothing_is_followed(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server, is_watching=True) as bench:
        await server.until_asked("watch", 1)
        server.forsake_watches()
        begin(server, "web")
        await bench.feed.look_at(Hint(kind="Deployment", namespace="shop", name="web"))

        await bench.told("shop/web")


async def test_a_hint_at_a_kind_that_is_not_chosen_reads_nothing(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        lists = server.count("list")
        await bench.feed.look_at(Hint(kind="StatefulSet", namespace="shop", name="db"))

    assert server.count("list") == lists


async def test_what_is_read_again_for_no_reason_leaves_pods_to_their_watch(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server, is_watching=True) as bench:
        await server.until_asked("watch", 1)
        begin(server, "web")
        await bench.told("shop/web")
        (rollout,) = await bench.store.rollouts()
        asked = len(server.asked)
        await bench.feed.look_again(rollout.workload)
        before_verdict = [request.path for request in server.asked[asked:]]
        await bench.feed.look_at_all(rollout.workload)

    assert [path.rpartition("/")[2] for path in before_verdict] == ["deployments"]
    assert server.asked[-1].path.endswith("/pods")


async def test_an_undecided_workload_is_looked_at_again(tmp_path: Path) -> None:
    async with ApiServer() as server, feeding(tmp_path, server) as bench:
        await server.until_asked("watch", 1)
        server.put(deployment("web", status=BEGINNING))
        lists = server.count("list")
        await server.until_asked("list", lists + 2)
        server.put(replicaset())

        await bench.told("shop/web")
