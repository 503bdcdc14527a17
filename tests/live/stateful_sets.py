"""What happens to StatefulSets, and what Slack must then have been told."""

from typing import Any

from tests.cluster import behaviours, manifests
from tests.cluster.connection import Object
from tests.live.ground import Ground, Scenario

STATES = list[str]


def _manifest(ground: Ground, tag: str = "1", **spec: Any) -> Object:
    return manifests.stateful_set("app", ground.image(tag), **spec)


async def stateful_set_first(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    return ["succeeded"]


async def stateful_set_new_image_in_order(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def stateful_set_new_image_in_parallel(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground, replicas=3, podManagementPolicy="Parallel"))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def stateful_set_with_one_replica(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground, replicas=1))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded", "succeeded"]


async def stateful_set_restarted(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.restart()
    await ground.completes()
    return ["succeeded", "succeeded"]


async def stateful_set_rolled_out_and_back(ground: Ground) -> STATES:
    """The name of the ControllerRevision comes back, its number does not."""
    await ground.runs(_manifest(ground))
    await ground.set_image("2")
    await ground.completes()
    await ground.undo()
    await ground.completes()
    return ["succeeded", "succeeded", "succeeded"]


async def stateful_set_let_on_by_its_partition(ground: Ground) -> STATES:
    """Lowered after the end, it lets the same revision on: a further rollout."""
    await ground.runs(_manifest(ground, updateStrategy=_partition(1)))
    await ground.set_image("2")
    await ground.completes()
    await ground.account.becomes(ground.namespace, ["succeeded", "succeeded"])
    await ground.change({"updateStrategy": _partition(0)})
    await ground.completes()
    return ["succeeded", "succeeded", "succeeded"]


async def stateful_set_staged_above_all_its_pods(ground: Ground) -> STATES:
    """With a partition above every ordinal nothing is rolled out."""
    await ground.runs(_manifest(ground, updateStrategy=_partition(9)))
    await ground.set_image("2")
    await ground.completes()
    return ["succeeded"]


async def stateful_set_replaced_by_hand(ground: Ground) -> STATES:
    """OnDelete: it waits for people, says so once, and succeeds when they have done it."""
    await ground.runs(_manifest(ground, updateStrategy={"type": "OnDelete"}))
    await ground.set_image("2")
    await ground.account.tells(ground.namespace, "stalled")
    await ground.delete_pods(["app-0", "app-1"])
    await ground.shows(lambda it: it["status"].get("updatedReplicas", 0) == 2)
    return ["succeeded", "succeeded"]


async def stateful_set_without_its_volume(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, volumeClaimTemplates=[manifests.volume_claim("data")]))
    root = await ground.account.tells(ground.namespace, "failing")
    assert "unbound immediate PersistentVolumeClaims" in root.everything, root.everything
    return ["failing"]


async def stateful_set_scaled(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    for replicas in (4, 1, 2):
        await ground.scale(replicas)
        await ground.completes()
    return ["succeeded"]


async def stateful_set_deleted_in_mid_rollout(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("slow-2")
    await ground.begins()
    await ground.delete()
    return ["succeeded", "cancelled"]


async def stateful_set_stuck_on_a_pod_that_does_not_end(ground: Ground) -> STATES:
    """The API has no deadline here; ours says that nothing moves."""
    manifest = _manifest(ground)
    manifest["spec"]["template"]["metadata"]["annotations"] = {behaviours.STOP_ANNOTATION: "600"}
    await ground.runs(manifest)
    await ground.set_image("2")
    await ground.account.tells(ground.namespace, "stalled")
    return ["succeeded", "stalled"]


async def stateful_set_superseded(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("slow-2")
    await ground.begins()
    await ground.set_image("3")
    await ground.completes()
    return ["succeeded", "superseded", "succeeded"]


async def stateful_set_put_back_before_it_finished(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("slow-2")
    await ground.begins()
    await ground.set_image("1")
    await ground.completes()
    return ["succeeded", "rolled_back", "succeeded"]


async def stateful_set_stuck_on_a_missing_image(ground: Ground) -> STATES:
    """Its broken pod must be deleted by hand, see
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback."""
    await ground.runs(_manifest(ground))
    await ground.set_image("missing")
    root = await ground.account.tells(ground.namespace, "failing")
    assert "not found" in root.everything
    await ground.set_image("1")
    await ground.delete_pods(["app-1"])
    await ground.completes()
    return ["succeeded", "rolled_back", "succeeded"]


async def stateful_set_refused_by_a_quota(ground: Ground) -> STATES:
    """It has no condition for that: only Events tell."""
    await ground.create(manifests.quota("pods", pods="1"))
    await ground.create(_manifest(ground))
    root = await ground.account.tells(ground.namespace, "failing")
    assert "exceeded quota" in root.everything, root.everything
    return ["failing"]


async def stateful_set_that_crashes(ground: Ground) -> STATES:
    await ground.runs(_manifest(ground))
    await ground.set_image("crash-2")
    root = await ground.account.tells(ground.namespace, "failing")
    assert "exits 1" in root.everything, root.everything
    return ["succeeded", "failing"]


def _partition(number: int) -> Object:
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        stateful_set_first,
        stateful_set_new_image_in_order,
        stateful_set_new_image_in_parallel,
        stateful_set_with_one_replica,
        stateful_set_restarted,
        stateful_set_rolled_out_and_back,
        stateful_set_let_on_by_its_partition,
        stateful_set_staged_above_all_its_pods,
        stateful_set_replaced_by_hand,
        stateful_set_without_its_volume,
        stateful_set_scaled,
        stateful_set_deleted_in_mid_rollout,
        stateful_set_stuck_on_a_pod_that_does_not_end,
        stateful_set_superseded,
        stateful_set_put_back_before_it_finished,
        stateful_set_stuck_on_a_missing_image,
        stateful_set_refused_by_a_quota,
        stateful_set_that_crashes,
    )
}
