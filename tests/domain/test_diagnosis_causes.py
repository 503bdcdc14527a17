"""Every cause: how it is told, how long it is given, and what to do about it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell.domain import Event, JobStatus, PodTrouble, RolloutKind
from shipbell.domain.causes import table
from tests.domain.deployments import at
from tests.domain.diagnoses import after as after_looks
from tests.domain.diagnoses import event, found, job_rollout, look, rollout, troubled, wait

IMAGE = PodTrouble(reason="ImagePullBackOff", message="not found", container="web", image="shop/web:1.3")
CRASH = PodTrouble(reason="CrashLoopBackOff", container="web", exit_code=1, restarts=5)
CONFIG = PodTrouble(reason="CreateContainerConfigError", container="web")
UNREADY = PodTrouble(reason="ContainersNotReady", container="web", since=at(6))
UNDO = "kubectl -n shop rollout undo deployment/web"


@pytest.mark.parametrize(
    ("trouble", "cause", "seconds", "step"),
    [
        (
            IMAGE,
            "Image not found: shop/web:1.3 (container web, 1 of 2 new pods)",
            0,
            f"Push the tag, or: {UNDO}",
        ),
        (
            replace(IMAGE, reason="ErrImagePull"),
            "Image not found: shop/web:1.3 (container web, 1 of 2 new pods)",
            20,
            f"Push the tag, or: {UNDO}",
        ),
        (
            replace(
                IMAGE, message="pull access denied, repository does not exist or may require authorization"
            ),
            "Image denied by its registry: shop/web:1.3 (container web, 1 of 2 new pods)",
            0,
            f"Check the tag and the pull secret, or: {UNDO}",
        ),
        (
            replace(IMAGE, reason="InvalidImageName", message="couldn't parse image name", image="Shop//web"),
            "Image name is malformed: Shop//web (container web, 1 of 2 new pods)",
            0,
            f"Correct the image's name, or: {UNDO}",
        ),
        (
            replace(IMAGE, message="dial tcp: i/o timeout"),
            "Image cannot be pulled: shop/web:1.3 (container web, 1 of 2 new pods)",
            180,
            f"Look at the registry, or: {UNDO}",
        ),
        (CRASH, "Container web exits 1, 5 restarts (1 of 2 new pods)", 0, UNDO),
        (
            replace(CRASH, restarts=2, exit_code=139),
            "Container web is killed by SIGSEGV (exit 139), 2 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CRASH, restarts=2, exit_code=137),
            "Container web is killed by SIGKILL (exit 137), 2 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CRASH, restarts=2, exit_code=0),
            "Container web exits 0, 2 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CRASH, restarts=2, exit_code=255),
            "Container web exits 255, 2 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (replace(CRASH, restarts=1), "Container web exits 1, 1 restart (1 of 2 new pods)", None, UNDO),
        (
            replace(CRASH, reason="OOMKilled", exit_code=137, memory_limit="128Mi"),
            "Container web is killed for want of memory (OOMKilled, limit 128Mi), 5 restarts"
            " (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CRASH, init=True, container="migrate"),
            "Init container migrate exits 1, 5 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CRASH, sidecar=True, container="proxy"),
            "Sidecar proxy exits 1, 5 restarts (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            PodTrouble(
                reason="StartError",
                container="web",
                message='failed to create containerd task: exec: "/app": no such file or directory: unknown',
                exit_code=128,
                restarts=3,
            ),
            'Container web cannot start: exec: "/app": no such file or directory, 3 restarts'
            " (1 of 2 new pods)",
            0,
            UNDO,
        ),
        (
            replace(CONFIG, message='secret "db" not found'),
            "Secret db is missing (container web, 1 of 2 new pods)",
            60,
            f"Create Secret db, or: {UNDO}",
        ),
        (
            replace(CONFIG, message='configmap "settings" not found'),
            "ConfigMap settings is missing (container web, 1 of 2 new pods)",
            60,
            f"Create ConfigMap settings, or: {UNDO}",
        ),
        (
            replace(CONFIG, message="couldn't find key password in Secret shop/db"),
            "Key password in Secret db is missing (container web, 1 of 2 new pods)",
            60,
            f"Create key password in Secret db, or: {UNDO}",
        ),
        (
            replace(CONFIG, message="container has runAsNonRoot and image will run as root"),
            "Container web cannot be configured: container has runAsNonRoot and image will run as root"
            " (1 of 2 new pods)",
            60,
            f"Correct the container's settings, or: {UNDO}",
        ),
        (
            PodTrouble(reason="CreateContainerError", container="web", message="no command specified"),
            "Container web cannot be created: no command specified (1 of 2 new pods)",
            60,
            f"Correct the container's settings, or: {UNDO}",
        ),
        (
            PodTrouble(
                reason="Unschedulable",
                message="0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are"
                " available: 3 No preemption victims found for incoming pod.",
            ),
            "Unschedulable, 0/3 nodes: 3 Insufficient cpu (1 of 2 new pods)",
            300,
            "kubectl -n shop describe pod web-bbb-1",
        ),
        (
            PodTrouble(
                reason="Unschedulable",
                message="0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            ),
            "Unschedulable, 0/3 nodes: pod has unbound immediate PersistentVolumeClaims (1 of 2 new pods)",
            300,
            "kubectl -n shop describe pvc",
        ),
    ],
    ids=lambda value: value.reason if isinstance(value, PodTrouble) else "",
)
def test_a_cause_is_told_in_a_line_with_its_patience_and_a_way_out(
    trouble: PodTrouble, cause: str, seconds: int | None, step: str
) -> None:
    told = found(troubled(trouble), troubled(None, "2", ready=True))

    assert told is not None
    assert told.cause == cause
    assert wait(told) == (None if seconds is None else timedelta(seconds=seconds))
    assert told.next_step == step
    assert told.container == trouble.container
    assert table.row_of(told.reason) is not None


@pytest.mark.parametrize(
    ("trouble", "events", "cause", "seconds"),
    [
        (UNREADY, (), "Container web runs, but does not become ready (1 of 1 new pods)", 120),
        (
            UNREADY,
            (
                event(
                    "Unhealthy",
                    "Readiness probe failed: HTTP probe failed with statuscode: 503",
                    60,
                    container="web",
                ),
            ),
            "Readiness probe of container web fails: HTTP probe failed with statuscode: 503"
            " (1 of 1 new pods)",
            120,
        ),
        (
            UNREADY,
            (
                event(
                    "Unhealthy",
                    "Startup probe failed: dial tcp 10.0.0.7:80: connection refused",
                    60,
                    container="web",
                ),
            ),
            "Startup probe of container web fails: dial tcp 10.0.0.7:80: connection refused"
            " (1 of 1 new pods)",
            120,
        ),
        (
            replace(CRASH, exit_code=137),
            (
                event(
                    "Unhealthy",
                    "Liveness probe failed: HTTP probe failed with statuscode: 500",
                    60,
                    container="web",
                ),
            ),
            "Liveness probe of container web fails: HTTP probe failed with statuscode: 500 (1 of 1 new pods)",
            0,
        ),
        (
            replace(UNREADY, reason="SidecarNotReady", container="istio-proxy", sidecar=True),
            (),
            "Sidecar istio-proxy does not become ready (1 of 1 new pods)",
            300,
        ),
        (
            PodTrouble(reason="ReadinessGatesNotReady", message="example.com/balanced", since=at(6)),
            (),
            "Readiness gate example.com/balanced is open (1 of 1 new pods)",
            300,
        ),
        (
            None,
            (event("FailedMount", 'MountVolume.SetUp failed for volume "data" : timed out', 8),),
            "Volume data cannot be mounted: timed out (1 of 1 new pods)",
            180,
        ),
        (
            None,
            (
                event(
                    "FailedMount",
                    "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[]:"
                    " timed out waiting for the condition",
                    8,
                ),
            ),
            "Volume data cannot be mounted: timed out waiting for the condition (1 of 1 new pods)",
            180,
        ),
        (
            None,
            (
                event(
                    "FailedAttachVolume",
                    'AttachVolume.Attach failed for volume "pvc-1" : in use elsewhere',
                    8,
                ),
            ),
            "Volume pvc-1 cannot be attached: in use elsewhere (1 of 1 new pods)",
            180,
        ),
        (
            None,
            (
                event(
                    "FailedMount",
                    'MountVolume.SetUp failed for volume "cfg" : configmap "settings" not found',
                    8,
                ),
            ),
            "ConfigMap settings is missing for volume cfg (1 of 1 new pods)",
            180,
        ),
    ],
    ids=[
        "wordless",
        "readiness",
        "startup",
        "liveness",
        "sidecar",
        "gate",
        "mount",
        "mounts",
        "attach",
        "configmap",
    ],
)
def test_what_pods_do_not_say_themselves_is_told_by_events(
    trouble: PodTrouble | None, events: tuple[Event, ...], cause: str, seconds: int
) -> None:
    told = found(troubled(trouble), events=events, when=400)

    assert told is not None
    assert told.cause == cause
    assert wait(told) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "trouble",
    [
        PodTrouble(reason="EvictionByEvictionAPI", message="Eviction API: evicting"),
        PodTrouble(reason="PreemptionByScheduler"),
        PodTrouble(reason="DeletionByTaintManager"),
        PodTrouble(reason="TerminationByKubelet"),
        PodTrouble(reason="Evicted", message="The node was low on resource: memory."),
        PodTrouble(reason="NodeNotReady", since=at(6)),
        PodTrouble(reason="ContainersNotInitialized", container="wait", init=True, since=at(6)),
    ],
    ids=lambda trouble: trouble.reason,
)
def test_what_explains_a_failure_and_is_none_is_never_said_by_itself(trouble: PodTrouble) -> None:
    told = found(troubled(trouble), when=900)

    assert told is not None
    assert told.say_at is None


def test_a_pod_on_a_lost_node_is_not_blamed_for_its_probes() -> None:
    lost = event("NodeNotReady", "Node is not ready", 10)
    told = found(troubled(UNREADY), events=(lost,), when=600)

    assert told is not None
    assert told.say_at is None


def test_what_takes_long_as_a_rule_gets_twice_its_usual_time() -> None:
    told = found(troubled(UNREADY), when=300, begun=rollout(usual_seconds=200.0))

    assert wait(told) == timedelta(seconds=400)


def test_a_start_that_takes_its_time_is_not_worth_a_note() -> None:
    early = event("Unhealthy", "Readiness probe failed: refused", 30, container="web")

    assert found(troubled(UNREADY), events=(early,), when=60) is None
    assert found(troubled(UNREADY), events=(early,), when=67) is not None


def test_a_probe_that_failed_before_the_pod_was_last_ready_is_the_past() -> None:
    past = event("Unhealthy", "Readiness probe failed: refused", 30, container="web")
    told = found(troubled(replace(UNREADY, since=at(500))), events=(past,), when=900)

    assert told is not None
    assert told.cause.startswith("Container web runs, but does not become ready")


@pytest.mark.parametrize(("ordered", "said_at"), [(None, 310), (250, 1150), (-500, 400)])
def test_unschedulable_waits_for_the_node_that_the_autoscaler_has_ordered(
    ordered: float | None, said_at: float
) -> None:
    trouble = PodTrouble(reason="Unschedulable", message="0/3 nodes are available: 3 Insufficient cpu.")
    events = (
        ()
        if ordered is None
        else (event("TriggeredScaleUp", "pod triggered scale-up", ordered, warning=False),)
    )
    begun = rollout(started_at=at(-1000)) if ordered == -500 else rollout()
    told = found(troubled(trouble), events=events, begun=begun)

    assert told is not None
    assert told.say_at == at(said_at)


def test_a_scale_up_is_not_forgotten_by_a_look_without_events() -> None:
    trouble = PodTrouble(reason="Unschedulable", message="0/3 nodes are available: 3 Insufficient cpu.")
    ordered = event("TriggeredScaleUp", "pod triggered scale-up", 12, warning=False)
    looks = [look(15, troubled(trouble), events=(ordered,)), look(320, troubled(trouble), events=None)]
    told = after_looks(rollout(), *looks).diagnosis

    assert told is not None
    assert told.say_at == at(12 + 900)


def test_a_scale_up_that_is_ordered_after_the_first_sight_puts_off_what_was_due() -> None:
    trouble = PodTrouble(reason="Unschedulable", message="0/3 nodes are available: 3 Insufficient cpu.")
    ordered = event("TriggeredScaleUp", "pod triggered scale-up", 20, warning=False)
    looks = [look(10, troubled(trouble), events=()), look(21, troubled(trouble), events=(ordered,))]
    told = after_looks(rollout(), *looks).diagnosis

    assert told is not None
    assert told.say_at == at(20 + 900)


def test_the_first_rollout_of_all_is_not_told_to_be_undone() -> None:
    told = found(troubled(CRASH), begun=rollout(kind=RolloutKind.FIRST))

    assert told is not None
    assert told.next_step == "kubectl -n shop logs deployment/web -c web"


@pytest.mark.parametrize(("failed", "tried", "seconds"), [(1, 1, None), (2, 2, None), (3, 3, 0)])
def test_a_job_counts_its_tries_and_shows_its_log(failed: int, tried: int, seconds: int | None) -> None:
    crash = PodTrouble(reason="Error", container="migrate", exit_code=1, ended=True)
    pods = [replace(troubled(crash, str(number)), hash="uid-job") for number in range(failed)]
    told = found(*pods, begun=job_rollout(backoff_limit=2))

    assert told is not None
    assert told.cause == f"Container migrate exited 1, tried {tried} of 3 times"
    assert told.next_step == "kubectl -n shop logs job/migrate -c migrate"
    assert wait(told) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(("restarts", "seconds"), [(1, 120), (2, 0)])
def test_a_container_that_a_probe_ends_again_and_again_is_said_as_a_crash_is(
    restarts: int, seconds: int
) -> None:
    dead = event("Unhealthy", "Liveness probe failed: 500", 60, container="web")
    killed = troubled(replace(CRASH, exit_code=137, restarts=restarts))

    assert wait(found(killed, events=(dead,), when=400)) == timedelta(seconds=seconds)


def test_a_crash_is_not_put_down_to_a_probe_that_failed_before_the_pod_was_last_ready() -> None:
    past = event("Unhealthy", "Liveness probe failed: 500", 60, container="web")
    told = found(troubled(replace(CRASH, since=at(300))), events=(past,), when=400)

    assert told is not None
    assert told.cause.startswith("Container web exits 1")


def test_pods_of_a_job_that_fail_side_by_side_are_not_tries_after_each_other() -> None:
    crash = PodTrouble(reason="Error", container="migrate", exit_code=1, ended=True)
    pods = [replace(troubled(crash, str(number)), hash="uid-job") for number in range(3)]
    begun = replace(job_rollout(), job=JobStatus(backoff_limit=6, parallelism=3))
    told = found(*pods, begun=begun)

    assert told is not None
    assert told.cause == "Container migrate exited 1, tried 3 of 7 times"
    assert told.say_at is None


def test_a_job_that_works_is_not_blamed_for_its_readiness() -> None:
    told = found(replace(troubled(UNREADY), hash="uid-job"), begun=job_rollout(), when=3600)

    assert told is not None
    assert told.say_at is None


def test_every_cause_has_words_of_its_own() -> None:
    words = [reason for row in table.TABLE for reason in row.reasons]

    assert len(words) == len(set(words))
    assert table.row_of("SomethingNew") is None
