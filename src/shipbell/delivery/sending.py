"""What goes to a sink and what comes back: the seam between what is told and how it travels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shipbell import rendering, routing
from shipbell.delivery import answers
from shipbell.delivery.planning import Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A complete message on its way: an edit replaces all of it."""

    channel: str
    """ID of the channel; its name where the ID is not known yet."""
    message: rendering.Message
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """The contract with programs, as `rendering.metadata` has it."""
    thread_ts: str | None = None
    """The root's handle, for a reply."""
    broadcast: bool = False
    """Whether a reply also stands in the channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One of our messages, as it was found in its channel."""

    ts: str
    thread_ts: str | None
    """The root's handle, if it is a reply."""
    bot_id: str
    """Whose it is; empty if a person posted it."""
    rollout: str
    part: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sightings:
    """What a look into a channel or a thread found."""

    channel: str
    """Its ID."""
    looked_at: datetime
    since: datetime
    """How far back it looked."""
    found: tuple[Sighting, ...]


class Sender(Protocol):
    """One sink. Its methods never raise for what goes wrong outside: that is an answer."""

    @property
    def problem(self) -> str:
        """Why messages cannot be sent, for people; empty if they can."""
        ...

    async def closed_until(self) -> datetime | None:
        """When to come back, if nothing can be sent now; None if it can."""
        ...

    async def address(self, destination: routing.Destination) -> str | answers.Failure:
        """Where to post: an ID where one can be learnt, else what is configured."""
        ...

    async def moved(self, destination: routing.Destination, channel: str) -> bool:
        """Whether messages for the destination go elsewhere by now, and never to `channel` again."""
        ...

    async def pace(self, channel: str, who: str, *, edit: bool, urgency: Urgency) -> datetime | None:
        """When to come back, if it is too early to post into the channel or to edit; None takes a turn.

        `who` comes back under the same name, and finds the turn kept for it if it was given one.
        """
        ...

    async def pause(self, channel: str, *, edit: bool, until: datetime) -> None:
        """Nobody posts there (or edits) before `until`: the other side asked for it."""
        ...

    async def post(self, letter: Letter) -> answers.Result:
        """Sends a new message."""
        ...

    async def edit(self, letter: Letter, ts: str) -> answers.Result:
        """Replaces a message."""
        ...

    async def look(
        self, channel: str, thread_ts: str | None, *, since: datetime, after: datetime
    ) -> Sightings | answers.Failure | None:
        """Our messages in a channel or thread since a time, seen `after` or later; None if it cannot look."""
        ...

    def link(self, channel: str, ts: str) -> str | None:
        """A URL that leads people to the message, if there can be one."""
        ...
