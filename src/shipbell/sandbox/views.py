"""Messages made ready for the page: blocks, attachments and texts as parts that a browser can draw.

Pure, from `workspace` values to values that become JSON. All reading of Block Kit for display is here; the
browser only makes elements of it. Only valid blocks reach a workspace, so this asks no questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shipbell.sandbox import emoji, mrkdwn, workspace
from shipbell.sandbox.mrkdwn import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One block, or the plain text of a message without blocks."""

    kind: str
    """`text header section context actions divider image rich`"""
    nodes: tuple[Node, ...] = ()
    cells: tuple[tuple[Node, ...], ...] = ()
    """A section's fields, a context's elements."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """Parts behind a bar of colour."""

    color: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageView:
    """A message as the page draws it."""

    channel: str
    ts: str
    at: float
    """When it was posted; seconds since the epoch."""
    changed_at: float
    version: int
    """How many versions there were; the page shows a change when this grows."""
    author: str
    app: bool
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]
    text: str
    """What a phone's notification would say."""
    rings: tuple[str, ...]
    thread_ts: str | None
    broadcast: bool
    edited: bool
    deleted: bool


def seen(message: workspace.Message) -> MessageView:
    """The message as it stands now."""
    return MessageView(
        channel=message.channel,
        ts=message.ts,
        at=message.versions[0].at,
        changed_at=message.versions[-1].at,
        version=len(message.versions),
        author=message.author.name,
        app=bool(message.author.bot_id),
        parts=() if message.deleted_at else _parts(message.content),
        attachments=() if message.deleted_at else tuple(map(_attachment, message.content.attachments)),
        text="" if message.deleted_at else mrkdwn.plain(message.text).text,
        rings=message.rings,
        thread_ts=message.thread_ts,
        broadcast=message.broadcast,
        edited=message.edited,
        deleted=message.deleted_at is not None,
    )


def _parts(content: workspace.Content) -> tuple[Part, ...]:
    if content.blocks:
        return tuple(map(_block, content.blocks))
    nodes = mrkdwn.parse(content.text, verbatim=content.parse == "none")
    return (Part(kind="text", nodes=nodes),) if content.text else ()


def _block(block: workspace.Json) -> Part:
    kind = block["type"]
    match kind:
        case "header":
            return Part(kind=kind, nodes=(mrkdwn.plain(block["text"]["text"]),))
        case "section":
            return _section(block)
        case "context":
            return Part(kind=kind, cells=tuple(_element(one) for one in block["elements"]))
        case "actions":
            return Part(kind=kind, nodes=tuple(_button(one) for one in block["elements"]))
        case "image":
            return Part(kind=kind, nodes=(_image(block),))
        case "rich_text":
            return Part(kind="rich", nodes=tuple(_rich(block["elements"])))
    return Part(kind=kind)


def _section(block: workspace.Json) -> Part:
    text = _text(block["text"]) if "text" in block else ()
    aside = _element(block["accessory"]) if "accessory" in block else ()
    return Part(
        kind="section", nodes=(*text, *aside), cells=tuple(_text(field) for field in block.get("fields", ()))
    )


def _element(element: workspace.Json) -> tuple[Node, ...]:
    match element["type"]:
        case "button":
            return (_button(element),)
        case "image":
            return (_image(element),)
    return _text(element)


def _text(value: workspace.Json) -> tuple[Node, ...]:
    if value["type"] == "plain_text":
        return (mrkdwn.plain(value["text"]),)
    return mrkdwn.parse(value["text"], verbatim=value.get("verbatim", False))


def _button(button: workspace.Json) -> Node:
    return Node(
        tag="button",
        text=mrkdwn.plain(button["text"]["text"]).text,
        url=button.get("url", ""),
        format=button.get("style", ""),
    )


def _image(image: workspace.Json) -> Node:
    """Never the picture itself: the page asks nothing of other servers."""
    return Node(tag="image", text=image["alt_text"], url=image["image_url"])


def _attachment(attachment: workspace.Json) -> Attachment:
    blocks = attachment.get("blocks")
    parts = map(_block, blocks) if blocks else _legacy(attachment)
    return Attachment(color=str(attachment.get("color", "")), parts=tuple(parts))


def _legacy(attachment: workspace.Json) -> Iterator[Part]:
    """The fields that attachments had before there were blocks."""
    title, text = str(attachment.get("title", "")), str(attachment.get("text", ""))
    if title:
        yield Part(kind="section", nodes=(Node(tag="bold", children=(mrkdwn.plain(title),)),))
    if text:
        yield Part(kind="section", nodes=mrkdwn.parse(text, verbatim=False))
    fields = attachment.get("fields")
    if isinstance(fields, list):
        # These fields were never checked, unlike blocks: what is no object is passed over.
        cells = (_legacy_field(field) for field in fields if isinstance(field, dict))
        yield Part(kind="section", cells=tuple(cells))


def _legacy_field(field: workspace.Json) -> tuple[Node, ...]:
    title = Node(tag="bold", children=(mrkdwn.plain(str(field.get("title", ""))),))
    return (title, mrkdwn.literal("\n"), *mrkdwn.parse(str(field.get("value", "")), verbatim=False))


def _rich(elements: Iterable[workspace.Json]) -> Iterator[Node]:
    for element in elements:
        match element["type"]:
            case "rich_text_list":
                items = (Node(tag="item", children=tuple(_line(one))) for one in element["elements"])
                yield Node(tag="list", format=element["style"], children=tuple(items))
            case "rich_text_quote":
                yield Node(tag="quote", children=tuple(_line(element)))
            case "rich_text_preformatted":
                yield Node(tag="pre", text="".join(_words(one) for one in element["elements"]))
            case _:
                yield from _line(element)


def _line(section: workspace.Json) -> Iterator[Node]:
    for element in section["elements"]:
        node = _inline(element)
        for style in ("bold", "italic", "strike"):
            if element.get("style", {}).get(style):
                node = Node(tag=style, children=(node,))
        yield node


def _inline(element: workspace.Json) -> Node:
    match element["type"]:
        case "link":
            label = element.get("text") or element["url"]
            return Node(tag="link", url=element["url"], children=(mrkdwn.literal(label),))
        case "date":
            return Node(
                tag="date",
                moment=element["timestamp"],
                format=element["format"],
                text=element.get("fallback", ""),
                url=element.get("url", ""),
            )
        case "user" | "usergroup" | "channel" | "broadcast":
            return Node(tag="mention", text=_words(element))
    code = element.get("style", {}).get("code", False)
    return Node(tag="code" if code else "text", text=_words(element))


def _words(element: Any) -> str:
    match element["type"]:
        case "emoji":
            return emoji.named(element["name"])
        case "user" | "usergroup":
            return "@" + str(element.get("user_id") or element.get("usergroup_id"))
        case "channel":
            return "#" + str(element["channel_id"])
        case "broadcast":
            return "@" + str(element["range"])
    return str(element.get("text") or element.get("url") or element.get("value") or "")
