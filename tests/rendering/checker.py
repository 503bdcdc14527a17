"""What every message must hold, whoever wrote the strings in it: written against Slack's rules, not ours.

It knows our own markup by its exact shape (labels at the start of a line, Slack's dates, links with the two
wordings that we use) and takes anything else that Slack would make live for an intrusion.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from shipbell import rendering
from shipbell.sandbox import blocks

VISIBLE = 8000
TEXT_BYTES = 3800
OWN_DATE = re.compile(
    r"<!date\^-?\d+\^(?:\{(?:date_short_pretty|date_short|time|time_secs)\} ?)+\|([\w: ]+UTC|[\w ]+)>"
)
OWN_LINK = re.compile(r"<https?://[^\s|<>]+\|(its message ↗|History ↗)>")
OWN_LABEL = re.compile(
    r"^\*(Cause|Impact|Was|Image|Images|What changed|Status|New pods|Replicas|Nodes|Serving|Done|Started"
    r"|Since|Usually|Ended|Failed|Last failed|Took|By|Next|Details|Log|Warnings)\*",
    re.MULTILINE,
)
CODE = re.compile(r"```\n.*?\n```|`[^`\n]+`", re.DOTALL)
ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
LIVE = {
    "angle brackets": re.compile(r"[<>]"),
    "bare ampersand": ENTITY,
    "bold": re.compile(r"\*"),
    "strike": re.compile(r"~"),
    "italic": re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"),
    "code": re.compile(r"`"),
    "emoji": re.compile(r":[a-z_+'-][\w+'-]*:"),
    "mention": re.compile(r"@(?:here|channel|everyone)", re.IGNORECASE),
    "quote": re.compile(r"^&gt;", re.MULTILINE),
}


def problems(message: rendering.Message) -> list[str]:
    """All that is wrong with a message; nothing, as it should be."""
    return [
        *_limits(message),
        *_text(message.text),
        *(f"{p}" for p in blocks.problems(list(message.blocks))),
        *(problem for block in message.blocks for problem in _block(block)),
    ]


def visible(body: str) -> str:
    """What a reader sees of mrkdwn."""
    return html.unescape(OWN_LINK.sub(r"\1", OWN_DATE.sub(r"\1", body)))


def _limits(message: rendering.Message) -> Iterator[str]:
    total = sum(len(visible(body)) for block in message.blocks for _, body, _ in _texts(block))
    if total > VISIBLE:
        yield f"{total} visible characters"
    if len(message.text.encode()) >= TEXT_BYTES + 1:
        yield f"text of {len(message.text.encode())} bytes"
    if len(message.blocks) > 20:
        yield f"{len(message.blocks)} blocks"
    if not message.blocks or not message.text:
        yield "nothing is said"


def _text(sentence: str) -> Iterator[str]:
    if "\n" in sentence:
        yield "the text has more than one line"
    yield from _unseen(sentence)
    yield from _live(sentence)


def _block(block: dict[str, Any]) -> Iterator[str]:
    if block["type"] not in {"header", "section", "context", "divider"}:
        yield f"foreign family {block['type']}"
    for kind, body, verbatim in _texts(block):
        yield from _unseen(body.replace("\n", ""))
        if kind == "mrkdwn":
            yield from () if verbatim else ("not verbatim",)
            yield from _live(OWN_LABEL.sub("", CODE.sub("", OWN_LINK.sub("", OWN_DATE.sub("", body)))))
            yield from (f"{name} in code" for name in ("bare ampersand",) if LIVE[name].search(body))
        elif "\n" in body or re.search(r"[<>]", body):
            yield "markup in plain text"


def _texts(block: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    objects = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
    for text in filter(None, objects):
        yield text["type"], text["text"], text.get("verbatim", False)


def _live(body: str) -> Iterator[str]:
    for name, pattern in LIVE.items():
        if found := pattern.search(body):
            yield f"{name}: {body[max(0, found.start() - 20) : found.end() + 20]!r}"


def _unseen(body: str) -> Iterator[str]:
    odd = {c for c in body if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    if odd:
        yield f"unseen characters {odd!r}"
