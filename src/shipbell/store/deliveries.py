"""The values of the right half: what a destination must be told, and what was told it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shipbell import routing
from shipbell.domain import Rollout, State, Transition


class PostStatus(StrEnum):
    """How far a message got."""

    INTENT = "intent"
    """About to be sent, or sent and the answer lost: never sent again before that is known."""
    POSTED = "posted"
    GONE = "gone"
    """It was there and somebody removed it, or it was given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One message of a delivery: its intent, its handle, and what it says."""

    part: routing.Part
    status: PostStatus
    attempt: int
    """Counts from 1; told in the message's metadata."""
    channel_id: str
    ts: str | None = None
    """Slack's handle of the message, once it is known."""
    intent_at: datetime
    posted_at: datetime | None = None
    edited_at: datetime | None = None
    """When an edit of it was last answered."""
    state: State
    """The rollout's state that it tells."""
    gist: str = ""
    """What it said of cause and impact when it was posted."""
    digest: str = ""
    """Of the content last sent: an edit that changes nothing is left out."""
    edit_open_at: datetime | None = None
    """Since when an edit has been under way or its answer lost; None when the last one was answered."""

    @property
    def unsettled(self) -> bool:
        """Whether it is not known what the message says, or whether there is one."""
        return self.status is PostStatus.INTENT or self.edit_open_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to tell one destination about one rollout, until the lease ends."""

    rollout: Rollout
    transitions: tuple[Transition, ...]
    destination: routing.Destination
    posts: Mapping[routing.Part, Post]
    told_version: int
    attempts: int
    """Failed ones since the last success."""
    token: str
    lease_until: datetime
    taken_over: bool = False
    """Another's lease on it ran out: what that one did is not known beyond `posts`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A delivery as people look at it."""

    rollout_id: uuid.UUID
    destination: routing.Destination
    version: int
    told_version: int
    told_state: State | None
    due: bool
    due_since: datetime
    attempts: int
    retry_at: datetime | None
    error: str | None
    lease_owner: str | None
    lease_until: datetime | None
    posts: Mapping[routing.Part, Post]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIntent:
    """An intent in a channel of which nobody knows yet what became of it."""

    rollout_id: uuid.UUID
    destination: routing.Destination
    post: Post


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The state of all deliveries, for metrics."""

    due: int
    oldest_due: timedelta
    """How long the oldest has been due; zero where none is."""
    uncertain: int
    """Posts of which it is not known whether they were sent; those being sent just now are left out."""
