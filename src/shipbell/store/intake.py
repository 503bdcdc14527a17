"""The left half's transaction: load what is remembered, and write what a step made of it.

Writes are collected and sent in bulk at the end (and before a read that might ask for them), so that a
baseline of ten thousand workloads is a handful of statements.
"""

import dataclasses
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext import asyncio as sa_asyncio

from shipbell import routing
from shipbell.domain import Memory, Rollout, Transition, Workload
from shipbell.store import codec, engine, reading, schema

Row = dict[str, Any]


class Intake:
    """One write transaction of the left half; made by `Store.intake()`, which commits it."""

    def __init__(self, connection: sa_asyncio.AsyncConnection) -> None:
        self._connection = connection
        self._rollouts: list[Row] = []
        self._workloads: list[Row] = []
        self._transitions: list[Row] = []
        self._deliveries: list[Row] = []

    async def memory(self, workload: Workload) -> Memory | None:
        """What is remembered of the workload; nobody else writes it before this transaction ends."""
        await self.flush()
        w = schema.workloads.c
        statement = reading.memories().where(
            w.cluster == workload.cluster, w.kind == workload.kind, w.uid == workload.uid
        )
        row = (await self._connection.execute(statement.with_for_update(of=schema.workloads))).first()
        return reading.memory(row) if row else None

    async def memories(
        self, cluster: str, kind: str, namespaces: tuple[str, ...] | None
    ) -> dict[str, Memory]:
        """Everything remembered of a kind, by uid, tombstones included; None means every namespace."""
        await self.flush()
        w = schema.workloads.c
        statement = reading.memories().where(w.cluster == cluster, w.kind == kind)
        if namespaces is not None:
            statement = statement.where(w.namespace.in_(namespaces))
        found: dict[str, Memory] = {}
        async with self._connection.stream(statement.with_for_update(of=schema.workloads)) as rows:
            async for chunk in rows.partitions(reading.CHUNK):
                found.update((row.uid, reading.memory(row)) for row in chunk)
        return found

    async def forerunner(self, workload: Workload) -> bool:
        """Whether another object bore this name before, as far back as rows are kept."""
        await self.flush()
        known = (_bore_name(table, workload) for table in (schema.workloads, schema.rollouts))
        return bool(await self._connection.scalar(sa.select(sa.or_(*known))))

    async def baseline(self, cluster: str, resource: str, scope: str) -> int | None:
        """The resourceVersion of the first complete list of the resource in the scope; None before it."""
        b = schema.baselines.c
        statement = sa.select(b.resource_version).where(
            b.cluster == cluster, b.resource == resource, b.scope == scope
        )
        return await self._connection.scalar(statement)

    async def set_baseline(
        self, cluster: str, resource: str, scope: str, resource_version: int, now: datetime
    ) -> bool:
        """Records the first complete list; False if somebody was first."""
        statement = engine.insert(self._connection, schema.baselines).values(
            cluster=cluster, resource=resource, scope=scope, resource_version=resource_version, at=now
        )
        result = await self._connection.execute(statement.on_conflict_do_nothing())
        return result.rowcount == 1

    async def waking(self, now: datetime, limit: int) -> tuple[Memory, ...]:
        """The workloads whose open rollout has waited long enough, longest waiting first."""
        await self.flush()
        r = schema.rollouts.c
        statement = reading.memories().where(schema.OPEN, r.wake_at <= now).order_by(r.wake_at).limit(limit)
        locked = statement.with_for_update(of=schema.workloads, skip_locked=True)
        return tuple(reading.memory(row) for row in await self._connection.execute(locked))

    async def save(
        self, memory: Memory, rollouts: tuple[Rollout, ...] = (), transitions: tuple[Transition, ...] = ()
    ) -> None:
        """Writes the memory with its rollout, further rollouts, and what happened to them.

        Of a rollout that is stored already, a lower version changes nothing; a higher one makes its
        deliveries due.
        """
        self._workloads.append(_workload_row(memory))
        own = (memory.rollout,) if memory.rollout else ()
        self._rollouts += [_rollout_row(r) for r in {r.id: r for r in (*own, *rollouts)}.values()]
        self._transitions += [_transition_row(t, position) for position, t in enumerate(transitions)]

    async def address(self, rollout: Rollout, destinations: tuple[routing.Destination, ...]) -> None:
        """Chooses the destinations of a new rollout, for good; those it has stay as they are."""
        self._deliveries += [_delivery_row(rollout, destination) for destination in destinations]

    async def purge_tombstones(self, older_than: datetime) -> int:
        """Forgets workloads that were deleted before that time; answers how many."""
        await self.flush()
        deleted = schema.workloads.c.deleted_at
        result = await self._connection.execute(
            sa.delete(schema.workloads).where(schema.DELETED, deleted < older_than)
        )
        return result.rowcount

    async def flush(self) -> None:
        """Sends what was collected."""
        await self._upsert(schema.rollouts, self._rollouts, newer="version")
        await self._upsert(schema.workloads, self._workloads)
        await self._insert(schema.transitions, self._transitions)
        await self._make_due(self._rollouts)
        await self._insert(schema.deliveries, self._deliveries)
        for rows in (self._rollouts, self._workloads, self._transitions, self._deliveries):
            rows.clear()

    async def _upsert(self, table: sa.Table, rows: list[Row], *, newer: str | None = None) -> None:
        if not rows:
            return
        statement = engine.insert(self._connection, table)
        new, key = statement.excluded, table.primary_key.columns
        statement = statement.on_conflict_do_update(
            index_elements=list(key),
            set_={column.name: new[column.name] for column in table.c if column.name not in key},
            where=new[newer] >= table.c[newer] if newer else None,
        )
        await self._connection.execute(statement, rows)

    async def _insert(self, table: sa.Table, rows: list[Row]) -> None:
        if rows:
            statement = engine.insert(self._connection, table).on_conflict_do_nothing()
            await self._connection.execute(statement, rows)

    async def _make_due(self, rollouts: list[Row]) -> None:
        """Everything is computed from the delivery's own row, so that no concurrent release is undone."""
        if not rollouts:
            return
        d = schema.deliveries
        at = sa.bindparam("to_changed_at", type_=schema.UtcTime)
        version = sa.bindparam("to_version", type_=sa.BigInteger)
        statement = (
            sa.update(d)
            .where(d.c.rollout_id == sa.bindparam("of_rollout", type_=sa.Uuid), d.c.version < version)
            .values(version=version, due=True, due_since=sa.case((schema.DUE, d.c.due_since), else_=at))
        )
        rows = [
            {"of_rollout": row["id"], "to_version": row["version"], "to_changed_at": row["changed_at"]}
            for row in rollouts
        ]
        await self._connection.execute(statement, rows)


def _bore_name(table: sa.Table, workload: Workload) -> sa.ColumnElement[bool]:
    """Whether the table has another uid under the workload's name."""
    named = (
        table.c[column] == getattr(workload, column) for column in ("cluster", "namespace", "kind", "name")
    )
    return sa.exists().where(*named, table.c.uid != workload.uid)


def _workload_row(memory: Memory) -> Row:
    workload, rollout = memory.workload, memory.rollout
    return {
        "cluster": workload.cluster,
        "kind": workload.kind,
        "uid": workload.uid,
        "namespace": workload.namespace,
        "name": workload.name,
        "resource_version": memory.resource_version,
        "pods_version": memory.pods_version,
        "deleted_at": memory.deleted_at,
        "rollout_id": rollout.id if rollout else None,
        "body": codec.encode(dataclasses.replace(memory, rollout=None)),
    }


def _rollout_row(rollout: Rollout) -> Row:
    workload = rollout.workload
    return {
        "id": rollout.id,
        "cluster": workload.cluster,
        "namespace": workload.namespace,
        "kind": workload.kind,
        "name": workload.name,
        "uid": workload.uid,
        "state": rollout.state.value,
        "is_open": rollout.state.open,
        "version": rollout.version,
        "started_at": rollout.started_at,
        "finished_at": rollout.finished_at,
        "changed_at": rollout.changed_at,
        "wake_at": rollout.wake_at,
        "body": codec.encode(rollout),
    }


def _transition_row(transition: Transition, position: int) -> Row:
    return {
        "rollout_id": transition.rollout,
        "version": transition.version,
        "kind": transition.kind.value,
        "position": position,
        "at": transition.at,
        "note": transition.note,
    }


def _delivery_row(rollout: Rollout, destination: routing.Destination) -> Row:
    return {
        "rollout_id": rollout.id,
        "destination": destination.key,
        "body": codec.encode(destination),
        "version": rollout.version,
        "told_version": 0,
        "due": True,
        "due_since": rollout.changed_at,
        "attempts": 0,
    }
