"""Every way in which a request can fail has its error, and none of them tells a secret."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from shipbell import errors
from shipbell.sources.kubernetes import credentials, transport
from tests.fakes.api_server import ApiServer, Fault
from tests.sources.apiobjects import deployment
from tests.sources.following import Token

PATH = "/apis/apps/v1/deployments"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.SourceError),
        (410, errors.Expired),
        (429, errors.Throttled),
        (500, errors.SourceError),
        (503, errors.SourceError),
    ],
)
async def test_a_status_is_the_error_that_it_means_in_the_servers_words(
    status: int, kind: type[errors.SourceError]
) -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.fail("list", *[Fault(status=status, message="no,\n  not now")] * 2)
        with pytest.raises(errors.SourceError) as refused:
            await connection.get_json_bytes(PATH)

    assert type(refused.value) is kind
    assert refused.value.status == status
    assert str(refused.value) == f"GET {PATH}: {status} no, not now"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0", 0.0), ("-1", None), ("soon", None), ("Fri, 30 Jan 2026 14:02:11 GMT", None)],
)
async def test_retry_after_is_kept_where_it_is_a_number(header: str, seconds: float | None) -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.fail("list", Fault(status=429, headers={"Retry-After": header}))
        with pytest.raises(errors.Throttled) as refused:
            await connection.get_json_bytes(PATH)

    assert refused.value.retry_after == seconds


async def test_a_long_refusal_is_cut() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.fail("list", Fault(status=500, message="x" * 10_000))
        with pytest.raises(errors.SourceError) as refused:
            await connection.get_json_bytes(PATH)

    assert len(str(refused.value)) < 400


async def test_a_token_never_reaches_an_error() -> None:
    async with ApiServer() as server:
        server.tokens = {"other"}
        async with transport.Transport(Token(server.url, "very-secret")) as connection:
            with pytest.raises(errors.Unauthorized) as refused:
                await connection.get_json_bytes(PATH)

    assert "very-secret" not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"


async def test_refused_credentials_are_read_anew_at_most_once_a_second() -> None:
    time = [100.0]
    async with ApiServer() as server:
        server.tokens = {"other"}
        identity = Token(server.url, "wrong")
        async with transport.Transport(identity, monotonic=lambda: time[0]) as connection:
            renewals = []
            for moment in (100.0, 100.5, 100.99, 101.0, 101.2, 102.5):
                time[0] = moment
                with pytest.raises(errors.Unauthorized):
                    await connection.get_json_bytes(PATH)
                renewals.append(identity.renewals)

    assert renewals == [1, 1, 1, 2, 2, 3]


async def test_requests_that_are_refused_together_all_go_on_with_the_new_credentials() -> None:
    async with ApiServer() as server:
        server.tokens = {"new"}
        identity = Token(server.url, "old", "new")
        async with transport.Transport(identity) as connection:
            await asyncio.gather(*[connection.get_json_bytes(PATH) for _ in range(5)])

    assert identity.renewals == 1


async def test_a_watch_is_opened_with_the_renewed_token() -> None:
    async with ApiServer() as server:
        server.tokens = {"new"}
        async with (
            transport.Transport(Token(server.url, "old", "new")) as connection,
            connection.watch_lines(
                PATH, {"watch": "1", "resourceVersion": str(server.version)}, silence=5
            ) as lines,
        ):
            server.put(deployment("web"))
            line = await anext(lines)

    assert line.startswith(b'{"type":"ADDED"')


async def test_an_answer_that_never_begins_is_given_up() -> None:
    async with _server(None, close=False) as url, transport.Transport(Token(url)) as connection:
        with pytest.raises(errors.Unreachable, match=r"nothing came for 0\.1 s"):
            async with connection.watch_lines(PATH, silence=0.1):
                pass


async def test_a_connection_that_closes_before_it_answers_is_unreachable() -> None:
    async with _server(None, close=True) as url, transport.Transport(Token(url)) as connection:
        with pytest.raises(errors.Unreachable, match="the connection broke"):
            await connection.get_json_bytes(PATH)


async def test_a_transport_that_is_not_open_says_so() -> None:
    with pytest.raises(errors.Unreachable, match="not open"):
        await transport.Transport(Token("http://127.0.0.1:1")).get_json_bytes(PATH)


async def test_a_host_that_does_not_exist_is_unreachable() -> None:
    async with transport.Transport(Token("http://kubernetes.invalid:6443")) as connection:
        with pytest.raises(errors.Unreachable, match=r"cannot connect to kubernetes\.invalid:6443"):
            await connection.get_json_bytes(PATH)


async def test_plain_http_where_tls_is_expected_is_unreachable() -> None:
    async with ApiServer() as server:
        url = server.url.replace("http:", "https:")
        async with transport.Transport(_Secure(url)) as connection:
            with pytest.raises(errors.Unreachable):
                await connection.get_json_bytes(PATH)


async def test_a_proxys_password_never_reaches_an_error() -> None:
    identity = _Proxied("http://kubernetes.invalid", "http://user:very-secret@127.0.0.1:1")
    async with transport.Transport(identity) as connection:
        with pytest.raises(errors.Unreachable) as refused:
            await connection.get_json_bytes(PATH)

    assert "very-secret" not in str(refused.value)


async def test_an_event_longer_than_any_object_is_refused_without_being_kept() -> None:
    endless = b'{"type":"ADDED","object":"' + b"x" * (transport.LINE_BYTES + 100)
    async with (
        _server(b"HTTP/1.1 200 OK\r\n\r\n" + endless, close=False) as url,
        transport.Transport(Token(url)) as connection,
    ):
        with pytest.raises(errors.Unreachable, match="longer than 16777216 bytes"):
            async with connection.watch_lines(PATH, silence=5) as lines:
                await anext(lines)


class _Secure(Token):
    async def access(self) -> credentials.Access:
        plain = await super().access()
        return credentials.Access(url=plain.url, ssl_context=ssl.create_default_context())


class _Proxied(Token):
    async def access(self) -> credentials.Access:
        return credentials.Access(url=self._url, proxy=self._tokens[0])


@asynccontextmanager
async def _server(answer: bytes | None, *, close: bool) -> AsyncIterator[str]:
    """Takes any connection, says `answer` after the request, and closes or keeps quiet."""
    connections: list[asyncio.StreamWriter] = []
    served = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if answer:
                writer.write(answer)
                await writer.drain()
            if not close:
                await reader.read()
        writer.close()
        served.release()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
        for writer in connections:
            writer.transport.abort()
            await served.acquire()
