"""The left half, put together: from the API server and kubewatch's hints to committed rows."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from shipbell.config import Settings
from shipbell.domain import Rollout
from shipbell.ingest import Ingest
from shipbell.metrics import Metrics
from shipbell.service import connecting
from shipbell.service.feeding import Feed
from shipbell.service.lanes import Lanes
from shipbell.service.timers import InFlight, Timers, forget, reread
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import pacing, podswatch, reading, reflector, transport
from shipbell.store import Store
from shipbell.web import hooks

log = structlog.get_logger(__name__)

LOOKS_AT_ONCE = 32
"""Hints that are looked at side by side. In a flood of them most coalesce."""

LOOK_AGAIN_LEAST = 0.5
"""Seconds between looks at pods that are not ready, however little patience there is."""

Announce = Callable[[tuple[Rollout, ...]], None]


class Watching:
    """Everything that observes. Can be cancelled at any moment: what is not committed is seen again."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        server: transport.Transport,
        hints: hooks.HintQueue,
        *,
        announce: Announce,
        now: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._store = store
        self._hints = hints
        self._announce = announce
        self._metrics = metrics
        self._choice = connecting.choice(settings)
        pace = _pace(settings)
        self._reader = reading.Reader(server, settings.cluster, clock=now)
        self._pods = podswatch.PodsWatch(server, pace=pace, clock=now)
        self._in_flight = InFlight(self._pods.follow)
        self._ingest = Ingest(
            store,
            policy=settings.policy(),
            destinations=connecting.destinations(settings),
            reader=self._reader,
            announce=self._note,
            now=now,
            metrics=metrics,
        )
        self._timers = Timers(self._ingest, store, now)
        turn = asyncio.Semaphore()
        self.reflectors = tuple(
            (
                kind,
                reflector.Reflector(
                    server,
                    self._reader.observing(kind),
                    scope=scope,
                    watch=settings.kubernetes.watch,
                    pace=pace,
                    turn=turn,
                    clock=now,
                ),
            )
            for kind in self._choice.observed_kinds
            for scope in self._choice.scopes
        )
        """With their kinds."""
        self.listed = asyncio.Event()
        """Set when every kind has its baseline in every scope: from then on nothing is missed."""

    @property
    def health(self) -> tuple[reflector.Health, ...]:
        """Of every list and watch that is kept."""
        return (*(source.health for _, source in self.reflectors), *self._pods.health)

    @property
    def workloads(self) -> int:
        """How many are there now."""
        return sum(source.health.objects for _, source in self.reflectors)

    @property
    def open_rollouts(self) -> int:
        """How many rollouts wait for their ending."""
        return len(self._in_flight.workloads)

    async def run(self) -> None:
        """For ever; raises if a part of it ends."""
        open_before = [memory.rollout for memory in await self._store.in_flight(self._settings.cluster)]
        self._in_flight.note(tuple(rollout for rollout in open_before if rollout))
        kubernetes = self._settings.kubernetes
        async with asyncio.TaskGroup() as group:
            feed = Feed(
                self._ingest,
                self._reader,
                Lanes(group),
                listed=self.listed,
                choice=self._choice,
                metrics=self._metrics,
            )
            for kind, source in self.reflectors:
                name = f"{source.health.resource} {source.health.scope}"
                group.create_task(feed.follow(kind, source), name=name)
            if kubernetes.watch:
                group.create_task(self._pods.run(), name="pods")
                group.create_task(feed.see_pods(self._pods.stream()), name="pods seen")
            group.create_task(self._take_hints(feed), name="hints")
            group.create_task(self._timers.run(feed), name="timers")
            group.create_task(forget(self._ingest), name="forget")
            every = kubernetes.reread * self._settings.advanced.time_factor
            group.create_task(reread(feed, self._in_flight, every), name="reread")

    async def _take_hints(self, feed: Feed) -> None:
        """Looks at what hints point to, several at a time; too many of them have become a relist."""
        room = asyncio.Semaphore(LOOKS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                await room.acquire()
                hint = await self._wanted_hint()
                task = group.create_task(feed.look_at(hint), name=f"hint {hint.namespace}/{hint.name}")
                task.add_done_callback(lambda _: room.release())

    async def _wanted_hint(self) -> Hint:
        """The next one that points into the namespaces that are watched."""
        namespaces = self._settings.kubernetes.namespaces
        while True:
            hint = await self._hints.get()
            if hint is None:
                for _, source in self.reflectors:
                    source.relist()
            elif not namespaces or hint.namespace in namespaces:
                return hint

    def _note(self, rollouts: tuple[Rollout, ...]) -> None:
        """After a commit: whoever waits for rollouts looks again, and who tells people goes first."""
        self._announce(rollouts)
        self._in_flight.note(rollouts)
        self._timers.wake()


def _pace(settings: Settings) -> pacing.Pace:
    """The reflectors' times; without a watch, lists come at the configured interval.

    How often unready pods are looked at again goes with the patience that their causes are given.
    """
    pace = pacing.Pace()
    if not settings.kubernetes.watch:
        pace = replace(pace, resync=settings.kubernetes.resync.total_seconds())
    unready = max(LOOK_AGAIN_LEAST, pace.unready * settings.policy().patience)
    return replace(pace.scaled(settings.advanced.time_factor), unready=unready)
