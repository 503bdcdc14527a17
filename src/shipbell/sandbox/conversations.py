"""The `conversations.*` methods that Shipbell uses: which channels there are, and what was said in them.

https://docs.slack.dev/reference/methods/conversations.history and its neighbours. A bot reads only channels
that it is in. Pages are cut by an opaque cursor; here it holds the position in the list.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from shipbell.sandbox import limits, messages, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.requests import Request

_Item = TypeVar("_Item")


def info(request: Request) -> dict[str, Any]:
    """`conversations.info`."""
    channel = request.channel()
    request.demand("groups:read" if channel.private else "channels:read")
    return {"channel": _shown(channel)}


def listing(request: Request) -> dict[str, Any]:
    """`conversations.list`: the public channels, and the private ones that the bot is in."""
    page, cursor = _page(request, _visible(request))
    return {"channels": [_shown(channel) for channel in page], **_next(cursor)}


def joined(request: Request) -> dict[str, Any]:
    """`users.conversations`: only the channels that the bot is in."""
    page, cursor = _page(request, [channel for channel in _visible(request) if channel.member])
    return {"channels": [_shown(channel) for channel in page], **_next(cursor)}


def join(request: Request) -> dict[str, Any]:
    """`conversations.join`: public channels only."""
    channel = request.channel()
    if channel.archived:
        raise Refusal("is_archived")
    if channel.private:
        raise Refusal("method_not_supported_for_channel_type")
    return {"channel": _shown(request.space.change_channel(channel.id, member=True))}


def history(request: Request) -> dict[str, Any]:
    """`conversations.history`: newest first, without replies unless they were broadcast."""
    channel = _readable(request)
    in_range = _range(request)
    found = [message for message in reversed(request.space.history(channel.id)) if message.in_channel]
    page, cursor = _page(request, [one for one in found if in_range(one) and _seen(request, one)])
    return {"messages": _all_shown(request, page), "has_more": bool(cursor), "pin_count": 0, **_next(cursor)}


def replies(request: Request) -> dict[str, Any]:
    """`conversations.replies`: the root, then its replies, oldest first."""
    channel = _readable(request)
    wanted = request.arguments.required("ts")
    found = [
        message for message in request.space.history(channel.id) if wanted in {message.ts, message.thread_ts}
    ]
    living = [message for message in found if _seen(request, message)]
    if not living:
        raise Refusal("thread_not_found")
    in_range = _range(request)
    page, cursor = _page(request, [one for one in living if one.ts == wanted or in_range(one)])
    return {"messages": _all_shown(request, page), "has_more": bool(cursor), **_next(cursor)}


def _readable(request: Request) -> workspace.Channel:
    channel = request.channel()
    request.demand("groups:history" if channel.private else "channels:history")
    if not channel.member:
        raise Refusal("not_in_channel")
    return channel


def _visible(request: Request) -> list[workspace.Channel]:
    types = request.arguments.text("types", "public_channel").split(",")
    if "public_channel" in types:
        request.demand("channels:read")
    if "private_channel" in types:
        request.demand("groups:read")
    wanted = {kind == "private_channel" for kind in types if kind.endswith("_channel")}
    without_archived = request.arguments.flag("exclude_archived")
    return [
        channel
        for channel in request.space.channels
        if channel.private in wanted
        and (channel.member or not channel.private)
        and not (channel.archived and without_archived)
    ]


def _shown(channel: workspace.Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": int(channel.created),
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.member,
        "is_im": False,
        "is_mpim": False,
        "is_general": False,
    }


def _seen(request: Request, message: workspace.Message) -> bool:
    """Whether a reader finds something there by now: the message, or the tombstone over a living thread."""
    lag = request.space.history_lag
    if lag > 0 and message.versions[0].at > request.space.clock() - lag:
        return False
    return message.deleted_at is None or bool(request.space.replies(message))


def _all_shown(request: Request, page: Sequence[workspace.Message]) -> list[dict[str, Any]]:
    whole = request.arguments.flag("include_all_metadata")
    return [
        messages.shown(message, request.space, all_metadata=whole)
        if message.deleted_at is None
        else messages.tombstone(message, request.space)
        for message in page
    ]


def _range(request: Request) -> Callable[[workspace.Message], bool]:
    """Which messages are wanted by their time; both ends are left out unless the caller says `inclusive`."""
    oldest = _moment(request, "oldest", "0")
    latest = _moment(request, "latest", "9999999999.0")
    if request.arguments.flag("inclusive"):
        return lambda message: oldest <= _micros(message.ts) <= latest
    return lambda message: oldest < _micros(message.ts) < latest


def _moment(request: Request, name: str, default: str) -> int:
    try:
        return _micros(request.arguments.text(name) or default)
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _micros(ts: str) -> int:
    """Exact where a float would round: two messages may be one microsecond apart."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _page(request: Request, items: Sequence[_Item]) -> tuple[Sequence[_Item], str]:
    limit = request.arguments.whole("limit", limits.PAGE_DEFAULT)
    if not 1 <= limit <= limits.PAGE_LIMIT + 1:
        raise Refusal("invalid_limit")
    start = _position(request.arguments.text("cursor"))
    end = start + limit
    return items[start:end], _cursor(end) if end < len(items) else ""


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except (ValueError, binascii.Error):
        raise Refusal("invalid_cursor") from None


def _next(cursor: str) -> dict[str, Any]:
    return {"response_metadata": {"next_cursor": cursor}}
