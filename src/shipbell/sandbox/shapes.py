"""Checks of plain JSON, put together from small ones; each names a fault by its JSON pointer.

`blocks` writes Slack's table with them. A check is a function of a value and of where it stands; it yields
every fault it finds, never raises, and looks no deeper than its shape says, so hostile nesting ends early.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault: where, and what Slack would say about it."""

    pointer: str
    """Such as `/blocks/0/text/text`."""
    message: str

    def __str__(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


Check: TypeAlias = Callable[[object, str], Iterator[Problem]]


def _wrong(at: str, message: str) -> Iterator[Problem]:
    yield Problem(pointer=at, message=message)


def string(limit: int, *, least: int = 1) -> Check:
    """A text of `least` to `limit` code points."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield from _wrong(at, "must provide a string")
        elif len(value) < least:
            yield from _wrong(at, f"must be more than {least - 1} characters")
        elif len(value) > limit:
            yield from _wrong(at, f"must be less than {limit + 1} characters")

    return check


def word(*words: str) -> Check:
    """One of these words."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if value not in words:
            yield from _wrong(at, f"must be one of: {', '.join(words)}")

    return check


def flag(value: object, at: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield from _wrong(at, "must provide a boolean")


def whole(value: object, at: str) -> Iterator[Problem]:
    """An integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        yield from _wrong(at, "must provide a number")


def url(limit: int) -> Check:
    """An absolute http or https address."""

    def check(value: object, at: str) -> Iterator[Problem]:
        yield from string(limit)(value, at)
        if isinstance(value, str) and not _is_web(value):
            yield from _wrong(at, "must be a valid URL")

    return check


def _is_web(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not set(value) & set("<>| \n")


def array(one: Check, *, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` items, each as `one` wants it; too long a list is not read."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield from _wrong(at, "must provide an array")
        elif len(value) < least:
            yield from _wrong(at, f"no less than {least} items allowed")
        elif len(value) > most:
            yield from _wrong(at, f"no more than {most} items allowed")
        else:
            for index, item in enumerate(value):
                yield from one(item, f"{at}/{index}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others; `type` is for `typed` to judge."""
    known = {"type": anything, **required, **(optional or {})}

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield from _wrong(at, "must provide an object")
            return
        for key in required:
            if key not in value:
                yield from _wrong(at, f"missing required field: {key}")
        for key, item in value.items():
            if key in known:
                yield from known[key](item, f"{at}/{_escaped(key)}")
            else:
                yield from _wrong(at, f"invalid additional property: {_escaped(key)}")

    return check


def anything(_value: object, _at: str) -> Iterator[Problem]:
    """Nothing is wrong."""
    return iter(())


def _escaped(key: str) -> str:
    """As RFC 6901 writes a key inside a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def typed(shapes: Mapping[str, Check]) -> Check:
    """By the value's `type`; an unknown one is a fault of that type."""

    def check(value: object, at: str) -> Iterator[Problem]:
        kind = value.get("type") if isinstance(value, dict) else None
        known = shapes.get(kind) if isinstance(kind, str) else None
        if known is None:
            shown = kind if isinstance(kind, str) else "missing"
            yield from _wrong(f"{at}/type", f"unsupported type: {shown[:40]}")
        else:
            yield from known(value, at)

    return check


def either(first: str, second: str, check: Check) -> Check:
    """At least one of two fields must be there."""

    def both(value: object, at: str) -> Iterator[Problem]:
        yield from check(value, at)
        if isinstance(value, dict) and first not in value and second not in value:
            yield from _wrong(at, f"missing required field: {first} or {second}")

    return both


def unique(key: str, list_of: str, check: Check) -> Check:
    """No two items of the list carry the same identifier."""

    def all_of(value: object, at: str) -> Iterator[Problem]:
        yield from check(value, at)
        items = value.get(list_of) if isinstance(value, dict) else None
        if isinstance(items, list):
            yield from repeated(items, key, f"{at}/{list_of}")

    return all_of


def repeated(items: list[Any], key: str, at: str) -> Iterator[Problem]:
    """Items whose `key` an earlier item has already."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        name = item.get(key) if isinstance(item, dict) else None
        if isinstance(name, str) and name in seen:
            yield from _wrong(f"{at}/{index}/{key}", f"{key} already exists: {name}")
        elif isinstance(name, str):
            seen.add(name)
