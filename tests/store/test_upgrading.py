"""Migrations: run once, whole or not at all, and not in the service's own process."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipbell import errors
from shipbell.store import Store, engine, schema, upgrading
from tests.store import examples


def _stamp(url: str, revision: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


async def test_an_empty_store_is_made_ready_in_a_process_of_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    assert await upgrading.ensure_schema(url)
    assert not await upgrading.ensure_schema(url)

    async with await Store.open(url) as store:
        await examples.save(store, examples.rollout())


async def test_what_cannot_be_made_ready_says_why(tmp_path: Path) -> None:
    (tmp_path / "new.db").write_text("once upon a time " * 100)

    with pytest.raises(errors.StoreError, match="not a database"):
        await upgrading.ensure_schema(f"sqlite:///{tmp_path / 'new.db'}")


async def test_the_upgrading_process_complains_in_one_line(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "shipbell.store.upgrading",
        f"sqlite:///{tmp_path}/no/such.db",
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()

    assert process.returncode == 1
    assert b"unable to open database file" in complaint
    assert complaint.count(b"\n") == 1


async def test_upgrading_what_is_up_to_date_changes_nothing(url: str) -> None:
    async with await Store.open(url) as store:
        await examples.save(store, examples.rollout())

    await upgrading.upgrade(url)

    async with await Store.open(url) as store:
        assert await store.rollouts() == (examples.rollout(),)


async def test_two_who_upgrade_at_once_both_find_it_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    await asyncio.gather(upgrading.upgrade(url), upgrading.ensure_schema(url))

    await (await Store.open(url)).close()


async def test_a_store_without_a_schema_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(errors.SchemaError, match=r"is empty: .* `shipbell db upgrade`"):
        await Store.open(f"sqlite:///{tmp_path / 'new.db'}")


async def test_an_older_schema_is_refused_with_advice(url: str) -> None:
    _stamp(url, "0000")

    with pytest.raises(errors.SchemaError, match=f"needs {schema.REVISION}: run `shipbell db upgrade`"):
        await Store.open(url)


async def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    _stamp(url, "9999")

    with pytest.raises(errors.SchemaError, match="newer than this program's"):
        await Store.open(url)
    assert not await upgrading.ensure_schema(url)


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    with sqlite3.connect(path) as squatter:
        squatter.execute("CREATE TABLE posts (here TEXT)")
    squatter.close()

    with pytest.raises(errors.StoreError, match="posts already exists"):
        await upgrading.upgrade(f"sqlite:///{path}")

    database = engine.open_database(f"sqlite:///{path}")
    tables = await database.read(lambda connection: sa.inspect(connection).get_table_names())
    await database.close()
    assert tables == ["posts"]


def test_the_service_does_not_import_what_only_migrations_need() -> None:
    program = "import sys, shipbell.store, shipbell.store.upgrading; sys.exit('alembic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
