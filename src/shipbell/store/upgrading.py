"""Brings a store's schema to the revision that this program knows; forward only.

The migrations need Alembic, which costs a service 6 MB that it never needs again: `upgrade` imports it when
it is called, and `ensure_schema` calls it in a process of its own (`python -m shipbell.store.upgrading -`).
"""

import asyncio
import sys

import sqlalchemy as sa

from shipbell import errors
from shipbell.store import engine, locking, reading, schema


async def upgrade(url: str) -> None:
    """Runs the missing migrations in this process, all of them or none. Who comes second finds them run."""
    database = engine.open_database(url, patient=True)
    try:
        await database.write(migrate)
    finally:
        await database.close()


async def ensure_schema(url: str) -> bool:
    """Runs the missing migrations in a process of its own; False if there were none to run."""
    database = engine.open_database(url)
    try:
        found = await database.read(reading.revision)
    finally:
        await database.close()
    if found == schema.REVISION or (found is not None and found > schema.REVISION):
        return False
    await _upgrade_apart(url)
    return True


async def _upgrade_apart(url: str) -> None:
    """The URL goes by a pipe: arguments of a process can be read by everybody on the machine."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "shipbell.store.upgrading",
        "-",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate(url.encode())
    if process.returncode:
        raise errors.SchemaError(complaint.decode().strip().rpartition("\n")[2] or None)


def migrate(connection: sa.Connection, to: str = "head") -> None:
    """Runs the missing migrations, up to one of them, in the transaction of the connection."""
    from alembic import command, config

    locking.schema(connection)
    settings = config.Config()
    settings.set_main_option("script_location", "shipbell.store:migrations")
    settings.attributes["connection"] = connection
    command.upgrade(settings, to)


def main(arguments: list[str]) -> int:
    """Upgrades the store at the URL in the first argument; `-` reads it from standard input."""
    url = arguments[0] if arguments and arguments[0] != "-" else sys.stdin.readline().strip()
    try:
        asyncio.run(upgrade(url))
    except errors.StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
