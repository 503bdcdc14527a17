"""A workload is read with what belongs to it, and with nothing that belongs to its neighbours."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import structlog

from shipbell import errors
from shipbell.domain import LogRequest, Observation
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import reading, transport
from tests.fakes.api_server import ApiServer, Fault
from tests.sources.apiobjects import (
    Json,
    controllerrevision,
    daemonset,
    deployment,
    event,
    job,
    pod,
    pod_of,
    replicaset,
    statefulset,
)
from tests.sources.following import Token


@asynccontextmanager
async def reader_of(server: ApiServer) -> AsyncIterator[reading.Reader]:
    async with transport.Transport(Token(server.url)) as connection:
        yield reading.Reader(connection, "prod")


async def observe(reader: reading.Reader, name: str = "web") -> Observation:
    return (await reader.workload("Deployment", "shop", name)).observations[0]


async def test_a_workload_is_a_list_of_one() -> None:
    async with ApiServer(version=500) as server, reader_of(server) as reader:
        server.put(deployment("web"))
        server.put(deployment("api"))
        listed = await reader.workload("Deployment", "shop", "web")

    assert [o.workload.name for o in listed.observations] == ["web"]
    assert listed.present == {"uid-shop-web"}
    assert (listed.scope, listed.name, listed.resource_version) == ("shop", "web", 502)


async def test_an_absence_has_a_version() -> None:
    async with ApiServer(version=500) as server, reader_of(server) as reader:
        listed = await reader.workload("Deployment", "shop", "web")

    assert (listed.observations, listed.present, listed.resource_version) == ((), frozenset(), 500)


async def test_a_kind_that_is_not_read_is_an_error() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        with pytest.raises(errors.SourceError, match="a Rollout is not among"):
            await reader.workload("Rollout", "shop", "web")


async def test_revisions_are_the_replicasets_that_the_workload_owns_in_order() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(deployment("web"))
        server.put(replicaset("web-79fc7fd494", revision="10"))
        server.put(replicaset("web-67d494f549", revision="9"))
        stranger = replicaset("web-canary-1234", owner="web-canary")
        stranger["metadata"]["labels"]["app"] = "web"
        server.put(stranger)
        revisions = await reader.revisions(await observe(reader))

    assert [revision.number for revision in revisions] == [9, 10]


async def test_the_selector_is_asked_for_once() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(deployment("web"))
        server.put(replicaset())
        observation = await observe(reader)
        for _ in range(3):
            await reader.revisions(observation)
            await reader.pods(observation.workload)

    assert [asked.query.get("labelSelector") for asked in server.asked] == [None, *["app=web"] * 6]


async def test_revisions_come_from_a_cache_if_it_is_as_new_as_the_workload() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(deployment("web"))
        server.put(replicaset())
        await reader.revisions(await observe(reader))

    assert [asked.query.get("resourceVersion") for asked in server.asked] == [None, "0"]


@pytest.mark.parametrize("cached", ["8", "10"])
async def test_revisions_are_read_anew_where_the_cache_lacks_the_workloads_or_has_a_higher_one(
    cached: str,
) -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(deployment("web", annotations={"deployment.kubernetes.io/revision": "9"}))
        server.put(replicaset(revision=cached))
        await reader.revisions(await observe(reader))

    assert [asked.query.get("resourceVersion") for asked in server.asked] == [None, "0", None]


async def test_a_workload_that_is_gone_has_neither_revisions_nor_pods() -> None:
    async with ApiServer() as server:
        server.put(deployment("web"))
        async with reader_of(server) as before:
            observation = await observe(before)
        server.remove("uid-shop-web")
        server.put(deployment("web", uid="another"))
        async with reader_of(server) as reader:
            assert await reader.revisions(observation) == ()
            assert await reader.pods(observation.workload) is None


async def test_pods_are_those_of_the_workload_that_count() -> None:
    async with ApiServer(version=100) as server, reader_of(server) as reader:
        server.put(deployment("web"))
        server.put(pod("web-79fc7fd494-aaaaa"))
        server.put(pod("web-67d494f549-bbbbb", ready=False))
        server.put(pod("web-79fc7fd494-ccccc", deleting=True))
        server.put(pod("web-79fc7fd494-ddddd", phase="Failed"))
        server.put(pod("web-canary-67d494f549-eeeee", app="web"))
        seen = await reader.pods((await observe(reader)).workload)

    assert seen is not None
    assert [(p.name, p.hash, p.ready) for p in seen.pods] == [
        ("web-79fc7fd494-aaaaa", "79fc7fd494", True),
        ("web-67d494f549-bbbbb", "67d494f549", False),
    ]
    assert seen.resource_version == 106


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Deployment", "web"), ("ReplicaSet", "web-79fc7fd494"), ("Pod", "web-79fc7fd494-aaaaa")],
)
async def test_a_hint_leads_up_to_the_workload(kind: str, name: str) -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(replicaset("web-79fc7fd494"))
        server.put(pod("web-79fc7fd494-aaaaa"))
        owner = await reader.owner(Hint(kind=kind, namespace="shop", name=name))

    assert owner == Hint(kind="Deployment", namespace="shop", name="web")


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job"])
async def test_a_pod_leads_to_the_set_or_job_that_owns_it(kind: str) -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(pod_of(kind, "db"))
        owner = await reader.owner(Hint(kind="Pod", namespace="shop", name="db-x7x2v"))

    assert owner == Hint(kind=kind, namespace="shop", name="db")


async def test_a_job_of_a_cronjob_stands_for_itself() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(job("nightly-29482", owner="nightly"))
        hint = Hint(kind="Job", namespace="shop", name="nightly-29482")

        assert await reader.owner(hint) == hint


@pytest.mark.parametrize("make", [statefulset, daemonset, job], ids=lambda make: make.__name__)
async def test_every_kind_is_read_with_its_pods(make: Callable[[], Json]) -> None:
    thing = make()
    kind, name = thing["kind"], thing["metadata"]["name"]
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(thing)
        server.put(pod_of(kind, name, labels=thing["spec"]["selector"]["matchLabels"]))
        server.put(pod(f"{name}-79fc7fd494-aaaaa", app=name))
        (seen,) = (await reader.workload(kind, "shop", name)).observations
        pods = await reader.pods(seen.workload)

    assert seen.workload.kind == kind
    assert pods is not None
    assert [p.name for p in pods.pods] == [f"{name}-x7x2v"]


async def test_a_sets_revisions_are_its_controllerrevisions_in_order() -> None:
    old, new = statefulset(), statefulset(image="reg.example/shop/db:16.2", revision="db-7d8c")
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(new)
        server.put(controllerrevision(new, "7d8c", revision=2))
        server.put(controllerrevision(old, "6c5b9f", revision=1))
        stranger = controllerrevision(statefulset("other"), "9a9a", revision=9)
        stranger["metadata"]["labels"]["app"] = "db"
        server.put(stranger)
        (seen,) = (await reader.workload("StatefulSet", "shop", "db")).observations
        found = await reader.revisions(seen)

    assert [revision.name for revision in found] == ["db-6c5b9f", "db-7d8c"]
    assert [asked.query.get("resourceVersion") for asked in server.asked] == [None, "0"]


async def test_a_job_has_no_revisions_and_none_are_asked_for() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(job())
        (seen,) = (await reader.workload("Job", "shop", "migrate")).observations

        assert await reader.revisions(seen) == ()
    assert server.count("list") == 1


async def read_with_events(server: ApiServer, *told: Json) -> tuple[str, ...] | None:
    """The reasons of the Events that come with the pods of `web`."""
    async with reader_of(server) as reader:
        for thing in (deployment("web"), pod("web-79fc7fd494-aaaaa"), *told):
            server.put(thing)
        workload = (await observe(reader)).workload
        seen = await reader.pods(workload, with_events=True)
    assert seen is not None
    return None if seen.events is None else tuple(seen.reason for seen in seen.events)


async def test_pods_come_with_the_events_about_them_their_replicaset_and_their_workload() -> None:
    async with ApiServer() as server:
        reasons = await read_with_events(
            server,
            event("Unhealthy", about={"kind": "Pod", "name": "a", "uid": "uid-shop-web-79fc7fd494-aaaaa"}),
            event("FailedCreate", about={"kind": "ReplicaSet", "name": "web-79fc7fd494", "uid": "rs"}),
            event("FailedMount", about={"kind": "Pod", "name": "other-1", "uid": "another"}),
        )

    assert reasons == ("Unhealthy", "FailedCreate")


async def test_pods_come_without_events_where_these_may_not_be_read() -> None:
    async with ApiServer() as server:
        server.refused.add("events")

        assert await read_with_events(server) is None


async def test_events_of_what_is_gone_are_found_by_its_uid_in_the_order_of_time() -> None:
    about = {"kind": "Job", "name": "migrate", "uid": "uid-1"}
    late = {"lastTimestamp": "2026-01-30T15:00:00Z"}
    async with ApiServer() as server, reader_of(server) as reader:
        server.put(event("Completed", about=about, type="Normal", **late))
        server.put(event("SuccessfulCreate", about=about, type="Normal"))
        server.put(event("Unhealthy"))
        found = await reader.events("shop", "uid-1")

    assert [seen.reason for seen in found] == ["SuccessfulCreate", "Completed"]


async def test_a_containers_last_lines_are_read() -> None:
    request = LogRequest(pod="web-1", container="web", previous=True)
    async with ApiServer() as server, reader_of(server) as reader:
        server.logs["/api/v1/namespaces/shop/pods/web-1/log"] = b"boot\ncannot reach \xff\n"

        assert await reader.log(request, "shop") == "boot\ncannot reach \ufffd\n"
    assert server.asked[0].query == {
        "container": "web",
        "previous": "true",
        "tailLines": "20",
        "limitBytes": "16384",
    }


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_log_that_cannot_be_had_is_empty(status: int) -> None:
    request = LogRequest(pod="web-1", container="web", previous=False)
    async with ApiServer() as server, reader_of(server) as reader:
        server.fail("list", Fault(status=status))

        assert await reader.log(request, "shop") == ""


async def test_that_logs_may_not_be_read_is_said_once() -> None:
    request = LogRequest(pod="web-1", container="web", previous=False)
    async with ApiServer() as server, reader_of(server) as reader:
        server.fail("list", *[Fault(status=403)] * 3)
        with structlog.testing.capture_logs() as said:
            for _ in range(3):
                await reader.log(request, "shop")

    assert len(said) == 1


async def test_a_hint_at_something_else_leads_nowhere() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        lonely = pod("lonely")
        lonely["metadata"]["ownerReferences"] = []
        server.put(lonely)
        server.put(pod_of("Rollout", "canary"))
        hints = [("Pod", "lonely"), ("Pod", "canary-x7x2v"), ("Pod", "gone"), ("CronJob", "nightly")]
        owners = [await reader.owner(Hint(kind=k, namespace="shop", name=n)) for k, n in hints]

    assert owners == [None, None, None, None]


async def test_what_the_server_refuses_is_raised() -> None:
    async with ApiServer() as server, reader_of(server) as reader:
        server.fail("list", Fault(status=403))
        with pytest.raises(errors.Forbidden):
            await reader.workload("Deployment", "shop", "web")
