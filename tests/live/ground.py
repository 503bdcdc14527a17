"""Where a scenario of any kind is played: a namespace, a cluster to work on, an account of what was told.

`Round` plays many side by side, since most of their time is waiting, and keeps each one's outcome.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from tests.cluster import behaviours, client, manifests
from tests.cluster.client import Client
from tests.cluster.connection import Object
from tests.cluster.running import Cluster
from tests.live.account import Account
from tests.live.deployments import PATIENCE, Deployment, until


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What a scenario works with; its workload is called `app`."""

    cluster: Cluster
    namespace: str
    account: Account
    resource: str = "deployments"
    """Of the workload."""

    @property
    def client(self) -> Client:
        return self.cluster.client

    def image(self, tag: str) -> str:
        return f"reg.example/shop/app:{tag}"

    async def create(self, manifest: Object) -> None:
        await self.client.create(self.namespace, manifest)

    async def runs(self, manifest: Object) -> None:
        """Creates it, and waits until its first rollout is over."""
        await self.create(manifest)
        await self.completes()

    async def set_image(self, tag: str) -> None:
        await self.client.set_image(self.namespace, "app", self.image(tag), resource=self.resource)

    async def restart(self) -> None:
        await self.client.restart(self.namespace, "app", resource=self.resource)

    async def undo(self) -> None:
        await self.client.undo(self.namespace, "app", resource=self.resource)

    async def scale(self, replicas: int) -> None:
        await self.client.scale(self.namespace, "app", replicas, resource=self.resource)

    async def change(self, spec: Object) -> None:
        """A patch of its spec."""
        await self.client.patch(self.resource, self.namespace, "app", {"spec": spec})

    async def change_template(self, *, behaviour: str = "", **pod: object) -> None:
        """A patch of its pods' spec, and of how its first container behaves."""
        annotations = {behaviours.ANNOTATION: behaviour or None}
        await self.change({"template": {"metadata": {"annotations": annotations}, "spec": pod}})

    async def delete(self) -> None:
        await self.client.delete(self.resource, self.namespace, "app")

    async def shows(self, is_so: Callable[[Object], bool]) -> Object:
        return await self.client.until(self.resource, self.namespace, "app", is_so, within=PATIENCE)

    async def completes(self) -> None:
        await self.shows(client.is_rolled_out)

    async def begins(self, count: int = 1) -> None:
        """Waits until the controller has made so many pods of the newest revision."""
        await self.shows(lambda it: client.is_observed(it) and _updated(it) >= count)

    async def pods(self) -> list[Object]:
        return await self.client.pods_of(self.namespace, "app")

    async def pod(self, is_it: Callable[[Object], bool]) -> Object:
        """The first of its pods that is as described."""
        found: list[Object] = []

        async def there() -> bool:
            found[:] = [pod for pod in await self.pods() if is_it(pod)]
            return bool(found)

        await until(there, lambda: f"no such pod in {self.namespace}")
        return found[0]

    async def delete_pods(self, names: list[str]) -> None:
        for name in names:
            await self.client.delete("pods", self.namespace, name)

    async def post_event(self, pod: Object, reason: str, message: str, *, component: str) -> None:
        """What a controller that is not here would say of the pod."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = pod["metadata"]
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{reason.lower()}"},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": self.namespace,
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "type": "Normal" if reason == "TriggeredScaleUp" else "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self.create(event)


SEATS = 8
"""So many at a time: more would keep two cores from telling each in time."""

Scenario: TypeAlias = Callable[[Ground], Awaitable[list[str]]]
"""Ends when the cluster is at rest, and answers with the states that the root messages must be in."""


@dataclass(kw_only=True)
class Round:
    """Scenarios that are played side by side, a few at a time."""

    cluster: Cluster
    account: Account
    _plays: dict[str, asyncio.Task[tuple[str, list[str]]]] = field(default_factory=dict)
    _seats: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SEATS))

    def play(self, name: str, scenario: Scenario, resource: str) -> None:
        """Begins a scenario in a namespace of its own."""
        self._plays[name] = asyncio.create_task(self._play(name, scenario, resource), name=name)

    def play_all(self, scenarios: Mapping[str, Scenario], resource: str, chosen: set[str]) -> None:
        """Those that a test asks for."""
        for name, scenario in scenarios.items():
            if name in chosen:
                self.play(name, scenario, resource)

    async def check(self, name: str) -> None:
        """One root message per rollout, each in its last state, and none besides."""
        namespace, states = await self._plays[name]
        self.account.check(namespace, states)

    async def _play(self, name: str, scenario: Scenario, resource: str) -> tuple[str, list[str]]:
        async with self._seats:
            namespace = await self.cluster.client.create_namespace(name.replace("_", "-")[:50])
            ground = Ground(
                cluster=self.cluster, namespace=namespace, account=self.account, resource=resource
            )
            states = await scenario(ground)
            await self.account.becomes(namespace, states)
            await self._mark()
            return namespace, states

    async def _mark(self) -> None:
        """What begins now is told after everything that came before: nothing is still on its way."""
        namespace = await self.cluster.client.create_namespace("mark")
        await Deployment(client=self.cluster.client, namespace=namespace).create(replicas=1)
        await self.account.becomes(namespace, ["succeeded"])

    async def close(self) -> None:
        """Ends what is still being played."""
        for task in self._plays.values():
            task.cancel()
        await asyncio.gather(*self._plays.values(), return_exceptions=True)


def deployment(image: str, **spec: object) -> Object:
    return manifests.deployment("app", image, **spec)  # type: ignore[arg-type]  # fields of any kind


def _updated(found: Object) -> int:
    status = found["status"]
    return int(status.get("updatedReplicas", status.get("updatedNumberScheduled", 0)))
