"""A PostgreSQL server for a test run: its data in a folder of its own, gone with it.

It runs as the user of the tests, or, as PostgreSQL refuses to be run by root, as one without rights. It
answers on 127.0.0.1 alone. What it writes need not survive the machine, only itself: `fsync` is off.
"""

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it brings no types

from shipbell.store import schema, upgrading

USER, PASSWORD = "shipbell", "hunter2"
STARTING = 60.0
"""Seconds; recovery after a kill is part of it."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "deadlock_timeout": "100ms",
    "log_min_messages": "warning",
}

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class Postgres:
    """A server that can be stopped, killed and started again, and makes databases."""

    programs: Path
    folder: Path
    port: int
    account: str | None
    """Whose rights it has; None for ours."""
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Returns when it answers."""
        options = (part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}"))
        self.process = self._run("postgres", "-D", str(self._data), "-p", str(self.port), *options)
        deadline = time.monotonic() + STARTING
        while not _attempt(self.execute("SELECT 1", "postgres")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it: cleanly, with every connection cut (SIGINT), or as a crash would (SIGQUIT)."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(STARTING)
            self.process = None

    @contextlib.contextmanager
    def away(self, how: signal.Signals) -> Iterator[None]:
        """Is not there for the block."""
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    async def execute(self, statement: str, database: str) -> Any:
        """Runs a statement on a connection of its own; answers with the first value of the first row."""
        connection = await asyncpg.connect(self.url(database), timeout=10)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def create(self, template: str = "template1") -> str:
        """A new database as a copy of another; answers its name."""
        name = f"test_{next(self.numbers)}"
        _apart(self.execute(f"CREATE DATABASE {name} TEMPLATE {template}", "postgres"))
        return name

    def drop(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        _apart(self.execute(f"DROP DATABASE {name} WITH (FORCE)", "postgres"))

    def clear(self, name: str) -> None:
        """Empties every table but that of the schema's revision; a new database takes ten times as long."""
        tables = schema.metadata.sorted_tables
        emptied = ", ".join(f"{table.name} AS ({table.delete()})" for table in tables)
        _apart(self.execute(f"WITH {emptied} SELECT 1", name))

    def create_migrated(self) -> str:
        """A new database with the tables."""
        name = self.create()
        _apart(upgrading.upgrade(self.url(name)))
        return name

    def initialise(self) -> None:
        """Makes the folder in which it keeps everything."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self.account is not None:
            for path in (self.folder, secret):
                shutil.chown(path, self.account)
        identity = ("-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}")
        form = ("--encoding=UTF8", "--locale=C", "--no-sync")
        if self._run("initdb", "-D", str(self._data), *identity, *form).wait(STARTING):
            raise RuntimeError(f"initdb failed: {self._log.read_text()[-2000:]}")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self.programs / program), *arguments]
        rights: dict[str, Any] = {}
        if self.account is not None:
            group = pwd.getpwnam(self.account).pw_gid
            rights = {"user": self.account, "group": group, "extra_groups": []}
        with self._log.open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **rights)


@contextlib.contextmanager
def running(programs: Path) -> Iterator[Postgres]:
    """A server that is there for the block."""
    # Not under pytest's folder: that is closed to others, and for root the server is another.
    with tempfile.TemporaryDirectory(prefix="shipbell-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(programs=programs, folder=Path(folder), port=_free_port(), account=_account())
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _account() -> str | None:
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _attempt(coroutine: Coroutine[Any, Any, object]) -> bool:
    try:
        _apart(coroutine)
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def _apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs it in a thread with a loop of its own, whether or not there is one here."""
    with futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
