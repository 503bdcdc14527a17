"""The words that tell a container how to behave, and the scenes that follow from them."""

import itertools
from collections.abc import Sequence

import pytest

from tests.cluster import behaviours, scenes
from tests.cluster.connection import Object


def _pod(*, image: str = "shop:1", annotations: Object | None = None, restart: str = "Always") -> Object:
    spec = {"restartPolicy": restart, "containers": [{"name": "app", "image": image}]}
    return {"metadata": {"annotations": annotations or {}}, "spec": spec}


def _behaviour(pod: Object) -> behaviours.Behaviour:
    return behaviours.of_container(pod, pod["spec"]["containers"][0])


def _scenes(words: str, count: int, *, restart: str = "Always") -> list[scenes.Scene]:
    role = scenes.Role(container="app", image="shop:1", pod="web_test(1)", restart_policy=restart)
    return list(itertools.islice(scenes.of(behaviours.parse(words), role), count))


def _shown(played: Sequence[scenes.Scene]) -> list[str]:
    """A word per scene: the reason, or how it runs."""
    return [_word(each.state) for each in played]


def _word(state: scenes.Waiting | scenes.Running | scenes.Ended) -> str:
    match state:
        case scenes.Running(ready=ready):
            return "ready" if ready else "running"
        case scenes.Waiting(reason=reason) | scenes.Ended(reason=reason):
            return reason


def test_a_container_without_orders_becomes_ready_soon() -> None:
    assert _behaviour(_pod()) == behaviours.Behaviour(ready_after=0.3)


def test_a_container_of_a_job_ends_well_without_orders() -> None:
    behaviour = _behaviour(_pod(restart="Never"))

    assert (behaviour.kind, behaviour.exit_code) == (behaviours.Kind.EXIT, 0)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("registry:5000/shop:2-missing", "image-missing"),
        ("shop:crash-3", "crash-loop"),
        ("shop:2.1-oom", "oom"),
        ("shop:never", "never-ready"),
        ("shop:slow", "ready-after=3"),
        ("shop:config", "config-error"),
    ],
)
def test_the_tag_of_an_image_tells_the_behaviour(image: str, words: str) -> None:
    assert _behaviour(_pod(image=image)) == behaviours.parse(words)


@pytest.mark.parametrize("image", ["crash:1", "registry/missing", "oom:5000/shop", "shop@sha256:abc"])
def test_only_the_tag_counts(image: str) -> None:
    assert _behaviour(_pod(image=image)) == behaviours.Behaviour(ready_after=0.3)


def test_an_annotation_goes_before_the_tag() -> None:
    pod = _pod(image="shop:crash", annotations={behaviours.ANNOTATION: "ready-after=1"})

    assert _behaviour(pod).ready_after == 1


def test_an_annotation_of_a_container_goes_before_that_of_the_pod() -> None:
    annotations = {behaviours.ANNOTATION: "oom", f"{behaviours.ANNOTATION}.app": "never-ready"}

    assert _behaviour(_pod(annotations=annotations)) == behaviours.parse("never-ready")


@pytest.mark.parametrize("words", ["crush-loop", "ready-after=soon", "ready-after"])
def test_a_word_that_is_not_understood_is_named(words: str) -> None:
    with pytest.raises(behaviours.BadBehaviour, match=words.partition("=")[0]):
        behaviours.parse(words)


def test_a_good_container_is_created_runs_and_is_ready() -> None:
    assert _shown(_scenes("ready-after=1", 9)) == ["ContainerCreating", "running", "ready"]


def test_ready_comes_exactly_as_late_as_ordered() -> None:
    played = _scenes("ready-after=1", 9)

    assert sum(each.lasts for each in played[:-1]) == pytest.approx(1)


def test_a_crash_loop_restarts_once_at_once_and_then_backs_off() -> None:
    played = _scenes("crash-loop", 7)

    assert _shown(played) == [
        "ContainerCreating",
        "running",
        "Error",
        "running",
        "Error",
        "CrashLoopBackOff",
        "running",
    ]
    assert [each.restarts for each in played] == [0, 0, 0, 1, 1, 1, 2]


def test_a_crash_that_heals_ends_ready_with_its_restarts() -> None:
    last = _scenes("crash-then-heal=2", 99)[-1]

    assert last.state == scenes.Running(ready=True)
    assert last.restarts == 2


def test_a_missing_image_alternates_between_its_two_reasons() -> None:
    played = _shown(_scenes("image-missing", 5))

    assert played[1:] == ["ErrImagePull", "ImagePullBackOff"] * 2


def test_a_missing_image_heals_when_ordered_to() -> None:
    played = _scenes("image-missing heal-after=1", 99)

    failing = [each for each in played[1:] if isinstance(each.state, scenes.Waiting)]
    assert sum(each.lasts for each in failing) == pytest.approx(1)
    assert played[-1].state == scenes.Running(ready=True)


@pytest.mark.parametrize(("words", "restart"), [("exit=1", "Never"), ("exit=0", "OnFailure")])
def test_a_container_that_may_not_restart_stays_down(words: str, restart: str) -> None:
    last = _scenes(words, 99, restart=restart)[-1]

    assert isinstance(last.state, scenes.Ended)


def test_a_container_that_ends_late_is_ready_before() -> None:
    assert _shown(_scenes("exit=1 after=2", 4)) == ["ContainerCreating", "running", "ready", "Error"]


def test_back_offs_grow_and_can_be_scaled() -> None:
    role = scenes.Role(container="app", image="shop:1", pod="web_test(1)", back_off=0.5)
    played = itertools.islice(scenes.of(behaviours.parse("crash-loop"), role), 30)

    waits = [each.lasts for each in played if _word(each.state) == "CrashLoopBackOff"]

    assert waits[:5] == [0.25, 0.5, 1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("words", "reason", "said"),
    [
        ("image-denied", "ErrImagePull", "no basic auth credentials"),
        ("image-malformed", "InvalidImageName", "invalid reference format"),
        ("registry-away", "ErrImagePull", "i/o timeout"),
        ("key-missing", "CreateContainerConfigError", "couldn't find key password"),
        ("create-error", "CreateContainerError", "no command specified"),
    ],
)
def test_what_blocks_a_container_is_said_as_a_kubelet_says_it(words: str, reason: str, said: str) -> None:
    state = _scenes(words, 2)[1].state

    assert isinstance(state, scenes.Waiting)
    assert state.reason == reason
    assert said in state.message


def test_a_command_that_cannot_be_run_is_tried_again_with_a_back_off() -> None:
    played = _scenes("start-error", 5)

    assert _shown(played) == [
        "ContainerCreating",
        "StartError",
        "RunContainerError",
        "CrashLoopBackOff",
        "StartError",
    ]
    assert played[-1].restarts == 1


@pytest.mark.parametrize("probe", ["Liveness", "Startup"])
def test_a_container_whose_probe_calls_it_dead_is_killed(probe: str) -> None:
    played = _scenes(f"{probe.lower()}-fails", 9)

    killed = next(n for n, each in enumerate(played) if isinstance(each.state, scenes.Ended))
    assert played[killed].state == scenes.Ended(code=137, reason="Error")
    assert [news.reason for news in played[killed - 1].news] == ["Unhealthy", "Killing"]
    assert played[killed - 1].news[0].message.startswith(f"{probe} probe failed")


def test_an_event_about_a_volume_is_about_the_pod() -> None:
    assert _scenes("mount-fails", 2)[1].news[0].is_of_pod
