"""Reads one workload now: itself, its ReplicaSets, its pods; and who owns a ReplicaSet or a pod.

For hints, for rollouts in flight that are re-read on a timer, and for whoever wants the truth at once. Single
objects are read as lists of one, because only a list says at which version something is absent.
"""

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

from shipbell import errors
from shipbell.domain import Observation, PodsObservation, Revision, Workload
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import (
    credentials,
    decoding,
    listing,
    objects,
    pods,
    reflector,
    resources,
    transport,
)

CACHED = {"resourceVersion": "0"}
"""Asks for what the API server has at hand. The newest it must ask etcd about, which takes up to 100 ms; see
https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list."""

NEWEST: dict[str, str] = {}

SELECTORS_KEPT = 2000
"""Label selectors that are remembered, about 100 bytes each. A Deployment's never changes."""


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
        self._deployments = decoding.deployments(cluster)
        self._replicasets = decoding.replicasets()
        self._pods = pods.format_()
        self._selectors: dict[str, str] = {}

    async def owner(self, hint: Hint) -> Hint | None:
        """The workload that a hint means: the object itself, or what owns the ReplicaSet or pod.

        None where it is owned by nothing that is told about, or is already gone; then its workload changes
        as well, and that is a hint of its own.
        """
        if hint.kind == resources.DEPLOYMENTS.kind:
            return hint
        if hint.kind == resources.REPLICASETS.kind:
            above = await self._controller(self._replicasets, hint)
        elif hint.kind == resources.PODS.kind:
            above = await self._controller(self._pods, hint)
        else:
            return None
        return await self.owner(above) if above else None

    async def workload(self, kind: str, namespace: str, name: str) -> reflector.Listed[Observation]:
        """The workload of that name, there or not: a complete list of what bears it."""
        if kind != resources.DEPLOYMENTS.kind:
            raise errors.SourceError(f"a {kind} is not among the workloads that are read")
        version, found = await self._one(self._deployments, namespace, name)
        self._remember_selectors(found)
        at = self._clock()
        return reflector.Listed(
            resource=resources.DEPLOYMENTS.name,
            scope=namespace,
            name=name,
            resource_version=version,
            observations=tuple(self._deployments.build(thing, at, False) for thing in found),
            present=frozenset(thing.metadata.uid for thing in found),
        )

    async def revisions(self, observation: Observation) -> tuple[Revision, ...]:
        """The ReplicaSets that the workload owns, by number; none where it is gone.

        They are at least as new as the workload's number: a list from a cache is believed only if that
        number is the highest in it.
        """
        workload = observation.workload
        selector = await self._selector(workload)
        if selector is None:
            return ()
        cached = await self._revisions(workload, {"labelSelector": selector, **CACHED})
        if cached and cached[-1].number == observation.revision:
            return cached
        return await self._revisions(workload, {"labelSelector": selector, **NEWEST})

    async def pods(self, workload: Workload) -> PodsObservation | None:
        """The workload's pods of every revision, but for those that are being deleted or have finished.

        None where the workload is gone.
        """
        selector = await self._selector(workload)
        if selector is None:
            return None
        version, found = await self._list(self._pods, workload.namespace, {"labelSelector": selector})
        at = self._clock()
        placed = [self._pods.build(thing, at, False) for thing in found]
        place = (workload.kind, workload.name)
        return PodsObservation(
            workload=workload,
            resource_version=version,
            at=at,
            pods=tuple(p.pod for p in placed if p.pod is not None and p.workload == place),
        )

    async def _revisions(self, workload: Workload, selectors: dict[str, str]) -> tuple[Revision, ...]:
        _, found = await self._list(self._replicasets, workload.namespace, selectors)
        own = [decoding.revision(thing) for thing in found if _is_owned(thing, workload.uid)]
        return tuple(sorted(own, key=lambda revision: revision.number or 0))

    async def _controller(
        self, format_: decoding.Format[objects.ObjectT, decoding.ValueT], hint: Hint
    ) -> Hint | None:
        _, found = await self._one(format_, hint.namespace, hint.name)
        above = decoding.controller(found[0]) if found else None
        return Hint(kind=above.kind, namespace=hint.namespace, name=above.name) if above else None

    async def _selector(self, workload: Workload) -> str | None:
        """The workload's label selector; None where it is gone, or another has taken its name.

        As it never changes, an old copy of the workload is as good as the newest.
        """
        for which in (CACHED, NEWEST):
            if workload.uid not in self._selectors:
                _, found = await self._one(self._deployments, workload.namespace, workload.name, which)
                self._remember_selectors(found)
        return self._selectors.get(workload.uid)

    def _remember_selectors(self, deployments: list[objects.Deployment]) -> None:
        for deployment in deployments:
            wanted = deployment.spec.selector or objects.LabelSelector()
            self._selectors[deployment.metadata.uid] = decoding.selector(wanted)
        while len(self._selectors) > SELECTORS_KEPT:
            del self._selectors[next(iter(self._selectors))]

    async def _one(
        self,
        format_: decoding.Format[objects.ObjectT, decoding.ValueT],
        namespace: str,
        name: str,
        which: dict[str, str] = NEWEST,
    ) -> tuple[int, list[objects.ObjectT]]:
        return await self._list(format_, namespace, {"fieldSelector": f"metadata.name={name}", **which})

    async def _list(
        self,
        format_: decoding.Format[objects.ObjectT, decoding.ValueT],
        namespace: str,
        selectors: dict[str, str],
    ) -> tuple[int, list[objects.ObjectT]]:
        """All that matches, and the version it is of."""
        version, found = 0, []
        pages = listing.pages(self._server, format_, namespace=namespace, selectors=selectors)
        async with aclosing(pages):
            async for page in pages:
                version = decoding.version(page.metadata.resource_version)
                found += page.items or []
        return version, found


def _is_owned(thing: objects.Object, uid: str) -> bool:
    owner = decoding.controller(thing)
    return owner is not None and owner.uid == uid
