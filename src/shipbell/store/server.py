"""PostgreSQL: the store of several replicas.

The driver is asynchronous, and the statements are plain functions: SQLAlchemy's `run_sync` joins the two.
All of it runs on an event loop in a thread of its own, so that a transaction that takes in ten thousand
workloads does not hold up the service's loop.

A function whose transaction was broken off before its commit (a deadlock, a connection that was cut) is run
again from its beginning. Where the connection breaks during the commit nobody can know what became of it:
that is an error, as is a database that is away. Each call finds out anew, so that none outlasts the outage.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it brings no types
import sqlalchemy as sa
from sqlalchemy.ext import asyncio as sa_asyncio

from shipbell import errors
from shipbell.store import locking, troubles

CONNECTIONS = 6
"""At most that many at once, of each replica; whoever needs one more waits."""

PAUSES = (0.0, 0.05, 0.1, 0.3, 1.0)
"""Seconds before a transaction that was broken off is run again, each time."""

DEADLOCK = "40P01"
SPOILT = {"40001", DEADLOCK, "0A000"}
"""Undone by the server and worth another try: serialization failure, deadlock, a plan that a migration made
invalid. https://www.postgresql.org/docs/current/errcodes-appendix.html has these and the next."""

CUT = ("08", "57P", "25P03", "25P04", "25006")
"""How codes begin that come with the end of the connection, or tell that it should end: the last is that of
a server which may only be read since another has taken its place."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait for what, in seconds; None is for ever."""

    connect: float = 5.0
    """For a connection, its encryption and its password."""
    statement: float | None = 15.0
    """For a statement, its locks included; the server gives it up."""
    answer: float | None = 30.0
    """For an answer; then the network is to blame, and the connection is given up."""
    idle: float | None = 30.0
    """For the next statement of a transaction. The server ends it then, so that a replica that is frozen or
    gone holds nobody up."""
    turn: float = 15.0
    """For one of the `CONNECTIONS` to become free."""


BRISK = Patience()
PATIENT = Patience(statement=None, answer=None, idle=None)


class Server:
    """A `Database` on a server."""

    keeps_time = True

    def __init__(self, url: sa.URL, patience: Patience = BRISK) -> None:
        self.name = shown(url)
        self._engine = _create(url, patience)
        self._outside = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        """For reads: they need no transaction, and beginning one is another way there and back."""
        self._thread = _LoopThread()

    async def read(
        self, statement: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs what changes nothing."""
        with self._translated("could not be read"):
            return await self._thread.run(self._persist(self._read, lambda c: statement(c, *args, **kwargs)))

    async def write(
        self, change: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a change as one transaction."""
        return await self.take(lambda c: change(c, *args, **kwargs))

    async def take(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs a transaction; here it need not wait for others."""
        with self._translated("could not be written"):
            return await self._thread.run(self._persist(self._write, work))

    async def close(self) -> None:
        """Waits for what runs and closes every connection."""
        await self._thread.finish(self._engine.dispose())

    async def _persist(
        self,
        attempt: Callable[[Callable[[sa.Connection], T]], Coroutine[Any, Any, T]],
        call: Callable[[sa.Connection], T],
    ) -> T:
        for pause in PAUSES:
            try:
                return await attempt(call)
            except sa.exc.DBAPIError as error:
                if not _worth_another(error):
                    raise
                if _code(error.orig) == DEADLOCK:
                    call = _in_line(call)
            await asyncio.sleep(pause)
        return await attempt(call)

    async def _read(self, call: Callable[[sa.Connection], T]) -> T:
        async with self._outside.connect() as connection:
            return await connection.run_sync(call)

    async def _write(self, call: Callable[[sa.Connection], T]) -> T:
        async with self._engine.connect() as connection:
            transaction = await connection.begin()
            result = await connection.run_sync(call)
            await self._commit(transaction)
            return result

    async def _commit(self, transaction: sa_asyncio.AsyncTransaction) -> None:
        try:
            await transaction.commit()
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            message = f"the connection to the store {self.name} broke during a commit: it may have been made"
            raise errors.StoreError(message) from error

    def _translated(self, what: str) -> contextlib.AbstractContextManager[None]:
        return troubles.translated(self.name, what, _ERRORS)


_ERRORS = (sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""Those of a connection that is being made reach us as the driver raised them."""


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="store", daemon=True)
        self._thread.start()

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs it to its end, even if the task that waits for it is cancelled."""
        running = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))
        running.add_done_callback(_heard)
        return await asyncio.shield(running)

    async def finish(self, last: Coroutine[Any, Any, None]) -> None:
        """Waits for what runs, then runs the last thing and ends the thread."""
        await self.run(_after_others(last))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()


def _heard(running: asyncio.Future[Any]) -> None:
    """Nobody may be left to hear of an error: that is no error of its own."""
    if not running.cancelled():
        running.exception()


async def _after_others(last: Coroutine[Any, Any, None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    await last


def _create(url: sa.URL, patience: Patience) -> sa_asyncio.AsyncEngine:
    dsn = url.render_as_string(hide_password=False)
    settings = {name: value for name, value in _settings(patience).items() if name not in url.query}

    async def connect() -> Any:
        return await asyncpg.connect(
            dsn, timeout=patience.connect, command_timeout=patience.answer, server_settings=settings
        )

    engine = sa_asyncio.create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=patience.turn,
        pool_use_lifo=True,  # the connection used last knows most statements already
    )
    sa.event.listen(engine.sync_engine, "handle_error", _note_cut)
    return engine


def _settings(patience: Patience) -> dict[str, str]:
    """What each connection asks of the server; the same names in the URL's query have precedence."""
    return {
        "application_name": "shipbell",
        "timezone": "UTC",
        "statement_timeout": _milliseconds(patience.statement),
        "idle_in_transaction_session_timeout": _milliseconds(patience.idle),
    }


def _milliseconds(seconds: float | None) -> str:
    """As the server's settings want it; there 0 is for ever."""
    return str(round(seconds * 1000)) if seconds is not None else "0"


def _in_line(call: Callable[[sa.Connection], T]) -> Callable[[sa.Connection], T]:
    """Those who were in each other's way go on one after the other, in every replica."""

    def called(connection: sa.Connection) -> T:
        locking.again(connection)
        return call(connection)

    return called


def _note_cut(context: sa.engine.ExceptionContext) -> None:
    """An error may arrive before the end of the connection that it tells of. All others are suspect then."""
    if _code(context.original_exception).startswith(CUT):
        context.is_disconnect = True


def _worth_another(error: sa.exc.DBAPIError) -> bool:
    return error.connection_invalidated or _code(error.orig) in SPOILT


def _code(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""


def shown(url: sa.URL) -> str:
    """Short of the query, in which there may be anything, but with where the server is."""
    place = {name: value for name, value in url.query.items() if name in {"host", "port"}}
    return url.set(query=place).render_as_string(hide_password=True)
