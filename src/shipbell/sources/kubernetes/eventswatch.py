"""Watches the Events of one namespace while rollouts are in flight there, and remembers the last minutes.

Events explain what pods do not say: which probe fails, which volume does not come, who refuses a pod. They
are a help and no more: where the permission is missing, everything else goes on without them. One request
brings what is there and what follows (a watch from version 0), because nothing is lost that must be kept. See
https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch.
"""

import asyncio
import random as randomness
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

from shipbell import errors
from shipbell.domain import Event
from shipbell.sources.kubernetes import events, objects, pacing, transport

ORDINARY = (
    "Scheduled",
    "Pulling",
    "Pulled",
    "Created",
    "Started",
    "SuccessfulCreate",
    "SuccessfulDelete",
    "ScalingReplicaSet",
    "Killing",
)
"""Reasons of what happens in every rollout: nine of ten Events, which the API server keeps to itself."""

SELECTOR = ",".join(f"reason!={reason}" for reason in ORDINARY)

KEPT_FOR = timedelta(minutes=15)
"""What is older explains nothing any more."""

KEPT = 1000
"""Per namespace, about 500 bytes each; the newest."""

FORBIDDEN_FOR = 600.0
"""Seconds after which a missing permission is looked for again."""

SILENCE = 330.0
"""Seconds. The API server sends no bookmarks for Events; the watch itself is to end before."""


class Recent:
    """The Events of a namespace's last minutes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[str, Event] = {}

    def take(self, uid: str, event: Event) -> bool:
        """Remembers the event of that uid; False where it is too old to, or was known as it is."""
        if event.last_at < self._clock() - KEPT_FOR or self._known.get(uid) == event:
            return False
        self._known.pop(uid, None)
        self._known[uid] = event
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return True

    def knows(self, uid: str) -> bool:
        """Whether an event of that uid was taken before."""
        return uid in self._known

    def where(self, is_wanted: Callable[[Event], bool]) -> tuple[Event, ...]:
        """Those that are recent and wanted, the oldest first."""
        oldest = self._clock() - KEPT_FOR
        self._known = {uid: event for uid, event in self._known.items() if event.last_at >= oldest}
        return tuple(sorted(filter(is_wanted, self._known.values()), key=lambda event: event.last_at))


class EventsWatch:
    """One namespace's Events, as they come. `stream` may be used by one consumer."""

    def __init__(
        self,
        server: transport.Transport,
        namespace: str,
        *,
        pace: pacing.Pace,
        clock: Callable[[], datetime],
        refused: Callable[[errors.Forbidden], None],
        random: Callable[[], float] = randomness.random,
    ) -> None:
        """`refused` hears of every refusal, and says so as often as people should read it."""
        self._server = server
        self._namespace = namespace
        self._pace = pace
        self._refused = refused
        self._random = random
        self._format = events.format_()
        self._clock = clock
        self._failures = 0
        self._opened_at: datetime | None = None
        self._heard = False

    @property
    def open(self) -> bool:
        """Whether no Event means that there is none: what there is already comes in the first moments."""
        if self._opened_at is None:
            return False
        return self._heard or self._clock() - self._opened_at >= timedelta(seconds=self._pace.begin)

    async def stream(self) -> AsyncGenerator[tuple[str, Event]]:
        """Each with its uid, without end; close it with `contextlib.aclosing`."""
        while True:
            try:
                async with aclosing(self._follow()) as told:
                    async for item in told:
                        yield item
                await self._rest()
            except errors.Forbidden as error:
                self._opened_at = None
                self._refused(error)
                await asyncio.sleep(FORBIDDEN_FOR)
            except errors.SourceError as error:
                await self._rest(error)

    async def _follow(self) -> AsyncGenerator[tuple[str, Event]]:
        params = {
            "watch": "1",
            "resourceVersion": "0",
            "fieldSelector": SELECTOR,
            "timeoutSeconds": str(self._pace.watch_seconds(self._random)),
        }
        path = self._format.resource.path(self._namespace)
        async with self._server.watch_lines(path, params, silence=SILENCE) as lines:
            self._opened_at = self._opened_at or self._clock()
            async for line in lines:
                self._heard = True
                if told := self._told(self._format.event(line)):
                    self._failures = 0
                    yield told

    def _told(self, line: objects.Event[objects.KubernetesEvent]) -> tuple[str, Event] | None:
        """What is new or has come again; that one was forgotten (they live for an hour) says nothing."""
        if line.type == "ERROR":
            raise errors.SourceError("the watch for Events was ended by the API server")
        if line.object is None or line.type not in {"ADDED", "MODIFIED"}:
            return None
        return line.object.metadata.uid, events.told(line.object)

    async def _rest(self, error: errors.SourceError | None = None) -> None:
        """Longer and longer while nothing comes."""
        delay = self._pace.delay(self._failures, self._random, error)
        self._failures += 1
        await asyncio.sleep(delay)
