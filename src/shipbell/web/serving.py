"""Opens the port, and closes it again without cutting off who is being answered.

Clients are not trusted to be quick or to speak HTTP: what stays silent is closed, what is no HTTP gets a
400 and a line of log instead of the traceback that the HTTP library would write.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web
from aiohttp.http import HttpProcessingError

IDLE = timedelta(seconds=30)
"""How long a connection may say nothing, before its first request or between two."""

FAREWELL = timedelta(seconds=5)
"""How long requests in hand may take to finish when the service ends."""

LINGER = timedelta(seconds=1)
"""How long a refused body is still read, so that the client gets to see the answer."""


@asynccontextmanager
async def serving(
    application: web.Application, host: str, port: int, *, idle: timedelta = IDLE
) -> AsyncIterator[int]:
    """Serves while the context is open; yields the port, which is another one where 0 was asked for.

    Raises `OSError` where the address cannot be listened on.
    """
    runner = web.AppRunner(
        application,
        access_log=None,
        logger=_http_log(),
        keepalive_timeout=idle.total_seconds(),
        lingering_time=LINGER.total_seconds(),
        shutdown_timeout=FAREWELL.total_seconds(),
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _http_log() -> logging.Logger:
    """The HTTP library's logger, with what clients do wrong cut down to one line."""
    log = logging.getLogger("shipbell.web.http")
    if _one_line not in log.filters:
        log.addFilter(_one_line)
    return log


def _one_line(record: logging.LogRecord) -> bool:
    """Whether the record is written at all; without its traceback where the client is to blame."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, web.RequestPayloadError):
        return False  # A body that breaks off was refused before, in a line of its own.
    if isinstance(error, HttpProcessingError):
        record.msg, record.exc_info = "request refused: this is no HTTP (from %s)", None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
