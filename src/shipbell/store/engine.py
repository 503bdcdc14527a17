"""The way to the database: connections, transactions, and the few things that SQLite and PostgreSQL spell
differently.

Everything that goes wrong here leaves as an `errors.StoreError` that names the database without its password.
A write transaction takes its locks at once (`BEGIN IMMEDIATE`); writers of one process stand in line for it
instead of polling a locked file. Reads never wait for writers, nor these for them (WAL).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext import asyncio as sa_asyncio
from sqlalchemy.ext import compiler

from shipbell import errors

BUSY_SECONDS = 10.0
"""How long a write waits for another process (a command, a backup) that writes to the same file."""

CONNECTIONS = 5
"""One writes, the others read. Each has a thread."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""A commit that was answered survives a power cut: https://sqlite.org/pragma.html#pragma_synchronous."""


class Database:
    """A pool of connections to one database. Opens them as needed; must be closed."""

    def __init__(self, url: str) -> None:
        self._url = parse(url)
        self._engine = _create(self._url)
        self._writer = self._engine.execution_options(shipbell_writes=True)
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Database({self.name})"

    @property
    def name(self) -> str:
        """The URL as it may be shown to people: without the password."""
        return shown(self._url)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[sa_asyncio.AsyncConnection]:
        """A connection for reads of one statement each."""
        with self._translated("could not be read"):
            async with self._engine.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[sa_asyncio.AsyncConnection]:
        """One write transaction: committed at the end of the block, rolled back on any error in it."""
        with self._translated("could not be written"):
            async with self._turn, self._writer.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Closes every connection; SQLite then folds its journal back into the one file."""
        await self._engine.dispose()

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise errors.StoreError(f"the store {self.name} {what}: {_reason(error)}") from error


def parse(url: str) -> sa.URL:
    """A database URL with the driver that Shipbell uses for it."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        # Without the cause, which repeats the URL, password and all.
        raise errors.StoreError("the store's URL is none: want sqlite:////path/to/file.db") from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


def shown(url: sa.URL) -> str:
    """The URL as it may be shown to people."""
    return url.render_as_string(hide_password=True)


def insert(connection: sa_asyncio.AsyncConnection, table: sa.Table) -> sqlite.Insert:
    """An INSERT that knows ON CONFLICT, of the connection's own dialect."""
    if connection.dialect.name == "sqlite":
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


def _create(url: sa.URL) -> sa_asyncio.AsyncEngine:
    options: dict[str, Any] = {"hide_parameters": True, "pool_size": CONNECTIONS, "max_overflow": 0}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_SECONDS, "isolation_level": None}
    try:
        engine = sa_asyncio.create_async_engine(url, **options)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise errors.StoreError(f"no driver for the store {shown(url)}: {_reason(error)}") from error
    if url.get_backend_name() == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", _set_pragmas)
        sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """The driver's own transactions are switched off (`isolation_level=None`): they begin too late."""
    if connection.get_execution_options().get("shipbell_writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _reason(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's around them hold statements and links."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
