"""Control over HTTP, for tests in other processes and for people: `/sandbox/...`, all JSON.

`POST /sandbox/faults` orders a fault, `GET` shows what is open, `DELETE` clears it. `POST /sandbox/changes`
does what other people in the workspace could do. `GET /sandbox/calls` and `GET /sandbox/messages` give the
accounts: messages with every version they had, deleted ones included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from shipbell.sandbox import faults, workspace
from shipbell.sandbox.exchange import Exchange, json_reply


class _Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="change"):
    """Something that people do."""


class AddChannel(_Change, frozen=True, kw_only=True, tag="add_channel"):
    """Somebody creates a channel."""

    name: str
    private: bool = False
    member: bool = True


class ChangeChannel(_Change, frozen=True, kw_only=True, tag="change_channel"):
    """Somebody renames it, archives it, or takes the bot in or out."""

    channel: str
    name: str | None = None
    archived: bool | None = None
    private: bool | None = None
    member: bool | None = None


class AddWebhook(_Change, frozen=True, kw_only=True, tag="add_webhook"):
    """An administrator makes an incoming webhook; the answer has its URL."""

    channel: str


class DeleteMessage(_Change, frozen=True, kw_only=True, tag="delete_message"):
    """Somebody deletes a message."""

    channel: str
    ts: str


class Say(_Change, frozen=True, kw_only=True, tag="say"):
    """Somebody who is no bot says something."""

    channel: str
    text: str
    thread_ts: str | None = None


class RevokeTokens(_Change, frozen=True, kw_only=True, tag="revoke_tokens"):
    """An administrator removes the app."""


class RestoreTokens(_Change, frozen=True, kw_only=True, tag="restore_tokens"):
    """An administrator takes it in again, with the old tokens."""


class DelayHistory(_Change, frozen=True, kw_only=True, tag="delay_history"):
    """New messages can be read through the API only after a while."""

    seconds: float


Change = (
    AddChannel
    | ChangeChannel
    | AddWebhook
    | DeleteMessage
    | Say
    | RevokeTokens
    | RestoreTokens
    | DelayHistory
)


class Control:
    """The handlers of `/sandbox/`, except for the page's stream."""

    def __init__(self, exchange: Exchange, order: Callable[[faults.Fault], None]) -> None:
        self._exchange = exchange
        self._space = exchange.space
        self._order = order

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [
            web.get("/sandbox/faults", self._open_faults),
            web.post("/sandbox/faults", self._order_fault),
            web.delete("/sandbox/faults", self._clear_faults),
            web.post("/sandbox/changes", self._change),
            web.get("/sandbox/calls", self._calls),
            web.get("/sandbox/channels", self._channels),
            web.get("/sandbox/messages", self._messages),
        ]

    async def _open_faults(self, _request: web.Request) -> web.Response:
        return _json(self._exchange.orders.open(now=self._space.clock()))

    async def _order_fault(self, request: web.Request) -> web.Response:
        try:
            fault = msgspec.json.decode(await request.read(), type=faults.Fault)
        except (msgspec.DecodeError, RecursionError) as error:
            return _json({"error": str(error)}, status=400)
        self._order(fault)
        return _json(fault)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._exchange.orders.clear()
        return _json([])

    async def _change(self, request: web.Request) -> web.Response:
        try:
            change = msgspec.json.decode(await request.read(), type=Change)
            return _json(apply(self._space, change))
        except (msgspec.DecodeError, RecursionError) as error:
            return _json({"error": str(error)}, status=400)
        except KeyError as error:
            return _json({"error": f"unknown: {error.args[0]}"}, status=404)

    async def _calls(self, _request: web.Request) -> web.Response:
        return _json(self._exchange.journal.all())

    async def _channels(self, _request: web.Request) -> web.Response:
        return _json(self._space.channels)

    async def _messages(self, request: web.Request) -> web.Response:
        wanted = request.query.get("channel", "")
        if self._space.find(wanted) is None:
            return _json({"error": f"unknown: {wanted}"}, status=404)
        return _json(self._space.history(wanted))


def apply(space: workspace.Workspace, change: Change) -> Any:
    """Do it; returns what there is to say about it. KeyError names an unknown channel or message."""
    match change:
        case AddChannel():
            return space.add_channel(change.name, private=change.private, member=change.member)
        case ChangeChannel():
            return _changed(space, change)
        case AddWebhook():
            return {"url": f"{space.url}services/{space.add_webhook(change.channel).path}"}
        case DeleteMessage():
            return _deleted(space, change)
        case Say():
            content = workspace.Content(text=change.text)
            return space.post(change.channel, content, author=workspace.PERSON, thread_ts=change.thread_ts)
        case RevokeTokens():
            return space.revoke_tokens()
        case RestoreTokens():
            return space.restore_tokens()
        case DelayHistory():
            space.history_lag = change.seconds
            return None


def _changed(space: workspace.Workspace, change: ChangeChannel) -> workspace.Channel:
    return space.change_channel(
        change.channel,
        name=change.name,
        archived=change.archived,
        private=change.private,
        member=change.member,
    )


def _deleted(space: workspace.Workspace, change: DeleteMessage) -> workspace.Message:
    found = space.message(change.channel, change.ts)
    if found is None:
        raise KeyError(change.ts)
    return space.delete(found)


def _json(value: object, *, status: int = 200) -> web.Response:
    return json_reply(value, status=status).response()
