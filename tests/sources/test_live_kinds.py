"""What a real control plane says of sets and Jobs is understood as the domain needs it."""

import asyncio
from collections.abc import Callable

import pytest

from shipbell.domain import LogRequest, Observation
from shipbell.sources.kubernetes import kinds, reading
from tests.cluster import manifests
from tests.cluster.connection import Object
from tests.cluster.running import Cluster
from tests.sources.test_kinds import bears
from tests.sources.test_live import PATIENCE, connected

SETS = {"StatefulSet": manifests.stateful_set, "DaemonSet": manifests.daemon_set}


async def seen(
    reader: reading.Reader, kind: str, namespace: str, name: str, holds: Callable[[Observation], bool]
) -> Observation:
    """The workload, as soon as that holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for observation in (await reader.workload(kind, namespace, name)).observations:
                if holds(observation):
                    return observation
            await asyncio.sleep(0.1)


def at_rest(observation: Observation) -> bool:
    counts = (observation.updated, observation.ready, observation.available)
    return observation.settled and observation.wanted > 0 and counts == (observation.wanted,) * 3


@pytest.mark.parametrize("kind", SETS)
async def test_the_newest_controllerrevision_has_the_template_of_its_workload(
    cluster: Cluster, namespace: str, kind: str
) -> None:
    resource = kinds.ALL[kind].resource.plural
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, SETS[kind]("db", "shop:1"))
        first = await seen(reader, kind, namespace, "db", at_rest)
        await cluster.client.set_image(namespace, "db", "shop:2", resource=resource)
        second = await seen(
            reader, kind, namespace, "db", lambda o: at_rest(o) and o.generation > first.generation
        )
        revisions = await reader.revisions(second)
        pods = await reader.pods(second.workload)

    # A controller that has not seen its first revision yet gives its number to the second one as well.
    assert [revision.number for revision in revisions] in ([1, 2], [1, 1])
    (newest,) = (revision for revision in revisions if revision.template == second.template)
    (oldest,) = (revision for revision in revisions if revision.template == first.template)
    assert newest != oldest
    assert bears(second, newest)
    assert pods is not None
    assert {pod.hash for pod in pods.pods} == {newest.hash}


@pytest.mark.parametrize("kind", SETS)
async def test_a_revision_that_comes_back_has_a_new_number_and_its_old_name(
    cluster: Cluster, namespace: str, kind: str
) -> None:
    resource = kinds.ALL[kind].resource.plural
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, SETS[kind]("db", "shop:1"))
        first = await seen(reader, kind, namespace, "db", at_rest)
        (original,) = await reader.revisions(first)
        for image in ("shop:2", "shop:1"):
            changed = await cluster.client.set_image(namespace, "db", image, resource=resource)
            generation = changed["metadata"]["generation"]
            last = await seen(reader, kind, namespace, "db", _settled_at(generation))
        revisions = await reader.revisions(last)

    assert [revision.number for revision in revisions] == [2, 3]
    assert (revisions[1].name, revisions[1].uid) == (original.name, original.uid)
    assert bears(last, revisions[1])


def _settled_at(generation: int) -> Callable[[Observation], bool]:
    return lambda observation: at_rest(observation) and observation.generation == generation


async def test_a_jobs_conditions_have_times_and_its_pods_its_uid(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, manifests.job("migrate", behaviour="exit=3", backoffLimit=0))
        failed = await seen(reader, "Job", namespace, "migrate", lambda o: o.condition("Failed") is not None)
        pods = await reader.pods(failed.workload)
        events = await reader.events(namespace, failed.workload.uid)

    condition = failed.condition("Failed")
    assert condition is not None
    assert condition.reason == "BackoffLimitExceeded"
    assert condition.last_update is not None
    assert condition.last_update >= failed.created_at
    assert failed.job is not None
    assert (failed.job.failed, failed.job.backoff_limit, failed.job.completions) == (1, 0, 1)
    assert pods is not None
    assert [(pod.hash, pod.trouble is not None) for pod in pods.pods] == [(failed.workload.uid, True)]
    assert {event.kind for event in events} == {"Job"}
    assert "BackoffLimitExceeded" in {event.reason for event in events}


async def test_the_run_of_a_cronjob_names_it(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        above: Object = await cluster.client.create(namespace, manifests.cron_job("nightly"))
        await cluster.client.create(namespace, manifests.run_of(above, "nightly-29482100"))
        run = await seen(reader, "Job", namespace, "nightly-29482100", lambda o: o.owner is not None)

    assert run.owner is not None
    assert (run.owner.kind, run.owner.name) == ("CronJob", "nightly")
    assert run.owner.uid == above["metadata"]["uid"]


async def test_the_last_lines_of_a_crashed_container_are_read(cluster: Cluster, namespace: str) -> None:
    async with connected(cluster) as connection:
        reader = reading.Reader(connection, "prod")
        await cluster.client.create(namespace, manifests.job("migrate", behaviour="exit=3", backoffLimit=0))
        failed = await seen(reader, "Job", namespace, "migrate", lambda o: o.condition("Failed") is not None)
        pods = await reader.pods(failed.workload)
        assert pods is not None
        request = LogRequest(pod=pods.pods[0].name, container="app", previous=False)
        lines = await reader.log(request, namespace)
        unknown = await reader.log(LogRequest(pod="gone", container="app", previous=True), namespace)

    assert lines.strip()
    assert unknown == ""
