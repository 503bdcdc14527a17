"""Events beside pods, from a real API server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

import pytest

from shipbell.domain import (
    Identity,
    Memory,
    PodsObservation,
    Policy,
    Rollout,
    RolloutKind,
    State,
    rollout_id,
)
from shipbell.domain.stepping import Setting, see_pods
from shipbell.sources.kubernetes import credentials, pacing, podswatch, reading, transport
from tests.cluster import manifests
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster

PATIENCE = 30.0
QUICK = pacing.Pace(first=0.05, longest=0.5, begin=0.05, unready=0.5)


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


@pytest.mark.parametrize(
    ("behaviour", "least", "cause"),
    [
        ("never-ready", 120, "Readiness probe of container app fails: "),
        ("mount-fails", 180, "ConfigMap app-data is missing for volume "),
        ("config-error", 60, "Secret app-secrets is missing "),
    ],
)
async def test_looks_at_pods_alone_bring_a_cause_within_seconds_of_its_moment(
    cluster: Cluster, namespace: str, behaviour: str, least: float, cause: str
) -> None:
    manifest = manifests.deployment("web", replicas=1, behaviour=behaviour)
    await cluster.client.create(namespace, manifest)
    policy = Policy(patience=0.02)
    async with watched(cluster, namespace, "web") as stream:
        memory, began = await begun(stream, policy)
        async for seen in stream:
            memory = see_pods(memory, seen, Setting(now=seen.at, policy=policy)).memory
            if memory.rollout and memory.rollout.state is State.FAILING:
                break

    assert memory.rollout is not None
    assert memory.rollout.diagnosis is not None
    assert memory.rollout.diagnosis.cause.startswith(cause)
    assert (seen.at - began).total_seconds() < least * policy.patience + 3.0


async def begun(stream: AsyncIterator[PodsObservation], policy: Policy) -> tuple[Memory, datetime]:
    """A rollout of what the first look shows."""
    seen = await until(stream, lambda seen: bool(seen.pods))
    workload, pod = seen.workload, seen.pods[0]
    now = seen.at.replace(microsecond=0)
    identity = Identity(number=1, hash=pod.hash)
    rollout = Rollout(
        id=rollout_id(workload, identity),
        workload=workload,
        identity=identity,
        state=State.STARTED,
        version=1,
        kind=RolloutKind.FIRST,
        started_at=pod.created_at,
        changed_at=now,
        progress_at=now,
        wanted=1,
        deadline_seconds=600,
    )
    memory = Memory(workload=workload, resource_version=1, identity=identity, rollout=rollout)
    return see_pods(memory, seen, Setting(now=seen.at, policy=policy)).memory, seen.at
