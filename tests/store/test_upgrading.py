"""Migrations: run once, whole or not at all, and not in the service's own process."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import config, script

from shipbell import errors
from shipbell.store import Store, codec, engine, locking, schema, upgrading
from tests.postgres.running import Postgres
from tests.store import examples
from tests.store.examples import NOW


async def _stamp(url: str, revision: str) -> None:
    database = engine.open_database(url)
    await database.write(
        lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    )
    await database.close()


def _revisions() -> list[str]:
    settings = config.Config()
    settings.set_main_option("script_location", "shipbell.store:migrations")
    directory = script.ScriptDirectory.from_config(settings)
    return [step.revision for step in directory.walk_revisions()][::-1]


def _write_as_of_0001(connection: sa.Connection) -> None:
    """What this revision's program left behind: a rollout that is told."""
    rollout = examples.rollout()
    row = {
        **{column: getattr(rollout.workload, column) for column in ("cluster", "namespace", "kind", "name")},
        **{"uid": rollout.workload.uid, "state": "started", "is_open": True, "version": 1},
        **{"id": rollout.id, "started_at": NOW, "changed_at": NOW, "body": codec.encode(rollout)},
    }
    connection.execute(sa.insert(schema.rollouts), row)


async def test_an_empty_store_is_made_ready_in_a_process_of_its_own(bare_url: str) -> None:
    assert await upgrading.ensure_schema(bare_url)
    assert not await upgrading.ensure_schema(bare_url)

    async with await Store.open(bare_url) as store:
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


async def test_two_who_upgrade_at_once_both_find_it_done(bare_url: str) -> None:
    await asyncio.gather(*(upgrading.ensure_schema(bare_url) for _ in range(2)))

    await (await Store.open(bare_url)).close()


async def test_who_comes_second_waits_for_the_first_to_upgrade(postgres: Postgres, server_url: str) -> None:
    database = engine.open_database(server_url, patient=True)
    inside, go_on = threading.Event(), threading.Event()

    def upgrade_slowly(connection: sa.Connection) -> None:
        locking.schema(connection)
        inside.set()
        assert go_on.wait(10)

    first = asyncio.create_task(database.write(upgrade_slowly))
    await asyncio.to_thread(inside.wait, 10)
    second = asyncio.create_task(upgrading.upgrade(server_url))
    waiting = """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'advisory'
    """
    while not await postgres.execute(waiting, server_url.rpartition("/")[2]):
        assert not second.done()

    go_on.set()
    await asyncio.gather(first, second)
    await database.close()


async def test_every_earlier_schema_is_brought_up_with_what_is_in_it(bare_url: str) -> None:
    database = engine.open_database(bare_url, patient=True)
    for revision in _revisions():
        await database.write(upgrading.migrate, revision)
        if revision == "0001":
            await database.write(_write_as_of_0001)
    await database.close()

    async with await Store.open(bare_url) as store:
        (rollout,) = await store.rollouts()
        assert rollout.workload.name == "web"


async def test_a_store_without_a_schema_is_refused_with_advice(bare_url: str) -> None:
    with pytest.raises(errors.SchemaError, match=r"is empty: .* `shipbell db upgrade`"):
        await Store.open(bare_url)


async def test_an_older_schema_is_refused_with_advice(own_url: str) -> None:
    await _stamp(own_url, "0000")

    with pytest.raises(errors.SchemaError, match=f"needs {schema.REVISION}: run `shipbell db upgrade`"):
        await Store.open(own_url)


async def test_a_newer_schema_is_refused_and_left_alone(own_url: str) -> None:
    await _stamp(own_url, "9999")

    with pytest.raises(errors.SchemaError, match="newer than this program's"):
        await Store.open(own_url)
    assert not await upgrading.ensure_schema(own_url)


async def test_a_migration_that_fails_leaves_nothing_behind(bare_url: str) -> None:
    database = engine.open_database(bare_url)
    await database.write(lambda connection: connection.execute(sa.text("CREATE TABLE posts (here TEXT)")))

    with pytest.raises(errors.StoreError, match=r"posts.* already exists"):
        await upgrading.upgrade(bare_url)

    tables = await database.read(lambda connection: sa.inspect(connection).get_table_names())
    await database.close()
    assert tables == ["posts"]


def test_the_service_does_not_import_what_only_migrations_need() -> None:
    program = "import sys, shipbell.store, shipbell.store.upgrading; sys.exit('alembic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_who_uses_sqlite_does_not_import_what_only_postgresql_needs(file_url: str) -> None:
    program = """if True:
        import asyncio, sys
        from shipbell.store import Store

        async def main(url):
            async with await Store.open(url) as store:
                await store.claim(store.now(), "one", __import__("datetime").timedelta(1))

        asyncio.run(main(sys.argv[1]))
        print(*{"asyncpg", "greenlet", "sqlalchemy.ext.asyncio"} & set(sys.modules))
    """

    ran = subprocess.run([sys.executable, "-c", program, file_url], check=True, capture_output=True)
    assert ran.stdout.split() == []
