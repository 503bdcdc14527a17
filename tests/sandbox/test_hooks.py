"""Incoming webhooks, through the official client."""

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from shipbell import sandbox
from tests.sandbox.clients import UNPACED, client_of, code_of, section, unpaced


async def test_a_webhook_posts_and_answers_ok_without_a_ts() -> None:
    async with unpaced() as (slack, _):
        answer = await hook(slack).send(text="hello", blocks=[section("b")])

    message = slack.messages("deployments")[0]
    assert (answer.status_code, answer.body) == (200, "ok")
    assert (message.text, message.blocks, message.via_webhook) == ("hello", (section("b"),), True)
    assert message.rings == ("channel",)


async def test_what_a_webhook_posted_can_never_be_edited() -> None:
    async with unpaced() as (slack, client):
        await hook(slack).send(text="hello")
        message = slack.messages("deployments")[0]
        code = await code_of(client.chat_update(channel=message.channel, ts=message.ts, text="x"))

    assert code == "cant_update_message"


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 400, "invalid_payload"),
        (b"{}", 400, "no_text"),
        (b'{"text": "x", "blocks": [{"type": "header"}]}', 400, "invalid_blocks"),
    ],
)
async def test_a_bad_body_is_answered_with_a_word(body: bytes, status: int, word: str) -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        url, headers = slack.webhook_url("deployments"), {"Content-Type": "application/json"}
        async with session.post(url, data=body, headers=headers) as response:
            answer = (response.status, await response.text(), response.content_type)

    assert answer == (status, word, "text/plain")


async def test_a_form_may_carry_the_json_as_its_payload() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        url = slack.webhook_url("deployments")
        async with session.post(url, data={"payload": '{"text": "hello"}'}) as response:
            assert await response.text() == "ok"

    assert slack.messages("deployments")[0].text == "hello"


async def test_a_wrong_url_and_an_archived_channel_are_told_apart() -> None:
    async with unpaced() as (slack, _):
        wrong = await client(f"{slack.base_url}services/T0/B0/nothing").send(text="x")
        sender = hook(slack)
        slack.workspace.change_channel("deployments", archived=True)
        archived = await sender.send(text="x")

    assert (wrong.status_code, wrong.body) == (404, "no_service")
    assert (archived.status_code, archived.body) == (410, "channel_is_archived")


async def test_webhooks_and_posts_share_the_channels_pace() -> None:
    now = 1_800_000_000.0
    async with sandbox.Sandbox(rates=sandbox.Rates(posts=2), clock=lambda: now) as slack:
        await client_of(slack).chat_postMessage(channel="deployments", text="x")
        first = await hook(slack).send(text="x")
        second = await hook(slack).send(text="x")

    assert (first.status_code, second.status_code, second.body) == (200, 429, "rate_limited")
    assert second.headers["Retry-After"] == "5"


async def test_faults_strike_webhooks_by_name() -> None:
    async with sandbox.Sandbox(rates=UNPACED) as slack:
        slack.order(sandbox.Fault(kind="server_error", method="webhook"))
        answer = await hook(slack).send(text="x")

    assert answer.status_code == 503
    assert slack.messages("deployments") == ()


def hook(slack: sandbox.Sandbox) -> AsyncWebhookClient:
    return client(slack.webhook_url("deployments"))


def client(url: str) -> AsyncWebhookClient:
    made = AsyncWebhookClient(url, retry_handlers=[])
    made.proxy = None  # a proxy in the environment would swallow calls to localhost
    return made
