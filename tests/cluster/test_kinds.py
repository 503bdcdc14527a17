"""The cluster plays the other kinds as it plays Deployments: their pods, their nodes, their Events."""

from collections.abc import Callable

import pytest

from tests.cluster import client, manifests
from tests.cluster.connection import Object
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster


def _is_about(reason: str, **involved: str) -> Callable[[Object], bool]:
    def is_it(event: Object) -> bool:
        return bool(event["reason"] == reason and involved.items() <= event["involvedObject"].items())

    return is_it


async def test_a_stateful_set_rolls_out_and_back_under_a_higher_number(
    cluster: Cluster, namespace: str
) -> None:
    await cluster.client.create(namespace, manifests.stateful_set("db", "db:1"))
    await cluster.client.until("statefulsets", namespace, "db", client.is_rolled_out)
    await cluster.client.set_image(namespace, "db", "db:2", resource="statefulsets")
    await cluster.client.until("statefulsets", namespace, "db", client.is_rolled_out)

    await cluster.client.undo(namespace, "db", resource="statefulsets")

    await cluster.client.until("statefulsets", namespace, "db", client.is_rolled_out)
    kept = await cluster.client.find("controllerrevisions", namespace)
    assert sorted(each["revision"] for each in kept) == [2, 3]


async def test_a_daemon_set_runs_on_every_node_also_on_a_cordoned_one(
    cluster: Cluster, namespace: str
) -> None:
    label = {"test/daemon": namespace}
    await cluster.kubelet.add_node(f"cordoned-{namespace}", labels=label, cordoned=True)
    manifest = manifests.daemon_set("agent")
    manifest["spec"]["template"]["spec"]["nodeSelector"] = label
    await cluster.client.create(namespace, manifest)

    found = await cluster.client.until("daemonsets", namespace, "agent", client.is_rolled_out)
    await cluster.kubelet.remove_node(f"cordoned-{namespace}")

    assert found["status"]["numberAvailable"] == 1


async def test_a_run_belongs_to_its_cron_job(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.cron_job("report", backoffLimit=0))

    await cluster.client.run_now(namespace, "report", "report-1", behaviour="exit=3")

    run = await cluster.client.until(
        "jobs", namespace, "report-1", lambda it: client.condition(it, "Failed") == "True"
    )
    assert run["metadata"]["ownerReferences"][0]["name"] == "report"


async def test_a_job_that_restarts_on_failure_counts_its_restarts(cluster: Cluster, namespace: str) -> None:
    manifest = manifests.job("migrate", behaviour="exit=3", backoffLimit=9)
    manifest["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    await cluster.client.create(namespace, manifest)
    pod = (await _pods_of_job(cluster, namespace, "migrate"))[0]["metadata"]["name"]

    found = await cluster.client.until(
        "pods", namespace, pod, lambda it: it["status"]["containerStatuses"][0]["restartCount"] >= 2
    )

    assert found["status"]["phase"] == "Running"


async def test_events_name_the_container_that_they_are_about(cluster: Cluster, namespace: str) -> None:
    manifest = manifests.deployment("web", replicas=1)
    manifest["spec"]["template"]["spec"]["initContainers"] = [{"name": "migrate", "image": "shop:missing"}]
    await cluster.client.create(namespace, manifest)

    await cluster.client.until_event(
        namespace, _is_about("Failed", fieldPath="spec.initContainers{migrate}", kind="Pod")
    )


async def test_a_pod_whose_node_is_lost_is_called_not_ready(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", replicas=1))
    await cluster.client.until_complete(namespace, "web")
    pod = (await cluster.client.pods_of(namespace, "web"))[0]["metadata"]["name"]

    cluster.kubelet.lose(namespace, pod)

    await cluster.client.until("pods", namespace, pod, lambda it: client.condition(it, "Ready") == "False")
    await cluster.client.until_event(namespace, _is_about("NodeNotReady", name=pod))


async def _pods_of_job(cluster: Cluster, namespace: str, name: str) -> list[Object]:
    return await cluster.client.until_pods(namespace, name, 1)
