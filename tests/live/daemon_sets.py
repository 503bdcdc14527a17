"""What happens to DaemonSets, and what Slack must then have been told."""

from typing import Any

from tests.cluster import manifests
from tests.cluster.connection import Object
from tests.live.ground import Ground, Scenario

STATES = list[str]


def _manifest(ground: Ground, tag: str = "1", *, on: dict[str, str] | None = None, **spec: Any) -> Object:
    manifest = manifests.daemon_set("app", ground.image(tag), **spec)
    if on:
        manifest["spec"]["template"]["spec"]["nodeSelector"] = on
    return manifest


async def daemon_set_first(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    return ["succeeded"]


async def daemon_set_new_image(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def daemon_set_new_image_with_surge(ground: Ground) -> STATES:
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await ground.runs(_manifest(ground, updateStrategy=surge))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def daemon_set_rolled_out_and_back(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("2")
    await ground.completes()
    await ground.undo()
    await ground.completes()
    return ["succeeded", "succeeded", "succeeded"]


async def daemon_set_restarted(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.restart()
    await ground.completes()
    return ["succeeded", "succeeded"]


async def daemon_set_replaced_by_hand(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground, updateStrategy={"type": "OnDelete"}))
    await ground.set_image("2")
    await ground.account.tells(ground.namespace, "stalled")
    await ground.delete_pods([pod["metadata"]["name"] for pod in await ground.pods()])
    await ground.completes()
    return ["succeeded", "succeeded"]


async def daemon_set_with_a_cordoned_node(ground: Ground) -> STATES:
    """A DaemonSet runs there all the same, see
    https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations."""
    kubelet, label = ground.cluster.kubelet, {"test/daemon": ground.namespace}
    for name in ("open", "cordoned"):
        node = f"{name}-{ground.namespace}"
        await kubelet.add_node(node, labels=label, cordoned=True)
    await ground.runs(_manifest(ground, on=label))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def daemon_set_without_a_matching_node(ground: Ground) -> STATES:
    """Nothing is wanted, so that all is done at once, whatever the image."""
    await ground.runs(_manifest(ground, "missing", on={"test/daemon": "nowhere"}))
    return ["succeeded"]


async def daemon_set_superseded(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("slow-2")
    await ground.begins()
    await ground.set_image("3")
    await ground.completes()
    return ["succeeded", "superseded", "succeeded"]


async def daemon_set_deleted_in_mid_rollout(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("slow-2")
    await ground.begins()
    await ground.delete()
    return ["succeeded", "cancelled"]


async def daemon_set_that_crashes_and_is_put_back(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("crash-2")
    root = await ground.account.tells(ground.namespace, "failing")
    assert "exits 1" in root.everything, root.everything
    await ground.undo()
    await ground.completes()
    return ["succeeded", "rolled_back", "succeeded"]


async def daemon_set_labelled(ground: Ground) -> STATES:
    """A change that leaves the template alone is no rollout."""
    await ground.runs(_manifest(ground))
    await ground.client.patch("daemonsets", ground.namespace, "app", {"metadata": {"labels": {"team": "a"}}})
    await ground.change({"minReadySeconds": 1})
    await ground.completes()
    return ["succeeded"]


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        daemon_set_first,
        daemon_set_new_image,
        daemon_set_new_image_with_surge,
        daemon_set_rolled_out_and_back,
        daemon_set_restarted,
        daemon_set_replaced_by_hand,
        daemon_set_with_a_cordoned_node,
        daemon_set_without_a_matching_node,
        daemon_set_superseded,
        daemon_set_deleted_in_mid_rollout,
        daemon_set_that_crashes_and_is_put_back,
        daemon_set_labelled,
    )
}
