"""Turns the body of a webhook into a `Hint`: bytes in, value or `HintError` out, no I/O.

kubewatch's handlers `webhook` and `cloudevent` are understood (https://github.com/robusta-dev/kubewatch).
A body may come from anyone, so nothing in it is believed but the object's kind, namespace and name, and
those only where Kubernetes itself would accept them. Who may send at all is the web side's concern.
"""

import re

import msgspec

from shipbell import errors
from shipbell.sources.hints import Hint

LIMIT_BYTES = 1_048_576
"""The largest body that is looked at. A CloudEvent holds an object twice: 3-20 KB as a rule."""

LONGEST_QUOTE = 80

_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names
_NAMESPACE = re.compile(rf"(?=.{{1,63}}\Z){_PART}", re.DOTALL)
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_PART}(?:\.{_PART})*", re.DOTALL)


class _EventMeta(msgspec.Struct):
    """What the handler `webhook` says of the object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class _Metadata(msgspec.Struct):
    namespace: str = ""
    name: str = ""


class _Object(msgspec.Struct):
    metadata: _Metadata | None = None


class _Data(msgspec.Struct, rename="camel"):
    """What the handler `cloudevent` carries: the kind, and the object before and after."""

    kind: str = ""
    obj: _Object | None = None
    old_obj: _Object | None = None


class _Body(msgspec.Struct):
    eventmeta: _EventMeta | None = None
    data: _Data | None = None


def parse_kubewatch(content_type: str, body: bytes) -> Hint:
    """The object that a request of kubewatch is about. Raises `HintError`, which says what is wrong."""
    _check_content_type(content_type)
    return _checked(_named(_decode(body)))


def _check_content_type(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise errors.HintError(f"the content type is {_quoted(content_type)}, not application/json")


def _decode(body: bytes) -> _Body:
    if not body:
        raise errors.HintError("the body is empty")
    if len(body) > LIMIT_BYTES:
        raise errors.HintError(f"the body has {len(body)} bytes, more than {LIMIT_BYTES}")
    try:
        return msgspec.json.decode(body, type=_Body)
    except msgspec.ValidationError as error:
        raise errors.HintError(f"the body is not kubewatch's: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.HintError("the body is not JSON") from error
    except RecursionError as error:
        raise errors.HintError("the body is nested too deeply") from error


def _named(body: _Body) -> Hint:
    if body.eventmeta is not None:
        meta = body.eventmeta
        return Hint(kind=meta.kind, namespace=meta.namespace, name=meta.name)
    if body.data is not None:
        # A deletion may leave `obj` empty and name the object in `oldObj` alone.
        about = body.data.obj or body.data.old_obj or _Object()
        metadata = about.metadata or _Metadata()
        return Hint(kind=body.data.kind, namespace=metadata.namespace, name=metadata.name)
    raise errors.HintError('the body is not kubewatch\'s: neither "eventmeta" nor "data" is in it')


def _checked(hint: Hint) -> Hint:
    for what, text, pattern in (
        ("kind", hint.kind, _KIND),
        ("namespace", hint.namespace, _NAMESPACE),
        ("name", hint.name, _NAME),
    ):
        if not text:
            raise errors.HintError(f"the object's {what} is missing")
        if not pattern.fullmatch(text):
            raise errors.HintError(f"{_quoted(text)} is no Kubernetes {what}")
    return hint


def _quoted(text: str) -> str:
    """The text on one line, cut to a length that a log line bears."""
    quoted = ascii(text[:LONGEST_QUOTE])
    return quoted if len(quoted) <= LONGEST_QUOTE else f"{quoted[:LONGEST_QUOTE]}…"
