"""Slack's Web API, as few methods as are needed: the only module that opens connections to it.

Each method answers with a value: sent, refused, uncertain (`answers`). slack-sdk raises five shapes of errors
for what can go wrong and would, left alone, post a second time after a broken connection; both end here. The
token is asked for before each request, because its file may rotate, and appears in no message and no log.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from shipbell.delivery import answers, connecting
from shipbell.delivery.answers import Failure, NotSent, Reason, Refused, Result, Sent, Uncertain
from shipbell.delivery.sending import Letter, Sighting
from shipbell.delivery.timing import Timing

EVENT_TYPE = "shipbell_rollout"
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
CHANNELS, MESSAGES = 999, 200
"""A page of each."""
PAGES = 20
"""Pages at most: a bound where a cursor never ends."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How Slack is reached, and as whom."""

    token: Callable[[], str] = field(repr=False)
    """The bot token as it is now; an OSError says that its file cannot be read."""
    base_url: str = AsyncWebClient.BASE_URL
    proxy: str | None = None
    """URL of an HTTP proxy; see `connecting.environment_proxy`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who we are in Slack, and what we may do."""

    team: str
    team_id: str
    user: str
    user_id: str
    bot_id: str
    url: str
    """Of the workspace, with a slash at the end."""
    scopes: frozenset[str]


class _Auth(msgspec.Struct, kw_only=True):
    team: str = ""
    team_id: str = ""
    user: str = ""
    user_id: str = ""
    bot_id: str = ""
    url: str = ""


class _Channel(msgspec.Struct, kw_only=True):
    id: str
    name: str = ""


class _Cursor(msgspec.Struct, kw_only=True):
    next_cursor: str = ""


class _Channels(msgspec.Struct, kw_only=True):
    channels: list[_Channel] = []
    response_metadata: _Cursor = msgspec.field(default_factory=_Cursor)


class _Payload(msgspec.Struct, kw_only=True):
    rollout: str = ""
    part: str = ""
    state: str = ""


class _Metadata(msgspec.Struct, kw_only=True):
    event_type: str = ""
    event_payload: dict[str, Any] = {}


class _Message(msgspec.Struct, kw_only=True):
    ts: str
    thread_ts: str | None = None
    bot_id: str | None = None
    metadata: _Metadata | None = None


class _Messages(msgspec.Struct, kw_only=True):
    messages: list[_Message] = []
    response_metadata: _Cursor | None = None


class _Handle(msgspec.Struct, kw_only=True):
    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """What Slack answered to a call that succeeded."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]


class Slack:
    """One workspace's Web API."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, timing: Timing) -> None:
        self._settings = settings
        self._timeout = timing.request.total_seconds()
        self._client = AsyncWebClient(
            base_url=settings.base_url, session=session, retry_handlers=[], logger=_silent()
        )
        # The constructor follows HTTPS_PROXY everywhere, to 127.0.0.1 and past NO_PROXY; only this undoes it.
        self._client.proxy = settings.proxy

    async def identify(self) -> Identity | Failure:
        """Who the token is: the cheapest question that a working token, and only that, answers.

        https://docs.slack.dev/reference/methods/auth.test
        """
        answer = await self._call("auth.test")
        if not isinstance(answer, _Answer):
            return answer
        auth = _read(answer.body, _Auth)
        if not isinstance(auth, _Auth):
            return auth
        scopes = answer.headers.get("X-OAuth-Scopes", "").replace(" ", "")
        return Identity(
            team=auth.team,
            team_id=auth.team_id,
            user=auth.user,
            user_id=auth.user_id,
            bot_id=auth.bot_id,
            url=auth.url if auth.url.endswith("/") else f"{auth.url}/",
            scopes=frozenset(scopes.split(",")) - {""},
        )

    async def post(self, letter: Letter) -> Result:
        """https://docs.slack.dev/reference/methods/chat.postMessage; never repeated by itself."""
        arguments = _content(letter) | {"unfurl_links": False, "unfurl_media": False}
        if letter.thread_ts is not None:
            arguments |= {"thread_ts": letter.thread_ts, "reply_broadcast": letter.broadcast}
        return await self._deliver("chat.postMessage", arguments)

    async def edit(self, letter: Letter, ts: str) -> Result:
        """https://docs.slack.dev/reference/methods/chat.update; always the complete message.

        What is absent is not always left as it was: text without blocks takes the blocks away.
        """
        return await self._deliver("chat.update", _content(letter) | {"ts": ts})

    async def channel_named(self, name: str, scopes: frozenset[str]) -> str | Failure | None:
        """The ID of a channel; None if none of that name can be seen.

        Those that the bot is in come first, for it is told most often where it was invited.
        """
        types = [kind for kind, scope in _KINDS.items() if scope in scopes]
        if not types:
            return None
        listed = {"types": ",".join(types), "exclude_archived": True, "limit": CHANNELS}
        for method in ("users.conversations", "conversations.list"):
            found = await self._find_channel(method, listed, name.removeprefix("#"))
            if found is not None:
                return found
        return None

    async def history(self, channel: str, since: datetime) -> tuple[Sighting, ...] | Failure:
        """Our messages in a channel, those in threads only if they were broadcast.

        https://docs.slack.dev/reference/methods/conversations.history
        """
        return await self._sightings("conversations.history", _window(channel, since))

    async def replies(self, channel: str, root: str, since: datetime) -> tuple[Sighting, ...] | Failure:
        """Our messages in a thread; https://docs.slack.dev/reference/methods/conversations.replies."""
        return await self._sightings("conversations.replies", _window(channel, since) | {"ts": root})

    async def _deliver(self, method: str, arguments: dict[str, Any]) -> Result:
        answer = await self._call(method, json=arguments)
        if not isinstance(answer, _Answer):
            return answer
        handle = _read(answer.body, _Handle)
        return Sent(channel_id=handle.channel, ts=handle.ts) if isinstance(handle, _Handle) else handle

    async def _find_channel(self, method: str, listed: dict[str, Any], name: str) -> str | Failure | None:
        cursor = ""
        for _ in range(PAGES):
            page = await self._page(method, listed | {"cursor": cursor}, _Channels)
            if not isinstance(page, _Channels):
                return page
            found = next((channel.id for channel in page.channels if channel.name == name), None)
            cursor = page.response_metadata.next_cursor
            if found is not None or not cursor:
                return found
        return None

    async def _sightings(self, method: str, window: dict[str, Any]) -> tuple[Sighting, ...] | Failure:
        found: list[Sighting] = []
        cursor = ""
        for _ in range(PAGES):
            page = await self._page(method, window | {"cursor": cursor}, _Messages)
            if not isinstance(page, _Messages):
                return page
            found += [sighting for message in page.messages if (sighting := _sighting(message))]
            cursor = page.response_metadata.next_cursor if page.response_metadata else ""
            if not cursor:
                break
        return tuple(found)

    async def _page(self, method: str, arguments: dict[str, Any], shape: type[T]) -> T | Failure:
        # Methods that read take no JSON.
        answer = await self._call(method, http_verb="GET", params=arguments)
        return _read(answer.body, shape) if isinstance(answer, _Answer) else answer

    async def _call(self, method: str, **request: Any) -> _Answer | Failure:
        try:
            self._client.token = self._settings.token()
        except OSError as error:
            return Refused(reason=Reason.TOKEN, code="token_unreadable", detail=error.strerror or "")
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.api_call(method, **request)
        except SlackApiError as error:
            return _failure(error.response)
        except connecting.BROKEN as error:
            return connecting.failure(error)
        except SlackClientError as error:
            return NotSent(detail=type(error).__name__)
        except (AttributeError, TypeError, ValueError):
            # What slack-sdk makes of an answer that is not a JSON object.
            return Uncertain(detail="an answer that is not Slack's")
        return _Answer(headers=response.headers, body=_mapping(response.data))


_KINDS = {"public_channel": "channels:read", "private_channel": "groups:read"}


def _content(letter: Letter) -> dict[str, Any]:
    """What a message says, with everything that Slack would otherwise guess."""
    content: dict[str, Any] = {
        "channel": letter.channel,
        "text": letter.message.text,
        "parse": "none",
        "link_names": False,
    }
    if letter.message.blocks:
        content["blocks"] = list(letter.message.blocks)
    if letter.metadata:
        content["metadata"] = dict(letter.metadata)
    return content


def _window(channel: str, since: datetime) -> dict[str, Any]:
    return {
        "channel": channel,
        "oldest": f"{since.timestamp():.6f}",
        "limit": MESSAGES,
        "include_all_metadata": True,
    }


def _sighting(message: _Message) -> Sighting | None:
    """The message, if it is one of a rollout's, whoever posted it."""
    metadata = message.metadata
    if metadata is None or metadata.event_type != EVENT_TYPE:
        return None
    try:
        payload = msgspec.convert(metadata.event_payload, _Payload)
    except msgspec.ValidationError:
        return None
    # A root that has replies names itself as their thread.
    thread_ts = None if message.thread_ts == message.ts else message.thread_ts
    return Sighting(
        ts=message.ts,
        thread_ts=thread_ts,
        bot_id=message.bot_id or "",
        rollout=payload.rollout,
        part=payload.part,
        state=payload.state,
    )


def _read(body: Mapping[str, Any], shape: type[T]) -> T | Failure:
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        return Uncertain(detail=f"an answer of another shape: {error}")


def _failure(response: object) -> Failure:
    """slack-sdk hands over its own response, or aiohttp's where the body was no JSON."""
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    headers = getattr(response, "headers", {})
    body = getattr(response, "data", None)
    return answers.failure(status, headers, body) or Uncertain(detail=f"HTTP {status}")


def _mapping(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _silent() -> logging.Logger:
    """A logger of its own: slack-sdk formats every payload for a debug log that nobody wants."""
    logger = logging.Logger("slack_sdk", logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger
