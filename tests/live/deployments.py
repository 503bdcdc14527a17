"""The Deployment `web` of a scenario: what people and tools do to it, and what to wait for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cluster import client, connection, manifests
from tests.cluster.client import Client
from tests.cluster.connection import Object

PATIENCE = 60.0
"""Seconds that anything in the cluster may take."""

REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """One Deployment of a scenario's namespace."""

    client: Client
    namespace: str
    name: str = "web"
    spec: Mapping[str, Any] = field(default_factory=dict)
    """What of the Deployment's spec is not as it usually is."""

    def manifest(self, tag: str = "1", *, replicas: int = 2) -> Object:
        """As a person would write it."""
        return manifests.deployment(self.name, self.image(tag), replicas=replicas, **self.spec)

    def image(self, tag: str) -> str:
        """With a registry's host, as most images have one."""
        return f"reg.example/shop/{self.name}:{tag}"

    async def create(
        self, tag: str = "1", *, replicas: int = 2, annotations: Mapping[str, str] | None = None
    ) -> None:
        """Perhaps from a manifest that carries annotations."""
        manifest = self.manifest(tag, replicas=replicas)
        manifest["metadata"]["annotations"] = dict(annotations or {})
        await self.client.create(self.namespace, manifest)

    async def set_image(self, tag: str) -> None:
        await self.client.set_image(self.namespace, self.name, self.image(tag))

    async def scale(self, replicas: int) -> None:
        await self.client.scale(self.namespace, self.name, replicas)

    async def pause(self) -> None:
        await self.client.pause(self.namespace, self.name)

    async def resume(self) -> None:
        await self.client.resume(self.namespace, self.name)

    async def restart(self) -> None:
        await self.client.restart(self.namespace, self.name)

    async def undo(self, to: int) -> None:
        await self.client.undo(self.namespace, self.name, to_revision=to)

    async def annotate(self, key: str, value: str) -> None:
        await self.client.annotate("deployments", self.namespace, self.name, **{key: value})

    async def change(self, change: Object) -> None:
        """A patch of anything."""
        await self.client.patch("deployments", self.namespace, self.name, change)

    async def replace(self, tag: str) -> None:
        """`kubectl replace` with a manifest that lacks the annotations."""
        await self.client.replace(self.namespace, self.manifest(tag))

    async def delete(self, propagation: str = "Background") -> None:
        await self.client.delete("deployments", self.namespace, self.name, propagation=propagation)

    async def delete_all(self, resource: str) -> None:
        """All its ReplicaSets, or all its pods, at once."""
        for found in await self.client.find(resource, self.namespace, labels=f"app={self.name}"):
            await self.client.delete(resource, self.namespace, found["metadata"]["name"])

    async def replace_all(self, resource: str) -> None:
        """Deletes them, and returns when there are others."""
        before = await self._uids(resource)
        await self.delete_all(resource)

        async def replaced() -> bool:
            now = await self._uids(resource)
            return bool(now) and not now & before

        await until(replaced, lambda: f"the {resource} of {self.namespace}/{self.name} stay as they are")

    async def _uids(self, resource: str) -> set[str]:
        found = await self.client.find(resource, self.namespace, labels=f"app={self.name}")
        return {thing["metadata"]["uid"] for thing in found}

    async def limit_pods(self, number: int) -> None:
        """A quota for the namespace."""
        await self.client.apply(self.namespace, manifests.quota("pods", pods=str(number)))

    async def completes(self) -> None:
        """Waits for what `kubectl rollout status` waits for."""
        await self.shows(client.is_complete)

    async def begins(self, number: int) -> None:
        """Waits until the controller has given the number and made its first pod."""
        await self.shows(
            lambda d: (
                client.revision(d) == number and _settled(d) and bool(d["status"].get("updatedReplicas"))
            )
        )

    async def times_out(self) -> None:
        """Waits until the controller says that the progress deadline was exceeded."""
        await self.shows(lambda d: client.progress_reason(d) == "ProgressDeadlineExceeded")

    async def vanishes(self) -> None:
        """Waits until it is gone."""
        await self.client.until_gone("deployments", self.namespace, self.name, within=PATIENCE)

    async def shows(self, wanted: Callable[[Object], bool]) -> None:
        """Waits until the Deployment is as wanted."""
        await self.client.until("deployments", self.namespace, self.name, wanted, within=PATIENCE)


async def until(
    check: Callable[[], Awaitable[bool]], complaint: Callable[[], str], *, patience: float = PATIENCE
) -> None:
    """Polls with a deadline."""
    try:
        async with asyncio.timeout(patience):
            while not await check():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(complaint()) from None


def _settled(deployment: connection.Object) -> bool:
    return bool(deployment["status"].get("observedGeneration", 0) >= deployment["metadata"]["generation"])
