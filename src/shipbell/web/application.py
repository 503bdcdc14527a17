"""Puts the endpoints together.

POST /webhook/kubewatch   hints
GET  /livez, /health      the process runs
GET  /readyz              every part works, or which one does not
GET  /metrics             for Prometheus
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from shipbell import metrics
from shipbell.sources import webhooks
from shipbell.web import authentication, health, hooks, refusals

Scrape = Callable[[], Awaitable[None]]
"""Brings the gauges up to date that only the store knows."""


async def _nothing() -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the endpoints speak for."""

    hints: hooks.HintQueue
    metrics: metrics.Metrics
    pings: Mapping[str, health.Ping] = field(default_factory=dict)
    """The parts that `/readyz` asks, by the name that it says."""
    before_scrape: Scrape = _nothing
    credentials: authentication.Credentials = field(default_factory=authentication.Credentials)
    """Who may give hints."""
    patience: timedelta = hooks.BODY_PATIENCE
    """How long a body may take to arrive."""


def create(parts: Parts) -> web.Application:
    """The application, ready to be served."""
    application = web.Application(
        middlewares=[refusals.answering(parts.metrics)], client_max_size=webhooks.LIMIT_BYTES
    )
    hook = hooks.KubewatchHook(parts.hints, parts.credentials, parts.metrics, parts.patience)
    probes = health.Health(parts.pings)
    application.router.add_post(hooks.PATH, hook.receive)
    application.router.add_get("/livez", probes.livez)
    application.router.add_get("/health", probes.livez)
    application.router.add_get("/readyz", probes.readyz)
    application.router.add_get("/metrics", _scraping(parts))
    return application


def _scraping(parts: Parts) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def scrape(_request: web.Request) -> web.Response:
        await parts.before_scrape()
        body = parts.metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    return scrape
