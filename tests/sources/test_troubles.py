"""A pod's trouble is what its kubelet says about the first container that does not run."""

import json

import pytest

from shipbell.domain import PodTrouble
from shipbell.sources.kubernetes import pods
from tests.sources.apiobjects import Json, container, pod
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


def test_a_running_pod_that_is_not_ready_is_no_trouble() -> None:
    assert trouble(pod(ready=False, containers=[container()])) is None


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
