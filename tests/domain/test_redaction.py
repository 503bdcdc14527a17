"""Secrets never survive redaction; ordinary lines do."""

import base64
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipbell.domain import redaction

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"


def words(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least)


PASSWORDS = words(ALNUM + "!#$%^*()_+-.~", 8, 24).filter(lambda text: text[0].isalnum())
NAMES = st.sampled_from(
    [
        "password",
        "DB_PASSWORD",
        "passwd",
        "pwd",
        "secret",
        "client_secret",
        "token",
        "ACCESS_TOKEN",
        "apikey",
        "api-key",
        "X_API_KEY",
        "private_key",
        "spring.redis.password",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "credentials",
        "passphrase",
        "smtp-pass",
    ]
)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def jwt(payload: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return f"{header}.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.{payload}"


def key_block(body: str) -> str:
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----"])


Planted = tuple[str, str]
"""A secret, and a text that has it."""


def planted(secrets: st.SearchStrategy[str], *forms: str) -> st.SearchStrategy[Planted]:
    """`@` in a form stands for the secret."""
    return st.tuples(secrets, st.sampled_from(forms)).map(
        lambda pair: (pair[0], pair[1].replace("@@", pair[0]))
    )


SHAPES: dict[str, st.SearchStrategy[Planted]] = {
    "bearer": planted(words(ALNUM + "-._", 20, 40), "Authorization: Bearer @@", "sent 'bearer @@' twice"),
    "basic": planted(
        words(ALNUM, 8, 20).map(in_base64), "authorization: Basic @@", 'curl -H "Authorization: Basic @@"'
    ),
    "jwt": planted(words(ALNUM, 24, 60).map(jwt), "got @@", "session=@@;", '{"id":"@@"}'),
    "aws key id": planted(words(ALNUM[:26] + "234567", 16).map("AKIA".__add__), "using @@", "key=@@,"),
    "aws secret": planted(
        st.tuples(words(ALNUM + "/+", 37)).map(lambda t: f"aB1{t[0].replace('/', 'x')}"),
        "secret key @@ used",
        "@@",
    ),
    "github": planted(words(ALNUM, 36).map("ghp_".__add__), "clone with @@", "https://@@@github.com/a/b"),
    "github fine": planted(words(ALNUM, 60).map("github_pat_".__add__), "clone with @@"),
    "gitlab": planted(words(ALNUM + "-_", 20).map("glpat-".__add__), "clone with @@ please"),
    "slack token": planted(words(ALNUM, 24).map("xoxb-123456789012-".__add__), "posting as @@", "t=@@"),
    "slack webhook": planted(
        words(ALNUM, 24).map("T0000/B0000/".__add__), "POST https://hooks.slack.com/services/@@ failed"
    ),
    "google": planted(words(ALNUM + "-_", 35).map("AIza".__add__), "maps?key=@@", "using @@"),
    "private key": planted(words(ALNUM + "+/", 120, 400), "").map(
        lambda p: (p[0][:60], f"loaded\n{key_block(p[0])}")
    ),
    "url userinfo": planted(PASSWORDS, "GET https://joe:@@@registry.example/v2/"),
    "database url": planted(
        PASSWORDS,
        "postgres://app:@@@db.shop:5432/shop?sslmode=require",
        "mysql://root:@@@127.0.0.1/x",
        "mongodb+srv://u:@@@cluster0.example/test",
        "amqp://guest:@@@mq:5672/%2f",
        "redis://:@@@cache:6379/0",
        "app:@@@tcp(db:3306)/shop",
        "jdbc:postgresql://app:@@@db/shop",
    ),
    "assigned": st.tuples(NAMES, PASSWORDS, st.sampled_from(["=", ": ", " = ", ":", "=>"])).map(
        lambda t: (t[1], f"with {t[0]}{t[2]}{t[1]} and more")
    ),
    "quoted": st.tuples(NAMES, words(ALNUM + " !,;&", 8, 20), st.sampled_from("\"'")).map(
        lambda t: (t[1], f"{t[0]}={t[2]}{t[1]}{t[2]} and more")
    ),
    "json": st.tuples(NAMES, words(ALNUM + ' !"\\,', 8, 20)).map(
        lambda t: (json.dumps(t[1])[1:-1], json.dumps({"user": "app", t[0]: t[1], "port": 5432}))
    ),
    "json in json": st.tuples(NAMES, words(ALNUM, 8, 20)).map(
        lambda t: (t[1], json.dumps({"msg": json.dumps({t[0]: t[1], "port": 5432})}))
    ),
    "yaml": st.tuples(NAMES, PASSWORDS).map(lambda t: (t[1], f"  {t[0]}: {t[1]}")),
    "flag": planted(PASSWORDS, "run --password @@ --verbose", "run --db-password=@@", "tool -token @@"),
    "docker auth": planted(words(ALNUM, 12, 30).map(in_base64), '{"auths":{"reg.example":{"auth":"@@"}}}'),
    "stripe": planted(words(ALNUM, 24).map("sk_live_".__add__), "charging with @@", "STRIPE=@@"),
    "npm": planted(words(ALNUM, 36).map("npm_".__add__), "//registry.npmjs.org/:_authToken=@@", "using @@"),
    "vault": planted(words(ALNUM + "-_", 90).map("hvs.".__add__), "renewed @@", "VAULT=@@"),
    "azure": planted(
        words(ALNUM + "+/", 86).map(lambda text: f"{text}=="),
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=@@;EndpointSuffix=core.windows.net",
    ),
    "cookie": planted(words(ALNUM, 24), "Set-Cookie: session=@@; Path=/", "cookie: a=b; sid=@@"),
    "sas": planted(
        words(ALNUM + "%", 30), "GET https://shop.blob.example/x?sv=2022&sig=@@", "?X-Amz-Signature=@@"
    ),
    "sql": planted(PASSWORDS.filter(lambda p: "'" not in p), "CREATE USER app IDENTIFIED BY '@@';"),
    "openai": planted(words(ALNUM, 40).map("sk-proj-".__add__), "using @@"),
    "telegram": planted(
        words(ALNUM + "-_", 33).map("123456789:AA".__add__), "https://api.telegram.org/bot@@/x"
    ),
}

LOG_LINES = st.sampled_from(
    [
        "2026-01-31T12:00:00Z INFO listening on :8080",
        'level=error msg="no such table: users" caller=db.go:42',
        "    at com.example.shop.Main.main(Main.java:17)",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "",
    ]
)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=50)
@given(data=st.data())
def test_a_planted_secret_never_survives_and_the_lines_around_it_do(shape: str, data: st.DataObject) -> None:
    secret, text = data.draw(SHAPES[shape])
    before, after = data.draw(st.lists(LOG_LINES, max_size=3)), data.draw(st.lists(LOG_LINES, max_size=3))

    told = redaction.redact("\n".join([*before, text, *after]))
    lines = told.split("\n")

    assert secret not in told
    assert redaction.MASK in told
    assert lines[: len(before)] == before
    assert lines[len(lines) - len(after) :] == after
    assert redaction.redact(told) == told


@pytest.mark.parametrize(
    "line",
    [
        'Back-off pulling image "reg.example/shop/web:1.4.1"',
        f'Failed to pull image "reg.example/shop/web@sha256:{"ab12" * 16}": not found',
        'Error: secret "db-password" not found',
        'MountVolume.SetUp failed for volume "db-password" : secret "db" not found',
        "couldn't find key password in Secret shop/db",
        'pods "web-79fc7fd494-x7k2p" is forbidden: exceeded quota: small, requested: cpu=1, used: cpu=2',
        "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        'Liveness probe failed: Get "http://10.0.3.7:8080/healthz": dial tcp 10.0.3.7:8080: connect: refused',
        'FATAL:  password authentication failed for user "app"',
        "pull access denied, repository does not exist or may require authorization: server message",
        "basic authentication failed, bearer realm unknown",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b by joe@example.com",
        "request 0f8fad5b-d9cb-469f-a165-70867728950e took 12ms at https://api.example:8080/users/joe@example.com",
        "git clone ssh://git@github.com/mitodl/ol-django",
        "max_tokens=512 tokenizer: fast secretName: db secretKeyRef: db",
        "tests pass: 12, keys: 3, key: value, monkey: 1",
        "PWD=/app HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "File /usr/lib/python3.11/site-packages/django/db/backends/postgresql/base.py, line 275",
        'exec: "/app/bin/serve": stat /app/bin/serve: no such file or directory',
        "Error: cannot find module '@angular/core@17.0.1'",
        "x" * 900,
        "Grüße, 世界 🚀",
    ],
)
def test_ordinary_words_survive(line: str) -> None:
    assert redaction.redact(line) == line


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=200), max_size=10))
def test_any_text_keeps_its_lines_and_never_breaks_it(lines: list[str]) -> None:
    told = redaction.redact("\n".join(lines))

    assert len(told.split("\n")) <= max(1, len(lines))


def test_a_key_of_which_only_the_end_is_left_is_blacked_out() -> None:
    body = "Q2FudCB0ZWxsIHlvdSB0aGlzIHNlY3JldCBrZXkgYmVjYXVzZSBpdCBpcyBzZWNy"
    told = redaction.redact(f"starting\n{body}\nshort==\n-----END PRIVATE KEY-----\nserving on :8080")

    assert told == "starting\nserving on :8080"


def test_a_key_that_does_not_end_takes_no_ordinary_line_with_it() -> None:
    told = redaction.redact("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nshort==\nserving on port 8080")

    assert told == f"{redaction.MASK}\nserving on port 8080"


HOSTILE = {
    "dashes": "-" * 100_000,
    "quotes": '"' * 100_000,
    "backslashes": "\\" * 100_000,
    "names": "password" * 20_000,
    "assignments": "token:" * 20_000,
    "schemes": "a://" * 30_000,
    "users": "a.a-" * 30_000 + ":",
    "tokens": "-eyJ" * 30_000,
    "key begins": "-----BEGIN " * 10_000,
    "many lines": "password='\n" * 50_000,
    "base64": "aB1/" * 30_000,
    "spaces": "password " + " " * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    redaction.redact(f"{text}\n" * 20)

    assert time.process_time() - began < 2


def test_a_log_is_cut_to_its_last_lines_and_bytes_after_it_was_redacted() -> None:
    lines = [f"line {number} ä" for number in range(50)]

    assert redaction.tail("\n".join(lines), lines=3, size=1000) == "line 47 ä\nline 48 ä\nline 49 ä"
    assert len(redaction.tail("ä" * 900, lines=20, size=101).encode()) <= 101
    assert redaction.tail("", lines=20, size=100) == ""
    assert "hunter" not in redaction.tail("password=hunter2hunter2", lines=1, size=12)
