"""Every request that is not served ends here: one line of JSON for the client, one line of log for us.

Neither holds the body, a header or a traceback. This is the error handler of the HTTP side, the one place
of it that catches everything.
"""

from collections.abc import Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from shipbell import errors
from shipbell.metrics import Metrics

log = structlog.get_logger(__name__)

LONGEST_TEXT = 200
"""How much of a foreign text (path, method) a line of log bears."""

REASONS = {404: "there is nothing at this path", 405: "this path does not take this method"}


class Refused(errors.ShipbellError):
    """The request is refused."""

    def __init__(self, status: int, reason: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


def answering(metrics: Metrics) -> Middleware:
    """The middleware that answers for whatever a handler raises."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return _refusal(request, refused, metrics)
        except web.HTTPException as error:
            reason = REASONS.get(error.status, error.reason)
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return _refusal(request, Refused(error.status, reason, headers=headers), metrics)
        except Exception:
            log.exception("request failed", method=_short(request.method), path=_short(request.path))
            return web.json_response({"error": "internal error"}, status=500)

    return answer


def _refusal(request: web.Request, refused: Refused, metrics: Metrics) -> web.Response:
    metrics.web_refused.labels(status=str(refused.status)).inc()
    log.warning(
        "request refused",
        method=_short(request.method),
        path=_short(request.path),
        status=refused.status,
        reason=refused.reason,
        remote=request.remote,
    )
    response = web.json_response({"error": refused.reason}, status=refused.status, headers=refused.headers)
    if refused.status in (408, 413):
        # The rest of the body is still on its way, and nobody is going to read it.
        response.force_close()
    return response


def _short(text: str) -> str:
    """The text on one line, cut."""
    return ascii(text[:LONGEST_TEXT])[1:-1]
