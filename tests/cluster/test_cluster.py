"""The cluster that other tests rely on does what they rely on."""

import asyncio

import pytest

from tests.cluster import client, connection, manifests
from tests.cluster.connection import Object
from tests.cluster.running import Cluster

pytestmark = pytest.mark.cluster


def _waiting_reason(pod: Object) -> str:
    return str(_container(pod).get("state", {}).get("waiting", {}).get("reason", ""))


def _container(pod: Object) -> Object:
    statuses: list[Object] = pod["status"].get("containerStatuses") or [{}]
    return statuses[0]


async def _only_pod(cluster: Cluster, namespace: str, name: str) -> str:
    """The name of the one pod of a workload, as soon as it is there."""
    return str((await cluster.client.until_pods(namespace, name, 1))[0]["metadata"]["name"])


async def test_a_deployment_that_is_created_becomes_available(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", replicas=3))

    deployment = await cluster.client.until_complete(namespace, "web")

    assert deployment["status"]["readyReplicas"] == 3
    assert client.revision(deployment) == 1


async def test_an_image_that_is_missing_never_becomes_available(cluster: Cluster, namespace: str) -> None:
    manifest = manifests.deployment("web", "shop:missing", replicas=1, progressDeadlineSeconds=2)
    await cluster.client.create(namespace, manifest)

    deployment = await cluster.client.until_progressing_says(namespace, "web", "ProgressDeadlineExceeded")
    pod = await cluster.client.get("pods", namespace, await _only_pod(cluster, namespace, "web"))

    assert not client.is_complete(deployment)
    assert _waiting_reason(pod) in ("ErrImagePull", "ImagePullBackOff")


async def test_an_image_that_is_pushed_later_is_started(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:missing-1", replicas=1))
    pod = await _only_pod(cluster, namespace, "web")
    await cluster.client.until("pods", namespace, pod, lambda it: _waiting_reason(it) == "ImagePullBackOff")

    cluster.kubelet.push("shop:missing-1")

    await cluster.client.until_complete(namespace, "web")


async def test_a_crash_loop_shows_restarts_and_the_last_exit(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:crash", replicas=1))

    pod = await cluster.client.until(
        "pods",
        namespace,
        await _only_pod(cluster, namespace, "web"),
        lambda it: _container(it).get("restartCount", 0) >= 2 and _waiting_reason(it) == "CrashLoopBackOff",
    )

    assert _container(pod)["lastState"]["terminated"]["exitCode"] == 1


async def test_a_container_that_crashes_twice_and_heals_becomes_available(
    cluster: Cluster, namespace: str
) -> None:
    manifest = manifests.deployment("web", replicas=1, behaviour="crash-then-heal=2")
    await cluster.client.create(namespace, manifest)

    await cluster.client.until_complete(namespace, "web")
    pod = await cluster.client.get("pods", namespace, await _only_pod(cluster, namespace, "web"))

    assert _container(pod)["restartCount"] == 2


async def test_logs_of_this_run_and_the_one_before_are_served(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:crash", replicas=1))
    pod = await _only_pod(cluster, namespace, "web")
    await cluster.client.until("pods", namespace, pod, lambda it: _container(it).get("restartCount", 0) >= 1)

    before = await cluster.client.logs(namespace, pod, previous=True)

    assert before.endswith("KeyError: 'SECRET_KEY'\n")


async def test_undo_brings_the_older_template_back_under_a_new_revision(
    cluster: Cluster, namespace: str
) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:1", replicas=1))
    await cluster.client.until_complete(namespace, "web")
    await cluster.client.set_image(namespace, "web", "shop:2")
    await cluster.client.until_complete(namespace, "web")

    await cluster.client.undo(namespace, "web")

    deployment = await cluster.client.until(
        "deployments",
        namespace,
        "web",
        lambda it: client.is_complete(it) and client.revision(it) == 3,
    )
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:1"


async def test_a_ready_pod_can_be_made_unready_and_heal(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", replicas=1))
    await cluster.client.until_complete(namespace, "web")
    pod = await _only_pod(cluster, namespace, "web")

    cluster.kubelet.make_unready(namespace, pod)
    await cluster.client.until("pods", namespace, pod, lambda it: not _container(it)["ready"])
    cluster.kubelet.heal(namespace, pod)

    healed = await cluster.client.until("pods", namespace, pod, lambda it: bool(_container(it)["ready"]))
    assert _container(healed)["restartCount"] == 0


async def test_a_pod_that_is_evicted_is_replaced(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", replicas=1))
    await cluster.client.until_complete(namespace, "web")
    pod = await _only_pod(cluster, namespace, "web")

    cluster.kubelet.evict(namespace, pod)

    evicted = await cluster.client.until("pods", namespace, pod, lambda it: it["status"]["phase"] == "Failed")
    assert evicted["status"]["reason"] == "Evicted"
    await cluster.client.until_pods(namespace, "web", 2)


async def test_an_init_container_that_fails_holds_the_pod(cluster: Cluster, namespace: str) -> None:
    manifest = manifests.deployment("web", replicas=1)
    template = manifest["spec"]["template"]["spec"]
    template["initContainers"] = [{"name": "migrate", "image": "shop:crash"}]
    await cluster.client.create(namespace, manifest)

    pod = await cluster.client.until(
        "pods",
        namespace,
        await _only_pod(cluster, namespace, "web"),
        lambda it: any(each["restartCount"] for each in it["status"].get("initContainerStatuses") or []),
    )

    assert pod["status"]["phase"] == "Pending"
    assert _waiting_reason(pod) == "PodInitializing"


@pytest.mark.parametrize(("code", "condition"), [(0, "Complete"), (3, "Failed")])
async def test_a_job_ends_as_its_container_does(
    cluster: Cluster, namespace: str, code: int, condition: str
) -> None:
    manifest = manifests.job("migrate", behaviour=f"exit={code}", backoffLimit=0)
    await cluster.client.create(namespace, manifest)

    await cluster.client.until(
        "jobs",
        namespace,
        "migrate",
        lambda it: any(each["type"] == condition for each in it["status"].get("conditions") or []),
    )


async def test_a_service_account_may_do_what_its_roles_say_and_no_more(
    cluster: Cluster, namespace: str
) -> None:
    await cluster.client.create(namespace, manifests.service_account("reader"))
    role = manifests.cluster_role(namespace, (["apps"], ["deployments"], ["list"]))
    await cluster.client.create("", role)
    binding = manifests.cluster_role_binding(namespace, role=namespace, account="reader", namespace=namespace)
    await cluster.client.create("", binding)
    token = await cluster.client.token(namespace, "reader")

    async with cluster.plane.connect(token) as reader:
        await reader.request("GET", "/apis/apps/v1/deployments")
        with pytest.raises(connection.Refused) as refusal:
            await reader.request("GET", "/api/v1/pods")

    assert refusal.value.status == 403


async def test_a_namespace_that_is_deleted_is_emptied(cluster: Cluster) -> None:
    name = await cluster.client.create_namespace("short-lived")
    await cluster.client.create(name, manifests.deployment("web"))
    await cluster.client.until_complete(name, "web")

    await cluster.client.delete_namespace(name)

    await cluster.client.until_gone("namespaces", "", name)


async def test_a_rollout_survives_the_death_of_the_api_server(cluster: Cluster, namespace: str) -> None:
    await cluster.client.create(namespace, manifests.deployment("web", "shop:slow", replicas=2))
    await _pods_run(cluster, namespace)

    await cluster.plane.kill_apiserver()
    with pytest.raises(connection.Away):
        await cluster.client.get("deployments", namespace, "web")
    await cluster.plane.restart_apiserver()

    await cluster.client.until_complete(namespace, "web", within=40)


async def _pods_run(cluster: Cluster, namespace: str) -> None:
    async with asyncio.timeout(20):
        while len(cluster.kubelet.pods(namespace)) < 2:
            await asyncio.sleep(0.05)
