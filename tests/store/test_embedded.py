"""SQLite under trouble: files that are none, other writers, full disks."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipbell import errors
from shipbell.store import Intake, Store, engine
from tests.store import examples


def _path(file_url: str) -> Path:
    return Path(file_url.removeprefix("sqlite:///"))


async def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no/such/directory/shipbell.db"

    with pytest.raises(errors.StoreError, match=r"no/such/directory/shipbell\.db.*unable to open"):
        await Store.open(url)


async def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "shipbell.db").write_text("once upon a time " * 100)

    with pytest.raises(errors.StoreError, match="not a database"):
        await Store.open(f"sqlite:///{tmp_path / 'shipbell.db'}")


def _limit(connection: sa.Connection, pages: int) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def test_a_full_disk_loses_nothing_and_is_survived(file_url: str) -> None:
    database = engine.open_database(file_url)
    big = examples.rollout(examples.workload("big"), change_cause="x" * 100_000)
    async with Store(database) as store:
        await examples.save(store, examples.rollout())

        await database.write(_limit, 1)
        with pytest.raises(errors.StoreError, match="full"):
            await examples.save(store, big)
        assert await store.rollouts() == (examples.rollout(),)

        await database.write(_limit, 2**30)
        await examples.save(store, big)
        assert len(await store.rollouts()) == 2


def _pragmas(connection: sa.Connection) -> list[object]:
    names = ("journal_mode", "synchronous", "foreign_keys")
    return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]


async def test_what_was_committed_survives_a_power_cut(file_url: str) -> None:
    database = engine.open_database(file_url)

    assert await database.write(_pragmas) == ["wal", 2, 1]
    assert await database.read(_pragmas) == ["wal", 2, 1]
    await database.close()


async def test_reads_do_not_wait_for_a_write(file_store: Store) -> None:
    await examples.save(file_store, examples.rollout())

    inside, go_on = threading.Event(), threading.Event()

    def dawdle(_: Intake) -> None:
        inside.set()
        assert go_on.wait(10)

    writing = asyncio.create_task(file_store.take(dawdle))
    await asyncio.to_thread(inside.wait, 10)
    assert len(await file_store.rollouts()) == 1
    assert not writing.done()
    go_on.set()
    await writing


async def test_a_write_waits_for_another_process_to_finish_its_own(file_store: Store, file_url: str) -> None:
    other = sqlite3.connect(_path(file_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(examples.save(file_store, examples.rollout()))
    await file_store.ping()
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()

    await waiting
    assert len(await file_store.rollouts()) == 1


async def test_closing_leaves_one_file(file_url: str) -> None:
    store = await Store.open(file_url)
    await examples.save(store, examples.rollout())
    await store.close()

    assert [path.name for path in _path(file_url).parent.iterdir()] == ["shipbell.db"]
