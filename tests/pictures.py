"""`python -m tests.pictures`: the pictures in the documents, made from the golden files by a real browser."""

import asyncio
import json
from pathlib import Path

from shipbell.sandbox import Content, Sandbox
from tests.sandbox import browser

GOLDEN = Path(__file__).with_name("golden")
IMAGES = Path(__file__).parents[1] / "docs" / "images"

PICTURES = {
    "messages": ("full-progressing", "full-succeeded", "full-failing"),
    "endings": ("full-failed", "full-recovered", "full-rolled-back", "full-superseded"),
    "jobs": ("job-failed", "cronjob-streak", "cronjob-recovered"),
}
"""Name of the picture, and the messages in it."""
THREADS = {"thread": ("change-failed-changed", "thread-failed")}
"""Name of the picture, its root message, and the reply in its thread."""

WIDTH, HEIGHT = 1100, 1060
WIDE, HIGH = 1500, 1340
"""A thread stands beside its channel."""
CALM = "document.querySelectorAll('.flash').forEach(item => item.classList.remove('flash'))"
"""What is opened by its link lights up for a moment."""


async def main() -> None:
    """Makes all of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, messages in PICTURES.items():
        (IMAGES / f"{name}.png").write_bytes(await _channel(messages))
    for name, (root, reply) in THREADS.items():
        (IMAGES / f"{name}.png").write_bytes(await _thread(root, reply))


async def _channel(messages: tuple[str, ...]) -> bytes:
    async with Sandbox() as slack:
        for name in messages:
            slack.workspace.post("deployments", _content(name))
        async with browser.page(slack.base_url + "channels/deployments", width=WIDTH, height=HEIGHT) as page:
            await page.until(f"document.querySelectorAll('#messages > li').length >= {len(messages)}")
            return await page.picture()


async def _thread(root: str, reply: str) -> bytes:
    async with Sandbox() as slack:
        posted = slack.workspace.post("deployments", _content(root))
        told = slack.workspace.post("deployments", _content(reply), thread_ts=posted.ts)
        url = f"{slack.base_url}archives/{told.channel}/p{told.ts.replace('.', '')}"
        async with browser.page(url, width=WIDE, height=HIGH) as page:
            await page.until("document.querySelectorAll('#replies .flash').length > 0")
            await page.value(CALM)
            return await page.picture()


def _content(name: str) -> Content:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    return Content(text=golden["text"], blocks=tuple(golden["blocks"]))


if __name__ == "__main__":
    asyncio.run(main())
