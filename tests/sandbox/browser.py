"""A real browser for the tests of the page: Debian's Chromium, spoken to by its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import base64
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium")
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


class Page:
    """One tab. `complaints` holds what went wrong in it: exceptions, and whatever the policy forbade."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)

    async def open(self, url: str, *, width: int = 1280, height: int = 900) -> None:
        for domain in ("Runtime", "Log", "Network", "Page"):
            await self._call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        await self._call("Emulation.setDeviceMetricsOverride", **size)
        await self._call("Page.navigate", url=url)

    async def value(self, script: str) -> Any:
        """What the script comes to."""
        answer = await self._call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def until(self, script: str, wanted: Any = True) -> None:
        """Wait, but not for ever, until the script comes to what is wanted."""
        deadline = asyncio.get_running_loop().time() + 20
        while (found := await self.value(script)) != wanted:
            assert asyncio.get_running_loop().time() < deadline, f"{script} is {found!r}, not {wanted!r}"

    async def picture(self) -> bytes:
        """What it shows, as PNG."""
        return base64.b64decode((await self._call("Page.captureScreenshot", format="png"))["data"])

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                return dict(message["result"])
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        match event["method"]:
            case "Runtime.exceptionThrown":
                self.complaints.append(event["params"]["exceptionDetails"]["text"])
            case "Log.entryAdded":
                self.complaints.append(event["params"]["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requested.append(event["params"]["request"]["url"])


@contextlib.asynccontextmanager
async def page(url: str, *, width: int = 1280, height: int = 900) -> AsyncIterator[Page]:
    """A tab in a browser of its own, which ends with the block."""
    home = tempfile.mkdtemp(prefix="chromium-")
    async with _running(home) as port, aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json") as response:
            tabs = [tab for tab in await response.json() if tab["type"] == "page"]
        async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            shown = Page(socket)
            await shown.open(url, width=width, height=height)
            yield shown
    shutil.rmtree(home, ignore_errors=True)


@contextlib.asynccontextmanager
async def _running(home: str) -> AsyncIterator[int]:
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_OPTIONS,
        f"--user-data-dir={home}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        port = await asyncio.wait_for(_port(process.stderr), 30)
        drain = asyncio.create_task(process.stderr.read())  # a full pipe would stop the browser
        yield port
    finally:
        process.terminate()
        await process.wait()
    await drain


async def _port(stderr: asyncio.StreamReader) -> int:
    async for line in stderr:
        words = line.decode(errors="replace").split()
        if words[:3] == ["DevTools", "listening", "on"]:
            return int(words[3].split(":")[2].partition("/")[0])
    raise AssertionError("the browser ended before it was ready")
