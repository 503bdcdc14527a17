"""What the real controllers, quotas and the API server say no to, they say no to here."""

from contextlib import aclosing

import pytest

from tests.cluster import client, connection, manifests
from tests.cluster.connection import Object
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster


def _conditions(found: Object) -> dict[str, str]:
    return {each["type"]: each["status"] for each in found["status"].get("conditions") or []}


async def test_a_quota_refuses_pods_and_the_deployment_says_so(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.quota("full", pods="1"))
    await cluster.client.create(namespace, manifests.deployment("web", replicas=3))

    found = await cluster.client.until(
        "deployments",
        namespace,
        "web",
        lambda it: _conditions(it).get("ReplicaFailure") == "True" and bool(it["status"].get("replicas")),
    )

    assert found["status"]["replicas"] == 1


async def test_a_pod_that_fits_no_node_stays_unscheduled(cluster: Cluster, namespace: str) -> None:
    manifest = manifests.deployment("web", replicas=1)
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    await cluster.client.create(namespace, manifest)

    await cluster.client.until("deployments", namespace, "web", client.is_observed)
    pod = (await cluster.client.until_pods(namespace, "web", 1))[0]["metadata"]["name"]

    await cluster.client.until(
        "pods", namespace, pod, lambda it: _conditions(it).get("PodScheduled") == "False"
    )


async def test_a_readiness_gate_keeps_a_pod_unready_until_its_condition_is_true(
    cluster: Cluster, namespace: str
) -> None:
    manifest = manifests.deployment("web", replicas=1)
    gate = {"conditionType": "example.org/registered"}
    manifest["spec"]["template"]["spec"]["readinessGates"] = [gate]
    await cluster.client.create(namespace, manifest)
    pod = (await cluster.client.until_pods(namespace, "web", 1))[0]["metadata"]["name"]
    held = await cluster.client.until(
        "pods", namespace, pod, lambda it: _conditions(it).get("ContainersReady") == "True"
    )

    condition = {"type": "example.org/registered", "status": "True"}
    await cluster.client.patch(
        "pods", namespace, pod, {"status": {"conditions": [condition]}}, subresource="status"
    )

    assert _conditions(held)["Ready"] == "False"
    await cluster.client.until_complete(namespace, "web")


async def test_a_stateful_set_and_a_daemon_set_become_ready(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.stateful_set("db", replicas=2))
    await cluster.client.create(namespace, manifests.daemon_set("agent"))

    await cluster.client.until(
        "statefulsets", namespace, "db", lambda it: it["status"].get("readyReplicas") == 2
    )
    await cluster.client.until(
        "daemonsets", namespace, "agent", lambda it: it["status"].get("numberReady") == 3
    )


async def test_an_exported_manifest_creates_the_deployment_anew(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:1", replicas=1))
    await cluster.client.set_image(namespace, "web", "shop:2")
    kept = client.exported(await cluster.client.until_complete(namespace, "web"))
    await cluster.client.delete("deployments", namespace, "web")
    await cluster.client.until_gone("deployments", namespace, "web")

    created = await cluster.client.create(namespace, kept)

    assert client.revision(created) == 2
    await cluster.client.until("deployments", namespace, "web", lambda it: client.revision(it) == 1)


async def test_a_history_that_is_forgotten_expires_old_watches(cluster: Cluster, namespace: str) -> None:
    async with cluster.plane.connect() as api:
        path = "/apis/apps/v1/deployments"
        old = await api.request("GET", path)
        await cluster.client.create(namespace, manifests.deployment("web"))
        await cluster.client.until_complete(namespace, "web")

        await cluster.plane.forget_history()

        params = {"resourceVersion": old["metadata"]["resourceVersion"]}
        async with aclosing(api.watch(path, params)) as events:
            first = await anext(events)
    assert (first["type"], first["object"]["code"]) == ("ERROR", 410)


async def test_a_wrong_token_is_refused(cluster: Cluster) -> None:
    async with cluster.plane.connect("a-wrong-token") as stranger:
        with pytest.raises(connection.Refused) as refusal:
            await stranger.request("GET", "/api/v1/nodes")

    assert refusal.value.status == 401


async def test_warnings_that_repeat_are_counted_up(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:missing", replicas=1))
    await cluster.client.until_pods(namespace, "web", 1)

    event = await cluster.client.until_event(
        namespace, lambda it: it["message"] == "Error: ErrImagePull" and it["count"] >= 2
    )

    assert event["involvedObject"]["kind"] == "Pod"


async def test_an_image_that_is_pushed_again_has_another_digest(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:latest", replicas=1))
    await cluster.client.until_complete(namespace, "web")
    before = await _image_id(cluster, namespace)

    cluster.kubelet.push("shop:latest")
    await cluster.client.restart(namespace, "web")
    await cluster.client.until(
        "deployments", namespace, "web", lambda it: client.is_complete(it) and client.revision(it) == 2
    )

    assert await _image_id(cluster, namespace) != before


async def _image_id(cluster: Cluster, namespace: str) -> str:
    """Of the one pod that is not on its way out."""
    pods = await cluster.client.until_pods(namespace, "web", 1)
    return str(pods[0]["status"]["containerStatuses"][0]["imageID"])
