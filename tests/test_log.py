"""What a line of log looks like, and that no secret gets into one."""

import base64
import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from shipbell import log

SECRETS = {
    "bot token": "xoxb-123456789-very-secret",
    "rotated token": "xoxe.xoxb-1-very-secret",
    "app token": "xapp-1-A000-very-secret",
    "webhook": "https://hooks.slack.com/services/T00000000/B00000000/very-secret",
    "webhook of the sandbox": "http://127.0.0.1:8065/services/T000/B000/very-secret",
    "workflow": "https://hooks.slack.com/triggers/E000/123/very-secret",
    "bearer": "Authorization: Bearer very-secret",
    "basic": "Authorization: Basic " + base64.b64encode(b"kubewatch:very-secret").decode(),
    "header as JSON": json.dumps({"Authorization": "Bearer very-secret"}),
    "header as JSON in JSON": json.dumps(json.dumps({"authorization": "Basic very-secret"})),
    "header as a tuple of bytes": str((b"Authorization", b"Bearer very-secret")),
    "bearer alone": "bearer very-Secret1",
    "password in a URL": "http://kubewatch:very-secret@shipbell:8080/webhook",
    "password of a database": "postgresql+asyncpg://me:very-secret@db/shipbell",
    "parameter": "https://slack.com/api/auth.test?token=very-secret&pretty=1",
    "token of a service account": "eyJhbGciOiJSUzI1NiJ9.very-secret.very-secret_signature",
}
ENCODED = base64.b64encode(b"kubewatch:very-secret").decode()


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.setLevel(level)
    root.handlers[:] = handlers


def told(text: str) -> bool:
    return "very-secret" in text.lower() or ENCODED in text


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("format_", ["json", "text"])
def test_a_secret_is_masked_wherever_it_stands_in_a_line(secret: str, format_: str) -> None:
    stream = io.StringIO()
    log.configure("debug", format_, stream)
    logger = structlog.get_logger("shipbell.test")

    logger.info(f"event with {secret}")
    logger.info("in a field", detail=secret, nested={"list": [secret]}, raw=secret.encode())
    logging.getLogger("aiohttp.server").warning("from a library: %s", secret)
    try:
        raise ValueError(f"in an error: {secret}")
    except ValueError:
        logger.exception("failed")
        logging.getLogger("slack_sdk").exception("failed too")

    written = stream.getvalue()
    assert written.count("***") >= 6
    assert not told(written), written


@pytest.mark.parametrize(
    "name", ["token", "password", "authorization", "hmac_secret", "webhook_url", "bot_token"]
)
def test_a_field_that_is_a_secret_by_its_name_is_masked(name: str) -> None:
    stream = io.StringIO()
    log.configure("info", "json", stream)

    structlog.get_logger().info("x", **{name: "plain"})

    assert json.loads(stream.getvalue())[name] == "***"


@pytest.mark.parametrize(
    "text",
    [
        "image shop/web:1.2@sha256:0123456789abcdef cannot be pulled: unauthorized",
        "rollout of shop/web 42 succeeded in 2 min 9 s",
        "http://127.0.0.1:8065/api/chat.postMessage answered 503",
        "basic authentication is required",
        "container app exits 1, 5 restarts",
        "https://github.com/mitodl/ol-infrastructure/issues/3940",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert log.redact(text) == text


def test_off_a_terminal_a_line_is_one_json_object_with_time_level_and_logger() -> None:
    stream = io.StringIO()
    log.configure("info", "auto", stream)

    structlog.get_logger("shipbell.service").info("ready", workloads=3, name="Jürgen")
    logging.getLogger("aiohttp").error("second\nline")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "ready",
        "level": "info",
        "logger": "shipbell.service",
        "workloads": 3,
        "name": "Jürgen",
    }
    assert (second["event"], second["level"], second["logger"]) == ("second\nline", "error", "aiohttp")


def test_on_a_terminal_a_line_is_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    log.configure("info", "auto", stream)

    structlog.get_logger().info("ready", workloads=3)

    assert "ready" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    log.configure("warning", "json", stream)

    structlog.get_logger().info("quiet")
    logging.getLogger("alembic").info("quiet")
    structlog.get_logger().warning("loud")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_libraries_that_talk_much_are_heard_only_when_they_warn() -> None:
    stream = io.StringIO()
    log.configure("debug", "json", stream)

    logging.getLogger("slack_sdk").debug("executing")
    logging.getLogger("slack_sdk.web").info("sending")
    logging.getLogger("slack_sdk.web").warning("trouble")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["trouble"]


def test_warnings_of_python_are_logged_too() -> None:
    stream = io.StringIO()
    log.configure("info", "json", stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old thing", DeprecationWarning, stacklevel=1)

    assert "old thing" in json.loads(stream.getvalue())["event"]


def test_configuring_again_replaces_the_first_stream() -> None:
    first, second = io.StringIO(), io.StringIO()
    log.configure("info", "json", first)
    log.configure("info", "json", second)

    structlog.get_logger().info("once")

    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
