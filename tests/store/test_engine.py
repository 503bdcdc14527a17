"""The way to the database under trouble: errors that say what to do, kills, other writers, full disks."""

import asyncio
import os
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from shipbell import errors
from shipbell.store import Intake, Store, embedded, engine
from tests.store import examples
from tests.store.examples import LEASE, NOW


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "://hunter2",
        "mysql://root:hunter2@db/x",
        "sqlite://root:hunter2@db/x.db",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
async def test_a_url_that_is_none_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(errors.StoreError, match="want sqlite:////path/to/file") as caught:
        await Store.open(url)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no/such/directory/shipbell.db"

    with pytest.raises(errors.StoreError, match=r"no/such/directory/shipbell\.db.*unable to open"):
        await Store.open(url)


async def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "shipbell.db").write_text("once upon a time " * 100)

    with pytest.raises(errors.StoreError, match="not a database"):
        await Store.open(f"sqlite:///{tmp_path / 'shipbell.db'}")


async def test_an_error_tells_neither_statements_nor_values(store: Store, url: str) -> None:
    with sqlite3.connect(_path(url)) as vandal:
        vandal.execute("DROP TABLE posts")
    vandal.close()
    await examples.begin(store, examples.rollout())

    with pytest.raises(errors.StoreError, match="no such table: posts") as caught:
        await store.claim(NOW, "one", LEASE)

    assert "SELECT" not in str(caught.value)
    assert "web-abc" not in repr(caught.value.__cause__)


def _limit(connection: sa.Connection, pages: int) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def test_a_full_disk_loses_nothing_and_is_survived(url: str) -> None:
    database = engine.open_database(url)
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


async def test_what_was_committed_survives_a_power_cut(url: str) -> None:
    database = engine.open_database(url)

    assert await database.write(_pragmas) == ["wal", 2, 1]
    assert await database.read(_pragmas) == ["wal", 2, 1]
    await database.close()


async def test_reads_do_not_wait_for_a_write(store: Store) -> None:
    await examples.save(store, examples.rollout())

    inside, go_on = threading.Event(), threading.Event()

    def dawdle(_: Intake) -> None:
        inside.set()
        assert go_on.wait(10)

    writing = asyncio.create_task(store.take(dawdle))
    await asyncio.to_thread(inside.wait, 10)
    assert len(await store.rollouts()) == 1
    assert not writing.done()
    go_on.set()
    await writing


async def test_a_write_waits_for_another_process_to_finish_its_own(store: Store, url: str) -> None:
    other = sqlite3.connect(_path(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(examples.save(store, examples.rollout()))
    await store.ping()
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()

    await waiting
    assert len(await store.rollouts()) == 1


async def test_closing_leaves_one_file(url: str) -> None:
    store = await Store.open(url)
    await examples.save(store, examples.rollout())
    await store.close()

    assert [path.name for path in _path(url).parent.iterdir()] == ["shipbell.db"]


_WRITER = """
import asyncio, sys
from shipbell.store import Store
from tests.store import examples

async def main(url):
    store = await Store.open(url)
    number = 0
    while True:
        pair = [examples.rollout(examples.workload(f"{side}{number}")) for side in ("left", "right")]
        await examples.begin(store, *pair)
        print(number, flush=True)
        number += 1

asyncio.run(main(sys.argv[1]))
"""


async def test_a_kill_leaves_whole_transactions_and_every_one_that_was_answered(url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": "."}
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, url, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert writer.stdout is not None
    while int(await writer.stdout.readline()) < 20:
        pass
    writer.send_signal(signal.SIGKILL)
    answered = max([20, *(int(line) for line in (await writer.stdout.read()).split())])
    await writer.wait()

    async with await Store.open(url) as store:
        names = {rollout.workload.name for rollout in await store.rollouts(limit=10_000)}
        left = {name.removeprefix("left") for name in names if name.startswith("left")}
        right = {name.removeprefix("right") for name in names if name.startswith("right")}
        counts = await store.counts(NOW)

    assert left == right
    assert {str(number) for number in range(answered + 1)} <= left
    assert counts.due == len(names)


async def test_cancelled_writers_never_block_those_who_follow(store: Store) -> None:
    loop = asyncio.get_running_loop()
    for number in range(30):
        task = asyncio.create_task(examples.save(store, examples.rollout(examples.workload(f"w{number}"))))
        loop.call_later(number / 5_000, task.cancel)
        await asyncio.gather(task, return_exceptions=True)

    started = time.monotonic()
    await examples.save(store, examples.rollout(examples.workload("last")))

    assert time.monotonic() - started < embedded.BUSY_SECONDS
    assert "last" in {rollout.workload.name for rollout in await store.rollouts()}
