"""Whom a message would ring by name: the mentions in everything that Slack parses.

Used when a message is posted, so that tests can ask "would this wake somebody up?". It errs on the side of
ringing: where Slack's behaviour is not documented (a mention inside a code span, or in the text beside
blocks), it counts. Text that is literal by structure (plain_text, rich_text's `text`) never does.
Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator
from typing import Any

_WRITTEN = re.compile(
    r"<(?P<who>!(?:here|channel|everyone)|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(?:\|[^<>]*)?>"
)
_BARE = re.compile(r"(?<![\w&])@(?P<who>here|channel|everyone)\b")
_RICH = {"user": ("user_id", "@"), "usergroup": ("usergroup_id", "!subteam^"), "broadcast": ("range", "!")}

_LEGACY = frozenset({"pretext", "title", "text", "value"})
"""The fields of an old attachment, whose objects have no type, that Slack parses."""


def within(text: str, blocks: tuple[Any, ...], attachments: tuple[Any, ...]) -> tuple[str, ...]:
    """Every mention once, in order of appearance, written as `<!here>` or `<@U1>`."""
    found = [*_in_mrkdwn(text, verbatim=True), *_in_json(blocks), *_in_json(attachments)]
    return tuple(dict.fromkeys(found))


def _in_json(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _in_json(one)
    elif isinstance(value, dict):
        yield from _in_object(value)


def _in_object(value: dict[str, Any]) -> Iterator[str]:
    kind = value.get("type")
    if kind == "mrkdwn":
        yield from _in_mrkdwn(str(value.get("text", "")), verbatim=value.get("verbatim") is True)
    elif kind in _RICH:
        key, sign = _RICH[kind]
        yield f"<{sign}{value.get(key, '')}>"
    else:
        for key, one in value.items():
            if kind is None and key in _LEGACY and isinstance(one, str):
                yield from _in_mrkdwn(one, verbatim=False)
            yield from _in_json(one)


def _in_mrkdwn(text: str, *, verbatim: bool) -> Iterator[str]:
    for match in _WRITTEN.finditer(text):
        yield f"<{match['who']}>"
    if not verbatim:
        # Without `verbatim` Slack turns even the plain word into a mention of the whole channel.
        for match in _BARE.finditer(text):
            yield f"<!{match['who']}>"
