"""The Web API's adapter: whatever comes back, or does not, is one of few answers."""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from shipbell import rendering
from shipbell.delivery import connecting
from shipbell.delivery.answers import NotSent, RateLimited, Reason, Refused, Sent, Uncertain
from shipbell.delivery.sending import Letter
from shipbell.delivery.slack import Identity, Settings, Slack
from shipbell.delivery.timing import Timing
from shipbell.sandbox import DEFAULT_TOKEN, PERSON, Content, Fault, Metadata, Sandbox, Token

TIMING = Timing()
BRIEF = dataclasses.replace(TIMING, request=timedelta(seconds=0.5))
"""For who does not answer. To connect may take its time, as it does on a busy machine."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SECRET = "xoxb-never-to-be-seen"
ROOT = {"rollout": "r1", "part": "root", "state": "started"}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def letter(channel: str = "#deployments", **fields: Any) -> Letter:
    """A message as it is sent."""
    header = {"type": "header", "text": {"type": "plain_text", "text": "Rolling out"}}
    message = rendering.Message(text="shop/web: started", blocks=(header,))
    metadata = {"event_type": "shipbell_rollout", "event_payload": ROOT}
    return Letter(**{"channel": channel, "message": message, "metadata": metadata, **fields})


@contextlib.asynccontextmanager
async def talking_to(
    base_url: str, token: Callable[[], str] = lambda: DEFAULT_TOKEN, *, timing: Timing = TIMING
) -> AsyncIterator[Slack]:
    async with connecting.open_session(timing) as session:
        yield Slack(Settings(token=token, base_url=base_url), session, timing)


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """A server that answers every call alike, as something between here and Slack may."""
    application = web.Application()
    application.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


def text(body: str, status: int = 200, content_type: str = "text/plain") -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status, content_type=content_type)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        text("upstream hiccup"),
        text("bad gateway", 502),
        text("<html>sorry</html>", 503, "text/html"),
        text("{broken", 200, "application/json"),
        text("[1, 2]", 200, "application/json"),
        text("[1, 2]", 503, "application/json"),
        text('"ok"', 200, "application/json"),
        text("null", 200, "application/json"),
        text("", 200, "application/json"),
        text('{"ok": true}', 200, "application/json"),
        text('{"ok": true, "channel": 7, "ts": []}', 200, "application/json"),
        text('{"ok": false}', 200, "application/json"),
        text('{"ok": false, "error": ["a"]}', 200, "application/json"),
    ],
)
async def test_an_answer_that_is_not_slacks_leaves_a_post_in_doubt(answer: Answer) -> None:
    async with answering(answer) as url, talking_to(url) as slack:
        assert isinstance(await slack.post(letter()), Uncertain)


async def test_a_broken_connection_leaves_a_post_in_doubt_and_is_not_repeated() -> None:
    seen = []

    async def hang_up(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with answering(hang_up) as url, talking_to(url) as slack:
        assert isinstance(await slack.post(letter()), Uncertain)
    assert seen == ["/api/chat.postMessage"]


async def test_a_slow_answer_leaves_a_post_in_doubt_within_the_requests_time() -> None:
    async def dawdle(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with answering(dawdle) as url, talking_to(url, timing=BRIEF) as slack:
        begun = asyncio.get_running_loop().time()
        assert isinstance(await slack.post(letter()), Uncertain)
        took = asyncio.get_running_loop().time() - begun
    assert took < TIMING.request.total_seconds()


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with answering(text("")) as url:
        pass
    async with talking_to(url) as slack:
        assert isinstance(await slack.post(letter()), NotSent)
    async with talking_to("http://no-such-host.invalid/api/") as slack:
        assert isinstance(await slack.post(letter()), NotSent)


async def test_a_message_is_posted_edited_and_found_again() -> None:
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        sent = await slack.post(letter())
        assert isinstance(sent, Sent)
        reply = await slack.post(letter(sent.channel_id, thread_ts=sent.ts, broadcast=True))
        assert isinstance(reply, Sent)
        assert await slack.edit(letter(sent.channel_id), sent.ts) == sent

        root_seen, reply_seen = sorted(await listed(slack.history(sent.channel_id, LONG_AGO)))
        assert root_seen == (sent.ts, None, "r1", "root")
        assert reply_seen == (reply.ts, sent.ts, "r1", "root")
        assert reply_seen in await listed(slack.replies(sent.channel_id, sent.ts, LONG_AGO))
        assert await listed(slack.history(sent.channel_id, datetime.now(UTC) + timedelta(days=1))) == []


async def listed(reading: Awaitable[Any]) -> list[tuple[str, str | None, str, str]]:
    return [(one.ts, one.thread_ts, one.rollout, one.part) for one in await reading]


async def test_an_edit_repeats_the_whole_message() -> None:
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        sent = await slack.post(letter())
        assert isinstance(sent, Sent)
        await slack.edit(letter(sent.channel_id), sent.ts)
        (message,) = sandbox.messages("deployments")
        first, second = (version.content for version in message.versions)
        assert first == second
        assert second.parse == "none"


async def test_what_others_write_into_their_metadata_does_no_harm() -> None:
    payloads: list[dict[str, Any]] = [
        {},
        {"rollout": 7},
        {"rollout": None, "part": []},
        {"rollout": "r1", "part": "root"},
    ]
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        for payload in payloads:
            metadata = Metadata(event_type="shipbell_rollout", event_payload=payload)
            sandbox.workspace.post("deployments", Content(text="x", metadata=metadata), author=PERSON)
        sandbox.workspace.post("deployments", Content(text="hello"), author=PERSON)
        found = await slack.history(sandbox.workspace.channels[0].id, LONG_AGO)
        assert isinstance(found, tuple)
        assert {one.rollout for one in found} == {"", "r1"}


async def test_what_slack_refuses_comes_back_with_its_reason() -> None:
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        refused = await slack.post(letter("#elsewhere"))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.code) == (Reason.CHANNEL, "channel_not_found")
        gone = await slack.edit(letter(sandbox.workspace.channels[0].id), "1.000001")
        assert isinstance(gone, Refused)
        assert gone.reason is Reason.GONE
        sandbox.order(Fault(kind="rate_limited", retry_after=3))
        assert await slack.post(letter()) == RateLimited(after=timedelta(seconds=3))


async def test_slack_tells_who_we_are_and_what_we_may_do() -> None:
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        identity = await slack.identify()
        assert isinstance(identity, Identity)
        assert identity.bot_id == "B0SHIPBELL"
        assert "chat:write" in identity.scopes
        assert identity.url == sandbox.base_url


async def test_a_channel_is_found_by_its_name_as_far_as_the_scopes_allow() -> None:
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        joined = sandbox.workspace.find("deployments")
        other = sandbox.workspace.add_channel("other", member=False)
        secret = sandbox.workspace.add_channel("secret", private=True)
        for number in range(1010):
            sandbox.workspace.add_channel(f"filler-{number}")
        last = sandbox.workspace.add_channel("last")
        both = frozenset({"channels:read", "groups:read"})
        assert joined is not None
        assert await slack.channel_named("#deployments", both) == joined.id
        assert await slack.channel_named("other", both) == other.id
        assert await slack.channel_named("last", both) == last.id
        assert await slack.channel_named("secret", both) == secret.id
        assert await slack.channel_named("secret", frozenset({"channels:read"})) is None
        assert await slack.channel_named("deployments", frozenset({"chat:write"})) is None


async def test_the_token_is_asked_for_before_each_request() -> None:
    tokens = iter(["xoxb-old", "xoxb-new"])
    async with Sandbox() as sandbox, talking_to(sandbox.api_url, lambda: next(tokens)) as slack:
        sandbox.workspace.add_token(Token(value="xoxb-new"))
        first, second = await slack.post(letter()), await slack.post(letter())
        assert isinstance(first, Refused)
        assert first.code == "invalid_auth"
        assert isinstance(second, Sent)


async def test_a_token_that_cannot_be_read_is_a_refused_token() -> None:
    def unreadable() -> str:
        raise PermissionError(13, "Permission denied", "/etc/token")

    async with Sandbox() as sandbox, talking_to(sandbox.api_url, unreadable) as slack:
        refused = await slack.post(letter())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.detail) == (Reason.TOKEN, "Permission denied")
        assert sandbox.calls() == ()


async def test_the_token_appears_in_no_log_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    async with Sandbox() as sandbox:
        for url in (sandbox.api_url, "http://127.0.0.1:9/api/"):
            async with talking_to(url, lambda: SECRET) as slack:
                said += [repr(await slack.post(letter())), repr(await slack.identify())]
    assert "invalid_auth" in said[0]
    assert SECRET not in caplog.text
    assert SECRET not in "".join(said)
    assert SECRET not in repr(Settings(token=lambda: SECRET))


async def test_a_proxy_of_the_environment_is_used_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.internal")
    assert connecting.environment_proxy("https://slack.com/api/") == "http://proxy.example:3128"
    assert connecting.environment_proxy("https://slack.internal/api/") is None
    assert connecting.environment_proxy("http://127.0.0.1:8065/api/") is None
    async with Sandbox() as sandbox, talking_to(sandbox.api_url) as slack:
        assert isinstance(await slack.post(letter()), Sent)
