"""What a Slack client sees of the sandbox, through the official client itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from shipbell import sandbox


def client_of(slack: sandbox.Sandbox, token: str = sandbox.DEFAULT_TOKEN) -> AsyncWebClient:
    client = AsyncWebClient(token, base_url=slack.api_url, retry_handlers=[])
    client.proxy = None  # the environment's proxy would swallow calls to localhost
    return client


@asynccontextmanager
async def unpaced() -> AsyncIterator[tuple[sandbox.Sandbox, AsyncWebClient]]:
    async with sandbox.Sandbox(rates=sandbox.Rates(enforced=False)) as slack:
        yield slack, client_of(slack)


async def code_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


async def test_a_post_by_name_answers_the_channels_id_and_a_rising_ts() -> None:
    async with unpaced() as (slack, client):
        first = await client.chat_postMessage(channel="#deployments", text="one")
        second = await client.chat_postMessage(channel="deployments", text="two")

    assert first["channel"] == slack.workspace.channels[0].id
    assert first["ts"] < second["ts"]
    assert [message.text for message in slack.messages("deployments")] == ["one", "two"]


async def test_an_edit_wants_the_id_and_keeps_every_version() -> None:
    async with unpaced() as (slack, client):
        posted = await client.chat_postMessage(channel="deployments", text="before", blocks=[section("b")])
        by_name = await code_of(client.chat_update(channel="deployments", ts=posted["ts"], text="after"))
        await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="after")

    message = slack.messages("deployments")[0]
    assert by_name == "channel_not_found"
    assert [version.content.text for version in message.versions] == ["before", "after"]
    assert message.blocks == ()
    assert message.edited


async def test_metadata_comes_back_only_when_asked_for() -> None:
    payload = {"event_type": "shipbell_rollout", "event_payload": {"rollout": "r1", "version": 3}}
    async with unpaced() as (slack, client):
        await client.chat_postMessage(channel="deployments", text="x", metadata=payload)
        channel = slack.workspace.channels[0].id
        without = await client.conversations_history(channel=channel)
        with_all = await client.conversations_history(channel=channel, include_all_metadata=True)

    assert "event_payload" not in without["messages"][0]["metadata"]
    assert with_all["messages"][0]["metadata"] == payload
