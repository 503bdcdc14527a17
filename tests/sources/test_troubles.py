"""A pod's trouble is what its kubelet says about the first container that does not run."""

import json
from datetime import UTC, datetime

import pytest

from shipbell.domain import PodTrouble
from shipbell.sources.kubernetes import pods
from tests.sources.apiobjects import Json, container, pod, pod_of
from tests.sources.test_decoding import NOW

EXITED = {"exitCode": 1, "reason": "Error", "message": "no such table: users"}


def trouble(thing: Json) -> PodTrouble | None:
    format_ = pods.format_()
    page = format_.page(json.dumps({"items": [thing]}).encode())
    made = format_.build((page.items or [])[0], NOW, False).pod
    assert made is not None
    return made.trouble


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_being_made_is_no_trouble(reason: str) -> None:
    assert trouble(pod(ready=False, containers=[container(waiting={"reason": reason})])) is None


def test_a_container_that_runs_and_is_not_ready_says_so_and_since_when() -> None:
    running = container() | {"state": {"running": {"startedAt": "2026-01-30T14:03:00Z"}}}
    found = trouble(pod(ready=False, containers=[running]))

    assert found is not None
    assert (found.reason, found.container) == ("ContainersNotReady", "web")
    assert found.since == datetime(2026, 1, 30, 14, 3, tzinfo=UTC)


def test_an_image_that_cannot_be_pulled_is_told_as_the_template_spells_it() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image: not found"}

    assert trouble(pod(ready=False, containers=[container(waiting=waiting)])) == PodTrouble(
        reason="ImagePullBackOff",
        message="Back-off pulling image: not found",
        container="web",
        image="reg.example/shop/web:1.4.1",
    )


def test_a_crash_loop_has_the_exit_code_and_the_containers_own_last_words() -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
    found = trouble(pod(ready=False, containers=[container(restarts=3, waiting=waiting, last=EXITED)]))

    assert found is not None
    assert (found.reason, found.exit_code, found.restarts) == ("CrashLoopBackOff", 1, 3)
    assert found.message == "no such table: users"


def test_want_of_memory_is_named_before_the_back_off_that_follows_it() -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s"}
    killed = {"exitCode": 137, "reason": "OOMKilled"}
    found = trouble(pod(ready=False, containers=[container(restarts=2, waiting=waiting, last=killed)]))

    assert found is not None
    assert (found.reason, found.exit_code, found.message) == ("OOMKilled", 137, "back-off 10s")


def test_a_container_that_has_just_exited_badly_is_trouble_at_once() -> None:
    found = trouble(pod(ready=False, containers=[container(terminated=EXITED)]))

    assert found is not None
    assert (found.reason, found.exit_code, found.restarts) == ("Error", 1, 0)


def test_a_restarted_container_stays_trouble_until_it_is_ready() -> None:
    starting = pod(ready=False, containers=[container(restarts=1, last=EXITED)])
    healed = pod(containers=[container(ready=True, restarts=1, last=EXITED)])

    assert trouble(starting) is not None
    assert trouble(healed) is None


def test_a_good_exit_is_no_trouble() -> None:
    done = {"exitCode": 0, "reason": "Completed"}

    assert trouble(pod(ready=False, init_containers=[container(name="migrate", terminated=done)])) is None


def test_an_init_container_is_told_before_those_that_wait_for_it() -> None:
    found = trouble(
        pod(
            ready=False,
            init_containers=[container(name="migrate", restarts=2, terminated=EXITED)],
            containers=[container(waiting={"reason": "PodInitializing"})],
        )
    )

    assert found is not None
    assert (found.container, found.init, found.image) == ("migrate", True, "reg.example/shop/migrate:1.4.1")


def test_a_pod_that_fits_on_no_node_says_so() -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
    }
    found = trouble(pod(ready=False, phase="Pending", conditions=[condition]))

    assert found is not None
    assert (found.reason, found.message) == ("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")


def test_a_container_that_keeps_ending_well_is_trouble_when_it_was_to_keep_running() -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s"}
    done = {"exitCode": 0, "reason": "Completed"}
    found = trouble(pod(ready=False, containers=[container(restarts=3, waiting=waiting, last=done)]))

    assert found is not None
    assert (found.reason, found.exit_code) == ("CrashLoopBackOff", 0)


def test_a_container_that_could_not_be_started_says_so_while_it_backs_off() -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s"}
    unstarted = {"exitCode": 128, "reason": "StartError", "message": 'exec: "/app": no such file'}
    found = trouble(pod(ready=False, containers=[container(restarts=2, waiting=waiting, last=unstarted)]))

    assert found is not None
    assert (found.reason, found.message) == ("StartError", 'exec: "/app": no such file')


def test_the_memory_limit_is_told_with_the_want_of_memory() -> None:
    killed = {"exitCode": 137, "reason": "OOMKilled"}
    thing = pod(ready=False, containers=[container(terminated=killed)])
    thing["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1", "memory": "128Mi"}}
    found = trouble(thing)

    assert found is not None
    assert (found.reason, found.memory_limit, found.ended) == ("OOMKilled", "128Mi", True)


def test_a_pod_that_is_being_evicted_is_not_judged_by_its_containers() -> None:
    target = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "EvictionByEvictionAPI",
        "message": "Bye",
    }
    found = trouble(pod(ready=False, containers=[container(terminated=EXITED)], conditions=[target]))

    assert found == PodTrouble(reason="EvictionByEvictionAPI", message="Bye")


def test_a_pod_that_its_kubelet_has_evicted_says_so() -> None:
    thing = pod_of("Job", "web", phase="Failed")
    thing["status"] |= {"reason": "Evicted", "message": "The node was low on resource: memory."}
    thing["status"]["conditions"] = []

    assert trouble(thing) == PodTrouble(reason="Evicted", message="The node was low on resource: memory.")


def test_an_init_container_that_is_to_keep_running_is_a_sidecar() -> None:
    thing = pod(ready=False, init_containers=[container(name="migrate")])
    working = trouble(thing)
    assert working is not None
    assert (working.reason, working.container) == ("ContainersNotInitialized", "migrate")

    thing["spec"]["initContainers"][0]["restartPolicy"] = "Always"
    found = trouble(thing)

    assert found is not None
    assert (found.reason, found.container, found.sidecar) == ("SidecarNotReady", "migrate", True)


@pytest.mark.parametrize(("ready", "reason"), [(False, "ContainersNotReady"), (True, "SidecarNotReady")])
def test_an_injected_companion_is_blamed_only_when_the_workloads_own_container_is_ready(
    ready: bool, reason: str
) -> None:
    both = [container(name="istio-proxy"), container(ready=ready)]
    found = trouble(pod(ready=False, containers=both))

    assert found is not None
    assert found.reason == reason


def test_an_open_readiness_gate_is_named_once_all_containers_are_ready() -> None:
    gates = [{"conditionType": "example.com/balanced"}, {"conditionType": "example.com/warm"}]
    warm = {"type": "example.com/warm", "status": "True"}
    thing = pod(ready=False, containers=[container(ready=True)], conditions=[warm])
    thing["spec"]["readinessGates"] = gates
    found = trouble(thing)

    assert found is not None
    assert (found.reason, found.message) == ("ReadinessGatesNotReady", "example.com/balanced")


def test_a_pod_whose_containers_all_do_well_has_lost_its_node() -> None:
    found = trouble(pod(ready=False, containers=[container(ready=True)]))

    assert found is not None
    assert found.reason == "NodeNotReady"


def test_a_pod_without_a_status_yet_is_no_trouble() -> None:
    assert trouble({"metadata": {"name": "web-79fc7fd494-x7x2v"}, "spec": {}}) is None
