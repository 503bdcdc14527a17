"""What happens to Jobs and to the runs of CronJobs, and what Slack must then have been told."""

from typing import Any

from tests.cluster import behaviours, client, manifests
from tests.cluster.connection import Object
from tests.live.account import Root
from tests.live.ground import Ground, Scenario

STATES = list[str]


def _manifest(ground: Ground, *, behaviour: str = "exit=0 after=1", **spec: Any) -> Object:
    return manifests.job("app", ground.image("1"), behaviour=behaviour, **spec)


async def job_completes(ground: Ground) -> STATES:
    await ground.create(_manifest(ground))
    return ["succeeded"]


async def job_completes_in_several_pods(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, completions=4, parallelism=2))
    return ["succeeded"]


async def job_with_an_index_completes(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, completions=3, parallelism=3, completionMode="Indexed"))
    return ["succeeded"]


async def job_with_indexes_that_fail(ground: Ground) -> STATES:
    spec = {"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 0}
    await ground.create(_manifest(ground, behaviour="exit=3", **spec))
    root = await ground.account.tells(ground.namespace, "failed")
    assert "indexes" in root.everything, root.everything
    return ["failed"]


async def job_fails_after_its_tries(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, behaviour="exit=3", backoffLimit=1))
    root = await ground.account.tells(ground.namespace, "failed")
    assert "exited 3" in _shown(root), _shown(root)
    assert "2 of 2 times" in _shown(root), _shown(root)
    assert "kubectl -n " in _shown(root)
    return ["failed"]


async def job_fails_in_one_pod_that_restarts(ground: Ground) -> STATES:
    manifest = _manifest(ground, behaviour="exit=3", backoffLimit=1)
    manifest["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    await ground.create(manifest)
    return ["failed"]


async def job_runs_longer_than_it_may(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, behaviour="ready-after=0.1", activeDeadlineSeconds=2))
    root = await ground.account.tells(ground.namespace, "failed")
    assert "longer than" in _shown(root), _shown(root)
    return ["failed"]


async def job_suspended_and_resumed(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, suspend=True))
    await ground.shows(lambda it: client.condition(it, "Suspended") == "True")
    await ground.change({"suspend": False})
    return ["succeeded"]


async def job_suspended_in_flight_and_removed(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, behaviour="ready-after=0.1"))
    await ground.account.tells(ground.namespace, "progressing")
    await ground.change({"suspend": True})
    await ground.account.tells(ground.namespace, "paused")
    await ground.delete()
    return ["cancelled"]


async def job_ended_by_its_pod_failure_policy(ground: Ground) -> STATES:
    rule = {"action": "FailJob", "onExitCodes": {"containerName": "app", "operator": "In", "values": [42]}}
    await ground.create(_manifest(ground, behaviour="exit=42", podFailurePolicy={"rules": [rule]}))
    root = await ground.account.tells(ground.namespace, "failed")
    assert "42" in _shown(root), _shown(root)
    return ["failed"]


async def job_removed_when_it_has_ended(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, ttlSecondsAfterFinished=0))
    return ["succeeded"]


async def job_deleted_in_flight(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, behaviour="ready-after=0.1"))
    await ground.account.tells(ground.namespace, "progressing")
    await ground.delete()
    return ["cancelled"]


async def job_whose_image_is_missing(ground: Ground) -> STATES:
    await ground.create(_manifest(ground, behaviour="image-missing"))
    root = await ground.account.tells(ground.namespace, "failing")
    assert "not found" in _shown(root), _shown(root)
    return ["failing"]


async def cron_job_that_does_well(ground: Ground) -> STATES:
    """Nobody wants to hear of it."""
    await ground.create(manifests.cron_job("app", ground.image("1")))
    for number in (1, 2):
        await _run(ground, number, "exit=0")
    return []


async def cron_job_that_fails_and_recovers(ground: Ground) -> STATES:
    """A streak is one message, which counts its runs, and then its recovery."""
    await ground.create(manifests.cron_job("app", ground.image("1"), backoffLimit=0))
    await _run(ground, 1, "exit=3")
    await ground.account.tells(ground.namespace, "failed")
    for number in (2, 3):
        await _run(ground, number, "exit=3")
    await _run(ground, 4, "exit=0")
    root = await ground.account.tells(ground.namespace, "recovered")
    assert root.name == "app"
    assert "3 runs" in root.text, root.text
    await _run(ground, 5, "exit=0")
    return ["recovered"]


async def cron_job_that_fails_twice(ground: Ground) -> STATES:
    """Two streaks are two messages."""
    await ground.create(manifests.cron_job("app", ground.image("1"), backoffLimit=0))
    for number, behaviour in enumerate(("exit=3", "exit=0", "exit=3"), 1):
        await _run(ground, number, behaviour)
    return ["recovered", "failed"]


async def _run(ground: Ground, number: int, behaviour: str) -> None:
    """A run of the CronJob, to its end."""
    name = f"app-{number}"
    await ground.client.run_now(ground.namespace, "app", name, behaviour=behaviour)
    ends = "Complete" if behaviours.parse(behaviour).exit_code == 0 else "Failed"
    await ground.client.until(
        "jobs", ground.namespace, name, lambda it: client.condition(it, ends) == "True", within=40
    )


def _shown(root: Root) -> str:
    return root.tellings[-1].shown


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        job_completes,
        job_completes_in_several_pods,
        job_with_an_index_completes,
        job_with_indexes_that_fail,
        job_fails_after_its_tries,
        job_fails_in_one_pod_that_restarts,
        job_runs_longer_than_it_may,
        job_suspended_and_resumed,
        job_suspended_in_flight_and_removed,
        job_ended_by_its_pod_failure_policy,
        job_removed_when_it_has_ended,
        job_deleted_in_flight,
        job_whose_image_is_missing,
        cron_job_that_does_well,
        cron_job_that_fails_and_recovers,
        cron_job_that_fails_twice,
    )
}
