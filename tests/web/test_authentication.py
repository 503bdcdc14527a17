"""Who may give hints."""

import base64
import hashlib
import hmac

import pytest

from shipbell.web.authentication import Credentials, refuse_body, refuse_headers

BASIC = Credentials(user="kubewatch", password="pass-wörd")
BEARER = Credentials(token="t0ken")
SIGNED = Credentials(hmac_secret="key")
ALL = Credentials(user="kubewatch", password="pass-wörd", token="t0ken", hmac_secret="key")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def signature(body: bytes, key: bytes = b"key") -> str:
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def refused(headers: dict[str, str], credentials: Credentials, body: bytes = b"{}") -> str:
    return refuse_headers(headers, credentials) or refuse_body(headers, body, credentials)


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        ({}, Credentials()),
        ({"Authorization": "anything"}, Credentials()),
        (basic("kubewatch", "pass-wörd"), BASIC),
        (basic("kubewatch", "pass-wörd"), ALL),
        ({"Authorization": "Bearer t0ken"}, BEARER),
        ({"Authorization": "bearer  t0ken"}, BEARER),
        ({"Authorization": "Bearer t0ken"}, ALL),
        ({"X-Signature": signature(b"{}")}, SIGNED),
        ({"X-Hub-Signature-256": signature(b"{}").upper()}, SIGNED),
        ({"X-Signature": signature(b"{}"), "Authorization": "Bearer wrong"}, ALL),
    ],
)
def test_who_proves_itself_in_one_way_may_come_in(headers: dict[str, str], credentials: Credentials) -> None:
    assert refused(headers, credentials) == ""


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        ({}, BASIC),
        ({}, BEARER),
        ({}, SIGNED),
        (basic("kubewatch", "wrong"), BASIC),
        (basic("somebody", "pass-wörd"), BASIC),
        (basic("", ""), BEARER),
        (basic("", ""), SIGNED),
        ({"Authorization": "Basic " + base64.b64encode(b"kubewatch").decode()}, BASIC),
        ({"Authorization": "Basic not base64!"}, BASIC),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, BASIC),
        ({"Authorization": "Basic "}, BASIC),
        ({"Authorization": "Basic"}, BASIC),
        ({"Authorization": ""}, BASIC),
        ({"Authorization": "Bearer pass-wörd"}, BASIC),
        ({"Authorization": "Bearer "}, BASIC),
        ({"Authorization": "Bearer "}, BEARER),
        ({"Authorization": "Bearer t0ke"}, BEARER),
        ({"Authorization": "Bearer \udcff"}, BEARER),
        ({"Authorization": "Token t0ken"}, BEARER),
        ({"X-Signature": ""}, SIGNED),
        ({"X-Signature": "sha256="}, SIGNED),
        ({"X-Signature": signature(b"{} ")}, SIGNED),
        ({"X-Signature": signature(b"{}", b"other")}, SIGNED),
        ({"X-Signature": signature(b"{}").replace("sha256", "sha1")}, SIGNED),
        ({"X-Signature": signature(b"{}", b"")}, BEARER),
    ],
)
def test_who_does_not_is_refused(headers: dict[str, str], credentials: Credentials) -> None:
    assert refused(headers, credentials) != ""


def test_a_request_without_any_proof_is_refused_before_its_body_is_read() -> None:
    assert refuse_headers({}, ALL) != ""


def test_no_reason_and_no_repr_tells_a_secret() -> None:
    told = repr(ALL) + refused({"Authorization": "Bearer guess"}, ALL) + refused({}, BASIC)

    assert not any(secret in told for secret in ("pass-wörd", "t0ken", "'key'", "guess"))
