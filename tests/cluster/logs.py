"""What played containers wrote, and the TLS endpoint at which the API server fetches it.

A kubelet serves `GET /containerLogs/NAMESPACE/POD/CONTAINER`; kube-apiserver turns `pods/log` into that
request and does not verify the certificate, see
https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/.
"""

import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from aiohttp import web

Key = tuple[str, str, str]
"""Namespace, pod, container."""

Line = tuple[datetime, str]


class Logs:
    """The lines of every run of every container, in memory."""

    def __init__(self) -> None:
        self._runs: defaultdict[Key, list[list[Line]]] = defaultdict(list)

    def begin_run(self, key: Key) -> None:
        """A container starts (again); only this run and the one before are kept, as by a kubelet."""
        self._runs[key] = [*self._runs[key][-1:], []]

    def write(self, key: Key, lines: Sequence[str], now: datetime) -> None:
        if lines and not self._runs[key]:
            self.begin_run(key)
        if lines:
            self._runs[key][-1].extend((now, line) for line in lines)

    def read(self, key: Key, *, previous: bool = False) -> list[Line] | None:
        """None: there is no such run."""
        runs = self._runs.get(key, [])
        if previous:
            return runs[-2] if len(runs) > 1 else None
        return runs[-1] if runs else None

    def forget(self, namespace: str, pod: str) -> None:
        for key in [key for key in self._runs if key[:2] == (namespace, pod)]:
            del self._runs[key]


@asynccontextmanager
async def serving(logs: Logs, *, certificate: Path, key: Path) -> AsyncIterator[int]:
    """The port on 127.0.0.1 at which they are served."""
    application = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return _answer(logs, request)

    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", answer)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answer(logs: Logs, request: web.Request) -> web.Response:
    """Of the options, those that Shipbell may use: `previous`, `tailLines`, `timestamps`, `limitBytes`."""
    match = request.match_info
    previous = request.query.get("previous") == "true"
    lines = logs.read((match["namespace"], match["pod"], match["container"]), previous=previous)
    if lines is None:
        kind = "previous terminated container" if previous else "container"
        problem = f'{kind} "{match["container"]}" in pod "{match["pod"]}" not found'
        return web.Response(status=400, text=problem)
    tail = request.query.get("tailLines")
    chosen = lines[max(0, len(lines) - int(tail)) :] if tail else lines
    text = "".join(_shown(line, timestamps=request.query.get("timestamps") == "true") for line in chosen)
    limit = request.query.get("limitBytes")
    return web.Response(body=text.encode()[: int(limit) if limit else None], content_type="text/plain")


def _shown(line: Line, *, timestamps: bool) -> str:
    moment, text = line
    return f"{moment.isoformat().replace('+00:00', 'Z')} {text}\n" if timestamps else f"{text}\n"
