"""Slack's mrkdwn as a tree, for the page that shows it.

The page never interprets text: it turns this tree into elements one by one, so what a workload's name
contains stays text. `verbatim` is the text object's own flag: without it, Slack also makes links of bare URLs
and mentions of a plain `@here`, and so does this. https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shipbell.sandbox import emoji


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One piece of formatted text."""

    tag: str
    """`text bold italic strike code pre quote link mention date button image list item`"""
    text: str = ""
    """What is shown; for a date its fallback."""
    url: str = ""
    moment: int = 0
    """A date's seconds since the epoch."""
    format: str = ""
    """A date's format in Slack's tokens, such as `{date_short_pretty} {time}`."""
    children: tuple[Node, ...] = ()


_FENCE = re.compile(r"\n?```\n?(.+?)\n?```\n?", re.DOTALL)
_QUOTE = re.compile(r"(?:^(?:>|&gt;).*(?:\n|\Z))+", re.MULTILINE)
_QUOTE_SIGN = re.compile(r"^(?:>|&gt;)[ ]?", re.MULTILINE)
_MARKED = r"(?<![\w{0}]){0}(?P<{1}>[^\s{0}](?:[^{0}\n]*[^\s{0}])?){0}(?![\w{0}])"
_FORMAL = "|".join(
    (
        r"`(?P<code>[^`\n]+)`",
        r"<(?P<token>[^<>\n]+)>",
        _MARKED.format(r"\*", "bold"),
        _MARKED.format("_", "italic"),
        _MARKED.format("~", "strike"),
    )
)
_STRICT = re.compile(_FORMAL)
_LOOSE = re.compile(
    rf"{_FORMAL}|(?P<bare>https?://[^\s<>|]+)|(?<![\w@])(?P<all>@(?:here|channel|everyone))\b"
)
_DATE = re.compile(
    r"!date\^(?P<moment>-?\d{1,11})\^(?P<format>[^|^]*)(?:\^(?P<url>[^|]*))?(?:\|(?P<fallback>.*))?"
)
_LINK = re.compile(r"(?P<url>(?:https?://|mailto:)[^|]*)(?:\|(?P<label>.*))?")
_MENTION = re.compile(r"(?P<sign>@|#|!subteam\^|!)(?P<who>[A-Za-z0-9]+)(?:\|(?P<label>.*))?")


def parse(text: str, *, verbatim: bool) -> tuple[Node, ...]:
    """The text as Slack shows it. It ends for any text, and what it does not understand it shows as it is."""
    return tuple(_fenced(text, _STRICT if verbatim else _LOOSE))


def plain(text: str) -> Node:
    """A text without formatting; emoji names are still emoji."""
    return Node(tag="text", text=emoji.shown(_unescaped(text)))


def literal(text: str) -> Node:
    """A text that is shown to the letter."""
    return Node(tag="text", text=text)


def _fenced(text: str, inline: re.Pattern[str]) -> Iterator[Node]:
    def code(match: re.Match[str]) -> Iterator[Node]:
        yield Node(tag="pre", text=_unescaped(match[1]))

    return _split(text, _FENCE, code, lambda rest: _quoted(rest, inline))


def _quoted(text: str, inline: re.Pattern[str]) -> Iterator[Node]:
    def quote(match: re.Match[str]) -> Iterator[Node]:
        inner = _QUOTE_SIGN.sub("", match[0]).rstrip("\n")
        yield Node(tag="quote", children=tuple(_inline(inner, inline)))

    return _split(text, _QUOTE, quote, lambda rest: _inline(rest, inline))


def _inline(text: str, inline: re.Pattern[str]) -> Iterator[Node]:
    return _split(text, inline, lambda match: _formatted(match, inline), lambda rest: iter((plain(rest),)))


def _split(
    text: str,
    pattern: re.Pattern[str],
    found: Callable[[re.Match[str]], Iterator[Node]],
    between: Callable[[str], Iterator[Node]],
) -> Iterator[Node]:
    position = 0
    for match in pattern.finditer(text):
        if match.start() > position:
            yield from between(text[position : match.start()])
        yield from found(match)
        position = match.end()
    if position < len(text):
        yield from between(text[position:])


def _formatted(match: re.Match[str], inline: re.Pattern[str]) -> Iterator[Node]:
    kind, inner = match.lastgroup or "", match[match.lastgroup or 0]
    match kind:
        case "code":
            yield Node(tag="code", text=_unescaped(inner))
        case "token":
            yield _token(inner)
        case "bare":
            yield Node(tag="link", url=_unescaped(inner), children=(literal(_unescaped(inner)),))
        case "all":
            yield Node(tag="mention", text=inner)
        case _:
            yield Node(tag=kind, children=tuple(_inline(inner, inline)))


def _token(inner: str) -> Node:
    """What stands between `<` and `>`; a scheme other than http, https and mailto makes no link."""
    if date := _DATE.fullmatch(inner):
        return Node(
            tag="date",
            moment=int(date["moment"]),
            format=date["format"],
            url=_unescaped(date["url"] or ""),
            text=_unescaped(date["fallback"] or ""),
        )
    if link := _LINK.fullmatch(inner):
        url = _unescaped(link["url"])
        return Node(tag="link", url=url, children=(plain(link["label"]) if link["label"] else literal(url),))
    if mention := _MENTION.fullmatch(inner):
        sign = "#" if mention["sign"] == "#" else "@"
        return Node(tag="mention", text=_unescaped(mention["label"] or sign + mention["who"]))
    return literal(_unescaped(f"<{inner}>"))


def _unescaped(text: str) -> str:
    """Slack escapes these three and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
