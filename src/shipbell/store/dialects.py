"""What SQLite and PostgreSQL spell differently; everything else is one set of statements for both."""

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext import compiler

# Building an INSERT takes longer than SQLite takes to run it, hence the caches.


@functools.cache
def insert_new(dialect: str, table: sa.Table) -> sqlite.Insert:
    """An INSERT of whole rows that leaves those with the same key as they are."""
    return _insert(dialect, table).on_conflict_do_nothing()


@functools.cache
def upsert(dialect: str, table: sa.Table, newer: str | None = None) -> sqlite.Insert:
    """An INSERT of whole rows that replaces those with the same key.

    With `newer`, a row whose column of that name is lower than what is stored changes nothing.
    """
    statement = _insert(dialect, table)
    return _replacing(statement, table, statement.excluded[newer] >= table.c[newer] if newer else None)


@functools.cache
def insert_over(dialect: str, table: sa.Table, column: str, value: str) -> sqlite.Insert:
    """An INSERT of whole rows that replaces those with the same key if their column has the value."""
    return _replacing(_insert(dialect, table), table, table.c[column] == value)


def _replacing(
    statement: sqlite.Insert, table: sa.Table, where: sa.ColumnElement[bool] | None
) -> sqlite.Insert:
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={column.name: statement.excluded[column.name] for column in table.c if not column.primary_key},
        where=where,
    )


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 4 MB, for those who use it

    # The two classes share no base, but the methods that the store uses.
    return postgresql.insert(table)  # type: ignore[return-value]


class latest(sa.sql.functions.GenericFunction[Any]):  # noqa: N801 - a function of SQL, named like one
    """The greatest of its arguments, of which none may be NULL."""

    inherit_cache = True


@compiler.compiles(latest)
def _greatest(element: latest, compiler_: Any, **options: Any) -> str:
    return f"greatest({compiler_.process(element.clauses, **options)})"


@compiler.compiles(latest, "sqlite")
def _max(element: latest, compiler_: Any, **options: Any) -> str:
    return f"max({compiler_.process(element.clauses, **options)})"


class moment(sa.sql.functions.GenericFunction[Any]):  # noqa: N801 - as above
    """The moment that is given, or the database's own if that is NULL (SQLite has none of its own).

    PostgreSQL's is that of the statement's execution, not that of the transaction's beginning:
    https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT.
    """

    inherit_cache = True


@compiler.compiles(moment)
def _given_or_own(element: moment, compiler_: Any, **options: Any) -> str:
    return f"coalesce({compiler_.process(element.clauses, **options)}, clock_timestamp())"


@compiler.compiles(moment, "sqlite")
def _given(element: moment, compiler_: Any, **options: Any) -> str:
    given: str = compiler_.process(element.clauses, **options)
    return given
