"""Locks on what has no row yet; PostgreSQL alone needs them, for SQLite has one writer at a time.

Two replicas may meet a workload for the first time at the same moment. There is no row of it to lock, so its
name is locked. A complete list meets any number of workloads and locks the whole kind against single ones,
which share that lock among themselves. Each lasts until the transaction ends:
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS.
"""

import hashlib

import sqlalchemy as sa

_EXCLUSIVE = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("number", type_=sa.BigInteger)))
_SHARED = sa.select(sa.func.pg_advisory_xact_lock_shared(sa.bindparam("number", type_=sa.BigInteger)))


def newcomer(connection: sa.Connection, cluster: str, kind: str, namespace: str, name: str) -> None:
    """One workload that is not known yet, against whoever meets it too."""
    if _locks(connection):
        connection.execute(_SHARED, {"number": _number("kind", cluster, kind)})
        connection.execute(_EXCLUSIVE, {"number": _number("name", cluster, kind, namespace, name)})


def newcomers(connection: sa.Connection, cluster: str, kind: str) -> None:
    """Every workload of a kind that is not known yet."""
    if _locks(connection):
        connection.execute(_EXCLUSIVE, {"number": _number("kind", cluster, kind)})


def again(connection: sa.Connection) -> None:
    """A transaction that is run again, against all others of that sort."""
    if _locks(connection):
        connection.execute(_EXCLUSIVE, {"number": _number("again")})


def schema(connection: sa.Connection) -> None:
    """The schema, against whoever upgrades it too."""
    if _locks(connection):
        connection.execute(_EXCLUSIVE, {"number": _number("schema")})


def _locks(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _number(*words: str) -> int:
    """The name of a lock as PostgreSQL wants it. Two that share one wait needlessly, and no worse."""
    digest = hashlib.blake2b("\0".join(("shipbell", *words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
