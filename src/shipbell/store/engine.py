"""The way to the database, whichever it is: what a `Database` promises, and which one a URL means.

Statements are plain functions of a `sqlalchemy.Connection`, run off the service's event loop, each with
everything that it needs in one go. `embedded` has SQLite, `server` has PostgreSQL; only the one that is used
is imported with its driver.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from shipbell import errors

P = ParamSpec("P")
T = TypeVar("T")

WANTED = "want sqlite:////path/to/file.db or postgresql://user@host/database"


class Database(Protocol):
    """One database with its connections, opened as needed; must be closed.

    What goes wrong leaves as an `errors.StoreError` that names the database without its password. After
    that everything works as before, as soon as the database does.
    """

    @property
    def name(self) -> str:
        """The URL as it may be shown to people."""

    @property
    def keeps_time(self) -> bool:
        """Whether it has a clock that everyone who uses it can share."""

    async def read(
        self, statement: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs what changes nothing. Each statement in it sees what was committed last."""

    async def write(
        self, change: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a change as one transaction: committed when this returns, undone when it raises.

        The change may be run again from its beginning, with nothing left of what it did before: it touches
        nothing but the connection, and begins anew with what it finds there. If the task is cancelled, the
        transaction still runs to its end.
        """

    async def take(self, work: Callable[[sa.Connection], T]) -> T:
        """Like `write`, for what reads and thinks before it writes: lets the quick go first."""

    async def close(self) -> None:
        """Waits for what runs and closes every connection."""


def open_database(url: str, *, patient: bool = False) -> Database:
    """The database at a URL. With `patient` a statement may take as long as it takes: for migrations."""
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        from shipbell.store import embedded

        return embedded.Embedded(parsed)
    from shipbell.store import server  # with asyncpg, which SQLite does not need

    return server.Server(parsed, server.PATIENT if patient else server.BRISK)


def parse(url: str) -> sa.URL:
    """A database URL, checked; `postgres` and `postgresql+asyncpg` mean `postgresql`."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        parsed = sa.URL.create("none")
    scheme = parsed.drivername.partition("+")[0]
    if scheme in {"postgres", "postgresql"} and 0 < (parsed.port or 5432) < 65536:
        return parsed.set(drivername="postgresql")
    sqlite_file = scheme == "sqlite" and parsed.database not in {None, "", ":memory:"}
    if not sqlite_file or parsed.host or parsed.username:
        # Without the URL, and without the cause, which repeats it: there may be a password in it.
        raise errors.StoreError(f"the store's URL cannot be used: {WANTED}")
    return parsed.set(drivername="sqlite")
