"""A recorded API server: answers lists and watches as the real one did, at the pace at which it did.

The recording holds what a real control plane said while rollouts went on in it. Its times are moved to
now, so that ages and durations are true for who looks. Only what Shipbell asks for is answered.
"""

import asyncio
import contextlib
import gzip
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import web

RECORDING = Path(__file__).with_name("recording.jsonl.gz")

COLLECTIONS = {
    "deployments": ("Deployment", "apps/v1"),
    "statefulsets": ("StatefulSet", "apps/v1"),
    "daemonsets": ("DaemonSet", "apps/v1"),
    "replicasets": ("ReplicaSet", "apps/v1"),
    "controllerrevisions": ("ControllerRevision", "apps/v1"),
    "jobs": ("Job", "batch/v1"),
    "pods": ("Pod", "v1"),
    "events": ("Event", "v1"),
}
"""What is asked for, whether the recording has any or not."""

TIMESTAMP = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z"')


class _Metadata(msgspec.Struct):
    name: str
    uid: str
    resourceVersion: str  # noqa: N815 - the API's own spelling
    namespace: str = ""
    labels: dict[str, str] = {}


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Line(msgspec.Struct):
    t: float
    resource: str
    type: str
    object: msgspec.Raw


class _Header(msgspec.Struct):
    recorded_at: datetime
    resourceVersion: str  # noqa: N815 - the API's own spelling


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the recording."""

    after: float
    """Seconds since the recording began."""
    resource: str
    type: str
    """`INITIAL` for what was there at the beginning, else the watch event's type."""
    name: str
    namespace: str
    uid: str
    labels: dict[str, str]
    version: int
    body: bytes
    """The object, as JSON with the times of the recording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What a control plane said."""

    recorded_at: datetime
    events: tuple[Event, ...]

    @property
    def seconds(self) -> float:
        """From its beginning to its last event."""
        return max((event.after for event in self.events), default=0.0)


def load(path: Path = RECORDING) -> Recording:
    """The recording in a file."""
    with gzip.open(path, "rb") as lines:
        header = msgspec.json.decode(next(lines), type=_Header)
        events = tuple(_event(line) for line in lines)
    return Recording(recorded_at=header.recorded_at.astimezone(UTC), events=events)


def _event(line: bytes) -> Event:
    recorded = msgspec.json.decode(line, type=_Line)
    metadata = msgspec.json.decode(recorded.object, type=_Object).metadata
    return Event(
        after=recorded.t,
        resource=recorded.resource,
        type=recorded.type,
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        labels=metadata.labels,
        version=int(metadata.resourceVersion),
        body=bytes(recorded.object),
    )


def _moved(stamp: bytes, shift: timedelta) -> bytes:
    """A time of the recording, moved; with as many digits as it had."""
    moved = datetime.fromisoformat(stamp.decode()).replace(tzinfo=UTC) + shift
    digits = "microseconds" if b"." in stamp else "seconds"
    return f'"{moved.replace(tzinfo=None).isoformat(timespec=digits)}Z"'.encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What of a resource was asked for."""

    resource: str
    namespace: str = ""
    name: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def matches(self, event: Event) -> bool:
        """Whether the event's object is among what was asked for."""
        return (
            event.resource == self.resource
            and self.namespace in {"", event.namespace}
            and self.name in {"", event.name}
            and all(event.labels.get(key) == value for key, value in self.labels)
        )


class Replay:
    """An API server for the length of a recording. `play` lets time run; before it, only the beginning is."""

    def __init__(self, recording: Recording, *, now: Callable[[], datetime]) -> None:
        self._past = [event for event in recording.events if event.type == "INITIAL"]
        self._future = [event for event in recording.events if event.type != "INITIAL"]
        self._more = asyncio.Condition()
        self._recorded_at = recording.recorded_at
        self.seconds = recording.seconds
        self._now = now
        self._shift = now() - recording.recorded_at

    async def play(self, *, pace: float = 1.0) -> None:
        """Plays the recording to its end; a `pace` of 2 is twice as fast as it was."""
        clock = asyncio.get_running_loop()
        begin = clock.time()
        self._shift = self._now() - self._recorded_at
        for event in self._future:
            await asyncio.sleep(max(0.0, begin + event.after / pace - clock.time()))
            async with self._more:
                self._past.append(event)
                self._more.notify_all()

    def application(self) -> web.Application:
        """The web application that answers as the API server."""
        app = web.Application()
        reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        app.router.add_post(reviews, _allow)
        for resource, (_, version) in COLLECTIONS.items():
            group = f"apis/{version}" if "/" in version else f"api/{version}"
            for path in (f"/{group}/{resource}", f"/{group}/namespaces/{{namespace}}/{resource}"):
                app.router.add_get(path, self._answer, name=None)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = _query(request)
        if request.query.get("watch") in {"1", "true"}:
            return await self._watch(request, query)
        return web.Response(body=self._list(query), content_type="application/json")

    def _list(self, query: Query) -> bytes:
        items = b",".join(self._body(event) for event in self._present() if query.matches(event))
        kind, version = COLLECTIONS[query.resource]
        metadata = f'{{"resourceVersion":"{self._version()}"}}'
        head = f'{{"kind":"{kind}List","apiVersion":"{version}","metadata":{metadata},"items":['
        return head.encode() + items + b"]}"

    async def _watch(self, request: web.Request, query: Query) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        seen = int(request.query.get("resourceVersion") or 0)
        limit = float(request.query.get("timeoutSeconds") or 300)
        with contextlib.suppress(ConnectionError):  # whoever watched has seen enough
            async for event in self._since(seen, limit):
                if query.matches(event):
                    line = b'{"type":"' + event.type.encode() + b'","object":' + self._body(event) + b"}\n"
                    await response.write(line)
        return response

    async def _since(self, version: int, limit: float) -> AsyncIterator[Event]:
        """Events after `version`, those to come included, for `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                position = 0
                while True:
                    async with self._more:
                        while position == len(self._past):
                            await self._more.wait()
                    event = self._past[position]
                    position += 1
                    if event.version > version and event.type != "INITIAL":
                        yield event
        except TimeoutError:
            return

    def _body(self, event: Event) -> bytes:
        """The object with its times moved to where the play is."""
        return TIMESTAMP.sub(lambda found: _moved(found.group(1), self._shift), event.body)

    def _present(self) -> Iterator[Event]:
        """The newest event of every object that still exists."""
        newest = {event.uid: event for event in self._past}
        return (event for event in newest.values() if event.type != "DELETED")

    def _version(self) -> int:
        return max((event.version for event in self._past), default=1)


async def _allow(request: web.Request) -> web.Response:
    """The recording is for everybody."""
    await request.read()
    return web.json_response({"status": {"allowed": True}}, status=201)


def _query(request: web.Request) -> Query:
    fields = dict(_pairs(request.query.get("fieldSelector", "")))
    return Query(
        resource=request.path.rsplit("/", 1)[-1],
        namespace=request.match_info.get("namespace", ""),
        name=fields.get("metadata.name", ""),
        labels=tuple(_pairs(request.query.get("labelSelector", ""))),
    )


def _pairs(selector: str) -> Iterator[tuple[str, str]]:
    """The equalities of a selector; Shipbell's own requests use no others."""
    for term in filter(None, selector.split(",")):
        key, _, value = term.partition("=")
        yield key, value.lstrip("=")
