"""The way of every call: is it struck by a fault, is it carried out, what is answered, what is noted.

`api` and `hooks` say what a call would do and leave its fate to `Exchange.serve`. That order matters and is
here alone: a call that is "lost after it was stored" is carried out first and its answer dropped then.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from shipbell.sandbox import calls, faults, pacing, workspace

_APOLOGY = (
    "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong.</body></html>"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An HTTP answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> web.Response:
        """For aiohttp."""
        return web.Response(
            body=self.body,
            status=self.status,
            content_type=self.content_type,
            charset="utf-8",
            headers=dict(self.headers),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a call came to: its answer, and the word for it in the journal."""

    reply: Reply
    word: str = "ok"
    ts: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A call that has been read."""

    method: str
    channel: str
    """As the call gives it; empty if it names none."""
    carry_out: Callable[[float], Outcome]
    """Does it, at the given time (seconds since the epoch)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """What all calls have in common: the workspace, its pace, the faults on order, the journal."""

    space: workspace.Workspace
    pace: pacing.Pace
    orders: faults.Faults = field(default_factory=faults.Faults)
    journal: calls.Journal = field(default_factory=calls.Journal)

    async def serve(self, request: web.Request, intent: Intent) -> web.Response:
        """Carry the call out, or strike it, and answer."""
        now = self.space.clock()
        fault = self.orders.strike(intent.method, self._called(intent.channel), now=now)
        if fault is None:
            outcome = intent.carry_out(now)
            self._note(intent, now, outcome, carried_out=True)
            return outcome.reply.response()
        struck = self._struck(fault, intent, now)
        await asyncio.sleep(fault.delay)
        if fault.kind == "lost" and request.transport is not None:
            request.transport.abort()
        return struck.reply.response()

    def _struck(self, fault: faults.Fault, intent: Intent, now: float) -> Outcome:
        carried_out = fault.stored or fault.kind == "slow"
        outcome = intent.carry_out(now) if carried_out else None
        struck = outcome if outcome is not None and fault.kind == "slow" else _instead(fault)
        ts = "" if outcome is None else outcome.ts
        self._note(intent, now, Outcome(reply=struck.reply, word=struck.word, ts=ts), carried_out=carried_out)
        return struck

    def _note(self, intent: Intent, now: float, outcome: Outcome, *, carried_out: bool) -> None:
        done = carried_out and (outcome.word == "ok" or bool(outcome.ts))
        self.journal.note(
            calls.Call(
                at=now,
                method=intent.method,
                channel=intent.channel,
                outcome=outcome.word,
                carried_out=done,
                ts=outcome.ts,
            )
        )

    def _called(self, channel: str) -> frozenset[str]:
        found = self.space.find(channel)
        return frozenset({channel} if found is None else {found.id, found.name})


def json_reply(body: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON answer."""
    return Reply(body=msgspec.json.encode(body), status=status, headers=headers)


def text_reply(body: str, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A plain-text answer, as webhooks give."""
    return Reply(body=body.encode(), status=status, content_type="text/plain", headers=headers)


def _instead(fault: faults.Fault) -> Outcome:
    """What is answered in the place of the true answer; a lost call's answer never leaves."""
    match fault.kind:
        case "error":
            return Outcome(reply=json_reply({"ok": False, "error": fault.code}), word=fault.code)
        case "rate_limited":
            after = (("Retry-After", str(fault.retry_after)),)
            body = {"ok": False, "error": "ratelimited"}
            return Outcome(reply=json_reply(body, status=429, headers=after), word="ratelimited")
        case "server_error":
            page = Reply(body=_APOLOGY.encode(), status=fault.status, content_type="text/html")
            return Outcome(reply=page, word=f"http_{fault.status}")
        case other:
            return Outcome(reply=text_reply("upstream hiccup"), word=other)
