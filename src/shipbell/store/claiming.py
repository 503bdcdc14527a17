"""Who may tell what, and when: leases on deliveries.

A delivery is due while its rollout is ahead of what was told, or while it is not known what one of its posts
says. Whoever claims it holds it until the lease ends, and answers by releasing it; one that dies holds it no
longer than that. The moment is an argument; where that is None, it is the database's own (`dialects.moment`).
"""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipbell.domain import State
from shipbell.store import codec, deliveries, dialects, reading, schema

ERROR_LENGTH = 500

LOUD = (State.FAILING.value, State.FAILED.value)
ENDINGS = tuple(state.value for state in State if not state.open)

_deliveries, _rollouts = schema.deliveries.c, schema.rollouts.c
_long_ago = sa.literal(datetime(1970, 1, 1, tzinfo=UTC), schema.UtcTime)

_untold = _deliveries.told_state.is_distinct_from(_rollouts.state)
_urgent = sa.and_(_untold, _rollouts.state.in_({*LOUD, *ENDINGS}))
"""A failing or an ending that was not told yet waits for no spacing between edits."""

_claimable_at = dialects.latest(
    sa.func.coalesce(_deliveries.lease_until, _long_ago),
    sa.func.coalesce(_deliveries.retry_at, _long_ago),
    sa.case((_urgent, _long_ago), else_=sa.func.coalesce(_deliveries.edit_at, _long_ago)),
    type_=schema.UtcTime,
)
"""From when on a due delivery may be claimed. The one place that decides it, for claims and for sleepers."""

_importance = sa.case(
    (sa.and_(_untold, _rollouts.state.in_(LOUD)), 0),
    (sa.and_(_untold, _rollouts.state.in_(ENDINGS)), 1),
    (_deliveries.told_state.is_(None), 2),
    (_untold, 3),
    else_=4,
)
"""Failures, other endings, starts, other changes of state, mere numbers."""


MOMENT = dialects.moment(sa.bindparam("at_moment", type_=schema.UtcTime), type_=schema.UtcTime)
_OF = (
    _deliveries.rollout_id == sa.bindparam("of_rollout"),
    _deliveries.destination == sa.bindparam("of_destination"),
)
OURS = (*_OF, _deliveries.lease_token == sa.bindparam("of_lease"))
"""The claim's own delivery, as long as nobody else has claimed it since; `ours` has the values."""

# Statements of a message's way are built once: building them takes longer than SQLite takes to run them.

CANDIDATE = (
    sa.select(schema.deliveries, _rollouts.body.label("rollout"), MOMENT.label("moment"))
    .join(schema.rollouts)
    .where(schema.DUE, _claimable_at <= MOMENT)
    .order_by(_importance, _deliveries.due_since)
    .limit(1)
    .with_for_update(of=schema.deliveries, skip_locked=True)
)
"""The most important delivery that may be claimed, with its rollout; those locked are passed over."""

_TAKE = sa.update(schema.deliveries).where(*_OF)
_PROLONG = sa.update(schema.deliveries).where(*OURS)
_STANDS = sa.select(MOMENT).select_from(schema.deliveries).where(*OURS, _deliveries.lease_until > MOMENT)
_LOCKED = _STANDS.with_for_update()
_NEXT_DUE = (
    sa.select(MOMENT.label("moment"), sa.func.min(_claimable_at).label("earliest"))
    .select_from(schema.deliveries)
    .join(schema.rollouts)
    .where(schema.DUE)
)


def claim(
    connection: sa.Connection, now: datetime | None, owner: str, lease: timedelta
) -> deliveries.Claim | None:
    """Takes the most important delivery that may be claimed now; None if there is none."""
    row = connection.execute(CANDIDATE, {"at_moment": now}).first()
    if row is None:
        return None
    token, until = uuid.uuid4().hex, row.moment + lease
    taken = {"lease_token": token, "lease_owner": owner, "lease_until": until}
    connection.execute(_TAKE, {"of_rollout": row.rollout_id, "of_destination": row.destination, **taken})
    return deliveries.Claim(
        rollout=codec.rollout(row.rollout),
        transitions=reading.transitions(connection, row.rollout_id),
        destination=codec.destination(row.body),
        posts=reading.posts(connection, row.rollout_id, row.destination),
        told_version=row.told_version,
        attempts=row.attempts,
        token=token,
        lease_until=until,
        taken_over=row.lease_token is not None,
    )


def next_due(connection: sa.Connection, now: datetime | None) -> tuple[datetime, datetime | None]:
    """The moment, and from when on something may be claimed; None if nothing is due."""
    row = connection.execute(_NEXT_DUE, {"at_moment": now}).one()
    return row.moment, row.earliest


def held(connection: sa.Connection, claim_: deliveries.Claim, now: datetime | None) -> bool:
    """Whether the claim still stands."""
    return connection.scalar(_STANDS, {**ours(claim_), "at_moment": now}) is not None


def locked(connection: sa.Connection, claim_: deliveries.Claim, now: datetime | None) -> datetime | None:
    """The moment, if the claim still stands; then it does so until the transaction ends."""
    moment: datetime | None = connection.scalar(_LOCKED, {**ours(claim_), "at_moment": now})
    return moment


def extend(
    connection: sa.Connection, claim_: deliveries.Claim, now: datetime | None, lease: timedelta
) -> deliveries.Claim | None:
    """The same claim with a new lease; None if it was lost."""
    moment = locked(connection, claim_, now)
    if moment is None:
        return None
    until = moment + lease
    connection.execute(_PROLONG, {**ours(claim_), "lease_until": until})
    return dataclasses.replace(claim_, lease_until=until)


def release(
    connection: sa.Connection,
    claim_: deliveries.Claim,
    *,
    told_version: int | None,
    retry_at: datetime | None,
    edit_at: datetime | None,
    attempts: int,
    error: str | None,
) -> bool:
    """Gives the claim back with what came of it; False if it was lost, and then nothing is changed."""
    told = _told(claim_, told_version)
    version = told_version if told_version is not None else _deliveries.told_version
    result = connection.execute(
        sa.update(schema.deliveries)
        .where(*OURS)
        .values(
            due=sa.or_(_deliveries.version > version, _unsettled(claim_)),
            retry_at=retry_at,
            edit_at=edit_at,
            attempts=attempts,
            error=error[:ERROR_LENGTH] if error else None,
            lease_token=None,
            lease_owner=None,
            lease_until=None,
            **told,
        ),
        ours(claim_),
    )
    return result.rowcount == 1


def _told(claim_: deliveries.Claim, version: int | None) -> dict[str, Any]:
    """What is now known to be told. What is still due then has been so since the rollout last changed."""
    if version is None:
        return {}
    changed_at = sa.select(_rollouts.changed_at).where(_rollouts.id == claim_.rollout.id)
    told = {"told_version": version, "due_since": changed_at.scalar_subquery()}
    if version == claim_.rollout.version:
        told["told_state"] = claim_.rollout.state.value
    return told


def _unsettled(claim_: deliveries.Claim) -> sa.ColumnElement[bool]:
    """Posts change under the claim alone, so that this cannot be overtaken."""
    p = schema.posts.c
    mine = (p.rollout_id == claim_.rollout.id, p.destination == claim_.destination.key)
    return sa.exists().where(*mine, sa.or_(schema.INTENDED, p.edit_open_at.is_not(None)))


def ours(claim_: deliveries.Claim) -> dict[str, Any]:
    """The claim's values for `OURS`."""
    return {
        "of_rollout": claim_.rollout.id,
        "of_destination": claim_.destination.key,
        "of_lease": claim_.token,
    }
