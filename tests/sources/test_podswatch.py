"""Pods are watched where rollouts are in flight, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from shipbell.domain import Event, PodsObservation, Workload
from shipbell.sources.kubernetes import eventswatch, podswatch, transport
from tests.fakes.api_server import ApiServer, Fault
from tests.sources.apiobjects import Json, container, event, pod, pod_of
from tests.sources.following import QUICK, Token
from tests.sources.test_decoding import NOW


def workload(name: str = "web", namespace: str = "shop") -> Workload:
    return Workload(cluster="prod", namespace=namespace, kind="Deployment", name=name, uid=f"uid-{name}")


@dataclass
class Watching:
    watch: podswatch.PodsWatch
    seen: "asyncio.Queue[PodsObservation]"

    async def next(self) -> PodsObservation:
        return await asyncio.wait_for(self.seen.get(), 5)

    async def until(self, is_it: Callable[[PodsObservation], bool]) -> PodsObservation:
        async with asyncio.timeout(5):
            while not is_it(told := await self.seen.get()):
                pass
        return told


@asynccontextmanager
async def watching(
    server: ApiServer, followed: Iterable[Workload] = (), *, unready: float = 60.0
) -> AsyncIterator[Watching]:
    pace = replace(QUICK.scaled(0.01), unready=unready)
    async with transport.Transport(Token(server.url)) as connection:
        watch = podswatch.PodsWatch(connection, pace=pace)
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


def of(thing: Json) -> Json:
    return {"kind": thing["kind"], "name": thing["metadata"]["name"], "uid": thing["metadata"]["uid"]}


def recent(reason: str, *, about: Json, container: str = "") -> Json:
    now = datetime.now(UTC).isoformat()
    return event(reason, about=about, container=container, lastTimestamp=now)


def said(number: int) -> Event:
    at = NOW + timedelta(milliseconds=number)
    return Event(kind="Pod", name="web-1", uid="pod", reason="BackOff", message=str(number), last_at=at)


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
            await server.until_asked("watch", 2)
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
            await server.until_asked("watch", 2)
            server.put(pod("web-79fc7fd494-aaaaa", deleting=True))
            leaving = await w.next()
            server.remove("uid-shop-web-79fc7fd494-aaaaa")
            server.put(pod("web-79fc7fd494-bbbbb"))
            after = await w.next()

    assert names(leaving) == []
    assert names(after) == ["web-79fc7fd494-bbbbb"]


async def test_events_about_a_workload_its_revisions_and_its_pods_come_with_its_pods() -> None:
    mine = pod("web-79fc7fd494-aaaaa")
    async with ApiServer() as server:
        server.put(mine)
        async with watching(server, [workload()]) as w:
            await w.next()
            await server.until_asked("watch", 2)
            server.put(recent("Unhealthy", about=of(mine), container="web"))
            server.put(recent("FailedCreate", about={"kind": "Deployment", "name": "web", "uid": "uid-web"}))
            server.put(recent("Backoff", about={"kind": "ReplicaSet", "name": "web-79fc7fd494", "uid": "rs"}))
            server.put(recent("Evicted", about={"kind": "Pod", "name": "web-79fc7fd494-gone", "uid": "gone"}))
            server.put(recent("Unhealthy", about={"kind": "Pod", "name": "api-0", "uid": "api-0"}))
            told = await w.until(lambda seen: len(seen.events or ()) == 4)

    assert [event.reason for event in told.events or ()] == [
        "Unhealthy",
        "FailedCreate",
        "Backoff",
        "Evicted",
    ]
    assert [pod.uid for pod in told.pods] == ["uid-shop-web-79fc7fd494-aaaaa"]


async def test_ordinary_events_are_not_even_asked_for() -> None:
    async with ApiServer() as server, watching(server, [workload()]):
        await server.until_asked("watch", 2)
        asked = next(a for a in server.asked if a.path.endswith("/events"))

    assert "reason!=Scheduled" in asked.query["fieldSelector"]
    assert "reason!=SuccessfulCreate" in asked.query["fieldSelector"]


async def test_a_pod_that_is_not_ready_is_looked_at_again_although_nothing_happens() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        server.put(pod("api-79fc7fd494-ccccc", app="api", ready=False))
        async with watching(server, [workload("web"), workload("api")], unready=0.05) as w:
            seen = [await w.next() for _ in range(4)]

    assert [told.workload.name for told in seen[2:]] == ["api", "api"]


async def test_old_events_are_not_told() -> None:
    mine = pod("web-79fc7fd494-aaaaa")
    async with ApiServer() as server:
        server.put(mine)
        async with watching(server, [workload()]) as w:
            await server.until_asked("watch", 2)
            server.put(event("Unhealthy", about=of(mine)))
            server.put(recent("BackOff", about=of(mine)))
            told = await w.until(lambda seen: bool(seen.events))

    assert [event.reason for event in told.events or ()] == ["BackOff"]


async def test_without_the_permission_for_events_pods_are_told_alone_and_that_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    structlog.reset_defaults()
    async with ApiServer() as server:
        server.fail("watch", Fault(status=403), Fault(status=403))
        server.put(pod("web-79fc7fd494-aaaaa"))
        async with watching(server, [workload(), workload("db", "data")]) as w:
            told = {seen.workload.name: seen for seen in (await w.next(), await w.next())}
            await server.until_asked("watch", 4)

    assert names(told["web"]) == ["web-79fc7fd494-aaaaa"]
    assert {seen.events for seen in told.values()} == {None}
    assert capsys.readouterr().out.count("without Kubernetes Events") == 1


async def test_a_broken_watch_for_events_is_opened_again_and_nothing_is_forgotten() -> None:
    mine = pod("web-79fc7fd494-aaaaa")
    async with ApiServer() as server:
        server.put(mine)
        async with watching(server, [workload()]) as w:
            await server.until_asked("watch", 2)
            server.put(recent("BackOff", about=of(mine)))
            await w.until(lambda seen: bool(seen.events))
            server.abort_watches()
            await server.until_asked("watch", 4)
            server.put(recent("Unhealthy", about=of(mine)))
            told = await w.until(lambda seen: len(seen.events or ()) == 2)

    assert {event.reason for event in told.events or ()} == {"BackOff", "Unhealthy"}


async def test_a_watch_for_events_that_is_ended_by_an_error_is_opened_again() -> None:
    mine = pod("web-79fc7fd494-aaaaa")
    async with ApiServer() as server:
        server.put(mine)
        async with watching(server, [workload()]) as w:
            await server.until_asked("watch", 2)
            server.error_watches({"kind": "Status", "metadata": {}, "code": 500, "message": "etcd is away"})
            await server.until_asked("watch", 4)
            server.put(recent("Unhealthy", about=of(mine)))
            told = await w.until(lambda seen: bool(seen.events))

    assert [event.reason for event in told.events or ()] == ["Unhealthy"]


async def test_workloads_of_several_kinds_may_bear_one_name() -> None:
    jobs = pod_of("Job", "web", "web-q5v7k", phase="Failed")
    followed = [workload(), replace(workload(), kind="Job", uid="uid-shop-web")]
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        server.put(jobs)
        async with watching(server, followed) as w:
            told = {seen.workload.kind: names(seen) for seen in (await w.next(), await w.next())}

    assert told == {"Deployment": ["web-79fc7fd494-aaaaa"], "Job": ["web-q5v7k"]}


def test_the_oldest_events_make_room_for_the_newest() -> None:
    recent_ones = eventswatch.Recent(lambda: NOW)
    for number in range(eventswatch.KEPT + 1):
        recent_ones.take(f"event-{number}", said(number))

    kept = recent_ones.where(lambda _: True)
    assert len(kept) == eventswatch.KEPT
    assert {kept[0].message, kept[-1].message} == {"1", str(eventswatch.KEPT)}


def test_what_is_no_longer_recent_is_forgotten() -> None:
    moment = [NOW]
    recent_ones = eventswatch.Recent(lambda: moment[0])
    assert recent_ones.take("event", said(0))
    assert not recent_ones.take("event", said(0))

    moment[0] += eventswatch.KEPT_FOR + timedelta(hours=1)

    assert recent_ones.where(lambda _: True) == ()


async def test_a_change_that_says_nothing_new_is_not_told() -> None:
    async with ApiServer() as server:
        server.put(pod("web-79fc7fd494-aaaaa"))
        async with watching(server, [workload()]) as w:
            await w.next()
            await server.until_asked("watch", 2)
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
            await server.until_asked("watch", 2)
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
        await server.until_asked("watch", 4)
        scopes = {health.scope for health in w.watch.health}

    assert scopes == {"shop", "data"}
    paths = sorted(asked.path for asked in server.asked if asked.verb == "watch")
    assert paths == [
        "/api/v1/namespaces/data/events",
        "/api/v1/namespaces/data/pods",
        "/api/v1/namespaces/shop/events",
        "/api/v1/namespaces/shop/pods",
    ]


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
        await server.until_asked("watch", 2)
        w.watch.follow([])
        await server.until_unwatched()
        server.put(pod("web-79fc7fd494-aaaaa"))
        w.watch.follow([workload("web")])
        again = await w.next()

    assert names(again) == ["web-79fc7fd494-aaaaa"]
