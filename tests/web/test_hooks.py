"""kubewatch's webhooks over real sockets: what is taken, and how everything else is refused."""

import base64
import gzip
import json
import resource
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from tests.web import clients

from shipbell.sources import webhooks
from shipbell.sources.hints import Hint
from shipbell.web import authentication

GOOD = json.dumps(
    {
        "eventmeta": {"kind": "Deployment", "name": "web", "namespace": "shop", "reason": "Updated"},
        "text": "A `Deployment` in namespace `shop` has been `Updated`:\n`web`",
        "time": "2026-11-23T22:13:31.590757243Z",
    }
).encode()
HEAD = b"POST /webhook/kubewatch HTTP/1.1\r\nHost: x\r\n"
WEB = Hint(kind="Deployment", namespace="shop", name="web")


def meta(**changed: object) -> bytes:
    return json.dumps(
        {"eventmeta": {"kind": "Deployment", "name": "web", "namespace": "shop"} | changed}
    ).encode()


BAD_BODIES = {
    "empty": b"",
    "no JSON": b"a `Deployment` has been `Updated`",
    "half of it": GOOD[:-20],
    "not kubewatch's": b'{"alert": "fire"}',
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "no UTF-8": b'{"eventmeta": {"kind": "\xff\xfe"}}',
    "nested 10,000 deep": b'{"eventmeta": ' * 10_000 + b"1" + b"}" * 10_000,
    "nested 10,000 deep in what is ignored": b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "wrong types": b'{"eventmeta": {"kind": 1, "name": [], "namespace": {}}}',
    "eventmeta of a wrong type": b'{"eventmeta": "Deployment"}',
    "no name": meta(name=""),
    "a name with a path in it": meta(name="../../secrets"),
    "a name that is too long": meta(name="a" * 254),
    "a name with a line end": meta(name="web\n"),
    "a namespace that is none": meta(namespace="Shop_1"),
    "a kind that is none": meta(kind="deployments/scale"),
}


async def test_a_webhook_becomes_a_hint() -> None:
    async with clients.served() as served:
        answer = await served.post(GOOD)

        assert (answer.status, answer.json) == (202, {"result": "accepted"})
        assert await served.hints.get() == WEB


async def test_the_same_webhook_again_is_known() -> None:
    async with clients.served() as served:
        await served.post(GOOD)

        assert (await served.post(GOOD)).json == {"result": "known"}
        assert len(served.hints) == 1


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_a_body_that_is_no_hint_is_refused_with_one_reason_and_one_line_of_log(body: bytes) -> None:
    async with clients.served() as served:
        with structlog.testing.capture_logs() as lines:
            answer = await served.post(body)

    assert answer.status == 400
    assert list(answer.json) == ["error"]
    assert "\n" not in answer.json["error"]
    assert len(answer.body) < 400
    assert [line["event"] for line in lines] == ["request refused"]
    assert lines[0]["reason"] == answer.json["error"]
    assert len(served.hints) == 0


async def test_another_content_type_is_refused() -> None:
    async with clients.served() as served:
        answer = await served.ask("POST", "/webhook/kubewatch", GOOD, {"Content-Type": "text/plain"})

    assert answer.status == 400
    assert "content type" in answer.json["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhook/kubewatch", 405),
        ("PUT", "/webhook/kubewatch", 405),
        ("POST", "/livez", 405),
        ("POST", "/metrics", 405),
        ("POST", "/webhook", 404),
        ("POST", "/webhook/kubewatch/", 404),
        ("GET", "/", 404),
        ("GET", "/" + "a" * 3000, 404),
    ],
)
async def test_a_wrong_method_or_path_is_refused(method: str, path: str, status: int) -> None:
    async with clients.served() as served:
        with structlog.testing.capture_logs() as lines:
            answer = await served.ask(method, path, GOOD)

    assert answer.status == status
    assert list(answer.json) == ["error"]
    (line,) = lines
    assert (line["status"], line["method"]) == (status, method)
    assert len(line["path"]) <= 200


async def test_a_body_of_2_mb_is_refused_unread() -> None:
    async with clients.served() as served:
        answer = await served.post(b'"' + b"a" * 2_000_000 + b'"')

    assert (answer.status, answer.json) == (413, {"error": "the body is larger than 1048576 bytes"})


async def test_a_body_whose_size_is_not_said_is_refused_where_it_grows_too_large() -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    async with clients.served() as served:
        got = await served.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 32)

    assert got.startswith(b"HTTP/1.1 413 ")


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b"0" * 100_000_000)
    async with clients.served() as served:
        before = _peak_kb()
        answer = await served.post(bomb, Content_Encoding="gzip")

        assert answer.status == 413
        assert _peak_kb() - before < 20_000


async def test_a_body_that_is_packed_as_its_headers_say_is_taken() -> None:
    async with clients.served() as served:
        assert (await served.post(gzip.compress(GOOD), Content_Encoding="gzip")).status == 202


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        HEAD + b"Content-Length: -5\r\n\r\nabc",
        HEAD + b"X: " + b"a" * 9_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00 hello over TLS\r\n\r\n",
        b"what is this\r\n\r\n",
    ],
    ids=["not packed", "bad chunk", "negative length", "huge header", "TLS", "no HTTP"],
)
async def test_what_breaks_the_protocol_gets_a_400_and_no_traceback(
    sent: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with clients.served(idle=timedelta(milliseconds=200)) as served:
        got = await served.raw(sent)

        assert b" 400 " in got.split(b"\r\n")[0]
        assert b"Traceback" not in got
        assert (await served.post(GOOD)).status == 202
    assert "Traceback" not in caplog.text + "".join(capfd.readouterr())


async def test_a_client_that_sends_its_body_too_slowly_is_told_so_and_dropped() -> None:
    async with clients.served(patience=timedelta(milliseconds=50)) as served:
        got = await served.raw(HEAD + b"Content-Length: 50\r\n\r\n{")

    assert got.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not arrive within 0.05 s" in got


@pytest.mark.parametrize("sent", [b"", HEAD])
async def test_a_client_that_never_finishes_its_request_is_dropped(sent: bytes) -> None:
    async with clients.served(idle=timedelta(milliseconds=100)) as served:
        assert await served.raw(sent) == b""


async def test_a_client_that_hangs_up_in_the_middle_of_its_body_harms_nobody() -> None:
    async with clients.served(patience=timedelta(milliseconds=50)) as served:
        _reader, writer = await clients.connect(served.port)
        writer.write(HEAD + b"Content-Length: 50\r\n\r\n{")
        writer.close()

        assert (await served.post(GOOD)).status == 202


async def test_one_slow_client_keeps_nobody_waiting() -> None:
    async with clients.served() as served:
        _reader, writer = await clients.connect(served.port)
        writer.write(HEAD + b"Content-Length: 50\r\n\r\n{")

        assert (await served.post(GOOD)).status == 202
        writer.close()


async def test_credentials_are_asked_for_where_they_are_configured() -> None:
    credentials = authentication.Credentials(user="kubewatch", password="very-secret")
    given = base64.b64encode(b"kubewatch:very-secret").decode()
    async with clients.served(credentials=credentials) as served:
        with structlog.testing.capture_logs() as lines:
            without = await served.post(GOOD)
            wrong = await served.post(GOOD, Authorization="Basic a3ViZXdhdGNoOmd1ZXNz")
        right = await served.post(GOOD, Authorization=f"Basic {given}")

    assert (without.status, wrong.status, right.status) == (401, 401, 202)
    assert without.headers["WWW-Authenticate"] == 'Basic realm="shipbell"'
    assert "very-secret" not in str(lines) + wrong.body
    assert "a3ViZXdhdGNoOmd1ZXNz" not in str(lines)


async def test_a_wrong_signature_is_refused_after_the_body_was_read() -> None:
    async with clients.served(credentials=authentication.Credentials(hmac_secret="key")) as served:
        answer = await served.post(GOOD, X_Signature="sha256=00")

    assert (answer.status, answer.json) == (401, {"error": "the signature is wrong"})


async def test_hints_are_counted_by_what_became_of_them() -> None:
    async with clients.served() as served:
        for body in (GOOD, GOOD, b"no hint"):
            await served.post(body)
        metrics = (await served.ask("GET", "/metrics")).body

    assert 'shipbell_hints_total{result="accepted"} 1.0' in metrics
    assert 'shipbell_hints_total{result="known"} 1.0' in metrics
    assert 'shipbell_hints_total{result="refused"} 1.0' in metrics
    assert 'shipbell_web_refused_total{status="400"} 1.0' in metrics


async def test_memory_stays_flat_over_10_000_bad_bodies() -> None:
    bodies = [body for name, body in BAD_BODIES.items() if "10,000" not in name]
    async with clients.served() as served, served.connection() as post:
        with structlog.testing.capture_logs() as lines:
            for round_ in range(10_000 // len(bodies) + 1):
                for body in bodies:
                    assert await post(body) == 400
                if round_ == 50:
                    before = _resident_kb()
                lines.clear()

        assert _resident_kb() - before < 3_000
        assert len(served.hints) == 0


async def test_all_recorded_webhooks_of_a_real_kubewatch_are_taken() -> None:
    folder = Path(__file__).parents[3] / "shared" / "kubewatch"
    if not folder.is_dir():
        pytest.skip("the recordings are not beside the checkout")
    recorded = [line for name in ("webhook", "cloudevent") for line in _lines(folder / f"{name}.jsonl")]
    credentials = authentication.Credentials(user="kubewatch", password="pass-word", hmac_secret="unused")
    async with clients.served() as served, clients.served(credentials=credentials) as guarded:
        for line in map(json.loads, recorded):
            headers = {name: value for name, value in line["headers"] if name != "Content-Length"}
            target = guarded if "Authorization" in headers else served
            answer = await target.ask(line["method"], line["path"], line["body"].encode(), headers)
            assert answer.status == 202, line["body"][:200]

    assert len(recorded) > 100


def test_the_limit_is_large_enough_for_an_object_and_its_forerunner() -> None:
    assert webhooks.LIMIT_BYTES >= 1_000_000


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _resident_kb() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0])


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
