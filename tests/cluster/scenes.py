"""A container's life as a sequence of scenes: what the kubelet would report, and for how long.

Pure and lazy: a crash loop is an endless iterator. Reasons, messages and events are worded as kubelet and
containerd word them, because Shipbell's diagnosis reads them; only the waits are shorter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.cluster.behaviours import NEVER, Behaviour, Kind

CREATING_SECONDS = 0.1
ATTEMPT_SECONDS = 0.3
"""How long a failed attempt is shown before the back-off is."""

ENDED_SECONDS = 0.1
PROBE_SECONDS = 2.0
"""Between two words of the kubelet on a probe that fails. A real one's default is 10 s."""

BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Between attempts; the last one repeats. A real kubelet begins at 10 s and ends at 5 min."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    reason: str
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    ready: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    code: int
    reason: str
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """An Event that the kubelet posts about a container."""

    type: str
    reason: str
    message: str
    is_of_pod: bool = False
    """About the pod as a whole, as those of volumes are."""
    source: Mapping[str, str] = field(default_factory=dict)
    """Its component and host, where that is not the pod's kubelet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    state: Waiting | Running | Ended
    lasts: float = NEVER
    """Seconds until the next scene."""
    restarts: int = 0
    news: tuple[News, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """What the scenes need to know of a container and its pod."""

    container: str
    image: str
    pod: str
    """As the kubelet names it in messages: `NAME_NAMESPACE(UID)`."""
    restart_policy: str = "Always"
    back_off: float = 1.0
    """Factor of all back-offs."""
    log: tuple[str, ...] = ()
    """What it writes when it starts."""
    restarts: int = 0
    """So many before the first scene."""
    is_started: bool = False
    """Its container exists: a new behaviour takes hold of a running one."""


def of(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    """Every scene from the pod's start, or from the moment at which the behaviour was ordered."""
    if not role.is_started:
        creating = Waiting(reason="ContainerCreating")
        lasts = min(CREATING_SECONDS, behaviour.ready_after / 3)
        yield Scene(state=creating, lasts=lasts, restarts=role.restarts)
    match behaviour.kind:
        case Kind.RUN:
            yield from _running(behaviour, role)
        case Kind.EXIT:
            yield from _ending(behaviour, role)
        case Kind.START_FAILS:
            yield from _not_starting(role)
        case _:
            yield from _blocked(behaviour, role)


def puzzled(problem: str) -> Iterator[Scene]:
    """For a container whose behaviour nobody understands: visibly stuck."""
    yield Scene(state=Waiting(reason="UnknownBehaviour", message=problem))


def _running(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    started = () if role.is_started else _started(role)
    log = () if role.is_started else (role.log or _startup_log(role))
    if behaviour.ready_after == NEVER:
        yield from _failing_its_probe(role, started, log)
        return
    wait = max(0.0, behaviour.ready_after - min(CREATING_SECONDS, behaviour.ready_after / 3))
    if wait:
        state = Running(ready=False)
        yield Scene(state=state, lasts=wait, restarts=role.restarts, news=started, log=log)
        started, log = (), ()
    yield Scene(state=Running(ready=True), restarts=role.restarts, news=started, log=log)


def _failing_its_probe(role: Role, started: tuple[News, ...], log: tuple[str, ...]) -> Iterator[Scene]:
    unhealthy = _warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    yield Scene(
        state=Running(ready=False), lasts=ATTEMPT_SECONDS, restarts=role.restarts, news=started, log=log
    )
    while True:
        state = Running(ready=False)
        yield Scene(state=state, lasts=PROBE_SECONDS, restarts=role.restarts, news=(unhealthy,))


def _ending(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    """Runs, ends, and is started again if its pod wants that: at once the first time, then with back-off."""
    restarts = role.restarts
    runs = 0
    while runs < behaviour.exits:
        now = replace(role, restarts=restarts)
        yield from _one_run(behaviour, now)
        if _stays_down(behaviour, role):
            yield Scene(state=_end_of(behaviour), restarts=restarts)
            return
        runs += 1
        yield Scene(state=_end_of(behaviour), lasts=ENDED_SECONDS, restarts=restarts)
        if runs > 1:
            yield _backing_off(now, runs - 2)
        restarts += 1
    yield from _running(Behaviour(), replace(role, restarts=restarts, is_started=False))


def _one_run(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    unready = min(behaviour.ready_after, behaviour.exit_after)
    log = role.log or _crash_log(behaviour, role)
    yield Scene(
        state=Running(ready=False), lasts=unready, restarts=role.restarts, news=_started(role), log=log
    )
    if behaviour.exit_after > unready:
        lasts = behaviour.exit_after - unready
        yield Scene(state=Running(ready=True), lasts=lasts, restarts=role.restarts)
    if behaviour.probe:
        yield _killed_by_probe(behaviour.probe, role)


def _killed_by_probe(probe: str, role: Role) -> Scene:
    """The last moment of a container that the kubelet takes for dead."""
    unhealthy = _warning("Unhealthy", f"{probe} probe failed: HTTP probe failed with statuscode: 500")
    killing = _normal(
        "Killing", f"Container {role.container} failed {probe.lower()} probe, will be restarted"
    )
    state = Running(ready=False)
    return Scene(state=state, lasts=ENDED_SECONDS, restarts=role.restarts, news=(unhealthy, killing))


def _not_starting(role: Role) -> Iterator[Scene]:
    """The runtime makes the container and cannot run its command, again and again."""
    problem = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        "runc create failed: unable to start container process: error during container init: "
        'exec: "/serve": stat /serve: no such file or directory: unknown'
    )
    failed = _warning("Failed", f"Error: {problem}")
    attempt = 0
    while True:
        now = replace(role, restarts=role.restarts + attempt)
        ended = Ended(code=128, reason="StartError", message=problem)
        waiting = Waiting(reason="RunContainerError", message=problem)
        yield Scene(state=ended, lasts=ENDED_SECONDS, restarts=now.restarts, news=(failed,))
        yield Scene(state=waiting, lasts=ATTEMPT_SECONDS, restarts=now.restarts)
        yield _backing_off(now, attempt)
        attempt += 1


def _stays_down(behaviour: Behaviour, role: Role) -> bool:
    """See https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy."""
    return role.restart_policy == "Never" or (role.restart_policy == "OnFailure" and behaviour.exit_code == 0)


def _end_of(behaviour: Behaviour) -> Ended:
    return Ended(code=behaviour.exit_code, reason=behaviour.exit_reason)


def _backing_off(role: Role, attempt: int) -> Scene:
    delay = ("10s", "20s", "40s", "1m20s", "2m40s", "5m0s")[min(attempt, 5)]
    message = f"back-off {delay} restarting failed container={role.container} pod={role.pod}"
    news = _warning("BackOff", f"Back-off restarting failed container {role.container} in pod {role.pod}")
    return Scene(
        state=Waiting(reason="CrashLoopBackOff", message=message),
        lasts=_back_off(role, attempt),
        restarts=role.restarts,
        news=(news,),
    )


def _blocked(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    """Never gets as far as a start, until it heals."""
    left = behaviour.heal_after
    for scene in _attempts(behaviour, role):
        lasts = min(scene.lasts, left)
        yield replace(scene, lasts=lasts)
        left -= lasts
        if left <= 0:
            break
    yield from _running(Behaviour(), role)


def _attempts(behaviour: Behaviour, role: Role) -> Iterator[Scene]:
    match behaviour.kind:
        case Kind.PULL_FAILS if behaviour.problem == "malformed":
            yield _malformed(role)
        case Kind.PULL_FAILS:
            yield from _pulling(role, behaviour.problem)
        case Kind.CONFIG_FAILS:
            yield _lacking_configuration(role, behaviour.problem)
        case Kind.CREATE_FAILS:
            yield _not_created(role)
        case _:
            yield _mounting(role, is_said=behaviour.problem != "unsaid")


def _malformed(role: Role) -> Scene:
    problem = (
        f'Failed to apply default image tag "{role.image}": couldn\'t parse image name "{role.image}": '
        "invalid reference format"
    )
    news = (_warning("InspectFailed", problem), _warning("Failed", "Error: InvalidImageName"))
    state = Waiting(reason="InvalidImageName", message=problem)
    return Scene(state=state, restarts=role.restarts, news=news)


def _pull_error(image: str, problem: str) -> str:
    """As containerd words it."""
    name = full_name(image)
    start = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": '
    match problem:
        case "denied":
            why = "pull access denied, repository does not exist or may require authorization"
            end = f"{why}: authorization failed: no basic auth credentials"
            return f"rpc error: code = Unknown desc = {start}{end}"
        case "unreachable":
            end = f'failed to do request: Head "https://{name}": dial tcp 10.0.0.9:443: i/o timeout'
            return f"rpc error: code = Unavailable desc = {start}{end}"
        case _:
            return f"rpc error: code = NotFound desc = {start}{name}: not found"


def _pulling(role: Role, problem: str) -> Iterator[Scene]:
    error = _pull_error(role.image, problem)
    back_off = f'Back-off pulling image "{role.image}"'
    attempt = 0
    while True:
        yield Scene(
            state=Waiting(reason="ErrImagePull", message=error),
            lasts=ATTEMPT_SECONDS,
            restarts=role.restarts,
            news=(
                _warning("Failed", f'Failed to pull image "{role.image}": {error}'),
                _warning("Failed", "Error: ErrImagePull"),
            ),
        )
        yield Scene(
            state=Waiting(reason="ImagePullBackOff", message=f"{back_off}: ErrImagePull: {error}"),
            lasts=_back_off(role, attempt),
            restarts=role.restarts,
            news=(_normal("BackOff", back_off), _warning("Failed", "Error: ImagePullBackOff")),
        )
        attempt += 1


def _lacking_configuration(role: Role, lacking: str) -> Scene:
    name = f"{role.container}-secrets"
    problem = f"couldn't find key password in Secret shop/{name}"
    if lacking != "key":
        problem = f'secret "{name}" not found'
    state = Waiting(reason="CreateContainerConfigError", message=problem)
    return Scene(state=state, restarts=role.restarts, news=(_warning("Failed", f"Error: {problem}"),))


def _not_created(role: Role) -> Scene:
    problem = "failed to generate container spec: failed to generate spec: no command specified"
    state = Waiting(reason="CreateContainerError", message=problem)
    return Scene(state=state, restarts=role.restarts, news=(_warning("Failed", f"Error: {problem}"),))


def _mounting(role: Role, *, is_said: bool) -> Scene:
    volume = f"{role.container}-data"
    problem = f'MountVolume.SetUp failed for volume "{volume}" : configmap "{volume}" not found'
    state = Waiting(reason="ContainerCreating")
    news = replace(_warning("FailedMount", problem), is_of_pod=True)
    return Scene(state=state, restarts=role.restarts, news=(news,) if is_said else ())


def evicted() -> News:
    """Of a pod that its kubelet ends, because the node is short of memory."""
    message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi."
    return replace(_warning("Evicted", message), is_of_pod=True)


def node_lost() -> News:
    """Of a pod whose node does not answer."""
    source = {"component": "node-controller"}
    return replace(_warning("NodeNotReady", "Node is not ready"), is_of_pod=True, source=source)


def _back_off(role: Role, attempt: int) -> float:
    return BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)] * role.back_off


def full_name(image: str) -> str:
    """As containerd says it: https://github.com/distribution/reference, `ParseNormalizedNamed`."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def _started(role: Role) -> tuple[News, ...]:
    return (
        _normal("Pulled", f'Container image "{role.image}" already present on machine'),
        _normal("Created", f"Container created: {role.container}"),
        _normal("Started", f"Container started: {role.container}"),
    )


def _startup_log(role: Role) -> tuple[str, ...]:
    return (f"Starting {role.image}", "Listening on 0.0.0.0:8000")


def _crash_log(behaviour: Behaviour, role: Role) -> tuple[str, ...]:
    start = f"Starting {role.image}"
    if behaviour.exit_code == 0:
        return (start, "Done")
    if behaviour.exit_reason == "OOMKilled":
        return (start, "Loading the search index into memory ...")
    return (
        start,
        "Traceback (most recent call last):",
        '  File "/app/main/settings.py", line 41, in <module>',
        '    SECRET_KEY = os.environ["SECRET_KEY"]',
        "KeyError: 'SECRET_KEY'",
    )


def _normal(reason: str, message: str) -> News:
    return News(type="Normal", reason=reason, message=message)


def _warning(reason: str, message: str) -> News:
    return News(type="Warning", reason=reason, message=message)
