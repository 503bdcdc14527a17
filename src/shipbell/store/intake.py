"""The left half's transaction: load what is remembered, and write what a step made of it.

Writes are collected and made in bulk at the end (and before a read that might ask for them), so that a
baseline of ten thousand workloads is a handful of statements.
"""

from datetime import datetime

from shipbell import routing
from shipbell.domain import Memory, Rollout, Transition, Workload
from shipbell.store import engine, remembering


class Intake:
    """One write transaction of the left half; made by `Store.intake()`, which commits it."""

    def __init__(self, transaction: engine.Transaction) -> None:
        self._transaction = transaction
        self._memories: list[Memory] = []
        self._rollouts: list[Rollout] = []
        self._transitions: list[Transition] = []
        self._addressed: list[tuple[Rollout, tuple[routing.Destination, ...]]] = []

    async def memory(self, workload: Workload) -> Memory | None:
        """What is remembered of the workload; nobody else writes it before this transaction ends."""
        await self._flush()
        return await self._transaction.run(remembering.memory, workload)

    async def memories(
        self, cluster: str, kind: str, namespaces: tuple[str, ...] | None
    ) -> dict[str, Memory]:
        """Everything remembered of a kind, by uid, tombstones included; None means every namespace."""
        await self._flush()
        return await self._transaction.run(remembering.memories, cluster, kind, namespaces)

    async def forerunner(self, workload: Workload) -> bool:
        """Whether another object bore this name before, as far back as rows are kept."""
        await self._flush()
        return await self._transaction.run(remembering.forerunner, workload)

    async def waking(self, now: datetime, limit: int) -> tuple[Memory, ...]:
        """The workloads whose open rollout has waited long enough, longest waiting first."""
        await self._flush()
        return await self._transaction.run(remembering.waking, now, limit)

    async def baseline(self, cluster: str, resource: str, scope: str) -> int | None:
        """The resourceVersion of the first complete list of the resource in the scope; None before it."""
        return await self._transaction.run(remembering.baseline, cluster, resource, scope)

    async def set_baseline(
        self, cluster: str, resource: str, scope: str, resource_version: int, now: datetime
    ) -> bool:
        """Records the first complete list; False if somebody was first."""
        return await self._transaction.run(
            remembering.set_baseline, cluster, resource, scope, resource_version=resource_version, now=now
        )

    async def purge_tombstones(self, older_than: datetime) -> int:
        """Forgets workloads that were deleted before that time; answers how many."""
        await self._flush()
        return await self._transaction.run(remembering.purge_tombstones, older_than)

    async def save(
        self, memory: Memory, rollouts: tuple[Rollout, ...] = (), transitions: tuple[Transition, ...] = ()
    ) -> None:
        """Writes the memory with its rollout, further rollouts, and what happened to them.

        Of a rollout that is stored already, a lower version changes nothing; a higher one makes its
        deliveries due.
        """
        self._memories.append(memory)
        own = (memory.rollout,) if memory.rollout else ()
        self._rollouts += {rollout.id: rollout for rollout in (*own, *rollouts)}.values()
        self._transitions += transitions

    async def address(self, rollout: Rollout, destinations: tuple[routing.Destination, ...]) -> None:
        """Chooses the destinations of a new rollout, for good; those it has stay as they are."""
        self._addressed.append((rollout, destinations))

    async def commit(self) -> None:
        """Writes what was collected and ends the transaction."""
        await self._transaction.conclude(remembering.write, self._take())

    async def _flush(self) -> None:
        if self._memories or self._addressed:
            await self._transaction.run(remembering.write, self._take())

    def _take(self) -> remembering.Changes:
        taken = remembering.Changes(
            memories=self._memories,
            rollouts=self._rollouts,
            transitions=self._transitions,
            addressed=self._addressed,
        )
        self._memories, self._rollouts, self._transitions, self._addressed = [], [], [], []
        return taken
