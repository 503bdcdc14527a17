"""Requests to an API server over plain aiohttp: JSON out, JSON in, and two ways to fail.

Shared by the played kubelets and by the tests' client. It is not the transport of Shipbell, so that a
mistake there cannot hide itself here.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

Object = dict[str, Any]
"""A Kubernetes object, or another JSON object of its API, as it was received."""

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

REQUEST_SECONDS = 30.0

WATCH_BUFFER = 2**22
"""Bytes of one watch event at most; etcd refuses objects above 1.5 MB."""


class Refused(Exception):
    """The API server said no: the request is wrong, or its object is not there (any more)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason


class Away(Exception):
    """The API server could not be reached or could not answer; the same request may succeed later."""


class Connection:
    """One identity at one API server."""

    def __init__(self, *, url: str, token: str, ca_file: Path) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        self._session = aiohttp.ClientSession(
            headers=self._headers, connector=connector, read_bufsize=WATCH_BUFFER
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Object:
        """The JSON answer. Raises `Refused` or `Away`."""
        return _object(await self.read(method, path, params=params, body=body, content_type=content_type))

    async def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> bytes:
        """The answer's body. Raises `Refused` or `Away`."""
        payload = None if body is None else json.dumps(body).encode()
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with self._answer(method, path, params, payload, content_type, timeout) as response:
            return await response.read()

    async def watch(self, path: str, params: Mapping[str, str]) -> AsyncGenerator[Object]:
        """Events as `{"type": ..., "object": ...}` until the server ends the stream. Raises as `request`."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_SECONDS)
        query = {**params, "watch": "true", "allowWatchBookmarks": "true"}
        async with self._answer("GET", path, query, None, JSON, timeout) as response:
            async for line in response.content:
                yield _object(line)

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        payload: bytes | None,
        content_type: str,
        timeout: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise Away("the connection is not open")
        headers = {} if payload is None else {"Content-Type": content_type}
        try:
            async with self._session.request(
                method, self.url + path, params=params, data=payload, headers=headers, timeout=timeout
            ) as response:
                if response.status >= 400:
                    raise _failure(response.status, await response.read())
                yield response
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise Away(f"{method} {path}: {error!r}") from error


def _object(body: bytes) -> Object:
    decoded = json.loads(body)
    if not isinstance(decoded, dict):
        raise TypeError(f"no JSON object: {body[:200]!r}")
    return decoded


def _failure(status: int, body: bytes) -> Refused | Away:
    """429 and 5xx pass; see https://kubernetes.io/docs/reference/using-api/api-concepts/ for the rest."""
    try:
        answer = _object(body)
    except (ValueError, TypeError):
        answer = {"message": body.decode(errors="replace")}
    message = str(answer.get("message", ""))
    if status == 429 or status >= 500:
        return Away(f"{status} {message}")
    return Refused(status, str(answer.get("reason", "")), message)
