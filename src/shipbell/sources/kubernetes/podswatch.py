"""Watches the pods of workloads that are rolling out, and the Events about them, in namespaces that have any.

Pods tell early why a rollout will fail, minutes before its workload does; Events tell what pods do not say.
What comes out is always a workload's whole set of pods as of one version, with the Events of the last minutes
about it; a burst of changes to one workload comes out once. Without the permission to watch Events, pods are
told alone.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta

import structlog

from shipbell import errors
from shipbell.domain import Event, Pod, PodsObservation, Workload
from shipbell.sources.kubernetes import (
    credentials,
    eventswatch,
    objects,
    pacing,
    pods,
    reflector,
    resources,
    transport,
)

log = structlog.get_logger(__name__)

REPEATED = timedelta(seconds=5)
"""An Event that comes again and again makes its workload be looked at no more often than this."""


class PodsWatch:
    """`run` keeps the watches open, `follow` says for whom, `stream` yields what they see."""

    def __init__(
        self,
        server: transport.Transport,
        *,
        pace: pacing.Pace | None = None,
        clock: Callable[[], datetime] = credentials.now_utc,
    ) -> None:
        self._server = server
        self._pace = pace or pacing.Pace()
        self._clock = clock
        self._followed: dict[str, dict[pods.Place, Workload]] = {}
        self._namespaces: dict[str, _Namespace] = {}
        self._changed = asyncio.Event()
        self._stale: dict[Workload, None] = {}
        self._news = asyncio.Event()
        self._refusal_said = False

    @property
    def health(self) -> tuple[reflector.Health, ...]:
        """Of each namespace's watch of pods that is open now."""
        return tuple(namespace.follower.health for namespace in self._namespaces.values())

    def follow(self, workloads: Iterable[Workload]) -> None:
        """From now on these workloads, and no others."""
        before, self._followed = self._followed, {}
        for workload in workloads:
            place = (workload.kind, workload.name)
            self._followed.setdefault(workload.namespace, {})[place] = workload
            if before.get(workload.namespace, {}).get(place) != workload:
                self._mark(workload)
        self._changed.set()

    async def run(self) -> None:
        """Opens and closes watches as `follow` says, until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look_again(), name="pods that are not ready")
                while True:
                    self._changed.clear()
                    self._reconcile(group)
                    await self._changed.wait()
        finally:
            self._namespaces.clear()

    async def stream(self) -> AsyncGenerator[PodsObservation]:
        """The pods of a followed workload, whenever they have changed. For one consumer."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._stale:
                workload = next(iter(self._stale))
                del self._stale[workload]
                if observation := self._observe(workload):
                    yield observation

    def _observe(self, workload: Workload) -> PodsObservation | None:
        namespace = self._namespaces.get(workload.namespace)
        if namespace is None or namespace.position is None or not self._is_followed(workload):
            return None
        return PodsObservation(
            workload=workload,
            resource_version=namespace.position,
            at=self._clock(),
            pods=namespace.pods_of((workload.kind, workload.name)),
            events=namespace.events_of(workload),
        )

    def _is_followed(self, workload: Workload) -> bool:
        return self._followed.get(workload.namespace, {}).get((workload.kind, workload.name)) == workload

    def _mark(self, workload: Workload) -> None:
        self._stale[workload] = None
        self._news.set()

    def _reconcile(self, group: asyncio.TaskGroup) -> None:
        for name in self._namespaces.keys() - self._followed.keys():
            self._namespaces.pop(name).close()
        for name in self._followed.keys() - self._namespaces.keys():
            self._open(name, group)

    def _open(self, name: str, group: asyncio.TaskGroup) -> None:
        follower = reflector.Reflector(
            self._server, pods.format_(), scope=name, pace=self._pace, clock=self._clock
        )
        told = eventswatch.EventsWatch(
            self._server, name, pace=self._pace, clock=self._clock, refused=self._refuse
        )
        namespace = _Namespace(follower, told, self._clock)
        self._namespaces[name] = namespace
        namespace.tasks = (
            group.create_task(self._keep_events(name, namespace), name=f"events of {name}"),
            group.create_task(self._keep(name, namespace), name=f"pods of {name}"),
        )

    async def _keep(self, name: str, namespace: "_Namespace") -> None:
        await asyncio.sleep(self._pace.begin)
        async with aclosing(namespace.follower.stream()) as items:
            async for item in items:
                touched = namespace.take(item)
                for place, workload in self._followed.get(name, {}).items():
                    if touched is None or place in touched:
                        self._mark(workload)

    async def _keep_events(self, name: str, namespace: "_Namespace") -> None:
        await asyncio.sleep(self._pace.begin)
        async with aclosing(namespace.watch.stream()) as items:
            async for uid, event in items:
                again = namespace.recent.knows(uid)
                if not namespace.recent.take(uid, event):
                    continue
                for workload in self._followed.get(name, {}).values():
                    if namespace.is_about(event, workload) and namespace.may_wake(workload, again=again):
                        self._mark(workload)

    async def _look_again(self) -> None:
        """Time passes for pods of which nothing more is heard."""
        while True:
            await asyncio.sleep(self._pace.unready)
            for name, namespace in self._namespaces.items():
                for place, workload in self._followed.get(name, {}).items():
                    if not all(pod.ready for pod in namespace.pods_of(place)):
                        self._mark(workload)

    def _refuse(self, error: errors.Forbidden) -> None:
        """Said once, however many namespaces refuse it."""
        if not self._refusal_said:
            log.warning("causes are told without Kubernetes Events", error=str(error))
        self._refusal_said = True


class _Namespace:
    """The pods of one namespace as its watch has them, and its Events of the last minutes."""

    def __init__(
        self,
        follower: reflector.Reflector[objects.Pod, pods.PlacedPod],
        watch: eventswatch.EventsWatch,
        clock: Callable[[], datetime],
    ) -> None:
        self.follower = follower
        self.watch = watch
        self.tasks: tuple[asyncio.Task[None], ...] = ()
        self.position: int | None = None
        self._clock = clock
        self.recent = eventswatch.Recent(clock)
        self._woken: dict[pods.Place, datetime] = {}
        self._pods: dict[str, pods.PlacedPod] = {}

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()

    def pods_of(self, workload: pods.Place) -> tuple[Pod, ...]:
        """In the order in which they were first seen."""
        return tuple(p.pod for p in self._pods.values() if p.workload == workload and p.pod is not None)

    def events_of(self, workload: Workload) -> tuple[Event, ...] | None:
        """About the workload, its revisions and its pods, also those that are gone; None where unknown."""
        if not self.watch.open:
            return None
        return self.recent.where(lambda event: self.is_about(event, workload))

    def is_about(self, event: Event, workload: Workload) -> bool:
        """By uid as far as uids are known; a revision, and a pod that is gone, by its name."""
        if event.uid == workload.uid:
            return True
        if placed := self._pods.get(event.uid):
            return placed.workload == (workload.kind, workload.name)
        if event.kind == resources.REPLICASETS.kind:
            return event.name.rpartition("-")[0] == workload.name
        return event.kind == resources.PODS.kind and event.name.startswith(f"{workload.name}-")

    def may_wake(self, workload: Workload, *, again: bool) -> bool:
        """Whether its workload is to be looked at: at once for a new Event, now and then for the same."""
        place, now = (workload.kind, workload.name), self._clock()
        if again and place in self._woken and now - self._woken[place] < REPEATED:
            return False
        self._woken[place] = now
        return True

    def take(
        self, item: reflector.Listed[pods.PlacedPod] | reflector.Changed[pods.PlacedPod]
    ) -> frozenset[pods.Place] | None:
        """The workloads whose pods have changed with it; None for all."""
        if isinstance(item, reflector.Changed):
            return self._take_change(item.observation)
        self.position = item.resource_version
        kept = {uid: pod for uid, pod in self._pods.items() if uid in item.present}
        self._pods = kept | {placed.uid: placed for placed in item.observations}
        return None

    def _take_change(self, placed: pods.PlacedPod) -> frozenset[pods.Place]:
        before = self._pods.get(placed.uid)
        self.position = placed.resource_version
        if placed.pod is None:
            self._pods.pop(placed.uid, None)
        else:
            self._pods[placed.uid] = placed
        same = (before.pod if before else None) == placed.pod
        return frozenset() if same else frozenset({placed.workload})
