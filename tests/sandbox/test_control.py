"""Control over HTTP, as a test in another process uses it."""

from typing import Any

import aiohttp
import msgspec
import pytest

from shipbell import sandbox
from shipbell.sandbox import calls
from tests.sandbox.clients import code_of, unpaced


async def test_messages_can_be_read_with_every_version_and_decoded_as_the_values_they_are() -> None:
    async with unpaced() as (slack, client), aiohttp.ClientSession() as session:
        posted = await client.chat_postMessage(channel="deployments", text="one")
        await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="two")
        await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
        async with session.get(f"{slack.base_url}sandbox/messages?channel=deployments") as response:
            (message,) = msgspec.json.decode(await response.read(), type=list[sandbox.Message])

    assert [version.content.text for version in message.versions] == ["one", "two"]
    assert message.deleted_at is not None


async def test_calls_can_be_read_and_decoded() -> None:
    async with unpaced() as (slack, client), aiohttp.ClientSession() as session:
        await client.chat_postMessage(channel="deployments", text="one")
        await code_of(client.chat_postMessage(channel="nowhere", text="one"))
        async with session.get(f"{slack.base_url}sandbox/calls") as response:
            read = msgspec.json.decode(await response.read(), type=list[calls.Call])

    assert [(call.method, call.channel, call.outcome) for call in read] == [
        ("chat.postMessage", "deployments", "ok"),
        ("chat.postMessage", "nowhere", "channel_not_found"),
    ]
    assert tuple(read) == slack.calls()


async def test_faults_can_be_ordered_seen_and_cleared() -> None:
    fault = {"kind": "error", "code": "fatal_error", "method": "auth.test", "times": 5}
    async with unpaced() as (slack, client), aiohttp.ClientSession() as session:
        url = f"{slack.base_url}sandbox/faults"
        await session.post(url, json=fault)
        struck = await code_of(client.auth_test())
        async with session.get(url) as response:
            seen = await response.json()
        await session.delete(url)
        cleared = await client.auth_test()

    assert (struck, cleared["ok"]) == ("fatal_error", True)
    assert [one["code"] for one in seen] == ["fatal_error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"kind": "earthquake"}', b'{"kind": "lost", "time": 1}', b'{"kind": "slow", "delay": -1}'],
)
async def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(body: bytes) -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        response = await session.post(f"{slack.base_url}sandbox/faults", data=body)
        answer = await response.json()

    assert response.status == 400
    assert answer["error"]


async def test_people_can_do_what_people_do() -> None:
    async with unpaced() as (slack, client), aiohttp.ClientSession() as session:
        posted = await client.chat_postMessage(channel="deployments", text="x")
        await change(session, slack, change="say", channel="deployments", text="hi", thread_ts=posted["ts"])
        await change(session, slack, change="delete_message", channel="deployments", ts=posted["ts"])
        await change(session, slack, change="add_channel", name="new", private=True)
        await change(session, slack, change="change_channel", channel="new", name="newer", archived=True)
        webhook = await change(session, slack, change="add_webhook", channel="deployments")
        await change(session, slack, change="delay_history", seconds=5)
        await change(session, slack, change="revoke_tokens")
        revoked = await code_of(client.auth_test())
        await change(session, slack, change="restore_tokens")
        restored = await client.auth_test()

    assert [message.text for message in slack.messages("deployments")] == ["hi"]
    assert slack.messages("deployments")[0].author == sandbox.PERSON
    assert [(channel.name, channel.archived) for channel in slack.workspace.channels][1:] == [("newer", True)]
    assert webhook["url"] == slack.webhook_url("deployments")
    assert slack.workspace.history_lag == 5
    assert (revoked, restored["ok"]) == ("token_revoked", True)


async def test_what_does_not_exist_cannot_be_changed() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        url = f"{slack.base_url}sandbox/changes"
        channel = await session.post(url, json={"change": "say", "channel": "nowhere", "text": "x"})
        message = await session.post(
            url, json={"change": "delete_message", "channel": "deployments", "ts": "1.0"}
        )
        unknown = await session.post(url, json={"change": "explode"})
        messages = await session.get(f"{slack.base_url}sandbox/messages?channel=nowhere")

    assert [one.status for one in (channel, message, unknown, messages)] == [404, 404, 400, 404]


async def change(session: aiohttp.ClientSession, slack: sandbox.Sandbox, **body: Any) -> Any:
    async with session.post(f"{slack.base_url}sandbox/changes", json=body) as response:
        assert response.status == 200
        return await response.json()
