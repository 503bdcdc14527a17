"""The `chat.*` methods: post, edit, delete, link. Each is a function of a request.

https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours.
"""

import dataclasses
from typing import Any

from shipbell.sandbox import contents, limits, messages, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.requests import Request


def post(request: Request) -> dict[str, Any]:
    """`chat.postMessage`: a name will do for the channel, and too long a text becomes several messages."""
    channel = _open_channel(request)
    content = contents.written(request.arguments)
    thread = _thread(request, channel)
    cut = dataclasses.replace(content, text=content.text[: limits.POST_TEXT])
    posted = [
        request.space.post(
            channel.id,
            dataclasses.replace(cut, text=chunk),
            author=request.token.author,
            thread_ts=thread,
            broadcast=request.arguments.flag("reply_broadcast"),
        )
        for chunk in contents.chunks(cut.text)
    ]
    warnings = ["message_truncated"] if cut.text != content.text else []
    return _settled(request, posted[0]) | _warned(warnings)


def update(request: Request) -> dict[str, Any]:
    """`chat.update`: only by ID, only the own messages; what is absent is not always unchanged."""
    channel = request.channel()
    message = _own(request, channel, "cant_update_message")
    if _promotes(request, message):
        edited = request.space.edit(message, message.content, broadcast=True)
    else:
        edited = request.space.edit(message, contents.rewritten(request.arguments, message.content))
    return _settled(request, edited) | {"text": edited.text}


def delete(request: Request) -> dict[str, Any]:
    """`chat.delete`: only the own messages."""
    channel = request.channel()
    gone = request.space.delete(_own(request, channel, "cant_delete_message"))
    return {"channel": channel.id, "ts": gone.ts}


def permalink(request: Request) -> dict[str, Any]:
    """`chat.getPermalink`: a link that the sandbox's own page understands."""
    channel = request.channel()
    message = request.message(channel, "message_ts")
    link = f"{request.space.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts is not None:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _open_channel(request: Request) -> workspace.Channel:
    channel = request.channel(by_name=True)
    if channel.archived:
        raise Refusal("is_archived")
    if not channel.member and not request.allowed("chat:write.public"):
        raise Refusal("not_in_channel")
    return channel


def _thread(request: Request, channel: workspace.Channel) -> str | None:
    wanted = request.arguments.text("thread_ts")
    if not wanted:
        return None
    root = request.space.message(channel.id, wanted)
    if root is None:
        raise Refusal("thread_not_found")
    if root.thread_ts is not None:
        raise Refusal("cannot_reply_to_message")
    return root.ts


def _own(request: Request, channel: workspace.Channel, otherwise: str) -> workspace.Message:
    message = request.message(channel)
    if message.author.bot_id != request.token.author.bot_id or message.via_webhook:
        raise Refusal(otherwise)
    if channel.archived:
        raise Refusal("is_archived")
    return message


def _promotes(request: Request, message: workspace.Message) -> bool:
    """Whether the call brings an old reply into the channel; it may not bring new content as well."""
    if message.thread_ts is None or message.broadcast or not request.arguments.flag("reply_broadcast"):
        return False
    if any(name in request.arguments for name in ("text", "blocks", "attachments")):
        raise Refusal("no_dual_broadcast_content_update")
    return True


def _settled(request: Request, message: workspace.Message) -> dict[str, Any]:
    shown = messages.shown(message, request.space, all_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def _warned(warnings: list[str]) -> dict[str, Any]:
    if not warnings:
        return {}
    return {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}}
