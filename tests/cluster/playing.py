"""Plays one pod: moves its containers from scene to scene and reports each change.

One task per pod, no locks: it wakes when a scene ends or when a test orders something else. Stands between
`scenes` (what happens) and `reporting` (who is told).
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.cluster import behaviours, logs, scenes, statuses
from tests.cluster.connection import Object
from tests.cluster.reporting import Gone, Reporter

Act = Callable[[], Coroutine[Any, Any, None]]
"""Something that a pod does over time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What all pods of a kubelet share."""

    reporter: Reporter
    logs: logs.Logs
    digests: Mapping[str, str]
    """Image to the ID that a container started now gets."""
    taught: Mapping[str, behaviours.Behaviour]
    """By image; goes before annotations and tags."""
    back_off: float
    """Factor of the waits between failing attempts."""
    clock: Callable[[], datetime]


@dataclass(kw_only=True, slots=True)
class _Track:
    """Where a container stands in its scenes."""

    scenes: Iterator[scenes.Scene]
    due: float
    """Loop time of the next scene."""


class Player:
    """One pod on one of our nodes."""

    def __init__(self, pod: Object, world: World) -> None:
        self._pod = pod
        self._world = world
        self._tracks: dict[str, _Track] = {}
        self._pictures = {name: statuses.Picture() for name in _names(pod)}
        self._digests: dict[str, str] = {}
        self._is_over = False
        self._is_evicted = False
        self._is_lost = False
        self._woken = asyncio.Event()

    @property
    def namespace(self) -> str:
        return str(self._pod["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self._pod["metadata"]["name"])

    @property
    def images(self) -> set[str]:
        return {each["image"] for each in _containers(self._pod)}

    async def run(self) -> None:
        """Until all containers have ended for good or the pod is gone."""
        with contextlib.suppress(Gone):
            while not self._is_over:
                news = self._move()
                await self._tell()
                for container, each in news:
                    await self._world.reporter.tell_news(self._pod, container, each, self._world.clock())
                await self._until_due()

    async def end(self) -> None:
        """What a kubelet does with a terminating pod: stop it, then delete it."""
        annotations = behaviours.annotations_of(self._pod)
        with contextlib.suppress(Gone):
            if wait := float(annotations.get(behaviours.STOP_ANNOTATION, 0)):
                await asyncio.sleep(wait)
            await self._world.reporter.delete(self._pod)
        self._world.logs.forget(self.namespace, self.name)
        self._world.reporter.forget(self._pod)

    def evict(self) -> None:
        """Ends the pod as a node under pressure does; its owner makes another."""
        self._is_evicted = True
        self._woken.set()

    def lose(self) -> None:
        """Its node goes silent: the control plane calls it not ready, and the kubelet says nothing more."""
        self._is_lost = True
        self._woken.set()

    def observe(self, pod: Object) -> None:
        """The pod as the API server now has it; others write conditions that readiness gates wait for."""
        if int(pod["metadata"]["resourceVersion"]) <= int(self._pod["metadata"]["resourceVersion"]):
            return
        self._pod = pod
        if pod["spec"].get("readinessGates"):
            self._woken.set()

    def order(self, behaviour: behaviours.Behaviour, container: str | None = None) -> None:
        """From now on the container (default: the first) behaves like this."""
        name = container or self._pod["spec"]["containers"][0]["name"]
        role = self._role(next(each for each in _containers(self._pod) if each["name"] == name))
        self._tracks[name] = _Track(scenes=scenes.of(behaviour, role), due=_now())
        self._woken.set()

    def heal_image(self, image: str) -> None:
        """The image was pushed: containers that wait for it go on."""
        for each in _containers(self._pod):
            waiting = self._pictures[each["name"]].state.get("waiting", {})
            if each["image"] == image and waiting.get("reason") in ("ErrImagePull", "ImagePullBackOff"):
                self.order(behaviours.Behaviour(), each["name"])

    def _move(self) -> list[tuple[str, scenes.News]]:
        """Begins every scene that is due; the Events that go with them."""
        if self._is_evicted or self._is_lost:
            return [("", scenes.evicted() if self._is_evicted else scenes.node_lost())]
        told: list[tuple[str, scenes.News]] = []
        for container in self._cast():
            name = container["name"]
            track = self._tracks.setdefault(name, self._track(container))
            while track.due <= _now() and (scene := next(track.scenes, None)):
                told += [(name, each) for each in scene.news]
                track.due += scene.lasts
                self._begin(container, scene)
        return told

    def _begin(self, container: Object, scene: scenes.Scene) -> None:
        name, image, now = container["name"], container["image"], self._world.clock()
        self._pictures[name] = statuses.advance(self._pictures[name], scene, now)
        if isinstance(scene.state, scenes.Running):
            self._digests.setdefault(image, self._world.digests.get(image) or statuses.digest(image))
        if scene.log:
            key = (self.namespace, self.name, name)
            self._world.logs.begin_run(key)
            self._world.logs.write(key, scene.log, now)

    def _cast(self) -> Sequence[Object]:
        """The containers whose turn it is: init containers one after another, then all others."""
        spec = self._pod["spec"]
        sidecars: list[Object] = []
        for each in spec.get("initContainers") or []:
            if each.get("restartPolicy") == "Always":
                sidecars.append(each)
            elif self._pictures[each["name"]].exit_code != 0:
                return [*sidecars, each]
        return [*sidecars, *spec["containers"]]

    def _track(self, container: Object) -> _Track:
        try:
            taught = self._world.taught.get(container["image"])
            behaviour = taught or behaviours.of_container(self._pod, container)
        except behaviours.BadBehaviour as error:
            return _Track(scenes=scenes.puzzled(str(error)), due=_now())
        return _Track(scenes=scenes.of(behaviour, self._role(container)), due=_now())

    def _role(self, container: Object) -> scenes.Role:
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        picture = self._pictures[container["name"]]
        runs = "running" in picture.state
        return scenes.Role(
            container=container["name"],
            image=container["image"],
            pod=f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})",
            restart_policy=_restart_policy(spec, container),
            back_off=self._world.back_off,
            log=tuple(behaviours.annotations_of(self._pod).get(behaviours.LOG_ANNOTATION, "").splitlines()),
            restarts=picture.restarts + (picture.has_started and not runs),
            is_started=runs,
        )

    async def _tell(self) -> None:
        status = self._status(self._world.clock())
        self._is_over = self._is_lost or status["phase"] in ("Succeeded", "Failed")
        self._pod = await self._world.reporter.tell_status(self._pod, status)

    def _status(self, now: datetime) -> Object:
        if self._is_evicted:
            return statuses.evicted(now)
        if self._is_lost:
            return statuses.lost(now)
        return statuses.of_pod(self._pod, self._pictures, self._digests, now)

    async def _until_due(self) -> None:
        """Returns when a scene ends, another container's turn comes, or something was ordered."""
        cast = [each["name"] for each in self._cast()]
        if self._is_over or any(name not in self._tracks for name in cast):
            return
        due = min(self._tracks[name].due for name in cast)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if due == behaviours.NEVER else due):
                await self._woken.wait()
        self._woken.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _containers(pod: Object) -> list[Object]:
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]


def _names(pod: Object) -> list[str]:
    return [each["name"] for each in _containers(pod)]


def _restart_policy(spec: Object, container: Object) -> str:
    """An init container of a pod that restarts always is still done once it has ended well."""
    policy = str(spec.get("restartPolicy", "Always"))
    is_init = any(each["name"] == container["name"] for each in spec.get("initContainers") or [])
    if is_init and container.get("restartPolicy") != "Always" and policy == "Always":
        return "OnFailure"
    return policy
