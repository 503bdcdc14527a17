"""Lists a collection in pages that are all of one moment, as the API server promises for its tokens."""

from collections.abc import AsyncGenerator, Mapping

from shipbell.sources.kubernetes import decoding, limiting, objects, transport


async def pages(
    server: transport.Transport,
    format_: decoding.Format[objects.ObjectT, decoding.ValueT],
    *,
    namespace: str = "",
    selectors: Mapping[str, str] | None = None,
    size: int = 500,
    urgency: limiting.Urgency = limiting.Urgency.NEWS,
) -> AsyncGenerator[objects.Page[objects.ObjectT]]:
    """Every page of a consistent list.

    Raises `Expired` when the server no longer knows that moment: what was read so far is then worth nothing
    (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
    """
    params = {"limit": str(size), **(selectors or {})}
    path = format_.resource.path(namespace)
    page = format_.page(await server.get_json_bytes(path, params, urgency=urgency))
    yield page
    while token := page.metadata.continue_:
        rest = {**params, "continue": token}
        page = format_.page(await server.get_json_bytes(path, rest, urgency=urgency))
        yield page
