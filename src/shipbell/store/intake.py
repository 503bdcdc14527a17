"""The left half's transaction: load what is remembered, and write what a step made of it.

It is plain calls, done in one go and off the event loop: nothing in it can wait for anything but the store.
Writes are collected and made in bulk at the end (and before a read that might ask for them), so that a
baseline of ten thousand workloads is a handful of statements.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from shipbell import routing
from shipbell.domain import Memory, Rollout, Transition, Workload
from shipbell.store import remembering


class Intake:
    """One write transaction of the left half, for one call of `Store.take`, which commits it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._pending = _Pending()

    def memory(self, workload: Workload) -> Memory | None:
        """What is remembered of the workload; nobody else writes it before this transaction ends."""
        self.write()
        return remembering.memory(self._connection, workload)

    def forerunner(self, workload: Workload) -> bool:
        """Whether another object bore this name before, as far back as rows are kept."""
        self.write()
        return remembering.forerunner(self._connection, workload)

    def unfixed_failure(self, workload: Workload) -> datetime | None:
        """When the last object of this name failed, if nothing has mended it since."""
        self.write()
        return remembering.unfixed_failure(self._connection, workload)

    def durations(self, workload: Workload) -> tuple[timedelta, ...]:
        """How long the last ten successful rollouts of a workload of this name took."""
        self.write()
        return remembering.durations(self._connection, workload)

    def memories(
        self, cluster: str, kind: str, namespaces: tuple[str, ...] | None, name: str | None = None
    ) -> dict[str, Memory]:
        """Everything remembered of a kind, by uid, tombstones included; None means every namespace and name.

        Nobody else writes any of it, or is first to write of others, before this transaction ends.
        """
        self.write()
        return remembering.memories(self._connection, cluster, kind, namespaces, name)

    def waking(self, now: datetime, limit: int) -> tuple[Memory, ...]:
        """The workloads whose open rollout has waited long enough, longest waiting first."""
        self.write()
        return remembering.waking(self._connection, now, limit)

    def set_baseline(
        self, cluster: str, resource: str, scope: str, resource_version: int, now: datetime
    ) -> bool:
        """Records the first complete list; False if somebody was first."""
        return remembering.set_baseline(
            self._connection, cluster, resource, scope, resource_version=resource_version, now=now
        )

    def purge_tombstones(self, older_than: datetime) -> int:
        """Forgets workloads that were deleted before that time; answers how many."""
        self.write()
        return remembering.purge_tombstones(self._connection, older_than)

    def save(
        self, memory: Memory, rollouts: tuple[Rollout, ...] = (), transitions: tuple[Transition, ...] = ()
    ) -> None:
        """Writes the memory with its rollout, further rollouts, and what happened to them.

        Of a rollout that is stored already, a lower version changes nothing; a higher one makes its
        deliveries due.
        """
        self._pending.save(memory, rollouts, transitions)

    def address(self, rollout: Rollout, destinations: tuple[routing.Destination, ...]) -> None:
        """Chooses the destinations of a new rollout, for good; those it has stay as they are."""
        self._pending.addressed.append((rollout, destinations))

    def write(self) -> None:
        """Writes what was collected, without ending the transaction."""
        if self._pending:
            remembering.write(self._connection, self._pending.take())


class _Pending:
    """What is to be written, in the order in which it came."""

    def __init__(self) -> None:
        self.memories: list[Memory] = []
        self.rollouts: list[Rollout] = []
        self.transitions: list[Transition] = []
        self.addressed: list[tuple[Rollout, tuple[routing.Destination, ...]]] = []

    def __bool__(self) -> bool:
        return bool(self.memories or self.addressed)

    def save(
        self, memory: Memory, rollouts: tuple[Rollout, ...], transitions: tuple[Transition, ...]
    ) -> None:
        self.memories.append(memory)
        own = (memory.rollout,) if memory.rollout else ()
        self.rollouts += {rollout.id: rollout for rollout in (*own, *rollouts)}.values()
        self.transitions += transitions

    def take(self) -> remembering.Changes:
        taken = remembering.Changes(
            memories=self.memories,
            rollouts=self.rollouts,
            transitions=self.transitions,
            addressed=self.addressed,
        )
        self.memories, self.rollouts, self.transitions, self.addressed = [], [], [], []
        return taken
