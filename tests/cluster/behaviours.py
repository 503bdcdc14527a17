"""How a container behaves, as told by the pod's annotations or by its image's tag.

The words are for tests and for people at a keyboard: `kubectl set image deploy/x app=shop:crash-2` is enough
to turn a rollout bad. Pure: from the pod as the API server has it to a `Behaviour`; `scenes` plays it.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.cluster.connection import Object

ANNOTATION = "shipbell.test/behaviour"
"""On the pod template: the first container's behaviour. With `.NAME` appended: that container's."""

LOG_ANNOTATION = "shipbell.test/log"
"""On the pod template: what its containers write to their logs when they start to run."""

STOP_ANNOTATION = "shipbell.test/stop-after"
"""On the pod template: seconds that a pod takes to end when it is deleted."""

READY_AFTER = 0.3
SLOW_READY_AFTER = 3.0
CRASH_AFTER = 0.2
NEVER = math.inf


class Kind(enum.Enum):
    RUN = "runs"
    EXIT = "ends by itself"
    PULL_FAILS = "its image cannot be pulled"
    CONFIG_FAILS = "its configuration is missing"
    MOUNT_FAILS = "its volume cannot be mounted"
    CREATE_FAILS = "the runtime cannot create it"
    START_FAILS = "its command cannot be started"


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """Seconds are real ones; back-offs between attempts are `scenes`' business."""

    kind: Kind = Kind.RUN
    ready_after: float = READY_AFTER
    """From the pod's start, or a restart, to ready; `NEVER`: its probe fails."""
    exit_after: float = CRASH_AFTER
    exit_code: int = 0
    exit_reason: str = ""
    """`Error`, `Completed` or `OOMKilled`."""
    exits: float = NEVER
    """How often it ends before it heals."""
    problem: str = ""
    """Which of the ways to fail, where its kind has several; `scenes` knows them."""
    probe: str = ""
    """`Liveness` or `Startup`: the kubelet ends it, because this probe fails."""
    heal_after: float = NEVER
    """Seconds until what fails works."""


class BadBehaviour(ValueError):
    """The message names the word that is not understood."""


TAGS: Mapping[str, str] = {
    "missing": "image-missing",
    "crash": "crash-loop",
    "oom": "oom",
    "never": "never-ready",
    "slow": f"ready-after={SLOW_READY_AFTER:g}",
    "config": "config-error",
    "mount": "mount-fails",
    "denied": "image-denied",
    "liveness": "liveness-fails",
}
"""What an image's tag contains, and how its container behaves."""

NAMED: Mapping[str, Behaviour] = {
    "never-ready": Behaviour(ready_after=NEVER),
    "image-missing": Behaviour(kind=Kind.PULL_FAILS),
    "image-denied": Behaviour(kind=Kind.PULL_FAILS, problem="denied"),
    "image-malformed": Behaviour(kind=Kind.PULL_FAILS, problem="malformed"),
    "registry-away": Behaviour(kind=Kind.PULL_FAILS, problem="unreachable"),
    "config-error": Behaviour(kind=Kind.CONFIG_FAILS),
    "key-missing": Behaviour(kind=Kind.CONFIG_FAILS, problem="key"),
    "creating": Behaviour(kind=Kind.MOUNT_FAILS, problem="unsaid"),
    "create-error": Behaviour(kind=Kind.CREATE_FAILS),
    "start-error": Behaviour(kind=Kind.START_FAILS),
    "mount-fails": Behaviour(kind=Kind.MOUNT_FAILS),
    "crash-loop": Behaviour(kind=Kind.EXIT, exit_code=1, exit_reason="Error"),
    "oom": Behaviour(kind=Kind.EXIT, exit_code=137, exit_reason="OOMKilled"),
    "liveness-fails": Behaviour(
        kind=Kind.EXIT, exit_code=137, exit_reason="Error", exit_after=1.0, probe="Liveness"
    ),
    "startup-fails": Behaviour(
        kind=Kind.EXIT,
        exit_code=137,
        exit_reason="Error",
        exit_after=1.0,
        ready_after=NEVER,
        probe="Startup",
    ),
}


def of_container(pod: Object, container: Object) -> Behaviour:
    """Its annotation, else its image's tag, else to run (in a pod that restarts always) or to end well.

    Raises `BadBehaviour`.
    """
    if text := _annotated(pod, container["name"]):
        return parse(text)
    tag = tag_of(container["image"])
    if word := next((word for word in TAGS if word in tag), None):
        return parse(TAGS[word])
    return parse("ready-after=0.3" if _runs_for_ever(pod, container["name"]) else "exit=0")


def parse(text: str) -> Behaviour:
    """From words such as `never-ready`, `ready-after=2`, `exit=3 after=1`, `image-missing heal-after=4`.

    Raises `BadBehaviour`.
    """
    behaviour = Behaviour()
    for word in text.split():
        behaviour = _with(behaviour, *word.partition("=")[::2])
    return behaviour


def _with(behaviour: Behaviour, name: str, value: str) -> Behaviour:
    if not value and name in NAMED:
        return NAMED[name]
    match name:
        case "ready-after":
            return replace(behaviour, ready_after=_number(name, value))
        case "heal-after":
            return replace(behaviour, heal_after=_number(name, value))
        case "after":
            return replace(behaviour, exit_after=_number(name, value))
        case "exit":
            return _ending(behaviour, int(_number(name, value)))
        case "crash-then-heal":
            return replace(NAMED["crash-loop"], exits=_number(name, value))
    raise BadBehaviour(f"no behaviour is called {name!r}")


def _ending(behaviour: Behaviour, code: int) -> Behaviour:
    reason = "Error" if code else "Completed"
    return replace(behaviour, kind=Kind.EXIT, exit_code=code, exit_reason=reason)


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise BadBehaviour(f"{name}={value!r} is no number") from error


def is_pull_refused(image: str) -> bool:
    """Whether its tag says that the registry does not give it away."""
    words = (word for word in TAGS if word in tag_of(image))
    return any(parse(TAGS[word]).kind is Kind.PULL_FAILS for word in words)


def tag_of(image: str) -> str:
    """The part after the last colon, unless that is a registry's port."""
    tag = image.partition("@")[0].rpartition(":")[2]
    return "" if "/" in tag or tag == image else tag


def annotations_of(pod: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = pod["metadata"].get("annotations") or {}
    return found


def _annotated(pod: Object, container: str) -> str:
    annotations = annotations_of(pod)
    first = pod["spec"]["containers"][0]["name"] == container
    return annotations.get(f"{ANNOTATION}.{container}") or (annotations.get(ANNOTATION, "") if first else "")


def _runs_for_ever(pod: Object, container: str) -> bool:
    """Init containers and Jobs' containers end by themselves."""
    always: bool = pod["spec"].get("restartPolicy", "Always") == "Always"
    return always and all(container != each["name"] for each in pod["spec"].get("initContainers") or [])
