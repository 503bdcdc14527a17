"""The Web API methods that the sandbox knows: what each does, its scope, and how often it may be called.

The one table to read for "does the sandbox have method X?".
Tiers: https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shipbell.sandbox import chat, conversations, workspace
from shipbell.sandbox.requests import Request

TIER_2, TIER_3 = 20, 50
"""Calls per minute, method and workspace."""
SPECIAL = 300
"""Methods outside the tiers: "hundreds per minute"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method of the Web API."""

    answer: Callable[[Request], dict[str, Any]]
    per_minute: int
    scope: str | None = None
    """Needed in any case; some methods ask for more by the kind of channel."""
    posts: bool = False
    """Counts against the one post per second and channel."""


def known() -> Mapping[str, Method]:
    """All methods by name."""
    return {
        "api.test": Method(answer=_nothing, per_minute=SPECIAL),
        "auth.test": Method(answer=_identity, per_minute=SPECIAL),
        "chat.postMessage": Method(answer=chat.post, per_minute=SPECIAL, scope="chat:write", posts=True),
        "chat.update": Method(answer=chat.update, per_minute=TIER_3, scope="chat:write"),
        "chat.delete": Method(answer=chat.delete, per_minute=TIER_3, scope="chat:write"),
        "chat.getPermalink": Method(answer=chat.permalink, per_minute=SPECIAL),
        "conversations.info": Method(answer=conversations.info, per_minute=TIER_3),
        "conversations.list": Method(answer=conversations.listing, per_minute=TIER_2),
        "users.conversations": Method(answer=conversations.joined, per_minute=TIER_3),
        "conversations.join": Method(answer=conversations.join, per_minute=TIER_3, scope="channels:join"),
        "conversations.history": Method(answer=conversations.history, per_minute=TIER_3),
        "conversations.replies": Method(answer=conversations.replies, per_minute=TIER_3),
    }


def _nothing(_request: Request) -> dict[str, Any]:
    return {}


def _identity(request: Request) -> dict[str, Any]:
    author = request.token.author
    return {
        "url": request.space.url,
        "team": request.space.name,
        "user": author.name.lower(),
        "team_id": workspace.TEAM_ID,
        "user_id": author.user_id,
        "bot_id": author.bot_id,
        "app_id": author.app_id,
        "is_enterprise_install": False,
    }
