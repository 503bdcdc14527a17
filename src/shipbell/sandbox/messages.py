"""Messages as Slack's API shows them, which is not quite what was sent.

Slack completes what it stores: blocks get a `block_id`, text objects their defaults. A client that compares
what comes back with what it sent will be wrong here as it is there.
"""

from __future__ import annotations

from typing import Any

from shipbell.sandbox import workspace


def shown(
    message: workspace.Message, space: workspace.Workspace, *, all_metadata: bool = False
) -> dict[str, Any]:
    """The message as `conversations.history` and the answer to a post have it."""
    answer: dict[str, Any] = {"type": "message", **_author(message), "text": message.text, "ts": message.ts}
    if message.blocks:
        answer["blocks"] = [_completed(block, f"b{index:02d}") for index, block in enumerate(message.blocks)]
    if message.content.attachments:
        answer["attachments"] = _numbered(message.content.attachments)
    if message.metadata is not None:
        answer["metadata"] = _metadata(message.metadata, whole=all_metadata)
    if message.edited:
        answer["edited"] = {"user": message.author.user_id, "ts": f"{message.versions[-1].at:.6f}"}
    return answer | _thread(message, space)


def tombstone(message: workspace.Message, space: workspace.Workspace) -> dict[str, Any]:
    """What stands where the deleted root of a living thread was."""
    answer = {
        "type": "message",
        "subtype": "tombstone",
        "user": "USLACKBOT",
        "text": "This message was deleted.",
        "ts": message.ts,
        "hidden": True,
    }
    return answer | _thread(message, space)


def _author(message: workspace.Message) -> dict[str, Any]:
    author = message.author
    if not author.bot_id:
        return {"user": author.user_id, "team": workspace.TEAM_ID}
    bot = {"bot_id": author.bot_id, "app_id": author.app_id, "team": workspace.TEAM_ID}
    if message.via_webhook:
        return {"subtype": "bot_message", **bot}
    return {"user": author.user_id, **bot, "bot_profile": {"id": author.bot_id, "name": author.name}}


def _metadata(metadata: workspace.Metadata, *, whole: bool) -> dict[str, Any]:
    kind = {"event_type": metadata.event_type}
    return kind | {"event_payload": metadata.event_payload} if whole else kind


def _numbered(attachments: tuple[workspace.Json, ...]) -> list[workspace.Json]:
    return [{"id": number, **attachment} for number, attachment in enumerate(attachments, start=1)]


def _thread(message: workspace.Message, space: workspace.Workspace) -> dict[str, Any]:
    if message.thread_ts is not None:
        return {"thread_ts": message.thread_ts} | (
            {"subtype": "thread_broadcast"} if message.broadcast else {}
        )
    replies = space.replies(message)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.author.user_id for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def _completed(value: Any, block_id: str | None = None) -> Any:
    """With the defaults that Slack writes into what it stores."""
    if isinstance(value, list):
        return [_completed(one) for one in value]
    if not isinstance(value, dict):
        return value
    filled = {key: _completed(item) for key, item in value.items()}
    if block_id is not None:
        filled.setdefault("block_id", block_id)
    if value.get("type") == "mrkdwn":
        filled.setdefault("verbatim", False)
    if value.get("type") == "plain_text":
        filled.setdefault("emoji", True)
    return filled
