"""The Web API at `/api/<method>`: reads a call as Slack does and says what it would do.

An edge in two halves: `arguments_of` makes arguments of a query, a form or JSON (pure), `Api` checks token,
scope and pace in Slack's order and lets the method answer. https://docs.slack.dev/apis/web-api
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from shipbell.sandbox import methods, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.arguments import Arguments
from shipbell.sandbox.exchange import Exchange, Intent, Outcome, json_reply
from shipbell.sandbox.requests import Request

_WITHOUT_TOKEN = frozenset({"api.test"})


class Api:
    """The handlers of `/api/`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._methods = methods.known()

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [web.get("/api/{method}", self._handle), web.post("/api/{method}", self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        content_type = request.headers.get("Content-Type", "")
        try:
            arguments = arguments_of(content_type, await request.read(), request.query)
        except Refusal as refusal:
            return await self._exchange.serve(request, _unreadable(name, refusal))
        token = _token(request.headers.get("Authorization", ""), arguments)
        warnings = _charset_warnings(content_type)

        def carry_out(now: float) -> Outcome:
            return self._answered(name, token, arguments, now=now, warnings=warnings)

        channel = arguments.text("channel").removeprefix("#")
        return await self._exchange.serve(request, Intent(method=name, channel=channel, carry_out=carry_out))

    def _answered(
        self, name: str, token: str, arguments: Arguments, *, now: float, warnings: tuple[str, ...]
    ) -> Outcome:
        try:
            answer = self._answer(name, token, arguments, now)
        except Refusal as refusal:
            headers = self._headers(name, token) + _retry_after(refusal)
            reply = json_reply(refusal.body(), status=refusal.status, headers=headers)
            return Outcome(reply=reply, word=refusal.code)
        body = _warned({"ok": True, **answer}, warnings)
        return Outcome(reply=json_reply(body, headers=self._headers(name, token)), ts=answer.get("ts", ""))

    def _answer(self, name: str, token: str, arguments: Arguments, now: float) -> dict[str, Any]:
        method = self._methods.get(name)
        if method is None:
            raise Refusal("unknown_method")
        identity = workspace.Token(value="") if name in _WITHOUT_TOKEN else self._identity(token)
        request = Request(space=self._exchange.space, token=identity, arguments=arguments)
        if method.scope is not None:
            request.demand(method.scope)
        self._paced(name, method, arguments, now)
        return method.answer(request)

    def _identity(self, value: str) -> workspace.Token:
        if not value:
            raise Refusal("not_authed")
        token = self._exchange.space.token(value)
        if token is None:
            raise Refusal("invalid_auth")
        if token.revoked:
            raise Refusal("token_revoked")
        return token

    def _paced(self, name: str, method: methods.Method, arguments: Arguments, now: float) -> None:
        channel = self._exchange.space.find(arguments.text("channel")) if method.posts else None
        wait = self._exchange.pace.admit(
            name,
            per_minute=method.per_minute,
            posts_to=None if channel is None else channel.id,
            now=now,
        )
        if wait > 0:
            raise Refusal("ratelimited", retry_after=math.ceil(wait))

    def _headers(self, name: str, value: str) -> tuple[tuple[str, str], ...]:
        """Slack tells every authenticated caller which scopes he has and which were wanted."""
        token = self._exchange.space.token(value)
        if token is None:
            return ()
        method = self._methods.get(name)
        wanted = method.scope if method is not None and method.scope is not None else ""
        return ("X-OAuth-Scopes", ",".join(sorted(token.scopes))), ("X-Accepted-OAuth-Scopes", wanted)


def arguments_of(content_type: str, body: bytes, query: Mapping[str, str]) -> Arguments:
    """The arguments of a call; what stands in the body wins over the query."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return Arguments(query)
    if kind == "application/json":
        return Arguments({**query, **_json(body)})
    if kind in {"application/x-www-form-urlencoded", ""}:
        return Arguments({**query, **_form(body)})
    raise Refusal("invalid_post_type")


def _unreadable(name: str, refusal: Refusal) -> Intent:
    outcome = Outcome(reply=json_reply(refusal.body()), word=refusal.code)
    return Intent(method=name, channel="", carry_out=lambda _now: outcome)


def _json(body: bytes) -> dict[str, object]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Refusal("invalid_json") from None
    if not isinstance(decoded, dict):
        raise Refusal("json_not_object")
    return decoded


def _form(body: bytes) -> dict[str, object]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        raise Refusal("invalid_form_data") from None


def _token(authorization: str, arguments: Arguments) -> str:
    scheme, _, value = authorization.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else arguments.text("token")


def _retry_after(refusal: Refusal) -> tuple[tuple[str, str], ...]:
    return () if refusal.retry_after is None else (("Retry-After", str(refusal.retry_after)),)


def _charset_warnings(content_type: str) -> tuple[str, ...]:
    """Slack's harmless grumble about charsets, which clients must not take for a failure."""
    kind, _, rest = content_type.partition(";")
    if kind == "application/json" and "charset" not in rest:
        return ("missing_charset",)
    if kind == "application/x-www-form-urlencoded" and "charset" in rest:
        return ("superfluous_charset",)
    return ()


def _warned(body: dict[str, Any], warnings: tuple[str, ...]) -> dict[str, Any]:
    if not warnings:
        return body
    details = body.get("response_metadata", {})
    every = [*details.get("warnings", []), *warnings]
    return body | {"warning": ",".join(every), "response_metadata": {**details, "warnings": every}}
