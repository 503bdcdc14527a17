"""SQLite: one file, one writer at a time, readers beside it.

Statements run in threads that the store owns. (An async driver for SQLite does the same with a thread, but
changes threads four times for each statement: five milliseconds for a transaction where one would do.)

A write transaction takes its locks at once (`BEGIN IMMEDIATE`); writers of one process stand in line for it
instead of polling a locked file. Readers never wait for writers, nor these for them (WAL).
"""

import asyncio
from collections.abc import Callable
from concurrent import futures
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from shipbell.store import troubles, turns

BUSY_SECONDS = 10.0
"""How long a write waits for another process (a command, a backup) that writes to the same file."""

READERS = 2
"""Reads that may run side by side."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""A commit that was answered survives a power cut: https://sqlite.org/pragma.html#pragma_synchronous."""

P = ParamSpec("P")
T = TypeVar("T")


class Embedded:
    """A `Database` in a file. All its writes share one thread, so that their order is that of their turns."""

    keeps_time = False

    def __init__(self, url: sa.URL) -> None:
        self.name = url.render_as_string(hide_password=True)
        self._engine = _create(url)
        self._writer = futures.ThreadPoolExecutor(1, "store-writer")
        self._readers = futures.ThreadPoolExecutor(READERS, "store-reader")
        self._turns = turns.Turns()

    async def read(
        self, statement: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs what changes nothing."""
        with troubles.translated(self.name, "could not be read"):
            return await _run(self._readers, self._read, lambda c: statement(c, *args, **kwargs))

    async def write(
        self, change: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a change as one transaction."""
        return await self._transact(lambda c: change(c, *args, **kwargs), quick=True)

    async def take(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs a transaction that lets the quick go first."""
        return await self._transact(work, quick=False)

    async def close(self) -> None:
        """Waits for what runs and closes every connection; SQLite then folds its journal into the file."""
        await _run(self._writer, self._engine.dispose)
        self._readers.shutdown()
        self._writer.shutdown()

    async def _transact(self, change: Callable[[sa.Connection], T], *, quick: bool) -> T:
        with troubles.translated(self.name, "could not be written"):
            async with self._turns.turn(quick=quick):
                return await _run(self._writer, self._write, change)

    def _read(self, call: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect() as connection:
            return call(connection)

    def _write(self, change: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect() as connection:
            connection.execution_options(shipbell_writes=True)
            with connection.begin():
                return change(connection)


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
