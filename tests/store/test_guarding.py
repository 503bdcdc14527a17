"""One service per SQLite file; everything else may use it beside it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from shipbell import errors
from shipbell.store import Store, upgrading
from tests.store import examples

_SERVICE = """
import asyncio, sys
from shipbell.store import Store

async def main(url):
    async with await Store.open(url, sole=True):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(sys.argv[1]))
"""


async def _service(url: str) -> asyncio.subprocess.Process:
    """Another process that uses the store."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVICE, url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_a_second_service_on_a_file_is_refused_and_told_what_to_do(file_url: str) -> None:
    first = await _service(file_url)

    with pytest.raises(errors.StoreError) as caught:
        await Store.open(file_url, sole=True)
    first.kill()
    await first.wait()

    for words in ("shipbell.db is used by", f"process {first.pid} on ", "stop the other", "PostgreSQL"):
        assert words in str(caught.value)


async def test_commands_go_on_beside_a_service(file_url: str) -> None:
    service = await _service(file_url)

    async with await Store.open(file_url) as command:
        await examples.save(command, examples.rollout())
        assert len(await command.rollouts()) == 1
    await upgrading.upgrade(file_url)
    service.kill()
    await service.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_whatever_ends_a_service_frees_the_file(file_url: str, how: signal.Signals) -> None:
    service = await _service(file_url)
    service.send_signal(how)
    await service.wait()

    async with await Store.open(file_url, sole=True) as successor:
        await successor.ping()
    await (await Store.open(file_url, sole=True)).close()


async def test_a_start_that_fails_frees_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(errors.SchemaError):
        await Store.open(url, sole=True)

    await upgrading.upgrade(url)
    await (await Store.open(url, sole=True)).close()


async def test_a_service_whose_file_nobody_could_write_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreError, match=r"no/such/shipbell\.db-lock cannot be opened"):
        await Store.open(f"sqlite:///{tmp_path}/no/such/shipbell.db", sole=True)


async def test_the_file_of_the_lock_says_who_has_it(file_url: str) -> None:
    async with await Store.open(file_url, sole=True):
        holder = Path(file_url.removeprefix("sqlite:///") + "-lock").read_text()

    assert holder.startswith(f"process {os.getpid()} on ")


async def test_services_share_a_server(server_url: str) -> None:
    async with await Store.open(server_url, sole=True) as one, await Store.open(server_url, sole=True) as two:
        await one.ping()
        await two.ping()
