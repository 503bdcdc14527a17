"""Takes kubewatch's webhooks and keeps the hints in them until somebody looks.

kubewatch sends once and ignores the answer, so everything that can be understood is taken. The queue holds
each object once and a bounded number of them; when there are more, one relist is cheaper than the hints and
takes their place. A lost hint costs delay, never truth.
"""

import asyncio
from datetime import timedelta
from enum import StrEnum

import aiohttp
from aiohttp import web

from shipbell import errors
from shipbell.metrics import Metrics
from shipbell.sources import webhooks
from shipbell.sources.hints import Hint
from shipbell.web import authentication, refusals

PATH = "/webhook/kubewatch"

MOST_HINTS = 10_000

BODY_PATIENCE = timedelta(seconds=10)
"""How long a body may take to arrive; kubewatch sends its few KB at once."""


class Taken(StrEnum):
    """What became of a hint."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    """Its object is waiting to be looked at already, alone or in the relist that is due."""
    OVERFLOWED = "overflowed"
    """It was one too many: a relist is due in place of all hints."""


class HintQueue:
    """The objects to look at, each once, oldest first. For one event loop."""

    def __init__(self, limit: int = MOST_HINTS) -> None:
        self._limit = limit
        self._waiting: dict[Hint, None] = {}
        self._relist_due = False
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, hint: Hint) -> Taken:
        """Queues the hint, unless what waits already covers it."""
        if self._relist_due or hint in self._waiting:
            return Taken.KNOWN
        self._filled.set()
        if len(self._waiting) >= self._limit:
            self._relist_due = True
            self._waiting.clear()
            return Taken.OVERFLOWED
        self._waiting[hint] = None
        return Taken.ACCEPTED

    async def get(self) -> Hint | None:
        """Waits for the next object to look at; None means that everything is to be listed.

        What is taken counts as looked at: a hint for it that comes from now on is queued anew.
        """
        while not (self._relist_due or self._waiting):
            self._filled.clear()
            await self._filled.wait()
        if self._relist_due:
            self._relist_due = False
            return None
        hint = next(iter(self._waiting))
        del self._waiting[hint]
        return hint


class KubewatchHook:
    """The endpoint that kubewatch posts to."""

    def __init__(
        self,
        hints: HintQueue,
        credentials: authentication.Credentials,
        metrics: Metrics,
        patience: timedelta,
    ) -> None:
        self._hints = hints
        self._credentials = credentials
        self._metrics = metrics
        self._patience = patience

    async def receive(self, request: web.Request) -> web.Response:
        """Queues the hint and answers 202. Raises `Refused` where there is none to take."""
        try:
            hint = await self._hint(request)
        except refusals.Refused:
            self._metrics.hints.labels(result="refused").inc()
            raise
        taken = self._hints.put(hint)
        self._metrics.hints.labels(result=taken.value).inc()
        return web.json_response({"result": taken.value}, status=202)

    async def _hint(self, request: web.Request) -> Hint:
        _authenticate(authentication.refuse_headers(request.headers, self._credentials))
        body = await self._body(request)
        _authenticate(authentication.refuse_body(request.headers, body, self._credentials))
        try:
            return webhooks.parse_kubewatch(request.headers.get("Content-Type", ""), body)
        except errors.HintError as error:
            raise refusals.Refused(400, str(error)) from error

    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > webhooks.LIMIT_BYTES:
            raise refusals.Refused(413, f"the body is larger than {webhooks.LIMIT_BYTES} bytes")
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise refusals.Refused(413, f"the body is larger than {webhooks.LIMIT_BYTES} bytes") from error
        except TimeoutError as error:
            seconds = self._patience.total_seconds()
            raise refusals.Refused(408, f"the body did not arrive within {seconds:g} s") from error
        except (aiohttp.ClientError, web.RequestPayloadError, OSError) as error:
            raise refusals.Refused(400, "the body is cut short or not encoded as its headers say") from error


def _authenticate(reason: str) -> None:
    if reason:
        raise refusals.Refused(401, reason, headers={"WWW-Authenticate": 'Basic realm="shipbell"'})
