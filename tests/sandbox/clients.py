"""How the tests of this folder reach a sandbox: the official client, without retries of its own."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from shipbell import sandbox

UNPACED = sandbox.Rates(enforced=False)


def client_of(slack: sandbox.Sandbox, token: str = sandbox.DEFAULT_TOKEN) -> AsyncWebClient:
    client = AsyncWebClient(token, base_url=slack.api_url, retry_handlers=[], timeout=5)
    client.proxy = None  # a proxy in the environment would swallow calls to localhost
    return client


@asynccontextmanager
async def unpaced(**settings: Any) -> AsyncIterator[tuple[sandbox.Sandbox, AsyncWebClient]]:
    async with sandbox.Sandbox(rates=UNPACED, **settings) as slack:
        yield slack, client_of(slack)


async def refusal(call: Awaitable[Any]) -> Any:
    """The response of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def code_of(call: Awaitable[Any]) -> str:
    return str((await refusal(call))["error"])


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}
