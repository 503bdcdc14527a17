"""What intake loads and writes: workloads with their rollouts, what happened to them, and baselines."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from shipbell import routing
from shipbell.domain import Memory, Rollout, State, Transition, Workload
from shipbell.store import codec, dialects, locking, reading, schema

Row = dict[str, Any]

DURATIONS = 10
"""Successful rollouts that say what is usual."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What one transaction of the left half writes."""

    memories: Sequence[Memory] = ()
    rollouts: Sequence[Rollout] = ()
    """In the order in which they came about; a rollout may occur twice."""
    transitions: Sequence[Transition] = ()
    addressed: Sequence[tuple[Rollout, tuple[routing.Destination, ...]]] = ()


_w = schema.workloads.c
_MEMORY = (
    reading.memories()
    .where(_w.cluster == sa.bindparam("cluster"), _w.kind == sa.bindparam("kind"))
    .where(_w.uid == sa.bindparam("uid"))
    .with_for_update(of=schema.workloads)
)


def memory(connection: sa.Connection, workload: Workload) -> Memory | None:
    """What is remembered of the workload; nobody else changes it, or is first to write it, meanwhile."""
    key = {"cluster": workload.cluster, "kind": workload.kind, "uid": workload.uid}
    row = connection.execute(_MEMORY, key).first()
    if row is None:
        locking.newcomer(connection, workload.cluster, workload.kind, workload.namespace, workload.name)
        row = connection.execute(_MEMORY, key).first()
    return reading.memory(row) if row else None


def memories(
    connection: sa.Connection,
    cluster: str,
    kind: str,
    namespaces: tuple[str, ...] | None,
    name: str | None = None,
) -> dict[str, Memory]:
    """Everything remembered of a kind, by uid, tombstones included; None means every namespace and name.

    Nobody else changes it, or adds to it, meanwhile. Rows are locked in the order of their keys, like
    everything that is written (`write`), so that two who do this wait for each other and not in a circle.
    """
    w = schema.workloads.c
    statement = reading.memories().where(w.cluster == cluster, w.kind == kind).order_by(w.uid)
    if namespaces is not None:
        statement = statement.where(w.namespace.in_(namespaces))
    if name is not None:
        statement = statement.where(w.name == name)
    if namespaces is not None and len(namespaces) == 1 and name is not None:
        locking.newcomer(connection, cluster, kind, namespaces[0], name)
    else:
        locking.newcomers(connection, cluster, kind)
    locked = statement.with_for_update(of=schema.workloads).execution_options(yield_per=reading.CHUNK)
    return {row.uid: reading.memory(row) for row in connection.execute(locked)}


def forerunner(connection: sa.Connection, workload: Workload) -> bool:
    """Whether another object bore this name before, as far back as rows are kept."""
    known = (_bore_name(table, workload) for table in (schema.workloads, schema.rollouts))
    return bool(connection.scalar(sa.select(sa.or_(*known))))


def _bore_name(table: sa.Table, workload: Workload) -> sa.ColumnElement[bool]:
    c = table.c
    named = (c.namespace == workload.namespace, c.name == workload.name)
    same = (c.cluster == workload.cluster, c.kind == workload.kind)
    return sa.exists().where(*named, *same, c.uid != workload.uid)


def unfixed_failure(connection: sa.Connection, workload: Workload) -> datetime | None:
    """When the last object of this name failed, if nothing has mended it since."""
    named = (_w.namespace == workload.namespace, _w.name == workload.name, _w.uid != workload.uid)
    same = (_w.cluster == workload.cluster, _w.kind == workload.kind)
    newest = sa.select(_w.body).where(*named, *same).order_by(_w.resource_version.desc()).limit(1)
    body = connection.scalar(newest)
    return codec.memory(body).unfixed_failure if body else None


def durations(connection: sa.Connection, workload: Workload) -> tuple[timedelta, ...]:
    """Of the last rollouts of this name that succeeded, the newest first. A re-creation changes nothing."""
    r = schema.rollouts.c
    named = (r.namespace == workload.namespace, r.name == workload.name)
    same = (r.cluster == workload.cluster, r.kind == workload.kind, r.state == State.SUCCEEDED.value)
    statement = sa.select(r.started_at, r.finished_at).where(*named, *same).order_by(r.started_at.desc())
    rows = connection.execute(statement.limit(DURATIONS)).all()
    return tuple(row.finished_at - row.started_at for row in rows)


def waking(connection: sa.Connection, now: datetime, limit: int) -> tuple[Memory, ...]:
    """The workloads whose open rollout has waited long enough, longest waiting first."""
    r = schema.rollouts.c
    statement = reading.memories().where(schema.OPEN, r.wake_at <= now).order_by(r.wake_at).limit(limit)
    locked = statement.with_for_update(of=schema.workloads, skip_locked=True)
    return tuple(reading.memory(row) for row in connection.execute(locked))


def baseline(connection: sa.Connection, cluster: str, resource: str, scope: str) -> int | None:
    """The resourceVersion of the first complete list; None before it."""
    b = schema.baselines.c
    named = (b.cluster == cluster, b.resource == resource, b.scope == scope)
    version: int | None = connection.scalar(sa.select(b.resource_version).where(*named))
    return version


def set_baseline(
    connection: sa.Connection,
    cluster: str,
    resource: str,
    scope: str,
    *,
    resource_version: int,
    now: datetime,
) -> bool:
    """Records the first complete list; False if somebody was first."""
    row = {
        "cluster": cluster,
        "resource": resource,
        "scope": scope,
        "resource_version": resource_version,
        "at": now,
    }
    statement = dialects.insert_new(connection.dialect.name, schema.baselines)
    return connection.execute(statement, row).rowcount == 1


def purge_tombstones(connection: sa.Connection, older_than: datetime) -> int:
    """Forgets workloads that were deleted before that time; answers how many."""
    old = schema.workloads.c.deleted_at < older_than
    return connection.execute(sa.delete(schema.workloads).where(schema.DELETED, old)).rowcount


def write(connection: sa.Connection, changes: Changes) -> None:
    """Writes everything in bulk; what is stored already stays, unless it is older."""
    rollouts = sorted(map(_rollout_row, changes.rollouts), key=itemgetter("id"))
    workloads = sorted(map(_workload_row, changes.memories), key=itemgetter("cluster", "kind", "uid"))
    _upsert(connection, schema.rollouts, rollouts, newer="version")
    _upsert(connection, schema.workloads, workloads)
    _insert(connection, schema.transitions, [_transition_row(*at) for at in enumerate(changes.transitions)])
    _make_due(connection, rollouts)
    addressed = [_delivery_row(r, destination) for r, chosen in changes.addressed for destination in chosen]
    _insert(connection, schema.deliveries, sorted(addressed, key=itemgetter("rollout_id", "destination")))


def _upsert(connection: sa.Connection, table: sa.Table, rows: list[Row], *, newer: str | None = None) -> None:
    if rows:
        connection.execute(dialects.upsert(connection.dialect.name, table, newer), rows)


def _insert(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> None:
    if rows:
        connection.execute(dialects.insert_new(connection.dialect.name, table), rows)


def _make_due(connection: sa.Connection, rollouts: list[Row]) -> None:
    if rollouts:
        columns = {"of_rollout": "id", "to_version": "version", "at": "changed_at"}
        connection.execute(_MAKE_DUE, [{to: row[of] for to, of in columns.items()} for row in rollouts])


_VERSION = sa.bindparam("to_version", type_=sa.BigInteger)
_MAKE_DUE = (
    sa.update(schema.deliveries)
    .where(
        schema.deliveries.c.rollout_id == sa.bindparam("of_rollout", type_=sa.Uuid),
        schema.deliveries.c.version < _VERSION,
    )
    .values(
        version=_VERSION,
        due=True,
        due_since=sa.case(
            (schema.DUE, schema.deliveries.c.due_since), else_=sa.bindparam("at", type_=schema.UtcTime)
        ),
    )
)
"""Computed from the delivery's own row alone, so that no concurrent release can undo it."""


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


def _transition_row(position: int, transition: Transition) -> Row:
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
