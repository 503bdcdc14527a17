"""A served application, and clients for it: well-mannered ones and ones that hold a raw socket."""

import asyncio
import dataclasses
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

from shipbell.metrics import Metrics
from shipbell.web import application, authentication, health, hooks, serving

HOST = "127.0.0.1"
PATIENCE = 5.0
"""Seconds within which everything here answers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a client got."""

    status: int
    body: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """A running application and what is behind it."""

    port: int
    hints: hooks.HintQueue
    metrics: Metrics = dataclasses.field(default_factory=Metrics)

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        url = f"http://{HOST}:{self.port}{path}"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as session,
            session.request(method, url, data=io.BytesIO(body), headers=headers) as response,
        ):
            return Answer(status=response.status, body=await response.text(), headers=dict(response.headers))

    async def post(self, body: bytes, **headers: str) -> Answer:
        """What kubewatch does."""
        given = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.ask("POST", hooks.PATH, body, given)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Callable[[bytes], Awaitable[int]]]:
        """Posts over one connection; each call gives the status."""
        async with aiohttp.ClientSession(f"http://{HOST}:{self.port}") as session:

            async def post(body: bytes) -> int:
                headers = {"Content-Type": "application/json"}
                async with session.post(hooks.PATH, data=body, headers=headers) as response:
                    await response.read()
                    return response.status

            yield post

    async def raw(self, sent: bytes) -> bytes:
        """What a client gets that sends these bytes and then waits for the end of the connection."""
        reader, writer = await connect(self.port)
        try:
            writer.write(sent)
            return await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.close()


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection."""
    return await asyncio.open_connection(HOST, port)


@asynccontextmanager
async def served(
    *,
    credentials: authentication.Credentials | None = None,
    pings: Mapping[str, health.Ping] | None = None,
    before_scrape: application.Scrape | None = None,
    patience: timedelta = hooks.BODY_PATIENCE,
    idle: timedelta = serving.IDLE,
) -> AsyncIterator[Served]:
    """Serves on a free port."""
    hints, metrics = hooks.HintQueue(), Metrics()
    parts = application.Parts(
        hints=hints,
        metrics=metrics,
        pings=pings or {},
        credentials=credentials or authentication.Credentials(),
        patience=patience,
    )
    if before_scrape is not None:
        parts = dataclasses.replace(parts, before_scrape=before_scrape)
    async with serving.serving(application.create(parts), HOST, 0, idle=idle) as port:
        yield Served(port=port, hints=hints, metrics=metrics)
