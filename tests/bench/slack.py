"""The sandbox Slack as a process of its own, so that it notes a request when it comes.

Beside the played kubelets it would be late: they are busiest at the moments that are measured.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import executable

import aiohttp
import msgspec

from shipbell.sandbox import Message
from tests.cluster.processes import Program

CHANNEL = "deployments"

PATIENCE = 30.0
"""Seconds that a start may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slack:
    """A running sandbox."""

    program: Program
    url: str
    """Of its page and its controls."""

    @property
    def api_url(self) -> str:
        """Where Shipbell speaks to it."""
        return f"{self.url}/api/"

    async def messages(self) -> list[Message]:
        """Everything in the channel, with every version it had."""
        self.program.check()
        async with aiohttp.ClientSession(self.url) as session:
            async with session.get("/sandbox/channels") as answer:
                channels = await answer.json()
            named = {"channel": next(c["id"] for c in channels if c["name"] == CHANNEL)}
            async with session.get("/sandbox/messages", params=named) as answer:
                return msgspec.json.decode(await answer.read(), type=list[Message])


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Slack]:
    """A sandbox that answers. Raises `Died` or `TimeoutError`."""
    log = directory / "slack.log"
    command = (Path(executable).with_name("shipbell"), "sandbox", "--port", "0", "--channel", CHANNEL)
    program = await Program.start(command, log=log)
    try:
        yield Slack(program=program, url=await _address(program, log))
    finally:
        await program.stop()


async def _address(program: Program, log: Path) -> str:
    """As it says it in its first lines."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        program.check()
        for line in log.read_text().splitlines():
            if "API_URL=" in line:
                return line.partition("=")[2].removesuffix("/api/")
        await asyncio.sleep(0.05)
    raise TimeoutError(f"no sandbox after {PATIENCE:.0f} s: {program.last_words()}")
