"""Requests to one API server over plain aiohttp: bytes out, or an error that says what happened.

The one place of the sources that opens connections. It knows credentials and HTTP, nothing of objects. It
promises that every failure is one of `errors`, that none carries a secret, and that no call waits for ever.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from aiohttp import http_exceptions

from shipbell import errors
from shipbell.sources.kubernetes import credentials as identities
from shipbell.sources.kubernetes import limiting

REQUEST_SECONDS = 60.0
"""Patience with a request that is no watch: a page of 500 big objects over a slow link."""

CONNECT_SECONDS = 10.0

KEPT_SECONDS = 75.0
"""How long an idle connection is kept. A handshake costs 15 ms just when there is news; the API server gives
one up after 90 s: https://github.com/kubernetes/apiserver/blob/v0.36.0/pkg/server/secure_serving.go."""

RENEW_SECONDS = 1.0
"""Credentials that were refused are read again at most this often."""

LINE_BYTES = 16 * 1024 * 1024
"""The longest event. etcd keeps objects below 1.5 MB; in JSON they are a few times that at most."""

MESSAGE_LENGTH = 300
"""How much of the API server's own words an error repeats."""

Params = Mapping[str, str]


class _Status(msgspec.Struct):
    """The API server's answer where something is refused."""

    message: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    """A request before it is known who asks."""

    method: str
    path: str
    params: Params
    timeout: float
    """Seconds until the answer's head must be there."""
    body: bytes | None = None
    is_watch: bool = False
    accept: str = "application/json"
    urgency: limiting.Urgency = limiting.Urgency.NEWS


class Transport:
    """One API server, for as long as the `async with` lasts."""

    def __init__(
        self,
        credentials: identities.Credentials,
        *,
        limit: limiting.Bucket | None = None,
        agent: str = "shipbell",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without a `limit`, requests go as they come."""
        self._credentials = credentials
        self._limit = limit
        self._agent = agent
        self._monotonic = monotonic
        self._renewed_at = float("-inf")
        self._requests: aiohttp.ClientSession | None = None
        self._watches: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # A watch uses its connection up. With a pool of its own it leaves requests the one that they keep.
        self._requests, self._watches = self._open_session(), self._open_session()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for session in (self._requests, self._watches):
            if session is not None:
                await session.close()

    async def get_json_bytes(
        self,
        path: str,
        params: Params | None = None,
        *,
        urgency: limiting.Urgency = limiting.Urgency.NEWS,
    ) -> bytes:
        """The body of the answer to a GET. Raises `SourceError` or a class below it."""
        return await self._whole(
            _Request(method="GET", path=path, params=params or {}, timeout=REQUEST_SECONDS, urgency=urgency)
        )

    async def get_text_bytes(self, path: str, params: Params, *, timeout: float) -> bytes:
        """The body of a plain text, such as a log, which must be there within so many seconds."""
        request = _Request(method="GET", path=path, params=params, timeout=timeout, accept="*/*")
        return await self._whole(request)

    async def post_json(self, path: str, body: bytes) -> bytes:
        """The body of the answer to a POST. Used for reviews, which change nothing."""
        return await self._whole(
            _Request(
                method="POST",
                path=path,
                params={},
                timeout=REQUEST_SECONDS,
                body=body,
                urgency=limiting.Urgency.ASKED,
            )
        )

    @asynccontextmanager
    async def watch_lines(
        self, path: str, params: Params | None = None, *, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """An open watch: one line per event until the server ends the stream.

        Raises `Unreachable` when nothing has come for `silence` seconds, bookmarks included: a connection
        may be dead although the peer's kernel still answers keepalives.
        """
        request = _Request(method="GET", path=path, params=params or {}, timeout=silence, is_watch=True)
        async with self._answer(request) as response:
            yield _lines(response, silence)

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # gzip costs 1.75 times the CPU for a list, and between a pod and its API server bytes are cheap.
            headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def _whole(self, request: _Request) -> bytes:
        if self._limit is not None:
            await self._limit.take(request.urgency)
        async with self._answer(request) as response, _patience(request.timeout):
            return await response.read()

    @asynccontextmanager
    async def _answer(self, request: _Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful answer, its body unread. Refused credentials are read anew and tried once more."""
        access = await self._credentials.access()
        response = await self._send(request, access)
        try:
            if response.status == 401 and (other := await self._other_than(access)):
                response.close()
                response = await self._send(request, other)
            if response.status >= 300:
                raise await _failure(response, request)
            yield response
        finally:
            response.close()

    async def _other_than(self, refused: identities.Access) -> identities.Access | None:
        """Other credentials, if another request has got some meanwhile, or it is time to read them anew."""
        current = await self._credentials.access()
        if current != refused:
            return current
        if self._monotonic() - self._renewed_at < RENEW_SECONDS:
            return None
        self._renewed_at = self._monotonic()
        return await self._credentials.renew()

    async def _send(self, request: _Request, access: identities.Access) -> aiohttp.ClientResponse:
        session = self._watches if request.is_watch else self._requests
        if session is None:
            raise errors.Unreachable("the transport is not open")
        headers = {"Accept": request.accept}
        if access.authorization:
            headers["Authorization"] = access.authorization
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        async with _patience(request.timeout):
            return await session.request(
                request.method,
                access.url + request.path,
                params=request.params,
                data=request.body,
                headers=headers,
                ssl=access.ssl_context or True,
                server_hostname=access.server_hostname,
                proxy=access.proxy,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
            )


async def _lines(response: aiohttp.ClientResponse, silence: float) -> AsyncIterator[bytes]:
    while True:
        async with _patience(silence):
            line = await response.content.readline(max_line_length=LINE_BYTES)
        if not line:
            return
        if not line.endswith(b"\n"):
            raise errors.Unreachable("the stream broke in the middle of an event")
        yield line


@asynccontextmanager
async def _patience(seconds: float) -> AsyncIterator[None]:
    """Bounds the wait and turns whatever breaks into `Unreachable`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except aiohttp.ServerTimeoutError as error:
        raise errors.Unreachable(f"no connection within {CONNECT_SECONDS:g} s") from error
    except TimeoutError as error:
        raise errors.Unreachable(f"nothing came for {seconds:g} s") from error
    # RuntimeError is what aiohttp has for a session or connection that was closed meanwhile.
    except (aiohttp.ClientError, http_exceptions.HttpProcessingError, OSError, RuntimeError) as error:
        raise errors.Unreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    """What broke, in the operating system's words if it has some. No URL: a proxy's may hold a password."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the server's certificate is not accepted: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {error.host}:{error.port}: {_os_words(error.os_error)}"
        case OSError():
            return f"the connection broke: {_os_words(error)}"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answers {error.status}"
        case http_exceptions.LineTooLong():
            return f"an event is longer than {LINE_BYTES} bytes"
        case _:
            return f"the connection broke ({type(error).__name__})"


def _os_words(error: OSError) -> str:
    """asyncio puts the address into `strerror`; the errno has the plain words. Resolvers count below zero."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


async def _failure(response: aiohttp.ClientResponse, request: _Request) -> errors.SourceError:
    """The error that a status stands for, see
    https://kubernetes.io/docs/reference/using-api/api-concepts/ and the API conventions' status codes."""
    async with _patience(request.timeout):
        body = await response.content.read(64 * 1024)
    message = f"{request.method} {request.path}: {response.status} {_words(body)}".rstrip()
    return error_of(response.status, message, _retry_after(response.headers.get("Retry-After")))


def error_of(status: int, message: str, retry_after: float | None = None) -> errors.SourceError:
    """The error that an HTTP status stands for, be it an answer's or one inside a watch."""
    known: dict[int, type[errors.SourceError]] = {
        401: errors.Unauthorized,
        403: errors.Forbidden,
        410: errors.Expired,
        429: errors.Throttled,
    }
    return known.get(status, errors.SourceError)(message, status=status, retry_after=retry_after)


def _words(body: bytes) -> str:
    """The message of the Status that the API server explains itself with; nothing of any other body."""
    try:
        message = msgspec.json.decode(body, type=_Status).message or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return " ".join(message.split())[:MESSAGE_LENGTH]


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait. The API server sends whole seconds; the date that HTTP also allows is ignored."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None
