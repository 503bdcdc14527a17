"""Faults on order: what the client meets, and what the workspace did nevertheless."""

import asyncio

import aiohttp
import pytest

from shipbell import sandbox
from tests.sandbox.clients import client_of, code_of, refusal, unpaced


async def test_an_answer_lost_before_the_post_leaves_no_message() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="lost"))
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel="deployments", text="x")

    assert slack.messages("deployments") == ()
    assert [(call.outcome, call.carried_out) for call in slack.calls()] == [("lost", False)]


async def test_an_answer_lost_after_the_post_leaves_the_message() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="lost", stored=True))
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel="deployments", text="x")

    message = slack.messages("deployments")[0]
    assert [(call.outcome, call.carried_out, call.ts) for call in slack.calls()] == [
        ("lost", True, message.ts)
    ]


async def test_a_rate_limit_on_order_names_the_seconds_to_wait_so_many_times() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="rate_limited", retry_after=7, times=2))
        answers = [await refusal(client.chat_postMessage(channel="deployments", text="x")) for _ in range(2)]
        third = await client.chat_postMessage(channel="deployments", text="x")

    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in answers] == [(429, "7")] * 2
    assert third["ok"]


async def test_a_fault_for_a_time_ends_with_it() -> None:
    now = [1_800_000_000.0]
    async with unpaced(clock=lambda: now[0]) as (slack, client):
        slack.order(sandbox.Fault(kind="error", code="fatal_error", seconds=60))
        first = await code_of(client.auth_test())
        now[0] += 59
        second = await code_of(client.auth_test())
        now[0] += 1
        third = await client.auth_test()

    assert (first, second, third["ok"]) == ("fatal_error", "fatal_error", True)


async def test_a_fault_strikes_the_method_and_channel_it_is_meant_for() -> None:
    async with unpaced(channels=("one", "two")) as (slack, client):
        slack.order(
            sandbox.Fault(kind="error", code="is_inactive", method="chat.postMessage", channel="#two")
        )
        other_method = await client.auth_test()
        other_channel = await client.chat_postMessage(channel="one", text="x")
        by_id = await code_of(client.chat_postMessage(channel=slack.workspace.channels[1].id, text="x"))

    assert other_method["ok"]
    assert other_channel["ok"]
    assert by_id == "is_inactive"


async def test_a_server_error_is_a_page_and_may_come_after_the_deed() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="server_error", status=502, stored=True))
        answer = await refusal(client.chat_postMessage(channel="deployments", text="x"))

    assert answer.status_code == 502
    assert len(slack.messages("deployments")) == 1


async def test_an_answer_can_be_something_else_than_json() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        slack.order(sandbox.Fault(kind="not_json"))
        async with session.post(f"{slack.api_url}api.test") as response:
            answer = (response.status, response.content_type)

    assert answer == (200, "text/plain")


async def test_a_slow_answer_is_true_but_late() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="slow", delay=30))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.chat_postMessage(channel="deployments", text="x"), 0.5)

    assert len(slack.messages("deployments")) == 1


async def test_cleared_faults_strike_nobody() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="lost", times=5))
        slack.clear_faults()
        answer = await client.auth_test()

    assert answer["ok"]


async def test_when_down_it_refuses_connections_and_comes_back_on_the_same_port() -> None:
    async with unpaced() as (slack, client):
        before = slack.base_url
        await client.chat_postMessage(channel="deployments", text="x")
        await slack.go_down()
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.auth_test()
        await slack.come_back()
        answer = await client.auth_test()

    assert answer["url"] == before
    assert len(slack.messages("deployments")) == 1


async def test_an_outage_on_order_ends_by_itself() -> None:
    async with unpaced() as (slack, client):
        slack.order(sandbox.Fault(kind="down", seconds=0.2))
        refused = 0
        deadline = asyncio.get_running_loop().time() + 10
        while asyncio.get_running_loop().time() < deadline:
            try:
                await client.auth_test()
            except aiohttp.ClientError:
                refused += 1
            else:
                if refused:
                    break

    assert refused


async def test_connections_that_stand_are_dropped_when_it_goes_down() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        stream = await session.get(f"{slack.base_url}sandbox/stream")
        await stream.content.readline()
        await slack.go_down()
        ended = await asyncio.wait_for(_until_end(stream), 10)
        stream.close()

    assert ended


async def _until_end(stream: aiohttp.ClientResponse) -> bool:
    try:
        while await stream.content.readany():
            pass
    except aiohttp.ClientError:
        return True
    return True


async def test_a_post_too_many_is_told_to_wait_and_time_passes_at_the_factor() -> None:
    now = [1_800_000_000.0]
    rates = sandbox.Rates(posts=2, posts_window=60, time_factor=0.5)
    async with sandbox.Sandbox(rates=rates, clock=lambda: now[0]) as slack:
        client = client_of(slack)
        for _ in range(2):
            await client.chat_postMessage(channel="deployments", text="x")
        answer = await refusal(client.chat_postMessage(channel="deployments", text="x"))
        now[0] += 30
        later = await client.chat_postMessage(channel="deployments", text="x")

    assert (answer["error"], answer.headers["Retry-After"]) == ("ratelimited", "30")
    assert later["ok"]
