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
}
"""Name of the picture, and the messages in it."""

WIDTH, HEIGHT = 1100, 1060


async def main() -> None:
    """Makes all of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, messages in PICTURES.items():
        picture = await _picture(messages)
        (IMAGES / f"{name}.png").write_bytes(picture)


async def _picture(messages: tuple[str, ...]) -> bytes:
    async with Sandbox() as slack:
        for name in messages:
            golden = json.loads((GOLDEN / f"{name}.json").read_text())
            content = Content(text=golden["text"], blocks=tuple(golden["blocks"]))
            slack.workspace.post("deployments", content)
        async with browser.page(slack.base_url + "channels/deployments", width=WIDTH, height=HEIGHT) as page:
            await page.until(f"document.querySelectorAll('#messages > li').length >= {len(messages)}")
            return await page.picture()


if __name__ == "__main__":
    asyncio.run(main())
