"""Block Kit blocks, built so that Slack accepts them: one family, counts and lengths with a margin.

Header, section, context and divider only; every mrkdwn object is verbatim, so that bare `@here`, `#name`
and URLs stay text. Parts that are empty are left out, for an empty text object is an error. Limits are
Slack's, https://docs.slack.dev/reference/block-kit/blocks, less a margin for what it does not tell.
"""

from collections.abc import Iterable
from typing import Any

from shipbell.rendering import text
from shipbell.rendering.message import Block

HEADER = 140
SECTION = 2900
FIELD = 1900
FIELDS = 10
ELEMENTS = 10
TOTAL = 8000
"""Characters of a whole message, markup included; Slack refuses above about 13,200 (undocumented)."""

Fields = Iterable[tuple[str, str]]
"""Pairs of a label, our own word, and a value that is ready for mrkdwn."""


def header(words: str) -> list[Block]:
    """A title in plain text, cut to fit."""
    title = {"type": "plain_text", "text": text.label(words, HEADER), "emoji": True}
    return [{"type": "header", "text": title}]


def section(*lines: str) -> list[Block]:
    """Lines of ready mrkdwn across the whole width; lines that do not fit any more are left out."""
    body = "\n".join(_fitting(lines))
    return [{"type": "section", "text": _mrkdwn(body)}] if body else []


def labelled(pairs: Fields) -> list[Block]:
    """A section of lines, each behind its label."""
    return section(*(f"*{label}*  {value}" for label, value in pairs if value))


def fields(pairs: Fields) -> list[Block]:
    """Short facts in two columns, one below the other on a phone."""
    told = [f"*{label}*  {value}" for label, value in pairs if value]
    objects = [_mrkdwn(fact) for fact in told if len(fact) <= FIELD][:FIELDS]
    return [{"type": "section", "fields": objects}] if objects else []


def context(*elements: str) -> list[Block]:
    """Small print, in one line as far as it goes."""
    told = [_mrkdwn(element) for element in _fitting(elements)][:ELEMENTS]
    return [{"type": "context", "elements": told}] if told else []


def fitting(every: Iterable[Block]) -> tuple[Block, ...]:
    """As many of a message's blocks as Slack takes; one that does not fit any more is left out."""
    kept: list[Block] = []
    size = 0
    for block in every:
        larger = size + _size(block)
        if larger <= TOTAL:
            kept.append(block)
            size = larger
    return tuple(kept)


def _size(block: Block) -> int:
    objects = (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
    return sum(len(each["text"]) for each in objects if each)


def _fitting(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    size = 0
    for line in filter(None, lines):
        size += len(line) + 1
        if size > SECTION:
            break
        kept.append(line)
    return kept


def _mrkdwn(body: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": body, "verbatim": True}
