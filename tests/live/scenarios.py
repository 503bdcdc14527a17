"""What happens in the cluster, and what Slack must then have been told: one line of the promise each.

A scenario works on a Deployment `web` in a namespace of its own and ends when the cluster is at rest. It
answers with the states that the root messages must be in: one per rollout that there was, and none besides.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tests.cluster import client
from tests.live.deployments import REVISION, Deployment

Scenario: TypeAlias = Callable[[Deployment], Awaitable[list[str]]]

SHORT: dict[str, object] = {"progressDeadlineSeconds": 10}


async def first_deploy(web: Deployment) -> list[str]:
    await web.create()
    await web.completes()
    return ["succeeded"]


async def new_image(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("2")
    await web.completes()
    return ["succeeded", "succeeded"]


async def restart(web: Deployment) -> list[str]:
    await _running(web)
    await web.restart()
    await web.completes()
    return ["succeeded", "succeeded"]


async def undo(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("2")
    await web.completes()
    await web.undo(to=1)
    await web.completes()
    return ["succeeded", "succeeded", "succeeded"]


async def image_missing_then_undone(web: Deployment) -> list[str]:
    return await _fails_and_is_undone(web, "missing")


async def crash_loop_then_undone(web: Deployment) -> list[str]:
    return await _fails_and_is_undone(web, "crash")


async def superseded_while_starting(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("slow-2")
    await web.begins(2)
    await web.set_image("3")
    await web.completes()
    return ["succeeded", "superseded", "succeeded"]


async def back_to_the_old_image_before_it_finished(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("slow-2")
    await web.begins(2)
    await web.set_image("1")
    await web.completes()
    return ["succeeded", "rolled_back", "succeeded"]


async def paused_in_the_middle_and_resumed(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("slow-2")
    await web.begins(2)
    await web.pause()
    await web.shows(lambda d: client.progress_reason(d) == "DeploymentPaused")
    await web.resume()
    await web.completes()
    return ["succeeded", "succeeded"]


async def edited_twice_while_paused(web: Deployment) -> list[str]:
    await _running(web)
    await web.pause()
    await web.set_image("2")
    await web.set_image("3")
    await web.resume()
    await web.completes()
    return ["succeeded", "succeeded"]


async def zero_replicas(web: Deployment) -> list[str]:
    await web.create(replicas=0)
    await web.completes()
    await web.set_image("2")
    await web.completes()
    return ["succeeded", "succeeded"]


async def recreate(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("2")
    await web.completes()
    return ["succeeded", "succeeded"]


async def scaled_during_a_rollout(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("slow-2")
    await web.begins(2)
    await web.scale(4)
    await web.completes()
    return ["succeeded", "succeeded"]


async def deleted_in_mid_rollout(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("slow-2")
    await web.begins(2)
    await web.delete()
    return ["succeeded", "cancelled"]


async def deleted_and_created_again(web: Deployment) -> list[str]:
    await _running(web)
    await web.delete()
    await web.vanishes()
    await web.create("2")
    await web.completes()
    return ["succeeded", "succeeded"]


async def five_quick_versions(web: Deployment) -> list[str]:
    await _running(web)
    for number in range(2, 7):
        await web.set_image(f"slow-{number}")
        await web.begins(number)
    await web.completes()
    return ["succeeded", *["superseded"] * 4, "succeeded"]


async def created_from_an_exported_manifest(web: Deployment) -> list[str]:
    await web.create(annotations={REVISION: "7"})
    await web.completes()
    return ["succeeded"]


async def replaced_without_the_annotation_and_with_another_image(web: Deployment) -> list[str]:
    await _running(web)
    await web.replace("2")
    await web.completes()
    return ["succeeded", "succeeded"]


async def replaced_without_the_annotation_and_nothing_else(web: Deployment) -> list[str]:
    await _running(web)
    await web.replace("1")
    await web.shows(lambda d: REVISION in d["metadata"].get("annotations", {}))
    return ["succeeded"]


async def annotated_with_a_false_revision(web: Deployment) -> list[str]:
    await _running(web)
    await web.annotate(REVISION, "99")
    await web.shows(lambda d: d["metadata"]["annotations"][REVISION] == "1")
    return ["succeeded"]


async def undone_under_a_quota_after_a_timeout(web: Deployment) -> list[str]:
    """The timed-out revision's condition stands unrenewed beside the undo: it is not told again."""
    await _running(web)
    await web.set_image("missing")
    await web.times_out()
    # The quota may stand for longer than the deadline; a second failure would be another story.
    await web.change({"spec": {"progressDeadlineSeconds": 600}})
    await web.limit_pods(0)
    await web.delete_all("pods")
    await web.undo(to=1)
    await web.shows(lambda d: d["metadata"]["annotations"][REVISION] == "3")
    await web.limit_pods(50)
    # The ReplicaSet's controller waits longer after each refusal; a change of the ReplicaSet wakes it.
    await web.change({"spec": {"minReadySeconds": 1}})
    await web.completes()
    return ["succeeded", "failed", "succeeded"]


async def a_pod_that_flaps_after_success(web: Deployment) -> list[str]:
    await _running(web)
    await web.replace_all("pods")
    await web.completes()
    return ["succeeded"]


async def scaled_up_down_and_to_zero(web: Deployment) -> list[str]:
    await _running(web)
    for replicas in (4, 1, 0, 2):
        await web.scale(replicas)
        await web.completes()
    return ["succeeded"]


async def labelled_annotated_and_its_history_limited(web: Deployment) -> list[str]:
    await _running(web)
    await web.change({"metadata": {"labels": {"team": "shop"}}})
    await web.annotate("example.com/note", "new")
    await web.change({"spec": {"revisionHistoryLimit": 3}})
    await web.completes()
    return ["succeeded"]


async def replica_sets_deleted(web: Deployment) -> list[str]:
    await _running(web)
    await web.set_image("2")
    await web.completes()
    await web.replace_all("replicasets")
    await web.completes()
    return ["succeeded", "succeeded"]


async def re_created_around_its_pods(web: Deployment) -> list[str]:
    await _running(web)
    await web.delete("Orphan")
    await web.vanishes()
    await web.create()
    await web.completes()
    return ["succeeded"]


async def _running(web: Deployment) -> None:
    await web.create()
    await web.completes()


async def _fails_and_is_undone(web: Deployment, tag: str) -> list[str]:
    await _running(web)
    await web.set_image(tag)
    await web.times_out()
    await web.undo(to=1)
    await web.completes()
    return ["succeeded", "failed", "succeeded"]


PLAYS: tuple[tuple[Scenario, dict[str, object]], ...] = (
    (first_deploy, {}),
    (new_image, {}),
    (restart, {}),
    (undo, {}),
    (image_missing_then_undone, SHORT),
    (crash_loop_then_undone, SHORT),
    (superseded_while_starting, {}),
    (back_to_the_old_image_before_it_finished, {}),
    (paused_in_the_middle_and_resumed, {}),
    (edited_twice_while_paused, {}),
    (zero_replicas, {}),
    (recreate, {"strategy": {"type": "Recreate"}}),
    (scaled_during_a_rollout, {}),
    (deleted_in_mid_rollout, {}),
    (deleted_and_created_again, {}),
    (five_quick_versions, {}),
    (created_from_an_exported_manifest, {}),
    (replaced_without_the_annotation_and_with_another_image, {}),
    (replaced_without_the_annotation_and_nothing_else, {}),
    (annotated_with_a_false_revision, {}),
    (undone_under_a_quota_after_a_timeout, SHORT),
    (a_pod_that_flaps_after_success, {}),
    (scaled_up_down_and_to_zero, {}),
    (labelled_annotated_and_its_history_limited, {}),
    (replica_sets_deleted, {}),
    (re_created_around_its_pods, {}),
)

SCENARIOS = {scenario.__name__: (scenario, spec) for scenario, spec in PLAYS} | {
    "min_ready_seconds": (new_image, {"minReadySeconds": 2})
}
