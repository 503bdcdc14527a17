"""`python -m tests.cluster.record`: records what a real API server says while the `story` is played.

The demo replays the file through the real client code. One JSON object per line, gzipped: a header
(`kubernetes`, `recorded_at`, `resourceVersion`), then `{"t", "resource", "type", "object"}`, where `t` is in
seconds since `recorded_at`. Lines of type INITIAL are one consistent list at `resourceVersion`; the others
are watch events in the order in which they came. Objects are as the API server sent them.
"""

import argparse
import asyncio
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.cluster import binaries, building, running, story
from tests.cluster.connection import Connection, Object

OUTPUT = binaries.PROJECT / "src" / "shipbell" / "demo" / "recording.jsonl.gz"

PATHS: Mapping[str, str] = {
    "deployments": "/apis/apps/v1/deployments",
    "replicasets": "/apis/apps/v1/replicasets",
    "pods": "/api/v1/pods",
}

BACK_OFF = 2.0
"""Twice as slow as in tests: people watch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All resources at one moment."""

    version: str
    objects: Mapping[str, list[Object]]


class Recording:
    """Lines with their times, in the order in which they came."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._recorded_at = datetime.now(UTC)
        self._began = time.monotonic()
        self._version = snapshot.version
        self._lines: list[Object] = []
        for resource, objects in snapshot.objects.items():
            for each in objects:
                self._add(0.0, resource, "INITIAL", each)

    async def follow(self, api: Connection, resource: str) -> None:
        """Adds what the watch says, until it is cancelled."""
        params = {"resourceVersion": self._version}
        async with aclosing(api.watch(PATHS[resource], params)) as events:
            async for event in events:
                if event["type"] != "BOOKMARK":
                    self._add(time.monotonic() - self._began, resource, event["type"], event["object"])

    def write(self, path: Path) -> None:
        """The same lines make the same bytes."""
        lines = [self._header(), *sorted(self._lines, key=lambda line: line["t"])]
        text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))

    def __len__(self) -> int:
        return len(self._lines)

    def _header(self) -> Object:
        return {
            "kubernetes": binaries.kubernetes_version(),
            "recorded_at": self._recorded_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "resourceVersion": self._version,
        }

    def _add(self, t: float, resource: str, kind: str, found: Object) -> None:
        self._lines.append({"t": round(t, 3), "resource": resource, "type": kind, "object": found})


async def snapshot(api: Connection) -> Snapshot:
    """Every resource at the same resourceVersion: that of the first list."""
    first = await api.request("GET", PATHS["deployments"])
    version = str(first["metadata"]["resourceVersion"])
    params = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
    lists = {name: await api.request("GET", path, params=params) for name, path in PATHS.items()}
    objects = {name: [_whole(found, each) for each in found["items"]] for name, found in lists.items()}
    return Snapshot(version=version, objects=objects)


def _whole(found: Object, item: Object) -> Object:
    """Items of a list lack what its head says once."""
    kind = found["kind"].removesuffix("List")
    return {"kind": kind, "apiVersion": found["apiVersion"], **item}


async def record(path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="shipbell-recording-") as directory:
        async with running.running(Path(directory), back_off=BACK_OFF) as cluster:
            building.say("Preparing ...")
            await story.prepare(cluster)
            async with cluster.plane.connect() as api:
                building.say("Recording (about a minute) ...")
                recording = await _recorded(api, cluster)
    recording.write(path)
    building.say(f"{path}: {len(recording)} lines, {path.stat().st_size / 1024:.0f} KiB")


async def _recorded(api: Connection, cluster: running.Cluster) -> Recording:
    recording = Recording(await snapshot(api))
    followers = [asyncio.create_task(recording.follow(api, resource)) for resource in PATHS]
    await story.play(cluster.client)
    cluster.check()
    for follower in followers:
        if follower.done():
            follower.result()
        follower.cancel()
    await asyncio.gather(*followers, return_exceptions=True)
    return recording


def main() -> int:
    parser = argparse.ArgumentParser(description="Records the demo's cluster.")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    building.build()
    asyncio.run(record(parser.parse_args().output))
    return 0


if __name__ == "__main__":
    sys.exit(main())
