"""Shipbell as a process, started as its users start it, killed as the kernel kills it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from shipbell.sandbox import DEFAULT_TOKEN, Sandbox
from tests.cluster.running import Cluster
from tests.live.deployments import until

SECRETS = {"SHIPBELL_SLACK_TOKEN": DEFAULT_TOKEN}


def settings_for(
    cluster: Cluster, slack: Sandbox, *, channel: str, factor: float = 0.2, **kubernetes: Any
) -> dict[str, Any]:
    """A configuration as a person would write it."""
    return {
        "cluster": "apps",
        "environment": "CI",
        "slack": {"channel": f"#{channel}", "api_url": slack.api_url},
        "kubernetes": {"kubeconfig": str(cluster.plane.kubeconfig), **kubernetes},
        "web": {"host": "127.0.0.1", "port": _free_port()},
        "advanced": {"time_factor": factor},
    }


def _free_port() -> int:
    """A port that nobody listens on; the caller takes it soon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Shipbell:
    """One installation: a folder with its configuration, its store and its log."""

    directory: Path
    settings: dict[str, Any]
    secrets: Mapping[str, str]
    """Environment variables that carry them."""
    process: asyncio.subprocess.Process | None = None
    port: int = 0
    starts: int = field(default=0, init=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that it has written."""
        return "\n".join(path.read_text() for path in sorted(self.directory.glob("*.log")))

    async def start(self) -> None:
        """Starts it and waits until it says that it is ready."""
        await self.launch()
        await until(self.ready, lambda: f"not ready:\n{self.log[-4000:]}", patience=60)

    async def launch(self) -> None:
        """Starts it and waits for nothing."""
        config = self.directory / "shipbell.yaml"
        config.write_text(yaml.safe_dump(self.settings))
        self.starts += 1
        with (self.directory / f"{self.starts:03}.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("shipbell")),
                "run",
                "--config",
                str(config),
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], **self.secrets},
                cwd=self.directory,
            )

    async def ready(self) -> bool:
        """What `/readyz` says."""
        return await self._status("/readyz") == 200

    async def answers(self) -> bool:
        """Whether it can be asked at all."""
        return await self._status("/livez") == 200

    async def _status(self, path: str) -> int:
        assert self.process is not None
        assert self.process.returncode is None, self.log[-4000:]
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(self.url + path) as answer,
            ):
                return answer.status
        return 0

    async def kill(self) -> None:
        """As the kernel does when memory runs out."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As Kubernetes does; answers the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return process.returncode or 0 if process else 0
        process.send_signal(how)
        return await asyncio.wait_for(process.wait(), timeout=25)


@asynccontextmanager
async def installed(
    directory: Path, settings: dict[str, Any], secrets: Mapping[str, str], *, ready: bool = True
) -> AsyncIterator[Shipbell]:
    """A running Shipbell; ended at the end, whatever happened. `ready` waits until it is."""
    directory.mkdir(parents=True, exist_ok=True)
    shipbell = Shipbell(directory=directory, settings=settings, secrets=secrets, port=settings["web"]["port"])
    try:
        await shipbell.launch()
        wanted = shipbell.ready if ready else shipbell.answers
        await until(wanted, lambda: f"not ready:\n{shipbell.log[-4000:]}")
        yield shipbell
    finally:
        await shipbell.stop()
