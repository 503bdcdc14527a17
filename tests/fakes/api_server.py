"""A small API server that lists and watches one collection, and fails on order.

It keeps what kube-apiserver promises (one growing version, pages of one moment, a history that can be
compacted, bookmarks) and plays what networks do: refusals, aborts in mid-line, silence. Nothing happens by
itself: tests say when a bookmark comes and which request fails how.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What a request gets instead of its answer."""

    status: int
    message: str = "refused on order"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str | None
    headers: Mapping[str, str]

    @property
    def verb(self) -> str:
        if self.method == "POST":
            return "create"
        return "watch" if "watch" in self.query else "list"


class _Watch:
    """One open watch: what is to be sent, and how it ends."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.abort = False


class ApiServer:
    """Any path is the collection; objects are dicts with metadata.name, uid and namespace."""

    def __init__(self, *, version: int = 100) -> None:
        self.version = version
        self.tokens: set[str] | None = None
        self.asked: list[Asked] = []
        self.reviews: dict[str, bool] = {}
        self.logs: dict[str, bytes] = {}
        self.refused: set[str] = set()
        """Collections that nobody may read, as in `events`."""
        self._objects: dict[str, Json] = {}
        self._history: list[tuple[str, Json]] = []
        self._compacted = 0
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._watches: list[_Watch] = []
        self._frozen: dict[str, tuple[int, list[Json]]] = {}
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end_watches()
        if self._runner is not None:
            await self._runner.cleanup()

    # What tests do to the cluster

    def put(self, thing: Json) -> int:
        """Creates or replaces an object and tells the watches; returns its version."""
        self.version += 1
        kind = "MODIFIED" if thing["metadata"]["uid"] in self._objects else "ADDED"
        thing = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.version)}}
        self._objects[thing["metadata"]["uid"]] = thing
        self._tell(kind, thing)
        return self.version

    def remove(self, uid: str) -> int:
        """Deletes an object; the event bears a version of its own."""
        self.version += 1
        thing = self._objects.pop(uid)
        thing = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.version)}}
        self._tell("DELETED", thing)
        return self.version

    def bookmark(self, version: int | None = None) -> None:
        """Sends a bookmark to every watch, as sparse as real ones are."""
        body = {"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"selector": None}, "status": {}}
        metadata = {"resourceVersion": str(version or self.version), "creationTimestamp": None}
        line = _line("BOOKMARK", {**body, "metadata": metadata})
        for watch in self._watches:
            watch.lines.put_nowait(line)

    def skip_versions(self, count: int) -> None:
        """As if other resources had been written."""
        self.version += count

    def compact(self) -> None:
        """Forgets all history: a watch from before now, or the next page of a list, is refused with 410."""
        self._history.clear()
        self._compacted = self.version
        self._frozen.clear()

    def restore(self, version: int) -> None:
        """The cluster comes back from a backup taken at `version`, with its objects as they are."""
        self.version = version
        self._history.clear()
        self._compacted = 0

    # What tests do to the network

    def fail(self, verb: str, *faults: Fault) -> None:
        """The next requests of that verb (`list`, `watch`, `page`, `create`) fail, one fault each."""
        self._faults[verb].extend(faults)

    def end_watches(self) -> None:
        """Ends every open watch in good order."""
        for watch in self._watches:
            watch.lines.put_nowait(None)

    def abort_watches(self, after: bytes = b'{"type":"MODIF') -> None:
        """Breaks every open watch off, after some bytes of a line."""
        for watch in self._watches:
            watch.abort = True
            watch.lines.put_nowait(after)
            watch.lines.put_nowait(None)

    def break_off(self) -> None:
        """Breaks every open watch off at once; what follows reaches only those that are opened later."""
        self.abort_watches()
        self._watches.clear()

    def error_watches(self, status: Json) -> None:
        """Sends an ERROR event to every watch, and ends it."""
        for watch in self._watches:
            watch.lines.put_nowait(_line("ERROR", status))
            watch.lines.put_nowait(None)

    def forsake_watches(self) -> None:
        """Open watches hear nothing more, and are not told: a half-open connection."""
        self._watches.clear()

    # What tests wait for and look at

    def count(self, verb: str) -> int:
        return sum(1 for asked in self.asked if asked.verb == verb)

    async def until_asked(self, verb: str, times: int) -> None:
        """Until that many requests of the verb have come, and a watch among them is open."""
        async with self._news:
            await self._news.wait_for(lambda: self.count(verb) >= times and (verb != "watch" or self._open))

    async def until_unwatched(self) -> None:
        """Until every watch has been closed by its client."""
        async with self._news:
            await self._news.wait_for(lambda: not self._open)

    @property
    def _open(self) -> bool:
        return bool(self._watches)

    # The API

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            authorization=request.headers.get("Authorization"),
            headers=dict(request.headers),
        )
        self.asked.append(asked)
        try:
            return await self._answer(request, asked)
        finally:
            await self._announce()

    async def _announce(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        fault_key = "page" if "continue" in asked.query else asked.verb
        if self.tokens is not None and (asked.authorization or "").removeprefix("Bearer ") not in self.tokens:
            return _refusal(Fault(status=401, message="Unauthorized"))
        if self._faults[fault_key]:
            return _refusal(self._faults[fault_key].popleft())
        if asked.verb == "create":
            return await self._review(request)
        if asked.path.rpartition("/")[2] in self.refused:
            return _refusal(Fault(status=403, message="forbidden on order"))
        if asked.path.endswith("/log"):
            return web.Response(body=self.logs.get(asked.path, b""), content_type="text/plain")
        return await self._watch(request, asked) if asked.verb == "watch" else self._list(asked)

    async def _review(self, request: web.Request) -> web.Response:
        review = await request.json()
        wanted = review["spec"]["resourceAttributes"]
        resource = "/".join(part for part in (wanted["resource"], wanted.get("subresource", "")) if part)
        name = ".".join(part for part in (resource, wanted.get("group", "")) if part)
        allowed = self.reviews.get(f"{wanted['verb']} {name}", True)
        return web.json_response({**review, "status": {"allowed": allowed}}, status=201)

    def _list(self, asked: Asked) -> web.Response:
        query = asked.query
        if token := query.get("continue"):
            if token not in self._frozen:
                return _refusal(Fault(status=410, message="The provided continue parameter is too old"))
            version, rest = self._frozen.pop(token)
        else:
            version, rest = self.version, self._chosen(asked)
        size = int(query.get("limit", "0")) or len(rest)
        metadata: Json = {"resourceVersion": str(version)}
        if rest[size:]:
            token = f"{version}-{len(rest)}-{len(self.asked)}"
            self._frozen[token] = (version, rest[size:])
            metadata["continue"] = token
        return web.json_response({"kind": "List", "metadata": metadata, "items": rest[:size]})

    def _chosen(self, asked: Asked) -> list[Json]:
        """By path and selectors, by equality only."""
        fields = _equalities(asked.query.get("fieldSelector", ""))
        labels = _equalities(asked.query.get("labelSelector", ""))
        return [
            thing
            for thing in self._objects.values()
            if _belongs(thing, asked.path)
            and all(_field(thing, path) == value for path, value in fields.items())
            and labels.items() <= thing["metadata"].get("labels", {}).items()
        ]

    async def _watch(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        start = int(asked.query["resourceVersion"])
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if start < self._compacted:
            await response.prepare(request)
            status = {"kind": "Status", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired"}
            await response.write(_line("ERROR", {**status, "message": f"too old resource version: {start}"}))
            return response
        watch = _Watch(asked.path)
        for kind, thing in self._history:
            if int(thing["metadata"]["resourceVersion"]) > start and _belongs(thing, asked.path):
                watch.lines.put_nowait(_line(kind, thing))
        self._watches.append(watch)
        await response.prepare(request)
        await self._announce()
        return await self._send(request, response, watch)

    async def _send(
        self, request: web.Request, response: web.StreamResponse, watch: _Watch
    ) -> web.StreamResponse:
        try:
            while (line := await watch.lines.get()) is not None:
                await response.write(line)
        finally:
            if watch in self._watches:
                self._watches.remove(watch)
        if watch.abort and request.transport is not None:
            request.transport.abort()
        return response

    def _tell(self, kind: str, thing: Json) -> None:
        self._history.append((kind, thing))
        for watch in self._watches:
            if _belongs(thing, watch.path):
                watch.lines.put_nowait(_line(kind, thing))


def _line(kind: str, thing: Json) -> bytes:
    return json.dumps({"type": kind, "object": thing}, separators=(",", ":")).encode() + b"\n"


def _refusal(fault: Fault) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "message": fault.message, "code": fault.status}
    return web.json_response(body, status=fault.status, headers=dict(fault.headers))


def _equalities(selector: str) -> dict[str, str]:
    """`!=` and whatever else there is selects everything."""
    parts = (part.partition("=") for part in selector.split(",") if "=" in part and "!=" not in part)
    return {key: value for key, _, value in parts}


def _field(thing: Json, path: str) -> Any:
    for key in path.split("."):
        thing = thing.get(key, {})
    return thing


def _belongs(thing: Json, path: str) -> bool:
    """Whether the object is of the collection, and of the namespace if the path names one."""
    plural = path.rpartition("/")[2]
    _, _, below = path.partition("/namespaces/")
    namespace = below.partition("/")[0]
    same_place = not below or thing["metadata"]["namespace"] == namespace
    return same_place and f"{thing['kind'].lower()}s" == plural
