"""The way to the database: connections, transactions, and what SQLite and PostgreSQL spell differently.

Statements are plain functions of a `sqlalchemy.Connection`; here they are run off the event loop, each with
everything that it needs in one go. (An async driver for SQLite does the same with a thread, but changes
threads four times for each statement: five milliseconds for a transaction where one would do.) For
PostgreSQL the same functions run under `AsyncConnection.run_sync`.

A write transaction takes its locks at once (`BEGIN IMMEDIATE`); writers of one process stand in line for it
instead of polling a locked file. Readers never wait for writers, nor these for them (WAL). What goes wrong
leaves as an `errors.StoreError` that names the database without its password.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent import futures
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext import compiler

from shipbell import errors
from shipbell.store import turns

BUSY_SECONDS = 10.0
"""How long a write waits for another process (a command, a backup) that writes to the same file."""

READERS = 2
"""Reads that may run side by side."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""A commit that was answered survives a power cut: https://sqlite.org/pragma.html#pragma_synchronous."""

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """One database, its connections and threads. Opens them as needed; must be closed."""

    def __init__(self, url: str) -> None:
        parsed = parse(url)
        self.name = parsed.render_as_string(hide_password=True)
        """The URL as it may be shown to people."""
        self._engine = _create(parsed)
        self._writer = futures.ThreadPoolExecutor(1, "store-writer")
        self._readers = futures.ThreadPoolExecutor(READERS, "store-reader")
        self._turns = turns.Turns()

    async def read(
        self, statement: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs what changes nothing."""
        with self._translated("could not be read"):
            return await _run(self._readers, self._read, lambda c: statement(c, *args, **kwargs))

    async def write(
        self, change: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a change as one transaction: committed when this returns, undone when it raises."""
        async with self._begun(quick=True) as transaction:
            return await transaction.conclude(change, *args, **kwargs)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """A write transaction of several steps: undone at the end of the block, unless it was concluded."""
        async with self._begun(quick=False) as transaction:
            yield transaction

    @contextlib.asynccontextmanager
    async def _begun(self, *, quick: bool) -> AsyncIterator["Transaction"]:
        with self._translated("could not be written"):
            async with self._turns.turn(quick=quick):
                transaction = Transaction(self._engine, self._writer)
                try:
                    yield transaction
                finally:
                    await transaction.end()

    async def close(self) -> None:
        """Waits for what runs and closes every connection; SQLite then folds its journal into the file."""
        await _run(self._writer, self._engine.dispose)
        self._readers.shutdown()
        self._writer.shutdown()

    def _read(self, call: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect() as connection:
            return call(connection)

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise errors.StoreError(f"the store {self.name} {what}: {_reason(error)}") from error


class Transaction:
    """A write transaction; begins with its first statement. Its owner has the turn to write.

    A task that is cancelled leaves its statement running; as all of them share one thread, the end of the
    transaction still comes after it, and the next transaction after that.
    """

    def __init__(self, engine: sa.Engine, writer: futures.Executor) -> None:
        self._engine = engine
        self._writer = writer
        self._connection: sa.Connection | None = None

    async def run(
        self, statement: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a statement in the transaction."""
        return await _run(self._writer, self._run, lambda c: statement(c, *args, **kwargs))

    async def conclude(
        self, change: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a last change and commits."""
        return await _run(self._writer, self._conclude, lambda c: change(c, *args, **kwargs))

    async def end(self) -> None:
        """Undoes what was not concluded. Runs to its end even if the task is cancelled."""
        if self._connection is not None:
            await asyncio.shield(_run(self._writer, self._end))

    def _run(self, call: Callable[[sa.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(shipbell_writes=True)
            self._connection.begin()
        return call(self._connection)

    def _conclude(self, call: Callable[[sa.Connection], T]) -> T:
        result = self._run(call)
        if self._connection is not None:
            self._connection.commit()
        self._end()
        return result

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def parse(url: str) -> sa.URL:
    """A database URL with the driver that Shipbell uses for it."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        parsed = sa.URL.create("none")
    sqlite_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}
    if not sqlite_file or parsed.host or parsed.username:
        # Without the URL, and without the cause, which repeats it: there may be a password in it.
        raise errors.StoreError("the store's URL cannot be used: want sqlite:////path/to/file.db")
    return parsed.set(drivername="sqlite")


# Building one of these takes longer than SQLite takes to run it, hence the caches.


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


async def _run(executor: futures.Executor, call: Callable[..., T], *args: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, call, *args)


def _create(url: sa.URL) -> sa.Engine:
    """The driver's own transactions are switched off (`isolation_level=None`): they begin too late."""
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=1 + READERS,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )
    sa.event.listen(engine, "connect", _set_pragmas)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Reads need no transaction: each of their statements sees what was committed last."""
    if connection.get_execution_options().get("shipbell_writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _reason(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's around them hold statements and links."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
