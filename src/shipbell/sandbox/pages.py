"""The page that shows the workspace as Slack would, live, to people.

The page is three kinds of static file and one stream: `/sandbox/stream` sends a snapshot and then every
change, as server-sent events. A reader who falls behind is cut off; his browser connects again and gets a
fresh snapshot, so nothing piles up here. The page loads nothing from anywhere else, and its policy says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from importlib import resources

import msgspec
from aiohttp import web

from shipbell.sandbox import views, workspace

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_SHOWN = 500
"""Messages per channel in a snapshot; older ones are left out."""
_BACKLOG = 1000
"""Changes that a slow reader may fall behind."""
_HEARTBEAT = 15.0
"""Seconds; shorter than any proxy's patience."""


class Pages:
    """The handlers of the page."""

    def __init__(self, space: workspace.Workspace) -> None:
        self._space = space

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [
            web.get("/", _page),
            web.get("/channels/{name}", _page),
            web.get("/archives/{channel}/{message}", _page),
            web.get("/static/{name}", _static),
            web.get("/sandbox/stream", self._stream),
        ]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        with self._changes() as changes, contextlib.suppress(ConnectionResetError):
            await response.prepare(request)
            await response.write(self._snapshot())
            while (event := await _next(changes)) is not None:
                await response.write(event)
        return response

    @contextlib.contextmanager
    def _changes(self) -> Iterator[asyncio.Queue[bytes | None]]:
        changes: asyncio.Queue[bytes | None] = asyncio.Queue()

        def changed(message: workspace.Message | None) -> None:
            if changes.qsize() < _BACKLOG:
                changes.put_nowait(self._channels() if message is None else _message(message))
            elif changes.qsize() == _BACKLOG:
                changes.put_nowait(None)

        stop = self._space.listen(changed)
        try:
            yield changes
        finally:
            stop()

    def _channels(self) -> bytes:
        return _event("channels", self._space.channels)

    def _snapshot(self) -> bytes:
        messages = [
            views.seen(message)
            for channel in self._space.channels
            for message in self._space.history(channel.id)[-_SHOWN:]
        ]
        return _event(
            "snapshot",
            {"workspace": self._space.name, "channels": self._space.channels, "messages": messages},
        )


async def _next(changes: asyncio.Queue[bytes | None]) -> bytes | None:
    """The next event, or a comment that keeps the connection alive; None when the reader must start anew."""
    try:
        return await asyncio.wait_for(changes.get(), _HEARTBEAT)
    except TimeoutError:
        return b": still here\n\n"


def _message(message: workspace.Message) -> bytes:
    return _event("message", views.seen(message))


def _event(name: str, value: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + msgspec.json.encode(value) + b"\n\n"


async def _page(_request: web.Request) -> web.Response:
    return _file("sandbox.html")


async def _static(request: web.Request) -> web.Response:
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    folder = resources.files(__package__) / "static"
    known = {entry.name: entry for entry in folder.iterdir()}
    if name not in known:
        raise web.HTTPNotFound
    kind = _TYPES[name.rpartition(".")[2]]
    return web.Response(body=known[name].read_bytes(), content_type=kind, charset="utf-8", headers=_HEADERS)
