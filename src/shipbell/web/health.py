"""Answers probes: `/livez` whether the process runs, `/readyz` whether it can do its work, and why not.

A part that is not ready is named with its reason, because an operator who sees nothing in Slack looks here
first. Parts are asked, not remembered: what they say is true at the moment of the request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from aiohttp import web

from shipbell import errors

Ping = Callable[[], Awaitable[str]]
"""Asks a part: an empty text means ready, another one says why not. It may raise `ShipbellError` instead."""

PING_PATIENCE = timedelta(seconds=2)
"""How long a part may take to answer. Kubernetes' own default for a probe is 1 s; the chart sets more."""

READY = "ready"


class Health:
    """The probes' endpoints."""

    def __init__(self, pings: Mapping[str, Ping], patience: timedelta = PING_PATIENCE) -> None:
        self._pings = dict(pings)
        self._patience = patience

    async def livez(self, _request: web.Request) -> web.Response:
        """200 as long as the event loop turns; what is broken outside is no reason for a restart."""
        return web.json_response({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 where every part is ready, else 503; each part with its reason."""
        parts = await self.parts()
        ready = all(reason == READY for reason in parts.values())
        document = {"status": READY if ready else "not ready", "parts": parts}
        return web.json_response(document, status=200 if ready else 503)

    async def parts(self) -> dict[str, str]:
        """Every part's name with `ready` or the reason why it is not; all are asked at once."""
        answers = await asyncio.gather(*(self._ask(ping) for ping in self._pings.values()))
        return dict(zip(self._pings, answers, strict=True))

    async def _ask(self, ping: Ping) -> str:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await ping() or READY
        except TimeoutError:
            return f"no answer within {self._patience.total_seconds():g} s"
        except errors.ShipbellError as error:
            return str(error)
