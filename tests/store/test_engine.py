"""The way to the database, whichever it is: errors that say what to do, kills, writers who give up."""

import asyncio
import os
import signal
import sys
import time

import pytest

from shipbell import errors
from shipbell.store import Store, embedded, engine, schema
from tests.store import examples
from tests.store.examples import LEASE, NOW


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "://hunter2",
        "mysql://root:hunter2@db/x",
        "postgresql://root:hunter2@db:port/x",
        "postgresql://root:hunter2@db:65536/x",
        "postgresql+psycopg2x//root:hunter2@db/x",
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


async def test_an_error_tells_neither_statements_nor_values(own_url: str) -> None:
    database = engine.open_database(own_url)
    await database.write(lambda connection: schema.posts.drop(connection))
    async with Store(database, callers_time=True) as store:
        await examples.begin(store, examples.rollout())

        with pytest.raises(errors.StoreError, match=r"(no such table|relation).*posts") as caught:
            await store.claim(NOW, "one", LEASE)

    assert "SELECT" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "web-abc" not in repr(caught.value.__cause__)


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
