"""How fast a channel or a workspace may be spoken to: a bucket of tokens per key, shared by all replicas.

A bucket holds `burst` tokens and gains one per `interval`. Only the moment at which it would be full again
is stored (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm), and until when the other side
asked for silence.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipbell.store import dialects, schema

_paces = schema.paces.c
_OF_KEY = _paces.key == sa.bindparam("of_key")
_CHANGE = sa.update(schema.paces).where(_OF_KEY)
_HELD = sa.select(_paces.held_until).where(_OF_KEY)
_MOMENT = dialects.moment(sa.bindparam("at_moment", type_=schema.UtcTime), type_=schema.UtcTime)
_LOCKED = (
    sa.select(_paces.next_at, _paces.held_until, _MOMENT.label("moment")).where(_OF_KEY).with_for_update()
)
_FULL_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
"""A bucket that nobody took from is full, and has been for long."""


def reserve(
    connection: sa.Connection,
    key: str,
    now: datetime | None,
    *,
    interval: timedelta,
    burst: int,
    within: timedelta | None,
) -> datetime:
    """Takes the next token and answers when it may be used. Without `now` it is the database's own time.

    One that comes later than `within` from now is left to others; the answer is when to ask again. Who
    asks with a smaller `burst` than others leaves the rest of the bucket to them.
    """
    pace = _locked(connection, key, now)
    start = max(pace.moment, pace.held_until or pace.moment)
    may_go: datetime = max(start, pace.next_at - interval * (burst - 1))
    if within is None or may_go <= pace.moment + within:
        full_at = max(pace.next_at, may_go) + interval
        connection.execute(_CHANGE, {"of_key": key, "next_at": full_at})
    return may_go


def hold(connection: sa.Connection, key: str, until: datetime) -> None:
    """Nobody goes before `until`; an earlier promise to wait longer stands."""
    held = _locked(connection, key, until).held_until
    if held is None or held < until:
        connection.execute(_CHANGE, {"of_key": key, "held_until": until})


def held_until(connection: sa.Connection, key: str) -> datetime | None:
    """Until when the other side asked for silence, if it ever did."""
    found: datetime | None = connection.scalar(_HELD, {"of_key": key})
    return found


def _locked(
    connection: sa.Connection, key: str, now: datetime | None
) -> sa.Row[datetime, datetime | None, Any]:
    fresh = dialects.insert_new(connection.dialect.name, schema.paces)
    connection.execute(fresh, {"key": key, "next_at": _FULL_SINCE})
    return connection.execute(_LOCKED, {"of_key": key, "at_moment": now}).one()
