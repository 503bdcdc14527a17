"""The composition root: opens every part in order, lets them run, and closes them in reverse.

Two halves run side by side. The left one (sources to store) can be cut at any moment, because what is not
committed is seen again. The right one (store to Slack) is let finish what it has in hand. Either of them
ending by itself is a mistake, and takes the process down with it.
"""

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from aiohttp.web import Application

from shipbell import errors, log
from shipbell.config import Settings
from shipbell.metrics import Metrics
from shipbell.service import connecting, observing, permitting
from shipbell.service.clock import now_utc
from shipbell.service.telling import Telling
from shipbell.service.watching import Watching
from shipbell.sources.kubernetes import access
from shipbell.store import Store, upgrading
from shipbell.web import application, hooks, serving

logger = structlog.get_logger(__name__)

FAREWELL = timedelta(seconds=15)
"""How long the right half may take to finish; Kubernetes kills after 30 s by default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A service that is open: `until` runs it."""

    settings: Settings
    watching: Watching
    telling: Telling

    @property
    def listed(self) -> asyncio.Event:
        """Set when the baseline stands."""
        return self.watching.listed

    async def until(self, stop: asyncio.Event) -> None:
        """Runs both halves until `stop` is set; raises what ended one of them before."""
        left = asyncio.create_task(self.watching.run(), name="left half")
        right = asyncio.create_task(self.telling.run(), name="right half")
        ready = asyncio.create_task(self._say_ready(), name="ready")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({left, right, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cut(stopping, ready, left)
            await self._finish(right)
        for half in (left, right):
            if not half.cancelled():
                half.result()

    async def _say_ready(self) -> None:
        """The one line that a person looks for after a start."""
        await self.listed.wait()
        kubernetes = self.settings.kubernetes
        logger.info(
            "ready",
            cluster=self.settings.cluster,
            kinds=[kind.value for kind in kubernetes.kinds],
            namespaces=list(kubernetes.namespaces) or "all",
            workloads=self.watching.workloads,
            in_flight=self.watching.open_rollouts,
            watch=kubernetes.watch,
            **self.telling.about(),
        )

    async def _finish(self, right: asyncio.Task[None]) -> None:
        """Lets the right half end what it has in hand."""
        try:
            async with asyncio.timeout(FAREWELL.total_seconds()):
                self.telling.stop()
                await asyncio.wait({right})
        except TimeoutError:
            logger.warning("ended with a delivery in hand: the next start settles it")
            await _cut(right)


async def run(settings: Settings) -> int:
    """The whole life of `shipbell run`: until SIGTERM or Ctrl-C. Answers the exit code.

    Raises `ConfigError` or `StoreError` where it cannot even begin.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.configure(settings.log.level.value, settings.log.format.value)
    async with running(settings) as service:
        gc.freeze()  # what is there by now stays: collections need not look at it again, 75 ms each
        await service.until(stop)
    logger.info("ended")
    return 0


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Everything that the service needs, open; the web server answers from here on."""
    async with AsyncExitStack() as stack:
        store = await _open_store(settings, stack)
        server = await stack.enter_async_context(connecting.api_server(settings))
        metrics, hints = Metrics(), hooks.HintQueue()
        telling = await stack.enter_async_context(Telling.open(settings, store, metrics))
        watching = Watching(
            settings,
            store,
            server,
            hints,
            announce=lambda _: telling.wake(),
            now=now_utc,
            metrics=metrics,
        )
        observed = observing.Observed(
            store=store,
            watching=watching,
            telling=telling,
            metrics=metrics,
            permissions=permitting.Permissions(
                connecting.needed(settings), partial(access.is_granted, server), monotonic=time.monotonic
            ),
        )
        app = application.create(
            application.Parts(
                hints=hints,
                metrics=metrics,
                pings=observed.pings(),
                before_scrape=observed.refresh,
                credentials=connecting.hook_credentials(settings),
            )
        )
        port = await _serve(settings, app, stack)
        logger.info("listening", host=settings.web.host, port=port)
        yield Running(settings=settings, watching=watching, telling=telling)


async def _open_store(settings: Settings, stack: AsyncExitStack) -> Store:
    """The embedded store makes and upgrades itself; a second service on its file is refused."""
    await upgrading.ensure_schema(settings.store.url)
    return await stack.enter_async_context(await Store.open(settings.store.url, sole=True))


async def _serve(settings: Settings, app: Application, stack: AsyncExitStack) -> int:
    host, port = settings.web.host, settings.web.port
    try:
        return await stack.enter_async_context(serving.serving(app, host, port))
    except OSError as error:
        message = f"web.port: cannot listen on {host}:{port}: {error.strerror}; set another port"
        raise errors.ConfigError((message,)) from error


async def _cut(*tasks: asyncio.Task[object] | asyncio.Task[None] | asyncio.Task[bool]) -> None:
    """Cancels and waits; what they raise while they end is not of interest any more."""
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait(tasks)
