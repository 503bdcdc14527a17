"""Sees to it that one service at a time uses a SQLite file.

Two of them would each tell every rollout: what keeps PostgreSQL's replicas from that is the database's word
on time and locks. A lock beside the file lasts as long as the process, however that ends; the lock's own
file stays, for removing it would let two hold it. Commands that look or upgrade do not ask for it.
"""

import os
import socket
from pathlib import Path

from shipbell import errors
from shipbell.store import engine

ADVICE = "a SQLite file serves one; stop the other, or set store.url to a PostgreSQL database for several"


class Guard:
    """The right to be the one who uses the file. Must be released, or ends with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Others may use the file."""
        os.close(self._descriptor)


def guard(url: str) -> Guard | None:
    """Takes the right to a SQLite file, or raises `errors.StoreError`; other databases need none."""
    parsed = engine.parse(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        return None
    file = Path(f"{parsed.database}-lock")
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise errors.StoreError(f"the store's lock {file} cannot be opened: {error.strerror}") from error
    if not _locked(descriptor):
        holder = os.read(descriptor, 200).decode(errors="replace").strip()
        os.close(descriptor)
        raise errors.StoreError(
            f"the store {parsed.database} is used by another Shipbell ({holder or 'unknown'}): {ADVICE}"
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return Guard(descriptor)


def _locked(descriptor: int) -> bool:
    import fcntl  # not on every system, and needed by the service alone

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
