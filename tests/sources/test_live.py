"""The sources against a real API server: what the small one promises is what the real one does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from shipbell import errors
from shipbell.domain import Observation, PodsObservation
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import (
    access,
    credentials,
    kinds,
    pacing,
    podswatch,
    reading,
    reflector,
    transport,
)
from shipbell.sources.kubernetes.kinds import deployments
from tests.cluster import manifests
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster

PATIENCE = 30.0
QUICK = pacing.Pace(first=0.05, longest=0.5)

Deployments = reflector.Reflector[deployments.Deployment, Observation]
Item = reflector.Listed[Observation] | reflector.Changed[Observation]


@asynccontextmanager
async def connected(cluster: Cluster) -> AsyncIterator[transport.Transport]:
    identity = credentials.Kubeconfig(path=cluster.plane.kubeconfig)
    async with transport.Transport(identity) as connection:
        yield connection


@asynccontextmanager
async def following(
    connection: transport.Transport, namespace: str, pace: pacing.Pace = QUICK
) -> AsyncIterator[tuple[Deployments, "asyncio.Queue[Item]"]]:
    follower = reflector.Reflector(connection, kinds.DEPLOYMENT.format_("prod"), scope=namespace, pace=pace)
    items: asyncio.Queue[Item] = asyncio.Queue()

    async def collect() -> None:
        async with aclosing(follower.stream()) as stream:
            async for item in stream:
                items.put_nowait(item)

    task = asyncio.create_task(collect())
    try:
        yield follower, items
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(items: "asyncio.Queue[Item]", holds: Callable[[Observation], bool]) -> list[Observation]:
    """All changes up to the first for which it holds."""
    seen: list[Observation] = []
    async with asyncio.timeout(PATIENCE):
        while not (seen and holds(seen[-1])):
            item = await items.get()
            seen += [item.observation] if isinstance(item, reflector.Changed) else item.observations
    return seen


def complete(observation: Observation) -> bool:
    counts = (observation.updated, observation.total, observation.available)
    return observation.settled and counts == (observation.wanted,) * 3


async def test_a_rollout_is_followed_from_creation_to_deletion(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection, following(connection, namespace) as (follower, items):
        empty = await asyncio.wait_for(items.get(), PATIENCE)
        await cluster.client.create(namespace, manifests.deployment("web"), manager="pulumi-kubernetes")
        created = await until(items, complete)
        await cluster.client.delete("deployments", namespace, "web")
        gone = await until(items, lambda o: o.deleted)
        health = follower.health

    assert isinstance(empty, reflector.Listed)
    assert empty.observations == ()
    assert empty.resource_version > 0
    assert created[-1].revision == 1
    assert created[-1].manager == "pulumi-kubernetes"
    versions = [o.resource_version for o in [*created, *gone]]
    assert versions == sorted(set(versions))
    assert (health.objects, health.error, health.connected) == (0, None, True)


async def test_a_deployment_and_its_replicaset_have_one_template(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, manifests.deployment("web", "shop:1"))
        await cluster.client.until_complete(namespace, "web")
        await cluster.client.set_image(namespace, "web", "shop:2")
        await cluster.client.until_complete(namespace, "web")
        listed = await reader.workload("Deployment", namespace, "web")
        revisions = await reader.revisions(listed.observations[0])
        pods = await reader.pods(listed.observations[0].workload)

    assert [revision.number for revision in revisions] == [1, 2]
    assert revisions[1].template == listed.observations[0].template
    assert revisions[0].template.spec_digest != revisions[1].template.spec_digest
    assert revisions[1].template.containers[0].image == "shop:2"
    assert pods is not None
    assert {pod.hash for pod in pods.pods if pod.ready} == {revisions[1].hash}
    assert pods.resource_version >= listed.resource_version


async def test_hints_at_real_replicasets_and_pods_lead_to_the_workload(
    cluster: Cluster, namespace: str
) -> None:
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, manifests.deployment("web", replicas=1))
        await cluster.client.until_complete(namespace, "web")
        replicasets = await cluster.client.find("replicasets", namespace)
        pods = await cluster.client.pods_of(namespace, "web")
        hints = [
            Hint(kind="ReplicaSet", namespace=namespace, name=replicasets[0]["metadata"]["name"]),
            Hint(kind="Pod", namespace=namespace, name=pods[0]["metadata"]["name"]),
        ]
        owners = [await reader.owner(hint) for hint in hints]

    assert owners == [Hint(kind="Deployment", namespace=namespace, name="web")] * 2


async def test_an_absence_has_a_version_beyond_the_deletion(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection, following(connection, namespace) as (_, items):
        await cluster.client.create(namespace, manifests.deployment("web", replicas=0))
        await until(items, complete)
        await cluster.client.delete("deployments", namespace, "web")
        gone = await until(items, lambda o: o.deleted)
        absent = await reading.Reader(connection, "prod").workload("Deployment", namespace, "web")

    assert absent.present == frozenset()
    assert absent.resource_version >= gone[-1].resource_version


async def test_a_list_of_many_pages_is_of_one_moment(cluster: Cluster, namespace: str) -> None:
    for number in range(7):
        await cluster.client.create(namespace, manifests.deployment(f"web-{number}", replicas=0))
    pace = pacing.Pace(page=2)
    async with connected(cluster) as connection, following(connection, namespace, pace) as (_, items):
        listed = await asyncio.wait_for(items.get(), PATIENCE)

    assert isinstance(listed, reflector.Listed)
    assert len(listed.observations) == 7
    assert max(o.resource_version for o in listed.observations) <= listed.resource_version


async def test_the_pods_of_a_rollout_tell_why_it_will_fail(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:missing", replicas=1))
    async with connected(cluster) as connection:
        listed = await reading.Reader(connection, "prod").workload("Deployment", namespace, "web")
        watch = podswatch.PodsWatch(connection)
        watch.follow([listed.observations[0].workload])
        keeping = asyncio.create_task(watch.run())
        try:
            async with asyncio.timeout(PATIENCE), aclosing(watch.stream()) as stream:
                troubled = await _first_troubled(stream)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])

    trouble = troubled.pods[0].trouble
    assert trouble is not None
    assert trouble.reason in {"ErrImagePull", "ImagePullBackOff"}
    assert trouble.image == "shop:missing"
    assert trouble.message


async def _first_troubled(stream: AsyncIterator[PodsObservation]) -> PodsObservation:
    async for observation in stream:
        if any(pod.trouble for pod in observation.pods):
            return observation
    raise AssertionError("the stream ended")


async def test_what_changed_while_the_api_server_was_dead_is_seen_after_it(
    cluster: Cluster, namespace: str
) -> None:
    async with connected(cluster) as connection, following(connection, namespace) as (follower, items):
        await asyncio.wait_for(items.get(), PATIENCE)
        await cluster.plane.kill_apiserver()
        async with asyncio.timeout(PATIENCE):
            while follower.health.error is None:
                await asyncio.sleep(0.01)
        dead = follower.health
        await cluster.plane.restart_apiserver()
        await cluster.client.create(namespace, manifests.deployment("web"))
        await until(items, complete)
        alive = follower.health

    assert not dead.connected
    assert alive.connected
    assert alive.error is None


async def test_a_history_that_was_compacted_away_is_bridged_by_a_list(
    cluster: Cluster, namespace: str
) -> None:
    await cluster.client.create(namespace, manifests.deployment("same", replicas=0))
    await cluster.client.until_complete(namespace, "same")
    async with connected(cluster) as connection:
        follower = reflector.Reflector(
            connection, kinds.DEPLOYMENT.format_("prod"), scope=namespace, pace=QUICK
        )
        async with aclosing(follower.stream()) as stream:
            await anext(stream)
            await cluster.client.create(namespace, manifests.deployment("new", replicas=0))
            await anext(stream)
        await cluster.client.until_complete(namespace, "new")
        await cluster.plane.forget_history()
        async with aclosing(follower.stream()) as stream:
            again = await asyncio.wait_for(anext(stream), PATIENCE)

    assert isinstance(again, reflector.Listed)
    assert "new" in {o.workload.name for o in again.observations}
    assert len(again.present) == 2
    assert not again.restored
    assert follower.health.reconnects["expired"] == 1


async def test_permissions_are_those_that_the_roles_grant(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    await cluster.client.create(namespace, manifests.service_account("bell"))
    role = manifests.cluster_role(namespace, (["apps"], ["deployments"], ["list", "watch"]))
    await cluster.client.create("", role)
    binding = manifests.cluster_role_binding(namespace, role=namespace, account="bell", namespace=namespace)
    await cluster.client.create("", binding)
    token = await cluster.client.token(namespace, "bell")

    async with transport.Transport(in_pod(cluster, tmp_path, token)) as connection:
        missing = await access.missing(connection, access.needed(["Deployment"], (namespace,)))
        with pytest.raises(errors.Forbidden, match='cannot list resource "replicasets"'):
            await connection.get_json_bytes("/apis/apps/v1/replicasets")

    assert [str(permission) for permission in missing] == [
        f"list pods in namespace {namespace}",
        f"watch pods in namespace {namespace}",
        f"list replicasets.apps in namespace {namespace}",
    ]


async def test_a_service_account_goes_on_with_its_next_token(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    time = [0.0]
    account = in_pod(cluster, tmp_path, "no-such-token")
    async with transport.Transport(account, monotonic=lambda: time[0]) as connection:
        with pytest.raises(errors.Unauthorized):
            await connection.get_json_bytes("/api/v1/pods")
        (tmp_path / "token").write_text(cluster.plane.token)
        time[0] = transport.RENEW_SECONDS
        body = await connection.get_json_bytes("/api/v1/pods", {"limit": "1"})

    assert b'"PodList"' in body


def in_pod(cluster: Cluster, directory: Path, token: str) -> credentials.InPod:
    """As a pod of the cluster would find its service account in `directory`."""
    (directory / "ca.crt").write_bytes(cluster.plane.ca_file.read_bytes())
    (directory / "token").write_text(token)
    host, _, port = cluster.plane.url.removeprefix("https://").partition(":")
    return credentials.InPod(host=host, port=port, directory=directory)
