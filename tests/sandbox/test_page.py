"""The page: what it is sent, what it may load, and what a person sees in a real browser."""

import json
import re
from importlib import resources
from typing import Any

import aiohttp
import pytest

from shipbell import sandbox
from tests.sandbox import browser
from tests.sandbox.clients import header, mrkdwn, section, unpaced

needs_browser = pytest.mark.skipif(browser.PROGRAM is None, reason="needs the program chromium")
HOSTILE = "</script><img src=x onerror=document.title='hacked'><b>"


async def next_event(stream: aiohttp.ClientResponse) -> tuple[str, Any]:
    name, data = "", ""
    while line := (await stream.content.readline()).decode().rstrip("\n"):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            data = line.removeprefix("data: ")
    return name, json.loads(data or "null")


async def test_the_stream_begins_with_all_there_is_and_goes_on_with_what_changes() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        first = slack.workspace.post("deployments", sandbox.Content(text="one"))
        stream = await session.get(f"{slack.base_url}sandbox/stream")
        snapshot = await next_event(stream)
        slack.workspace.edit(first, sandbox.Content(text="two"))
        edited = await next_event(stream)
        slack.workspace.add_channel("new")
        channels = await next_event(stream)
        stream.close()

    assert (snapshot[0], [message["text"] for message in snapshot[1]["messages"]]) == ("snapshot", ["one"])
    assert (edited[0], edited[1]["text"], edited[1]["version"]) == ("message", "two", 2)
    assert (channels[0], [channel["name"] for channel in channels[1]]) == ("channels", ["deployments", "new"])


async def test_a_reader_who_falls_behind_is_cut_off_and_nothing_piles_up() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        stream = await session.get(f"{slack.base_url}sandbox/stream")
        await next_event(stream)
        for number in range(1500):
            slack.workspace.post("deployments", sandbox.Content(text=str(number)))
        seen = 0
        while (await next_event(stream))[0]:
            seen += 1

    assert seen == 1000


async def test_pages_allow_nothing_from_elsewhere() -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        answers = [
            await session.get(f"{slack.base_url}{path}")
            for path in ("", "channels/any", "static/sandbox.js", "sandbox/stream")
        ]
        missing = await session.get(f"{slack.base_url}static/..%2fserver.py")
        for answer in answers:
            answer.close()

    assert all(answer.status == 200 for answer in answers)
    assert all("default-src 'none'" in answer.headers["Content-Security-Policy"] for answer in answers)
    assert missing.status == 404


def test_the_page_files_name_no_other_host_and_write_no_markup() -> None:
    texts = {
        file.name: file.read_text() for file in (resources.files("shipbell.sandbox") / "static").iterdir()
    }
    for name, text in texts.items():
        hosts = set(re.findall(r"https?://([\w.]+)", text)) - {"www.w3.org", "docs.slack.dev"}
        assert not hosts, name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), name


@needs_browser
async def test_a_message_changes_before_the_readers_eyes() -> None:
    async with unpaced() as (slack, client):
        blocks = [header("🔄 Rolling out · shop/checkout"), section("*1/4* ready")]
        posted = await client.chat_postMessage(channel="deployments", text="rolling out", blocks=blocks)
        async with browser.page(slack.base_url) as page:
            await page.until(
                "document.querySelector('.message h3')?.textContent", "🔄 Rolling out · shop/checkout"
            )
            await client.chat_update(
                channel=posted["channel"], ts=posted["ts"], text="deployed", blocks=[header("✅ Deployed")]
            )
            await page.until("document.querySelector('.message h3').textContent", "✅ Deployed")
            await page.until("document.querySelectorAll('.message.flash').length", 1)
            messages = await page.value("document.querySelectorAll('.message').length")

    assert (messages, page.complaints) == (1, [])


@needs_browser
async def test_what_comes_from_elsewhere_is_shown_to_the_letter() -> None:
    async with unpaced() as (slack, _):
        escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
        blocks = (header(HOSTILE), section(escaped), section(f"`{escaped}`"))
        slack.workspace.post("deployments", sandbox.Content(text=HOSTILE, blocks=blocks))
        slack.workspace.post("deployments", sandbox.Content(text=f"<javascript:alert(1)|x> {HOSTILE}"))
        async with browser.page(slack.base_url) as page:
            await page.until("document.querySelectorAll('.message').length", 2)
            shown = await page.value("document.querySelector('.message h3').textContent")
            links = await page.value("document.querySelectorAll('.message a').length")
            title = await page.value("document.title")

    assert (shown, links, title, page.complaints) == (HOSTILE, 0, "# deployments · Sandbox", [])


@needs_browser
async def test_a_thread_opens_beside_the_channel_and_a_broadcast_stands_in_both() -> None:
    async with unpaced() as (slack, client):
        root = await client.chat_postMessage(channel="deployments", text="the root")
        thread = {"channel": root["channel"], "thread_ts": root["ts"]}
        await client.chat_postMessage(**thread, text="only here")
        await client.chat_postMessage(**thread, text="in both", reply_broadcast=True)
        async with browser.page(slack.base_url) as page:
            await page.until("document.querySelectorAll('#messages .message').length", 2)
            bar = await page.value("document.querySelector('.thread-bar b').textContent")
            await page.value("document.querySelector('.thread-bar').click()")
            await page.until("document.querySelectorAll('#replies .message').length", 3)
            asides = await page.value(
                "[...document.querySelectorAll('.aside')].map((one) => one.textContent)"
            )
            bells = await page.value("document.querySelectorAll('#messages .bell').length")

    assert (bar, bells) == ("2 replies", 2)
    assert asides == ["replied to a thread: the root", "also sent to the channel"]


@needs_browser
async def test_a_permalink_opens_its_channel_and_a_date_is_in_the_readers_words() -> None:
    async with unpaced(channels=("one", "two")) as (_, client):
        posted = await client.chat_postMessage(channel="two", text="<!date^1769868131^{date_num}|fallback>")
        link = await client.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])
        async with browser.page(link["permalink"]) as page:
            await page.until("document.querySelector('.message .body')?.textContent", "2026-01-31")
            channel = await page.value("document.querySelector('.sidebar a.current').textContent")

    assert channel == "#two"


@needs_browser
async def test_on_a_phone_nothing_is_wider_than_the_screen() -> None:
    fields = {"type": "section", "fields": [mrkdwn("*Image*\nregistry.example.com/" + "long" * 30)] * 4}
    async with unpaced() as (slack, client):
        await client.chat_postMessage(
            channel="deployments", text="x", blocks=[header("namespace/" + "name" * 25), fields]
        )
        async with browser.page(slack.base_url, width=390, height=844) as page:
            await page.until("document.querySelectorAll('.message').length", 1)
            wide = await page.value(
                "[...document.querySelectorAll('#messages *')]"
                ".filter((one) => one.getBoundingClientRect().right > innerWidth).length"
            )
            requested = {url.split("/")[2] for url in page.requested}

    assert wide == 0
    assert requested == {slack.base_url.split("/")[2]}
