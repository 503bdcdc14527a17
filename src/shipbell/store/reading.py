"""What the store answers without changing anything, and how rows become values."""

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipbell import routing
from shipbell.domain import Memory, Rollout, State, Transition, TransitionKind
from shipbell.store import codec, deliveries, dialects, schema

Select = sa.Select[Any]
Row = sa.Row[Any]

CHUNK = 500
"""Rows held as text at a time: ten thousand workloads at once would cost 30 MB for a moment."""

_NEXT_WAKE = sa.select(sa.func.min(schema.rollouts.c.wake_at)).where(schema.OPEN)

_NOW = dialects.moment(sa.bindparam("at_moment", type_=schema.UtcTime), type_=schema.UtcTime)
_MOMENT = sa.select(_NOW)

_t, _p = schema.transitions.c, schema.posts.c
_TRANSITIONS = (
    sa.select(_t.version, _t.kind, _t.at, _t.note)
    .where(_t.rollout_id == sa.bindparam("of_rollout"))
    .order_by(_t.version, _t.position)
)
_POSTS = sa.select(schema.posts).where(
    _p.rollout_id == sa.bindparam("of_rollout"), _p.destination == sa.bindparam("of_destination")
)


def memories() -> Select:
    """Workloads with the bodies of their current rollouts."""
    w = schema.workloads
    columns = (w.c.uid, w.c.resource_version, w.c.pods_version, w.c.deleted_at, w.c.body)
    return sa.select(*columns, schema.rollouts.c.body.label("rollout")).outerjoin_from(w, schema.rollouts)


def memory(row: Row) -> Memory:
    """A row of `memories` as a value."""
    return dataclasses.replace(
        codec.memory(row.body),
        resource_version=row.resource_version,
        pods_version=row.pods_version,
        deleted_at=row.deleted_at,
        rollout=codec.rollout(row.rollout) if row.rollout else None,
    )


def moment(connection: sa.Connection, now: datetime | None) -> datetime:
    """The moment as the database knows it: `now`, or its own time."""
    known: datetime = connection.execute(_MOMENT, {"at_moment": now}).scalar_one()
    return known


def revision(connection: sa.Connection) -> str | None:
    """The revision of the database's schema; None where there is no schema yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def in_flight(connection: sa.Connection, cluster: str) -> tuple[Memory, ...]:
    """The workloads of a cluster whose current rollout is open."""
    statement = memories().where(schema.OPEN, schema.rollouts.c.cluster == cluster)
    return tuple(memory(row) for row in connection.execute(statement))


def next_wake(connection: sa.Connection) -> datetime | None:
    """When time alone may next change the state of a rollout."""
    earliest: datetime | None = connection.scalar(_NEXT_WAKE)
    return earliest


def rollout(connection: sa.Connection, id_: uuid.UUID) -> Rollout | None:
    """One rollout by its id."""
    body = connection.scalar(sa.select(schema.rollouts.c.body).where(schema.rollouts.c.id == id_))
    return codec.rollout(body) if body else None


def rollouts(
    connection: sa.Connection, *, namespace: str | None, name: str | None, limit: int
) -> tuple[Rollout, ...]:
    """Rollouts, newest first."""
    r = schema.rollouts.c
    statement = sa.select(r.body).order_by(r.started_at.desc(), r.id).limit(limit)
    if namespace is not None:
        statement = statement.where(r.namespace == namespace)
    if name is not None:
        statement = statement.where(r.name == name)
    return tuple(codec.rollout(body) for body in connection.scalars(statement))


def transitions(connection: sa.Connection, rollout_id: uuid.UUID) -> tuple[Transition, ...]:
    """What happened to a rollout, in order."""
    rows = connection.execute(_TRANSITIONS, {"of_rollout": rollout_id})
    return tuple(
        Transition(
            rollout=rollout_id,
            version=row.version,
            kind=TransitionKind(row.kind),
            at=row.at,
            note=row.note,
        )
        for row in rows
    )


def posts(
    connection: sa.Connection, rollout_id: uuid.UUID, destination: str
) -> dict[routing.Part, deliveries.Post]:
    """The messages of one delivery."""
    rows = connection.execute(_POSTS, {"of_rollout": rollout_id, "of_destination": destination})
    return {routing.Part(row.part): post(row) for row in rows}


def post(row: Row) -> deliveries.Post:
    """A row of `posts` as a value."""
    return deliveries.Post(
        part=routing.Part(row.part),
        status=deliveries.PostStatus(row.status),
        attempt=row.attempt,
        channel_id=row.channel_id,
        ts=row.ts,
        intent_at=row.intent_at,
        posted_at=row.posted_at,
        edited_at=row.edited_at,
        state=State(row.state),
        gist=row.gist,
        digest=row.digest,
        edit_open_at=row.edit_open_at,
    )


def deliveries_of(connection: sa.Connection, rollout_id: uuid.UUID) -> tuple[deliveries.Delivery, ...]:
    """What each destination of a rollout was told, in the order of their keys."""
    d = schema.deliveries
    rows = connection.execute(sa.select(d).where(d.c.rollout_id == rollout_id).order_by(d.c.destination))
    return tuple(_delivery(row, posts(connection, rollout_id, row.destination)) for row in rows.all())


def _delivery(row: Row, posts_: Mapping[routing.Part, deliveries.Post]) -> deliveries.Delivery:
    return deliveries.Delivery(
        rollout_id=row.rollout_id,
        destination=codec.destination(row.body),
        version=row.version,
        told_version=row.told_version,
        told_state=State(row.told_state) if row.told_state else None,
        due=row.due,
        due_since=row.due_since,
        attempts=row.attempts,
        retry_at=row.retry_at,
        error=row.error,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        posts=posts_,
    )


def successor_root(
    connection: sa.Connection, rollout_: Rollout, destination: routing.Destination
) -> deliveries.Post | None:
    """The root message of the rollout's successor in the same place, once it is posted."""
    p = schema.posts
    statement = sa.select(p).where(
        p.c.rollout_id == rollout_.successor,
        p.c.destination == destination.key,
        p.c.part == routing.Part.ROOT.value,
        p.c.status == deliveries.PostStatus.POSTED.value,
    )
    row = (connection.execute(statement)).first()
    return post(row) if row else None


def open_intents(connection: sa.Connection, channel_id: str) -> tuple[deliveries.OpenIntent, ...]:
    """The intents in a channel that are not settled, oldest first, whoever opened them."""
    p, d = schema.posts, schema.deliveries
    statement = (
        sa.select(p, d.c.body).join(d).where(schema.INTENDED, p.c.channel_id == channel_id)
    ).order_by(p.c.intent_at)
    return tuple(
        deliveries.OpenIntent(
            rollout_id=row.rollout_id, destination=codec.destination(row.body), post=post(row)
        )
        for row in connection.execute(statement)
    )


def counts(connection: sa.Connection, now: datetime | None) -> deliveries.Counts:
    """The state of all deliveries."""
    p, d = schema.posts, schema.deliveries
    idle = sa.or_(d.c.lease_until.is_(None), d.c.lease_until <= _NOW)
    uncertain = sa.select(sa.func.count()).select_from(p).join(d).where(schema.INTENDED, idle)
    columns = (_NOW, sa.func.count(), sa.func.min(d.c.due_since), uncertain.scalar_subquery())
    due = sa.select(*columns).select_from(d).where(schema.DUE)
    moment_, count, oldest, unsure = connection.execute(due, {"at_moment": now}).one()
    age = max(moment_ - oldest, timedelta(0)) if oldest else timedelta(0)
    return deliveries.Counts(due=count, oldest_due=age, uncertain=unsure)
