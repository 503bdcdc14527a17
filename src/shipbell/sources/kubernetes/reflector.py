"""Keeps up with one resource in one scope: list it, watch it from there, resume, and list again after a gap.

First stage of the flow: what it yields is what ingest compares with the store. It never raises for trouble
with the network or the server; it waits, tries again and says so in `health`. A position counts as reached
only when the consumer has come back for the next item, so nothing is skipped that was not taken in.
"""

import asyncio
import random as randomness
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic

import structlog

from shipbell import errors
from shipbell.sources.kubernetes import credentials, decoding, listing, objects, pacing, transport

log = structlog.stdlib.get_logger(__name__)

# https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
DELETED = "DELETED"
CHANGES = frozenset({"ADDED", "MODIFIED", DELETED})
BOOKMARK = "BOOKMARK"
ERROR = "ERROR"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed(Generic[decoding.ValueT]):
    """A complete, consistent list: what is not in `present` did not exist at `resource_version`."""

    resource: str
    """As in `deployments.apps`."""
    scope: str
    """The namespace that was listed; empty for all of them."""
    name: str = ""
    """Set where only the object of that name was asked for."""
    resource_version: int
    observations: tuple[decoding.ValueT, ...]
    """Those that are new or changed since this reflector last gave them; in its first list, all."""
    present: frozenset[str]
    """The uids of all objects, unchanged ones included."""
    restored: bool = False
    """The list is older than what was seen before: the cluster came back from a backup, and versions that
    were remembered mean nothing any more. `observations` has every object then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed(Generic[decoding.ValueT]):
    """An object was added or modified, or, where the observation says so, deleted."""

    observation: decoding.ValueT


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a reflector fares, for `/readyz` and metrics."""

    resource: str
    scope: str
    connected: bool = False
    """The last request succeeded, and the watch that it opened is not known to be broken."""
    listed: bool = False
    """A first list has been taken in."""
    heard_at: datetime | None = None
    """When anything last came from the server, bookmarks included."""
    objects: int = 0
    relists: int = 0
    """Lists after the first."""
    reconnects: Mapping[str, int] = field(default_factory=dict)
    """Watches that ended, by reason: `ended` is the orderly way."""
    error: str | None = None
    """What is wrong now, in a sentence; None while connected."""


class Reflector(Generic[objects.ObjectT, decoding.ValueT]):
    """One resource in one scope. `stream` may be used by one consumer at a time."""

    def __init__(  # noqa: PLR0913 - two things that it cannot do without, and choices by their names
        self,
        server: transport.Transport,
        format_: decoding.Format[objects.ObjectT, decoding.ValueT],
        *,
        scope: str = "",
        watch: bool = True,
        pace: pacing.Pace | None = None,
        turn: asyncio.Semaphore | None = None,
        clock: Callable[[], datetime] = credentials.now_utc,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        """`scope` is a namespace or empty for all; without `watch` it lists at every resync, and no more.

        Reflectors that share a `turn` list one after another, each until its list has been taken in: lists
        are what takes the most memory.
        """
        self._server = server
        self._format = format_
        self._scope = scope
        self._watch = watch
        self._pace = pace or pacing.Pace()
        self._turn = turn or asyncio.Semaphore()
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._known: dict[str, int] = {}
        self._position: int | None = None
        self._highest = 0
        self._failures = 0
        self._listed_at = clock()
        self._due = asyncio.Event()
        self._health = Health(resource=format_.resource.name, scope=scope)

    @property
    def health(self) -> Health:
        """As of now."""
        return replace(self._health, objects=len(self._known))

    def relist(self) -> None:
        """Asks for a full list as soon as the watch next says anything."""
        self._due.set()

    async def stream(self) -> AsyncGenerator[Listed[decoding.ValueT] | Changed[decoding.ValueT]]:
        """Endless; close it with `contextlib.aclosing`. Started anew, it goes on where it was left."""
        while True:
            try:
                if self._resync_due():
                    self._position, self._known = None, {}
                if self._position is None:
                    async with self._turn:
                        listed, known = await self._list()
                        yield listed
                        self._take_list(listed, known)
                        del listed, known  # tens of megabytes in a big cluster, and this frame lives for ever
                async with aclosing(self._follow()) as changes:
                    async for changed in changes:
                        yield changed
            except errors.SourceError as error:
                await self._recover(error)

    def _resync_due(self) -> bool:
        age = self._clock() - self._listed_at
        return self._due.is_set() or age >= timedelta(seconds=self._pace.resync)

    async def _list(self) -> tuple[Listed[decoding.ValueT], dict[str, int]]:
        """The list, and the version of every object in it. Page by page: only what changed is kept."""
        self._due.clear()
        known: dict[str, int] = {}
        changed: list[decoding.ValueT] = []
        version = 0
        pages = listing.pages(self._server, self._format, namespace=self._scope, size=self._pace.page)
        async with aclosing(pages):
            async for page in pages:
                version = decoding.version(page.metadata.resource_version)
                before = {} if version < self._highest else self._known
                changed += self._sift(page, before, known)
        listed = Listed(
            resource=self._format.resource.name,
            scope=self._scope,
            resource_version=version,
            observations=tuple(changed),
            present=frozenset(known),
            restored=version < self._highest,
        )
        return listed, known

    def _sift(
        self, page: objects.Page[objects.ObjectT], before: Mapping[str, int], known: dict[str, int]
    ) -> Iterator[decoding.ValueT]:
        """Notes the page's objects in `known` and builds those that are not as they were `before`."""
        at = self._clock()
        self._heard(at)
        for thing in page.items or ():
            uid, version = thing.metadata.uid, _version(thing)
            known[uid] = version
            if before.get(uid) != version:
                yield self._format.build(thing, at, False)

    def _take_list(self, listed: Listed[decoding.ValueT], known: dict[str, int]) -> None:
        again = self._health.listed
        version = listed.resource_version
        self._known, self._position, self._highest = known, version, version
        self._listed_at = self._clock()
        self._health = replace(self._health, listed=True, relists=self._health.relists + again)
        self._connected()

    async def _follow(self) -> AsyncGenerator[Changed[decoding.ValueT]]:
        """One watch, to its orderly end; without watching, the wait for the next list."""
        if not self._watch:
            await self._wait_for_resync()
            return
        path, heard = self._format.resource.path(self._scope), False
        async with self._server.watch_lines(path, self._params(), silence=self._pace.silence) as lines:
            self._connected()
            async for line in lines:
                heard = True
                event = self._format.event(line)
                if changed := self._judge(event):
                    yield changed
                self._take(event)
                if self._due.is_set():
                    return
        await self._rest(heard)

    def _params(self) -> dict[str, str]:
        return {
            "watch": "1",
            "resourceVersion": str(self._position),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self._pace.watch_seconds(self._random)),
        }

    def _judge(self, event: objects.Event[objects.ObjectT]) -> Changed[decoding.ValueT] | None:
        """What the event says of an object; nothing for a bookmark. Raises for an ERROR."""
        at = self._clock()
        self._heard(at)
        if event.object is None:
            return None
        if event.type == ERROR:
            raise _stated(event.object)
        if event.type == BOOKMARK and _version(event.object) < (self._position or 0):
            raise errors.Expired("the API server went back to an earlier version")
        if event.type not in CHANGES:
            return None
        return Changed(observation=self._format.build(event.object, at, event.type == DELETED))

    def _take(self, event: objects.Event[objects.ObjectT]) -> None:
        """The event has been taken in: the next watch may begin after it."""
        self._failures = 0
        if event.object is None:
            return
        version, uid = _version(event.object), event.object.metadata.uid
        self._position = version or self._position
        self._highest = max(self._highest, version)
        if event.type == DELETED:
            self._known.pop(uid, None)
        elif event.type in CHANGES:
            self._known[uid] = version

    async def _wait_for_resync(self) -> None:
        self._connected()
        self._failures = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.resync):
                await self._due.wait()
        self._due.set()

    async def _rest(self, heard: bool) -> None:
        """After an orderly end. A server that only ever ends is asked less and less often."""
        self._count("ended")
        delay = self._pace.between
        if not heard:
            delay = self._pace.delay(self._failures, self._random)
            self._failures += 1
        await self._sleep(delay)

    async def _recover(self, error: errors.SourceError) -> None:
        if isinstance(error, errors.Expired):
            self._position = None
        delay = self._pace.delay(self._failures, self._random, error)
        self._failures += 1
        self._count(type(error).__name__.lower())
        self._disconnected(error, delay)
        await self._sleep(delay)

    def _heard(self, at: datetime) -> None:
        self._health = replace(self._health, heard_at=at)

    def _count(self, reason: str) -> None:
        counts = Counter(self._health.reconnects)
        counts[reason] += 1
        self._health = replace(self._health, reconnects=counts)

    def _connected(self) -> None:
        if self._health.error is not None:
            log.info("connected to Kubernetes again", resource=self._health.resource, scope=self._scope)
        self._health = replace(self._health, connected=True, error=None)

    def _disconnected(self, error: errors.SourceError, delay: float) -> None:
        """Logged once per outage, however long it lasts and whatever it turns into."""
        if self._health.error is None and not isinstance(error, errors.Expired):
            log.warning(
                "cannot follow Kubernetes",
                resource=self._health.resource,
                scope=self._scope,
                error=str(error),
                next_try_in=round(delay, 1),
            )
        self._health = replace(self._health, connected=False, error=str(error))


def _version(thing: objects.Object) -> int:
    return decoding.version(thing.metadata.resource_version)


def _stated(status: objects.Object) -> errors.SourceError:
    """The error that the Status in an ERROR event stands for."""
    code = status.code or 500
    return transport.error_of(code, f"the watch was ended: {code} {status.message or status.reason or ''}")
