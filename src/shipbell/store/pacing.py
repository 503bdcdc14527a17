"""How fast a channel or a workspace may be spoken to: a bucket of tokens per key, shared by all replicas.

A bucket holds `burst` tokens and gains one per `interval`. Only the moment at which it would be full again
is stored (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm), and until when the other side
asked for silence.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from shipbell.store import engine, schema

_paces = schema.paces.c
_OF_KEY = _paces.key == sa.bindparam("of_key")
_CHANGE = sa.update(schema.paces).where(_OF_KEY)
_HELD = sa.select(_paces.held_until).where(_OF_KEY)
_LOCKED = sa.select(_paces.next_at, _paces.held_until).where(_OF_KEY).with_for_update()


def reserve(
    connection: sa.Connection,
    key: str,
    now: datetime,
    *,
    interval: timedelta,
    burst: int,
    within: timedelta | None,
) -> datetime:
    """Takes the next token and answers when it may be used.

    One that comes later than `within` from now is left to others; the answer is when to ask again. Who
    asks with a smaller `burst` than others leaves the rest of the bucket to them.
    """
    next_at, held = _locked(connection, key, now)
    start = max(now, held or now)
    may_go = max(start, next_at - interval * (burst - 1))
    if within is None or may_go <= now + within:
        full_at = max(next_at, may_go) + interval
        connection.execute(_CHANGE, {"of_key": key, "next_at": full_at})
    return may_go


def hold(connection: sa.Connection, key: str, until: datetime) -> None:
    """Nobody goes before `until`; an earlier promise to wait longer stands."""
    _, held = _locked(connection, key, until)
    if held is None or held < until:
        connection.execute(_CHANGE, {"of_key": key, "held_until": until})


def held_until(connection: sa.Connection, key: str) -> datetime | None:
    """Until when the other side asked for silence, if it ever did."""
    found: datetime | None = connection.scalar(_HELD, {"of_key": key})
    return found


def _locked(connection: sa.Connection, key: str, now: datetime) -> tuple[datetime, datetime | None]:
    fresh = engine.insert_new(connection.dialect.name, schema.paces)
    connection.execute(fresh, {"key": key, "next_at": now})
    row = connection.execute(_LOCKED, {"of_key": key}).one()
    return row.next_at, row.held_until
