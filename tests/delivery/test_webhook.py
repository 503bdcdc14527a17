"""Incoming webhooks: one post, one word, and a URL that nobody may see."""

import contextlib
import logging
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from shipbell import rendering
from shipbell.delivery import connecting, pacing
from shipbell.delivery.answers import NotSent, RateLimited, Reason, Refused, Sent, Uncertain
from shipbell.delivery.clock import SystemClock
from shipbell.delivery.sending import Letter
from shipbell.delivery.webhook import Webhooks
from shipbell.sandbox import Fault, Sandbox
from shipbell.store import Store
from tests.delivery.stage import CHANNEL, HOOK, TIMING, WEBHOOK

LETTER = Letter(
    channel=HOOK,
    message=rendering.Message(text="shop/web: started"),
    metadata={"event_type": "shipbell_rollout", "event_payload": {"rollout": "r1"}},
)


@contextlib.asynccontextmanager
async def hooked(store_url: str, url: str | None) -> AsyncIterator[Webhooks]:
    async with await Store.open(store_url) as store, connecting.open_session(TIMING) as session:
        pace = pacing.Pace(store, workspace="hooks", clock=SystemClock(), timing=TIMING)
        urls = {} if url is None else {HOOK: lambda: url}
        yield Webhooks(urls, session=session, pace=pace, timing=TIMING)


async def test_a_post_arrives_with_the_contract_for_programs(store_url: str) -> None:
    async with Sandbox(channels=(CHANNEL,)) as sandbox:
        async with hooked(store_url, sandbox.webhook_url(CHANNEL)) as hooks:
            assert await hooks.post(LETTER) == Sent(channel_id="", ts="")
        (message,) = sandbox.messages(CHANNEL)
        assert message.via_webhook
        assert message.metadata is not None
        assert message.metadata.event_payload == {"rollout": "r1"}


async def test_what_goes_wrong_is_said_in_the_same_few_answers(store_url: str) -> None:
    async with Sandbox(channels=(CHANNEL,)) as sandbox:
        url = sandbox.webhook_url(CHANNEL)
        async with hooked(store_url, url) as hooks:
            sandbox.order(Fault(kind="rate_limited", method="webhook", retry_after=2))
            assert isinstance(await hooks.post(LETTER), RateLimited)
            sandbox.order(Fault(kind="lost", method="webhook"))
            assert isinstance(await hooks.post(LETTER), Uncertain)
            sandbox.order(Fault(kind="server_error", method="webhook"))
            assert isinstance(await hooks.post(LETTER), Uncertain)
            assert hooks.problem == ""
            sandbox.workspace.change_channel(CHANNEL, archived=True)
            refused = await hooks.post(LETTER)
            assert isinstance(refused, Refused)
            assert (refused.reason, refused.code) == (Reason.CHANNEL, "channel_is_archived")
            assert "unarchive the channel" in hooks.problem
            sandbox.workspace.change_channel(CHANNEL, archived=False)
            assert isinstance(await hooks.post(LETTER), Sent)
            assert hooks.problem == ""


async def test_where_nobody_listens_nothing_was_sent(store_url: str) -> None:
    async with Sandbox(channels=(CHANNEL,)) as sandbox:
        url = sandbox.webhook_url(CHANNEL)
        await sandbox.go_down()
        async with hooked(store_url, url) as hooks:
            assert isinstance(await hooks.post(LETTER), NotSent)
            assert "cannot be reached" in hooks.problem


async def test_a_webhook_that_is_configured_no_more_is_a_channel_that_cannot_be_reached(
    store_url: str,
) -> None:
    async with hooked(store_url, None) as hooks:
        refused = await hooks.address(WEBHOOK)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.CHANNEL
        assert await hooks.closed_until() is not None


async def test_a_url_that_cannot_be_read_is_a_channel_that_cannot_be_reached(store_url: str) -> None:
    def unreadable() -> str:
        raise FileNotFoundError(2, "No such file or directory", "/etc/hook")

    async with await Store.open(store_url) as store, connecting.open_session(TIMING) as session:
        pace = pacing.Pace(store, workspace="hooks", clock=SystemClock(), timing=TIMING)
        hooks = Webhooks({HOOK: unreadable}, session=session, pace=pace, timing=TIMING)
        refused = await hooks.post(LETTER)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.detail) == ("url_unreadable", "No such file or directory")
        assert "make the file of slack.webhook_url_file readable" in hooks.problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/services/T1/B1/seen", "no url/seen", "http://[/seen"])
async def test_the_url_appears_in_no_log_and_no_answer(
    store_url: str, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with hooked(store_url, url) as hooks:
        with capture_logs() as lines:
            answer = await hooks.post(LETTER)
        said = f"{answer!r} {lines!r} {hooks.problem} {caplog.text}"
    assert isinstance(answer, NotSent)
    assert lines
    assert "seen" not in said
