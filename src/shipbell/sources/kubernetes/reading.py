"""Reads one workload now: itself, its revisions, its pods; and who owns a ReplicaSet, a pod or a Job.

For hints, for rollouts in flight that are re-read on a timer, and for whoever wants the truth at once. Single
objects are read as lists of one, because only a list says at which version something is absent.
"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from shipbell import errors
from shipbell.domain import Event, LogRequest, Observation, Pod, PodsObservation, Revision, Workload
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import (
    credentials,
    decoding,
    events,
    eventswatch,
    kinds,
    limiting,
    listing,
    objects,
    pods,
    reflector,
    resources,
    revisions,
    transport,
)

Urgency = limiting.Urgency

log = structlog.stdlib.get_logger(__name__)

CACHED = {"resourceVersion": "0"}
"""Asks for what the API server has at hand. The newest it must ask etcd about, which takes up to 100 ms; see
https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list."""

NEWEST: dict[str, str] = {}

SELECTORS_KEPT = 2000
"""Label selectors that are remembered, of the workloads last heard of, about 100 bytes each. They never
change."""


LOG_LINES = 20
LOG_BYTES = 16_384
"""Long lines are cut here; what is told of them is cut again, after secrets are blacked out."""
LOG_SECONDS = 2.0
"""A log comes from the pod's node, over the API server. A message does not wait long for it."""


class Reader:
    """Reads from one cluster. Every method raises `SourceError` or a class below it."""

    def __init__(
        self,
        server: transport.Transport,
        cluster: str,
        *,
        clock: Callable[[], datetime] = credentials.now_utc,
    ) -> None:
        self._server = server
        self._clock = clock
        self._formats = {name: kind.format_(cluster) for name, kind in kinds.ALL.items()}
        self._revisions_of = {
            name: kind.history.format_() for name, kind in kinds.ALL.items() if kind.history
        }
        self._replicasets = revisions.replicasets()
        self._pods = pods.format_()
        self._events = events.format_()
        self._selectors: dict[str, str] = {}
        self._refused_logs: set[str] = set()

    def observing(self, kind: str) -> decoding.Format[Any, Observation]:
        """For a reflector of that kind: what it sees is not asked for again when its revisions are read."""
        format_ = self._format(kind)

        def build(thing: objects.Workload, at: datetime, deleted: bool) -> Observation:
            self._remember_selector(thing)
            observation: Observation = format_.build(thing, at, deleted)
            return observation

        return replace(format_, build=build)

    async def owner(self, hint: Hint, urgency: Urgency = Urgency.SOON) -> Hint | None:
        """The workload that a hint means: the object itself, or what owns the ReplicaSet or pod.

        None where it is owned by nothing that is told about, or is already gone; then its workload changes
        as well, and that is a hint of its own. A Job stands for itself, whoever made it.
        """
        if hint.kind in kinds.ALL:
            return hint
        if hint.kind == resources.REPLICASETS.kind:
            above = await self._controller(self._replicasets, hint, urgency)
        elif hint.kind == resources.PODS.kind:
            above = await self._controller(self._pods, hint, urgency)
        else:
            return None
        return await self.owner(above, urgency) if above else None

    async def workload(
        self, kind: str, namespace: str, name: str, urgency: Urgency = Urgency.NEWS
    ) -> reflector.Listed[Observation]:
        """The workload of that name, there or not: a complete list of what bears it."""
        format_ = self._format(kind)
        version, found = await self._one(format_, namespace, name, urgency=urgency)
        for thing in found:
            self._remember_selector(thing)
        at = self._clock()
        return reflector.Listed(
            resource=format_.resource.name,
            scope=namespace,
            name=name,
            resource_version=version,
            observations=tuple(format_.build(thing, at, False) for thing in found),
            present=frozenset(thing.metadata.uid for thing in found),
        )

    async def revisions(self, observation: Observation) -> tuple[Revision, ...]:
        """The ReplicaSets or ControllerRevisions that the workload owns, by number; none where it is gone.

        They are at least as new as the observation: a list from a cache is believed only if the newest in
        it is the one that the observation speaks of.
        """
        workload = observation.workload
        history = kinds.ALL[workload.kind].history
        selector = await self._selector(workload) if history else None
        if history is None or selector is None:
            return ()
        wanted = {"labelSelector": selector}
        cached = await self._revisions(workload, {**wanted, **CACHED})
        if cached and history.bears(observation, cached[-1]):
            return cached
        return await self._revisions(workload, {**wanted, **NEWEST})

    async def pods(
        self, workload: Workload, urgency: Urgency = Urgency.NEWS, *, with_events: bool = False
    ) -> PodsObservation | None:
        """The workload's pods of every revision, but for those that are being deleted or have finished.

        None where the workload is gone. Events cost a second request, and are left out where they may not
        be read.
        """
        selector = await self._selector(workload, urgency)
        if selector is None:
            return None
        wanted = {"labelSelector": selector}
        version, found = await self._list(self._pods, workload.namespace, wanted, urgency)
        at, place = self._clock(), (workload.kind, workload.name)
        placed = [self._pods.build(thing, at, False) for thing in found]
        own = tuple(p.pod for p in placed if p.pod is not None and p.workload == place)
        return PodsObservation(
            workload=workload,
            resource_version=version,
            at=at,
            pods=own,
            events=await self._events_about(workload, own, urgency) if with_events else None,
        )

    async def events(self, namespace: str, uid: str) -> tuple[Event, ...]:
        """The Events about an object, the oldest first. They outlive it, by an hour as a rule."""
        return await self._events_of(namespace, f"involvedObject.uid={uid}", Urgency.NEWS)

    async def log(self, request: LogRequest, namespace: str) -> str:
        """A container's last lines; empty where they cannot be had, for a message does without.

        See https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#http-request-1.
        """
        path = f"{resources.PODS.path(namespace)}/{request.pod}/log"
        params = {
            "container": request.container,
            "previous": "true" if request.previous else "false",
            "tailLines": str(LOG_LINES),
            "limitBytes": str(LOG_BYTES),
        }
        try:
            lines = await self._server.get_text_bytes(path, params, timeout=LOG_SECONDS)
            return lines.decode(errors="replace")
        except errors.SourceError as error:
            self._say_refused(namespace, error)
            return ""

    async def _events_about(
        self, workload: Workload, own: tuple[Pod, ...], urgency: Urgency
    ) -> tuple[Event, ...] | None:
        """About the workload, its ReplicaSets and its pods, without those that come with every rollout."""
        try:
            found = await self._events_of(workload.namespace, eventswatch.SELECTOR, urgency)
        except errors.Forbidden:
            return None
        uids = {workload.uid, *(pod.uid for pod in own)}
        return tuple(event for event in found if event.uid in uids or _is_of_replicaset(event, workload))

    async def _events_of(self, namespace: str, selector: str, urgency: Urgency) -> tuple[Event, ...]:
        _, found = await self._list(self._events, namespace, {"fieldSelector": selector}, urgency)
        return tuple(sorted((events.told(thing) for thing in found), key=lambda event: event.last_at))

    def _say_refused(self, namespace: str, error: errors.SourceError) -> None:
        """Once per namespace; what else fails is the container's own affair."""
        if isinstance(error, errors.Forbidden) and namespace not in self._refused_logs:
            self._refused_logs.add(namespace)
            log.warning("logs may not be read, so none are told", namespace=namespace, error=str(error))

    def _format(self, kind: str) -> decoding.Format[Any, Observation]:
        if kind not in self._formats:
            raise errors.SourceError(f"a {kind} is not among the workloads that are read")
        return self._formats[kind]

    async def _revisions(self, workload: Workload, selectors: dict[str, str]) -> tuple[Revision, ...]:
        history = self._revisions_of[workload.kind]
        _, found = await self._list(history, workload.namespace, selectors)
        at = self._clock()
        own = [history.build(thing, at, False) for thing in found if _is_owned(thing, workload.uid)]
        return tuple(sorted(own, key=lambda revision: (revision.number or 0, revision.created_at)))

    async def _controller(
        self, format_: decoding.Format[objects.ObjectT, decoding.ValueT], hint: Hint, urgency: Urgency
    ) -> Hint | None:
        _, found = await self._one(format_, hint.namespace, hint.name, urgency=urgency)
        above = decoding.controller(found[0]) if found else None
        return Hint(kind=above.kind, namespace=hint.namespace, name=above.name) if above else None

    async def _selector(self, workload: Workload, urgency: Urgency = Urgency.NEWS) -> str | None:
        """The workload's label selector; None where it is gone, or another has taken its name.

        As it never changes, an old copy of the workload is as good as the newest.
        """
        for which in (CACHED, NEWEST):
            if workload.uid not in self._selectors:
                format_ = self._format(workload.kind)
                _, found = await self._one(format_, workload.namespace, workload.name, which, urgency)
                for thing in found:
                    self._remember_selector(thing)
        return self._selectors.get(workload.uid)

    def _remember_selector(self, thing: objects.Workload) -> None:
        wanted = thing.spec.selector or objects.LabelSelector()
        self._selectors.pop(thing.metadata.uid, None)
        self._selectors[thing.metadata.uid] = decoding.selector(wanted)
        if len(self._selectors) > SELECTORS_KEPT:
            del self._selectors[next(iter(self._selectors))]

    async def _one(
        self,
        format_: decoding.Format[objects.ObjectT, decoding.ValueT],
        namespace: str,
        name: str,
        which: dict[str, str] = NEWEST,
        urgency: Urgency = Urgency.NEWS,
    ) -> tuple[int, list[objects.ObjectT]]:
        wanted = {"fieldSelector": f"metadata.name={name}", **which}
        return await self._list(format_, namespace, wanted, urgency)

    async def _list(
        self,
        format_: decoding.Format[objects.ObjectT, decoding.ValueT],
        namespace: str,
        selectors: dict[str, str],
        urgency: Urgency = Urgency.NEWS,
    ) -> tuple[int, list[objects.ObjectT]]:
        """All that matches, and the version it is of."""
        version, found = 0, []
        pages = listing.pages(
            self._server, format_, namespace=namespace, selectors=selectors, urgency=urgency
        )
        async with aclosing(pages):
            async for page in pages:
                version = decoding.version(page.metadata.resource_version)
                found += page.items or []
        return version, found


def _is_of_replicaset(event: Event, workload: Workload) -> bool:
    """Its name is the Deployment's with a hash behind it."""
    is_about_one = event.kind == resources.REPLICASETS.kind and workload.kind == resources.DEPLOYMENTS.kind
    return is_about_one and event.name.rpartition("-")[0] == workload.name


def _is_owned(thing: objects.Object, uid: str) -> bool:
    owner = decoding.controller(thing)
    return owner is not None and owner.uid == uid
