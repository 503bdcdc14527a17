"""From the arguments of a post or an edit to the content of a message, or Slack's refusal.

All of Slack's rules about what a message may hold meet here; `chat` adds where it may go. `written` is for
new messages, `rewritten` for edits, where an absent argument has a meaning of its own.
https://docs.slack.dev/reference/methods/chat.update
"""

from typing import Any

import msgspec

from shipbell.sandbox import blocks, limits, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.arguments import Arguments


def written(arguments: Arguments) -> workspace.Content:
    """The content of a new message."""
    content = workspace.Content(
        text=_text(arguments),
        blocks=_blocks(arguments),
        attachments=_attachments(arguments),
        metadata=_metadata(arguments),
        parse=arguments.text("parse", "client"),
    )
    return _not_empty(content)


def rewritten(arguments: Arguments, before: workspace.Content) -> workspace.Content:
    """The content after an edit: absent blocks go if there is a text; absent attachments, metadata stay."""
    text = arguments.text("text")
    if len(text.encode()) > limits.UPDATE_TEXT_BYTES:
        raise Refusal("msg_too_long")
    untouched = "text" not in arguments and "blocks" not in arguments
    after = workspace.Content(
        text=before.text if untouched else text,
        blocks=before.blocks if untouched else _blocks(arguments),
        attachments=_attachments(arguments) if "attachments" in arguments else before.attachments,
        metadata=_metadata(arguments) if "metadata" in arguments else before.metadata,
        parse=arguments.text("parse", "client"),
    )
    _same_family(before, after)
    return _not_empty(after)


def chunks(text: str) -> tuple[str, ...]:
    """A long text as the several messages that Slack makes of it."""
    starts = range(0, max(len(text), 1), limits.POST_CHUNK)
    return tuple(text[start : start + limits.POST_CHUNK] for start in starts)


def _text(arguments: Arguments) -> str:
    if "markdown_text" in arguments and ("text" in arguments or "blocks" in arguments):
        raise Refusal("markdown_text_conflict")
    return arguments.text("text")


def _blocks(arguments: Arguments) -> tuple[workspace.Json, ...]:
    found = arguments.array("blocks", wrong="invalid_blocks_format") or []
    _checked_blocks(found, "/blocks")
    return tuple(found)


def _checked_blocks(found: list[Any], at: str) -> None:
    faults = blocks.problems(found, at)
    if faults:
        raise Refusal("invalid_blocks", messages=faults)
    if blocks.total(found) > limits.BLOCKS_TOTAL:
        raise Refusal("msg_blocks_too_long")


def _attachments(arguments: Arguments) -> tuple[workspace.Json, ...]:
    found = arguments.array("attachments", wrong="invalid_attachments") or []
    if len(found) > limits.ATTACHMENTS_PER_MESSAGE:
        raise Refusal("too_many_attachments")
    for index, attachment in enumerate(found):
        if not isinstance(attachment, dict):
            raise Refusal("invalid_attachments")
        _checked_blocks(attachment.get("blocks", []), f"/attachments/{index}/blocks")
    return tuple(found)


def _metadata(arguments: Arguments) -> workspace.Metadata | None:
    found = arguments.mapping("metadata", wrong="invalid_metadata_format")
    if not found:
        return None
    kind, payload = found.get("event_type"), found.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise Refusal("invalid_metadata_format")
    if not all(map(_is_shallow, payload.values())):
        raise Refusal("invalid_metadata_schema")
    if len(msgspec.json.encode(found)) > limits.METADATA_BYTES:
        raise Refusal("metadata_too_large")
    return workspace.Metadata(event_type=kind, event_payload=payload)


def _is_shallow(value: object) -> bool:
    """Slack's types allow plain values, lists of them, and one level of objects."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return all(one is None or isinstance(one, str | int | float) for one in inner)


def _not_empty(content: workspace.Content) -> workspace.Content:
    if content.text or content.blocks or content.attachments:
        return content
    raise Refusal("no_text")


def _same_family(before: workspace.Content, after: workspace.Content) -> None:
    was_rich = any(block.get("type") == "rich_text" for block in before.blocks)
    is_rich = any(block.get("type") == "rich_text" for block in after.blocks)
    if was_rich and after.blocks and not is_rich:
        raise Refusal("block_mismatch")
