"""Incoming webhooks at `/services/T.../B.../secret`: they answer `ok` or a word, in plain text, and no `ts`.

What is posted here can never be edited, and counts against the same pace as every post in its channel.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import math

from aiohttp import web

from shipbell.sandbox import api, contents, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.arguments import Arguments
from shipbell.sandbox.exchange import Exchange, Intent, Outcome, text_reply

_PER_MINUTE = 60
_STATUS = {"no_service": 404, "channel_not_found": 404, "channel_is_archived": 410, "action_prohibited": 403}
_UNREADABLE = frozenset({"invalid_json", "json_not_object", "invalid_post_type", "invalid_form_data"})


class Hooks:
    """The handlers of `/services/`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [web.post("/services/{path:.+}", self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        webhook = self._exchange.space.webhook(request.match_info["path"])
        content_type, body = request.headers.get("Content-Type", ""), await request.read()

        def carry_out(now: float) -> Outcome:
            return self._answered(webhook, content_type, body, now)

        channel = "" if webhook is None else webhook.channel
        return await self._exchange.serve(
            request, Intent(method="webhook", channel=channel, carry_out=carry_out)
        )

    def _answered(
        self, webhook: workspace.Webhook | None, content_type: str, body: bytes, now: float
    ) -> Outcome:
        try:
            message = self._posted(webhook, content_type, body, now)
        except Refusal as refusal:
            return _refused(refusal)
        return Outcome(reply=text_reply("ok"), ts=message.ts)

    def _posted(
        self, webhook: workspace.Webhook | None, content_type: str, body: bytes, now: float
    ) -> workspace.Message:
        if webhook is None or not webhook.active:
            raise Refusal("no_service")
        channel = self._exchange.space.find(webhook.channel)
        if channel is None or channel.archived:
            raise Refusal("channel_is_archived" if channel else "channel_not_found")
        self._paced(webhook, now)
        arguments = _arguments(content_type, body)
        return self._exchange.space.post(
            channel.id,
            contents.written(arguments),
            thread_ts=arguments.text("thread_ts") or None,
            via_webhook=True,
        )

    def _paced(self, webhook: workspace.Webhook, now: float) -> None:
        pace = self._exchange.pace
        wait = pace.admit(
            f"webhook {webhook.path}", per_minute=_PER_MINUTE, posts_to=webhook.channel, now=now
        )
        if wait > 0:
            raise Refusal("rate_limited", retry_after=math.ceil(wait))


def _arguments(content_type: str, body: bytes) -> Arguments:
    """JSON, or a form whose one field `payload` is JSON."""
    arguments = api.arguments_of(content_type, body, {})
    if "payload" not in arguments:
        return arguments
    return Arguments(arguments.mapping("payload", wrong="invalid_payload") or {})


def _refused(refusal: Refusal) -> Outcome:
    word = "invalid_payload" if refusal.code in _UNREADABLE else refusal.code
    if refusal.retry_after is not None:
        after = (("Retry-After", str(refusal.retry_after)),)
        return Outcome(reply=text_reply(word, status=429, headers=after), word=word)
    return Outcome(reply=text_reply(word, status=_STATUS.get(word, 400)), word=word)
