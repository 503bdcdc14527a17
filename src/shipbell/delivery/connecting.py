"""What both senders need of HTTP: a session, the proxy to use, and what a broken request means."""

import urllib.request
from urllib.parse import urlsplit

import aiohttp

from shipbell.delivery import answers
from shipbell.delivery.timing import Timing

BROKEN = (aiohttp.ClientError, TimeoutError)
"""All that a request may raise."""

_NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
"""No connection, so nothing was sent: DNS, TCP, TLS, proxy."""


def open_session(timing: Timing) -> aiohttp.ClientSession:
    """A session for all of delivery's connections; the caller closes it."""
    timeout = aiohttp.ClientTimeout(
        total=timing.request.total_seconds(), connect=timing.connect.total_seconds()
    )
    return aiohttp.ClientSession(timeout=timeout)


def environment_proxy(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY ask for, for this URL."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def failure(error: Exception) -> answers.NotSent | answers.Uncertain:
    """What is known of a request that ended in one of `BROKEN`.

    Told without the error's own text: it names addresses, and those of a webhook or a proxy are secret.
    """
    os_error = getattr(error, "os_error", None)
    detail = getattr(os_error, "strerror", None) or type(error).__name__
    return (
        answers.NotSent(detail=detail) if isinstance(error, _NEVER_LEFT) else answers.Uncertain(detail=detail)
    )
