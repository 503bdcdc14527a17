"""Pods are watched where rollouts are in flight, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from shipbell.domain import PodsObservation, Workload
from shipbell.sources.kubernetes import podswatch, transport
from tests.fakes.api_server import ApiServer
from tests.sources.apiobjects import container, pod
from tests.sources.following import QUICK, Token


def workload(name: str = "web", namespace: str = "shop") -> Workload:
    return Workload(cluster="prod", namespace=namespace, kind="Deployment", name=name, uid=f"uid-{name}")


@dataclass
class Watching:
    watch: podswatch.PodsWatch
    seen: "asyncio.Queue[PodsObservation]"

    async def next(self) -> PodsObservation:
        return await asyncio.wait_for(self.seen.get(), 5)


@asynccontextmanager
async def watching(server: ApiServer, followed: Iterable[Workload] = ()) -> AsyncIterator[Watching]:
    async with transport.Transport(Token(server.url)) as connection:
        watch = podswatch.PodsWatch(connection, pace=QUICK.scaled(0.01))
        watch.follow(followed)
        seen: asyncio.Queue[PodsObservation] = asyncio.Queue()
        tasks = [asyncio.create_task(watch.run()), asyncio.create_task(_collect(watch, seen))]
        try:
            yield Watching(watch=watch, seen=seen)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _collect(watch: podswatch.PodsWatch, seen: "asyncio.Queue[PodsObservation]") -> None:
    async with aclosing(watch.stream()) as stream:
        async for observation in stream:
            seen.put_nowait(observation)


def names(observation: PodsObservation) -> list[str]:
    return sorted(pod.name for pod in observation.pods)


async def test_each_workloads_pods_come_first_as_a_whole() -> None:
    async with ApiServer(version=100) as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        server.put(pod("web-67d494f549-bbbbb"))
        server.put(pod("api-79fc7fd494-ccccc", app="api"))
        async with watching(server, [workload("web"), workload("api")]) as w:
            first, second = await w.next(), await w.next()

    assert {o.workload.name: names(o) for o in (first, second)} == {
        "web": ["web-67d494f549-bbbbb", "web-79fc7fd494-aaaaa"],
        "api": ["api-79fc7fd494-ccccc"],
    }
    assert first.resource_version == 103


async def test_a_change_brings_the_whole_set_of_its_workload_alone() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        async with watching(server, [workload("web"), workload("api")]) as w:
            await w.next()
            await w.next()
            await server.until_asked("watch", 1)
            waiting = {"reason": "ImagePullBackOff", "message": "not found"}
            server.put(pod("api-79fc7fd494-bbbbb", app="api"))
            version = server.put(
                pod("web-67d494f549-ccccc", ready=False, containers=[container(waiting=waiting)])
            )
            changed = {o.workload.name: o for o in (await w.next(), await w.next())}

    assert names(changed["api"]) == ["api-79fc7fd494-bbbbb"]
    assert names(changed["web"]) == ["web-67d494f549-ccccc", "web-79fc7fd494-aaaaa"]
    assert changed["web"].resource_version == version
    trouble = next(pod.trouble for pod in changed["web"].pods if not pod.ready)
    assert trouble is not None
    assert trouble.reason == "ImagePullBackOff"


async def test_a_pod_that_is_being_deleted_leaves_the_set_before_it_is_gone() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        async with watching(server, [workload()]) as w:
            await w.next()
            await server.until_asked("watch", 1)
            server.put(pod("web-79fc7fd494-aaaaa", deleting=True))
            leaving = await w.next()
            server.remove("uid-shop-web-79fc7fd494-aaaaa")
            server.put(pod("web-79fc7fd494-bbbbb"))
            after = await w.next()

    assert names(leaving) == []
    assert names(after) == ["web-79fc7fd494-bbbbb"]


async def test_a_change_that_says_nothing_new_is_not_told() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        async with watching(server, [workload()]) as w:
            await w.next()
            await server.until_asked("watch", 1)
            server.put(pod("web-79fc7fd494-aaaaa"))
            server.put(pod("web-79fc7fd494-bbbbb"))
            following = await w.next()

    assert names(following) == ["web-79fc7fd494-aaaaa", "web-79fc7fd494-bbbbb"]


async def test_pods_that_vanished_while_the_watch_was_broken_leave_the_set() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        server.put(pod("web-79fc7fd494-bbbbb"))
        async with watching(server, [workload()]) as w:
            await w.next()
            await server.until_asked("watch", 1)
            server.break_off()
            server.remove("uid-shop-web-79fc7fd494-aaaaa")
            server.compact()
            after = await w.next()

    assert names(after) == ["web-79fc7fd494-bbbbb"]


async def test_one_watch_serves_all_workloads_of_a_namespace() -> None:
    followed = [workload("web"), workload("api"), workload("db", "data")]
    async with ApiServer() as server, watching(server, followed) as w:
        for _ in range(3):
            await w.next()
        await server.until_asked("watch", 2)
        scopes = {health.scope for health in w.watch.health}

    assert scopes == {"shop", "data"}
    paths = sorted(asked.path for asked in server.asked if asked.verb == "watch")
    assert paths == ["/api/v1/namespaces/data/pods", "/api/v1/namespaces/shop/pods"]


async def test_a_workload_that_joins_an_open_watch_is_told_at_once() -> None:
    async with ApiServer() as server:
        server.put(pod("api-79fc7fd494-ccccc", app="api"))
        async with watching(server, [workload("web")]) as w:
            await w.next()
            w.watch.follow([workload("web"), workload("api")])
            joined = await w.next()

    assert names(joined) == ["api-79fc7fd494-ccccc"]
    assert server.count("list") == 1


async def test_a_namespace_without_rollouts_is_watched_no_more_and_again_when_one_begins() -> None:
    async with ApiServer() as server, watching(server, [workload("web")]) as w:
        await w.next()
        await server.until_asked("watch", 1)
        w.watch.follow([])
        await server.until_unwatched()
        server.put(pod("web-79fc7fd494-aaaaa"))
        w.watch.follow([workload("web")])
        again = await w.next()

    assert names(again) == ["web-79fc7fd494-aaaaa"]
