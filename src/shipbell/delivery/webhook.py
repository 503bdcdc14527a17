"""Slack incoming webhooks: a URL that takes posts into one channel and answers `ok`, without a handle.

What is posted here can never be edited, linked to or found again, so that an uncertain post is decided by a
setting. The URL is the secret: it appears in no message and no log, which is why slack-sdk's own client, that
writes it to its debug log, is not used. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp
import structlog

from shipbell import routing
from shipbell.delivery import answers, connecting, pacing, remedies
from shipbell.delivery.planning import Urgency
from shipbell.delivery.sending import Letter, Sightings
from shipbell.delivery.timing import Timing

log = structlog.get_logger(__name__)


class Webhooks:
    """The incoming webhooks of a workspace, each by the name of its setting."""

    def __init__(
        self,
        urls: Mapping[str, Callable[[], str]],
        *,
        session: aiohttp.ClientSession,
        pace: pacing.Pace,
        timing: Timing,
        proxy: str | None = None,
    ) -> None:
        self._urls = urls
        self._session = session
        self._pace = pace
        self._timing = timing
        self._proxy = proxy
        self._problems: dict[str, str] = {}

    @property
    def problem(self) -> str:
        """Why messages cannot be sent; empty if the last ones could."""
        return "; ".join(f"webhook {name}: {reason}" for name, reason in self._problems.items())

    async def closed_until(self) -> datetime | None:
        """Webhooks cannot be asked how they are; where there is none, there is nothing to come back for."""
        return None if self._urls else self._pace.now() + self._timing.slow

    async def address(self, destination: routing.Destination) -> str | answers.Failure:
        """The name of the setting: which channel it leads to is known to Slack alone."""
        if destination.channel in self._urls:
            return destination.channel
        return answers.Refused(reason=answers.Reason.CHANNEL, code="webhook_not_configured")

    async def moved(self, destination: routing.Destination, channel: str) -> bool:
        """A webhook's channel is its own affair."""
        return False

    async def pace(self, channel: str, who: str, *, edit: bool, urgency: Urgency) -> datetime | None:
        """One post a second, as in every channel."""
        return await self._pace.post(channel, who, urgency)

    async def pause(self, channel: str, *, edit: bool, until: datetime) -> None:
        """Keeps away until Slack wants to hear again."""
        await self._pace.hold_posts(channel, until)

    async def post(self, letter: Letter) -> answers.Result:
        """Posts; blocks and metadata are those of any other message."""
        result = await self._post(letter)
        match result:
            case answers.Sent():
                self._problems.pop(letter.channel, None)
            case answers.Refused() | answers.NotSent():
                self._warn(letter.channel, result)
        return result

    async def edit(self, letter: Letter, ts: str) -> answers.Result:
        """Never possible."""
        return answers.Refused(reason=answers.Reason.GONE, code="webhooks_cannot_edit")

    async def look(
        self, channel: str, thread_ts: str | None, *, since: datetime, after: datetime
    ) -> Sightings | answers.Failure | None:
        """Webhooks cannot read."""
        return None

    def link(self, channel: str, ts: str) -> str | None:
        """There is no handle to link to."""
        return None

    async def _post(self, letter: Letter) -> answers.Result:
        try:
            url = self._urls[letter.channel]()
        except OSError as error:
            words = error.strerror or ""
            return answers.Refused(reason=answers.Reason.CHANNEL, code="url_unreadable", detail=words)
        try:
            async with asyncio.timeout(self._timing.request.total_seconds()):
                return await self._send(url, _body(letter))
        except connecting.BROKEN as error:
            return connecting.failure(error)
        except UnicodeDecodeError:
            return answers.Uncertain(detail="an answer that is no text")

    async def _send(self, url: str, body: dict[str, Any]) -> answers.Result:
        # A redirect would carry the message elsewhere, and 3xx is no answer of Slack's.
        async with self._session.post(url, json=body, proxy=self._proxy, allow_redirects=False) as response:
            word = await response.text()
            return answers.webhook(response.status, response.headers, word)

    def _warn(self, name: str, failure: answers.Failure) -> None:
        reason = remedies.advice(failure)
        if self._problems.get(name) != reason:
            log.warning("a webhook does not take messages", webhook=name, reason=reason)
        self._problems[name] = reason


def _body(letter: Letter) -> dict[str, Any]:
    body: dict[str, Any] = {"text": letter.message.text, "unfurl_links": False, "unfurl_media": False}
    if letter.message.blocks:
        body["blocks"] = list(letter.message.blocks)
    if letter.metadata:
        body["metadata"] = dict(letter.metadata)
    return body
