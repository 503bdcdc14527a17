"""The sandbox as a server: a Slack workspace on a local port, for tests, the demo and people.

`Sandbox` puts the parts together and owns the port. It can refuse connections for a while and come back on
the same port, as an outage would look; its state lives on in memory meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterable
from types import TracebackType

from aiohttp import web

from shipbell.sandbox import api, calls, control, exchange, faults, hooks, pacing, pages, workspace

DEFAULT_TOKEN = "xoxb-sandbox-shipbell"  # noqa: S105 - opens nothing but a sandbox
DEFAULT_CHANNELS = ("deployments",)
_BODY_LIMIT = 1_000_000
_PATIENCE = 0.2
"""Seconds that requests in hand may take when the port closes."""


class Sandbox:
    """A Slack that lives in this process. Use it as `async with Sandbox() as slack:`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        channels: Iterable[str] = DEFAULT_CHANNELS,
        tokens: Iterable[workspace.Token] = (workspace.Token(value=DEFAULT_TOKEN),),
        rates: pacing.Rates | None = None,
        clock: workspace.Clock = time.time,
    ) -> None:
        self.workspace = workspace.Workspace(clock=clock)
        for token in tokens:
            self.workspace.add_token(token)
        for channel in channels:
            self.workspace.add_channel(channel)
        self._exchange = exchange.Exchange(space=self.workspace, pace=pacing.Pace(rates or pacing.Rates()))
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._held: socket.socket | None = None
        self._outage: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where the page is, such as `http://127.0.0.1:8065/`; the port is known after `start`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    @property
    def api_url(self) -> str:
        """What a Slack client takes as its base URL."""
        return f"{self.base_url}api/"

    def webhook_url(self, channel: str) -> str:
        """An incoming webhook into the channel."""
        return f"{self.base_url}services/{self.workspace.add_webhook(channel).path}"

    def order(self, fault: faults.Fault) -> None:
        """Let something go wrong from now on; see `faults.Fault`. One outage follows another."""
        if fault.kind == "down":
            outage = self._out(fault.seconds or 0.0, after=self._outage)
            self._outage = asyncio.get_running_loop().create_task(outage, name="sandbox-outage")
        else:
            self._exchange.orders.order(fault, now=self.workspace.clock())

    def clear_faults(self) -> None:
        """Let everything go right again; an outage that has begun runs its time."""
        self._exchange.orders.clear()

    def messages(self, channel: str) -> tuple[workspace.Message, ...]:
        """What exists in the channel, replies included, oldest first."""
        return self.workspace.messages(channel)

    def calls(self) -> tuple[calls.Call, ...]:
        """Every request to the Web API and to webhooks, in order."""
        return self._exchange.journal.all()

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. OSError if the port is taken."""
        self._held = _bound(self._host, self._port)
        self._port = self._held.getsockname()[1]
        self.workspace.url = self.base_url
        await self.come_back()

    async def stop(self) -> None:
        """Close the port and every connection; the state stays readable."""
        if self._outage is not None:
            self._outage.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._outage
        await self._close()
        if self._held is not None:
            self._held.close()
            self._held = None

    async def go_down(self) -> None:
        """Refuse connections and drop those that stand, until `come_back`."""
        await self._close()
        if self._held is None:
            # Bound but not listening: connections are refused, and nobody else can take the port.
            self._held = _bound(self._host, self._port)

    async def come_back(self) -> None:
        """Listen again, on the same port; nothing happens if it does so already."""
        held, self._held = self._held, None
        if held is None:
            return
        self._runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=_PATIENCE, handle_signals=False
        )
        await self._runner.setup()
        await web.SockSite(self._runner, held).start()

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _out(self, seconds: float, *, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await after
        await self.go_down()
        await asyncio.sleep(seconds)
        await self.come_back()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_BODY_LIMIT)
        application.add_routes(api.Api(self._exchange).routes())
        application.add_routes(hooks.Hooks(self._exchange).routes())
        application.add_routes(control.Control(self._exchange, self.order).routes())
        application.add_routes(pages.Pages(self.workspace).routes())
        return application


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError:
        held.close()
        raise
    return held
