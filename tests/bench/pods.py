"""Shipbell as a kubelet starts it: a service account's files in their place, and probes.

Where the kernel lets us, it gets a mount namespace with the files at the path that pods have, which changes
nothing for anybody else. Where not, it reads a kubeconfig, which takes more memory; the report then says so.
"""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml

from shipbell.sandbox import DEFAULT_TOKEN
from shipbell.sources.kubernetes.credentials import SERVICE_ACCOUNT
from tests.bench.slack import CHANNEL, Slack
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import Program

PATIENCE = 30.0
"""Seconds that a start may take."""

PROBES = 10.0
"""Seconds between two looks at `/readyz`, the default of a readiness probe."""

# `unshare` leaves the mount to the new namespace, so that it ends with the process.
IN_POD = """\
set -e
mount -t tmpfs shipbell-bench /var/run
mkdir -p {account}
cp "$1" {account}/token
cp "$2" {account}/ca.crt
shift 2
exec "$@"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """A running Shipbell."""

    program: Program
    pid: int
    port: int
    log: Path

    def check(self) -> None:
        """Raises `Died` if it runs no more."""
        self.program.check()

    async def probe(self, seconds: float) -> None:
        """Lets time pass as in a cluster: asked whether it is ready, and for its metrics."""
        deadline = time.monotonic() + seconds
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session:
            while (left := deadline - time.monotonic()) > 0:
                self.check()
                for path in ("/readyz", "/livez", "/metrics"):
                    async with session.get(path) as answer:
                        await answer.read()
                await asyncio.sleep(min(PROBES, left))


async def can_be_pods() -> bool:
    """Whether this machine lets us mount something where nobody else sees it."""
    if shutil.which("unshare") is None:
        return False
    trial = await asyncio.create_subprocess_exec(
        *_unshare(), "mount", "-t", "tmpfs", "shipbell-bench", "/var/run", stderr=asyncio.subprocess.DEVNULL
    )
    return await trial.wait() == 0


@asynccontextmanager
async def started(
    directory: Path,
    plane: ControlPlane,
    slack: Slack,
    *,
    in_pod: bool,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Pod]:
    """A Shipbell that is ready. Raises `Died` or `TimeoutError`."""
    directory.mkdir()
    (directory / "slack-token").write_text(DEFAULT_TOKEN)
    (directory / "token").write_text(plane.token)
    (directory / "shipbell.yaml").write_text(yaml.safe_dump(_settings(directory, plane, slack, in_pod)))
    log = directory / "log"
    program = await Program.start(_command(directory, plane, in_pod, variables or {}), log=log)
    try:
        yield await _ready(program, log, directory)
    finally:
        await program.stop(patience=20)


def _command(
    directory: Path, plane: ControlPlane, in_pod: bool, variables: Mapping[str, str]
) -> Sequence[str | Path]:
    shipbell = (Path(sys.executable).with_name("shipbell"), "run", "--config", directory / "shipbell.yaml")
    environment = dict(variables)
    inside: list[str | Path] = []
    if in_pod:
        address = urlsplit(plane.url)
        environment["KUBERNETES_SERVICE_HOST"] = str(address.hostname)
        environment["KUBERNETES_SERVICE_PORT"] = str(address.port)
        script = IN_POD.format(account=SERVICE_ACCOUNT)
        inside += [*_unshare(), "sh", "-c", script, "pod", directory / "token", plane.ca_file]
    pairs = [f"{name}={value}" for name, value in environment.items()]
    # The shell becomes `env`, and that becomes Shipbell: the number that it writes stays true.
    numbered = ("sh", "-c", 'echo $$ > "$0"; exec "$@"', directory / "pid")
    return (*numbered, *inside, "env", *pairs, *shipbell)


def _unshare() -> list[str]:
    """Only root may do it without becoming root in a world of its own."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def _settings(directory: Path, plane: ControlPlane, slack: Slack, in_pod: bool) -> dict[str, Any]:
    return {
        "cluster": "bench",
        "slack": {
            "channel": f"#{CHANNEL}",
            "api_url": slack.api_url,
            "token_file": str(directory / "slack-token"),
        },
        "kubernetes": {} if in_pod else {"kubeconfig": str(plane.kubeconfig)},
        "store": {"url": f"sqlite:///{directory / 'shipbell.db'}"},
        "web": {"host": "127.0.0.1", "port": 0},
        "log": {"format": "json"},
    }


async def _ready(program: Program, log: Path, directory: Path) -> Pod:
    async with asyncio.timeout(PATIENCE):
        while not (lines := _lines(log)).keys() >= {"listening", "ready"}:
            program.check()
            await asyncio.sleep(0.05)
    pid = int((directory / "pid").read_text())
    return Pod(program=program, pid=pid, port=int(lines["listening"]["port"]), log=log)


def _lines(log: Path) -> dict[str, dict[str, Any]]:
    """What it said so far, by the event; a line that is still being written waits for the next look."""
    whole, _, _ = log.read_text().rpartition("\n")
    lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
    return {line["event"]: line for line in lines}
