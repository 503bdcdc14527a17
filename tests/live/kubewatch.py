"""Stands for kubewatch: posts what it would post, and loses, delays and doubles some of it.

kubewatch itself is in no registry; its bodies are spelled here as the real one sent them. It posts once for
every change that its own watches see, ignores the answer, and keeps nothing.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from tests.cluster import connection
from tests.cluster.connection import Connection, Object

REASONS = {"ADDED": "Created", "MODIFIED": "Updated", "DELETED": "Deleted"}
OPERATIONS = {"ADDED": "create", "MODIFIED": "update", "DELETED": "delete"}
WATCHED = {"/apis/apps/v1/deployments": "Deployment", "/apis/apps/v1/replicasets": "ReplicaSet"}


@dataclass(kw_only=True)
class Kubewatch:
    """One kubewatch with an unreliable network behind it."""

    api: Connection
    url: str
    """Of the receiver."""
    chance: random.Random
    posted: int = 0
    lost: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """For ever."""
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for path, kind in WATCHED.items():
                group.create_task(self._watch(path, kind, session, group))

    async def _watch(
        self, path: str, kind: str, session: aiohttp.ClientSession, group: asyncio.TaskGroup
    ) -> None:
        """Objects that are older than itself are not said to be created, as with the real one."""
        while True:
            with contextlib.suppress(connection.Away):
                listed = await self.api.request("GET", path)
                version = str(listed["metadata"]["resourceVersion"])
                async for event in self.api.watch(path, {"resourceVersion": version}):
                    if event["type"] in REASONS:
                        self._send(event, kind, session, group)
            await asyncio.sleep(0.2)

    def _send(
        self, event: Object, kind: str, session: aiohttp.ClientSession, group: asyncio.TaskGroup
    ) -> None:
        body = json.dumps(_webhook(event, kind) if self.chance.random() < 0.5 else _cloudevent(event, kind))
        copies = self.chance.choices((0, 1, 2), weights=(20, 60, 20))[0]
        self.lost += not copies
        for _ in range(copies):
            group.create_task(self._post(body, self.chance.random(), session))

    async def _post(self, body: str, delay: float, session: aiohttp.ClientSession) -> None:
        """Later ones may arrive earlier."""
        await asyncio.sleep(delay)
        with contextlib.suppress(aiohttp.ClientError):
            async with session.post(self.url, data=body, headers={"Content-Type": "application/json"}):
                self.posted += 1


@asynccontextmanager
async def posting(api: Connection, url: str, *, seed: int) -> AsyncIterator[Kubewatch]:
    """A kubewatch that posts to the URL while the block runs."""
    kubewatch = Kubewatch(api=api, url=url, chance=random.Random(seed))  # noqa: S311 - a drill, not a secret
    running = asyncio.create_task(kubewatch.run(), name="kubewatch")
    try:
        yield kubewatch
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _webhook(event: Object, kind: str) -> Object:
    metadata, reason = event["object"]["metadata"], REASONS[event["type"]]
    text = f"A `{kind}` in namespace `{metadata['namespace']}` has been `{reason}`:\n`{metadata['name']}`"
    meta = {"kind": kind, "name": metadata["name"], "namespace": metadata["namespace"], "reason": reason}
    return {"eventmeta": meta, "text": text, "time": datetime.now(UTC).isoformat()}


def _cloudevent(event: Object, kind: str) -> Object:
    operation = OPERATIONS[event["type"]]
    data = {"operation": operation, "kind": kind, "apiVersion": "apps/v1", "obj": event["object"]}
    return {
        "specversion": "1.0",
        "type": "KUBERNETES_TOPOLOGY_CHANGE",
        "source": "https://github.com/aantn/kubewatch",
        "id": str(event["object"]["metadata"]["resourceVersion"]),
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
