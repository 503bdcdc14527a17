"""Events beside pods, from a real API server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from shipbell.domain import PodsObservation
from shipbell.sources.kubernetes import credentials, pacing, podswatch, reading, transport
from tests.cluster import manifests
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster

PATIENCE = 30.0
QUICK = pacing.Pace(first=0.05, longest=0.5, begin=0.05)


@asynccontextmanager
async def watched(
    cluster: Cluster, namespace: str, name: str
) -> AsyncIterator[AsyncIterator[PodsObservation]]:
    """What is seen of a Deployment's pods."""
    identity = credentials.Kubeconfig(path=cluster.plane.kubeconfig)
    async with transport.Transport(identity) as connection:
        listed = await reading.Reader(connection, "prod").workload("Deployment", namespace, name)
        watch = podswatch.PodsWatch(connection, pace=QUICK)
        watch.follow([listed.observations[0].workload])
        keeping = asyncio.create_task(watch.run())
        try:
            async with asyncio.timeout(PATIENCE), aclosing(watch.stream()) as stream:
                yield stream
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


async def until(
    stream: AsyncIterator[PodsObservation], is_it: Callable[[PodsObservation], bool]
) -> PodsObservation:
    async for observation in stream:
        if is_it(observation):
            return observation
    raise AssertionError("the stream ended")


async def test_the_words_of_a_failing_probe_come_with_the_pod_that_fails_it(
    cluster: Cluster, namespace: str
) -> None:
    manifest = manifests.deployment("web", replicas=1, behaviour="never-ready")
    await cluster.client.create(namespace, manifest)
    async with watched(cluster, namespace, "web") as stream:
        seen = await until(stream, lambda seen: any(e.reason == "Unhealthy" for e in seen.events or ()))

    unhealthy = next(event for event in seen.events or () if event.reason == "Unhealthy")
    assert unhealthy.uid == seen.pods[0].uid
    assert unhealthy.container == "app"
    assert unhealthy.message.startswith("Readiness probe failed: ")
    trouble = seen.pods[0].trouble
    assert trouble is not None
    assert trouble.reason == "ContainersNotReady"
    assert trouble.since is not None


async def test_events_of_before_the_watch_come_first(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:missing", replicas=1))
    await cluster.client.until_event(namespace, lambda event: event["reason"] == "Failed")
    async with watched(cluster, namespace, "web") as stream:
        seen = await until(stream, lambda seen: any(e.reason == "Failed" for e in seen.events or ()))

    assert len(seen.pods) == 1


async def test_what_is_ordinary_is_left_out_by_the_api_server_itself(
    cluster: Cluster, namespace: str
) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:missing", replicas=1))
    async with watched(cluster, namespace, "web") as stream:
        seen = await until(stream, lambda seen: bool(seen.events))

    reasons = {event.reason for event in seen.events or ()}
    assert reasons
    assert not reasons & {"Scheduled", "SuccessfulCreate", "ScalingReplicaSet", "Pulling"}
