"""The demonstration, played fast: the recording through the real client, to the sandbox Slack."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from shipbell import sandbox
from shipbell.demo import replay
from tests.live.deployments import until

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


async def _listed(recording: replay.Replay, path: str) -> bytes:
    async with TestClient(TestServer(recording.application())) as client:
        return await (await client.get(path)).read()


async def test_the_recording_begins_with_what_was_there() -> None:
    body = await _listed(replay.Replay(replay.load(), now=lambda: NOON), "/apis/apps/v1/deployments")

    assert b'"kind":"DeploymentList"' in body
    assert b"mitlearn-app" in body


async def test_a_single_name_can_be_asked_for() -> None:
    recording = replay.Replay(replay.load(), now=lambda: NOON)
    path = "/apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dcart"
    found = msgspec.json.decode(await _listed(recording, path))

    assert [item["metadata"]["name"] for item in found["items"]] == ["cart"]


async def test_times_are_moved_to_now() -> None:
    body = await _listed(replay.Replay(replay.load(), now=lambda: NOON), "/apis/apps/v1/deployments")

    assert b"2026-01-31T1" in body
    assert str(replay.load().recorded_at.date()).encode() not in body


@pytest.mark.timeout(150)
async def test_shipbell_demo_shows_the_story_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("shipbell")),
        *("demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]

    async def told() -> bool:
        texts = [message.text for message in await messages(url)]
        wanted = ("mitlearn-app → production: succeeded", "mitlearn-nextjs → production: succeeded")
        return all(any(want in text for text in texts) for want in wanted)

    await until(told, lambda: "the story was not told to its end", patience=120)
    texts = "\n".join(message.text for message in await messages(url))
    process.send_signal(signal.SIGINT)
    output = (await process.stdout.read()).decode()

    assert await process.wait() == 0
    assert "Traceback" not in output
    assert "checkout → production: failing" in texts or "checkout → production: rolled back" in texts
    assert "cart → production: 1.9.0 superseded by 1.9.1" in texts
    assert "mitlearn-celery" not in texts
    assert list(tmp_path.iterdir()) == []


async def messages(url: str) -> list[sandbox.Message]:
    """What the demonstration's channel shows."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}sandbox/messages?channel=deployments") as answer,
    ):
        return msgspec.json.decode(await answer.read(), type=list[sandbox.Message])
