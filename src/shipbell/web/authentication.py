"""Decides whether a request may give hints: values in, a reason or nothing out, no I/O.

kubewatch can only carry user and password in its webhook's URL, which arrive as basic authentication
(https://www.rfc-editor.org/rfc/rfc7617); others may send a bearer token or sign the body. It fails closed:
what cannot be read is refused. Secrets are compared in constant time and are in no reason and no repr.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

SIGNATURE_HEADERS = ("X-Signature", "X-Hub-Signature-256")
"""Flux' generic-hmac provider sends the first, GitHub and those who follow it the second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What senders may prove themselves with; one of them suffices, and with none set everybody may."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Of `Authorization: Bearer`."""
    hmac_secret: str = field(default="", repr=False)
    """Key of the body's HMAC-SHA256."""

    @property
    def open(self) -> bool:
        """Whether nothing is asked."""
        return not (self.password or self.token or self.hmac_secret)


def refuse_headers(headers: Mapping[str, str], credentials: Credentials) -> str:
    """Why the request is refused before its body is read; empty where it is not."""
    if credentials.open or _authorised(headers.get("Authorization", ""), credentials):
        return ""
    if credentials.hmac_secret and _signature(headers):
        return ""
    if credentials.hmac_secret:
        return "neither a valid Authorization header nor a signature"
    return "the credentials are wrong" if "Authorization" in headers else "credentials are required"


def refuse_body(headers: Mapping[str, str], body: bytes, credentials: Credentials) -> str:
    """Why the request is refused now that its body is read; empty where it is not."""
    if credentials.open or _authorised(headers.get("Authorization", ""), credentials):
        return ""
    return "" if _signed(_signature(headers), body, credentials.hmac_secret) else "the signature is wrong"


def _authorised(header: str, credentials: Credentials) -> bool:
    scheme, _, value = header.strip().partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(value.strip(), credentials)
        case "bearer":
            return bool(credentials.token) and _same(value.strip(), credentials.token)
        case _:
            return False


def _basic(value: str, credentials: Credentials) -> bool:
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return False
    expected = bool(credentials.password) and bool(colon)
    # Both are compared whatever comes out of the first, so that time does not tell which one is wrong.
    right_user, right_password = _same(user, credentials.user), _same(password, credentials.password)
    return expected and right_user and right_password


def _signature(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in SIGNATURE_HEADERS if headers.get(name)), "")


def _signed(signature: str, body: bytes, secret: str) -> bool:
    if not secret:
        return False
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(signature.strip().lower(), f"sha256={digest}")


def _same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(errors="surrogateescape"), other.encode())
