"""Nodes whose pods behave as told: a stand-in for kubelet, container runtime and registry.

It creates Node objects, watches the pods that the scheduler binds to them and plays each by its annotations
or image tags (`behaviours`). Tests order what no manifest can say: a pod that turns unready later, heals or
is evicted, a tag that is pushed. It outlives restarts of the API server, as a kubelet does.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tests.cluster import behaviours, connection, logs, playing, reporting, statuses
from tests.cluster.connection import Connection, Object

NODES = 3

RELIST_SECONDS = 0.2


class NoSuchPod(LookupError):
    """None of that name runs on our nodes."""


class Kubelet:
    """All nodes of a cluster; made by `start`."""

    def __init__(self, api: Connection, *, lines: logs.Logs, back_off: float, is_talkative: bool) -> None:
        self._api = api
        self._digests: dict[str, str] = {}
        self._taught: dict[str, behaviours.Behaviour] = {}
        self._world = playing.World(
            reporter=reporting.Reporter(api, is_talkative=is_talkative),
            logs=lines,
            digests=self._digests,
            taught=self._taught,
            back_off=back_off,
            clock=lambda: datetime.now(UTC),
        )
        self._pushes: dict[str, int] = {}
        self._players: dict[str, playing.Player] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[str] = set()
        self._group = asyncio.TaskGroup()
        self._main: asyncio.Task[None] | None = None
        self._port = 0

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        api: Connection,
        *,
        certificate: Path,
        key: Path,
        back_off: float = 1.0,
        is_talkative: bool = False,
    ) -> AsyncIterator[Self]:
        """Nodes that are ready; `back_off` scales the waits of failing containers, and where `is_talkative`
        Normal Events are posted beside the Warnings."""
        lines = logs.Logs()
        async with logs.serving(lines, certificate=certificate, key=key) as port:
            kubelet = cls(api, lines=lines, back_off=back_off, is_talkative=is_talkative)
            kubelet._port = port
            await kubelet._create_nodes()
            # A task of its own holds the group, because fixtures leave in another task than they enter.
            kubelet._main = asyncio.create_task(kubelet._run(), name="kubelet")
            try:
                yield kubelet
            finally:
                kubelet._main.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await kubelet._main

    def check(self) -> None:
        """Raises what ended it, if anything did."""
        if self._main is not None and self._main.done():
            self._main.result()
            raise RuntimeError("the kubelet ended")

    def order(self, namespace: str, pod: str, behaviour: str, *, container: str | None = None) -> None:
        """From now on the pod behaves like this; the words are those of `behaviours.parse`."""
        self._player(namespace, pod).order(behaviours.parse(behaviour), container)

    def make_unready(self, namespace: str, pod: str) -> None:
        """Its probe fails until it is healed."""
        self.order(namespace, pod, "never-ready")

    def heal(self, namespace: str, pod: str) -> None:
        self.order(namespace, pod, "ready-after=0")

    def evict(self, namespace: str, pod: str) -> None:
        """As by a node under pressure. (A drain is the client's: it deletes.)"""
        self._player(namespace, pod).evict()

    def lose(self, namespace: str, pod: str) -> None:
        """As when its node goes silent; who deletes the pod in the end is the test."""
        self._player(namespace, pod).lose()

    async def add_node(
        self, name: str, *, labels: Mapping[str, str] | None = None, cordoned: bool = False
    ) -> None:
        """One more node, on which the pods of every test may come to run unless it is cordoned."""
        node = _node(name, self._port)
        node["metadata"]["labels"] |= labels or {}
        node["spec"] = {"unschedulable": cordoned}
        await self._api.request("POST", "/api/v1/nodes", body=node)

    async def remove_node(self, name: str) -> None:
        await self._api.request("DELETE", f"/api/v1/nodes/{name}")

    def push(self, image: str) -> None:
        """The registry has a (new) image of this name: who waits goes on, who starts gets its ID."""
        self._pushes[image] = self._pushes.get(image, 0) + 1
        self._digests[image] = statuses.digest(image, self._pushes[image])
        if behaviours.is_pull_refused(image):
            self._taught[image] = behaviours.Behaviour()
        for player in self._players.values():
            player.heal_image(image)

    def teach(self, image: str, behaviour: str) -> None:
        """How containers with this image behave when they start from now on, whatever its tag says."""
        self._taught[image] = behaviours.parse(behaviour)

    def pods(self, namespace: str) -> list[str]:
        """The names of the pods that it runs there."""
        return sorted(each.name for each in self._players.values() if each.namespace == namespace)

    def _player(self, namespace: str, pod: str) -> playing.Player:
        for player in self._players.values():
            if (player.namespace, player.name) == (namespace, pod):
                return player
        raise NoSuchPod(f"{namespace}/{pod}")

    async def _create_nodes(self) -> None:
        for number in range(1, NODES + 1):
            try:
                await self._api.request("POST", "/api/v1/nodes", body=_node(f"node-{number}", self._port))
            except connection.Refused as error:
                if error.reason != "AlreadyExists":
                    raise

    async def _run(self) -> None:
        async with self._group:
            while True:
                with contextlib.suppress(connection.Away, connection.Refused):
                    await self._follow()
                await asyncio.sleep(RELIST_SECONDS)

    async def _follow(self) -> None:
        """One list and the watch after it, until that ends."""
        bound = {"fieldSelector": "spec.nodeName!="}
        listed = await self._api.request("GET", "/api/v1/pods", params=bound)
        for uid in self._players.keys() - {pod["metadata"]["uid"] for pod in listed["items"]}:
            self._forget(uid)
        for pod in listed["items"]:
            self._observe(pod)
        params = {**bound, "resourceVersion": listed["metadata"]["resourceVersion"]}
        async with contextlib.aclosing(self._api.watch("/api/v1/pods", params)) as events:
            async for event in events:
                if event["type"] == "ERROR":
                    return
                self._receive(event)

    def _receive(self, event: Object) -> None:
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self._observe(event["object"])
            case "DELETED":
                self._forget(event["object"]["metadata"]["uid"])

    def _observe(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        player = self._players.get(uid)
        if player is None:
            player = self._players[uid] = playing.Player(pod, self._world)
            self._play(uid, player.run)
        player.observe(pod)
        if pod["metadata"].get("deletionTimestamp"):
            self._end(uid)

    def _play(self, uid: str, act: playing.Act) -> None:
        self._tasks[uid] = self._group.create_task(act(), name=f"pod {uid}")

    def _end(self, uid: str) -> None:
        if uid in self._ending:
            return
        self._ending.add(uid)
        self._tasks[uid].cancel()
        self._play(uid, self._players[uid].end)

    def _forget(self, uid: str) -> None:
        if uid in self._players:
            del self._players[uid]
            self._ending.discard(uid)
            self._tasks.pop(uid).cancel()


def _node(name: str, port: int) -> Object:
    """Roomy: what is unschedulable here is so on purpose (a node selector, a request for 100 CPUs)."""
    now = statuses.stamp(datetime.now(UTC))
    resources = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "2000"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [ready],
            "addresses": [{"type": "InternalIP", "address": statuses.ADDRESS}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "nodeInfo": _node_info(name),
        },
    }


def _node_info(name: str) -> Object:
    identities = dict.fromkeys(("machineID", "systemUUID", "bootID"), name)
    versions = {"kubeletVersion": "played", "kubeProxyVersion": "", "containerRuntimeVersion": "played://1"}
    system = {"kernelVersion": "6.1", "osImage": "none", "operatingSystem": "linux", "architecture": "amd64"}
    return {**identities, **versions, **system}
