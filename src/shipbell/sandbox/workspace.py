"""The state of a Slack workspace: channels, tokens and messages with all their versions.

Everything behind the Web API, the incoming webhooks and the page reads and writes this one object. It does
no I/O and reads no clock of its own; whoever wants to hear of changes (the live page) adds a listener.
Nothing is ever lost: a deleted message stays in `history`, marked, so that a test can account for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from shipbell.sandbox import mentions

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch."""
Json: TypeAlias = dict[str, Any]
"""An object of foreign JSON (a block, an attachment), kept as it came."""

TEAM_ID = "T0SANDBOX1"
ALL_SCOPES = frozenset(
    {
        "chat:write",
        "chat:write.public",
        "channels:read",
        "groups:read",
        "channels:history",
        "groups:history",
        "channels:join",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who wrote a message: an app's bot, or a person when `bot_id` is empty."""

    user_id: str
    name: str
    bot_id: str = ""
    app_id: str = ""


SHIPBELL = Author(user_id="U0SHIPBELL", name="Shipbell", bot_id="B0SHIPBELL", app_id="A0SHIPBELL")
PERSON = Author(user_id="U0PERSON01", name="Jo Doe")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A bot token: what it may do and whose it is. Its value is in no repr."""

    value: str = field(repr=False)
    scopes: frozenset[str] = ALL_SCOPES
    author: Author = SHIPBELL
    revoked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel and whether the bot is in it; `id` outlives a new name."""

    id: str
    name: str
    created: float
    """Seconds since the epoch."""
    private: bool = False
    archived: bool = False
    member: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An incoming webhook; its path is the secret."""

    path: str = field(repr=False)
    """`T.../B.../secret`"""
    channel: str
    active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a message says to programs."""

    event_type: str
    event_payload: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a message shows: all that an edit can change."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    metadata: Metadata | None = None
    parse: str = "client"
    """`none` leaves URLs and names in `text` alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A message's content from `at` (seconds since the epoch) until the next version."""

    at: float
    content: Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message with every version it had; `ts` is its identity within the channel."""

    channel: str
    ts: str
    author: Author
    versions: tuple[Version, ...]
    thread_ts: str | None = None
    """The root's `ts`, if this is a reply."""
    broadcast: bool = False
    """A reply that also stands in the channel."""
    rings: tuple[str, ...] = ()
    """Who hears it when it is posted: `channel`, and every mention such as `<!here>`. An edit adds none."""
    via_webhook: bool = False
    deleted_at: float | None = None

    @property
    def content(self) -> Content:
        """What the message shows now (or showed last, if it is deleted)."""
        return self.versions[-1].content

    @property
    def text(self) -> str:
        """The top-level text of now."""
        return self.content.text

    @property
    def blocks(self) -> tuple[Json, ...]:
        """The blocks of now, as they were sent."""
        return self.content.blocks

    @property
    def metadata(self) -> Metadata | None:
        """The metadata of now."""
        return self.content.metadata

    @property
    def in_channel(self) -> bool:
        """Whether it stands in the channel itself, not only in a thread."""
        return self.thread_ts is None or self.broadcast

    @property
    def edited(self) -> bool:
        """Whether readers see "(edited)": Slack shows it for messages without blocks."""
        return len(self.versions) > 1 and not self.content.blocks


class Workspace:
    """One workspace. Names and IDs of channels are both accepted wherever a method says `channel`."""

    def __init__(self, *, clock: Clock, name: str = "Sandbox", url: str = "http://127.0.0.1/") -> None:
        self.name = name
        self.url = url
        """Where permalinks lead; ends with a slash."""
        self.clock = clock
        self.history_lag = 0.0
        """Seconds until a message can be read through the API; Slack promises nothing about this."""
        self._channels: dict[str, Channel] = {}
        self._tokens: dict[str, Token] = {}
        self._webhooks: dict[str, Webhook] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._last_ts: dict[str, int] = {}
        self._listeners: list[Callable[[Message | None], None]] = []

    def listen(self, listener: Callable[[Message | None], None]) -> Callable[[], None]:
        """Call `listener` with each message that changes, None when channels do; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def add_token(self, token: Token) -> None:
        """Accept a token, or change what a known one may do."""
        self._tokens[token.value] = token

    def token(self, value: str) -> Token | None:
        """The token of that value."""
        return self._tokens.get(value)

    def revoke_tokens(self) -> None:
        """Revoke every token, as an administrator can."""
        self._tokens = {key: dataclasses.replace(token, revoked=True) for key, token in self._tokens.items()}

    def restore_tokens(self) -> None:
        """Make every token valid again."""
        self._tokens = {key: dataclasses.replace(token, revoked=False) for key, token in self._tokens.items()}

    def add_channel(self, name: str, *, private: bool = False, member: bool = True) -> Channel:
        """Create a channel; one that exists under that name is returned as it is."""
        known = self.find(name)
        if known is not None:
            return known
        number = len(self._channels) + 1
        channel = Channel(
            id=f"C0SANDBOX{number:02d}",
            name=name.removeprefix("#"),
            created=self.clock(),
            private=private,
            member=member,
        )
        return self._put_channel(channel)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels in the order of their creation."""
        return tuple(self._channels.values())

    def find(self, channel: str) -> Channel | None:
        """The channel of that ID or name (with or without `#`)."""
        known = self._channels.get(channel)
        wanted = channel.removeprefix("#")
        return known or next((one for one in self._channels.values() if one.name == wanted), None)

    def change_channel(
        self,
        channel: str,
        *,
        name: str | None = None,
        archived: bool | None = None,
        private: bool | None = None,
        member: bool | None = None,
    ) -> Channel:
        """Rename, archive, hide, invite or remove; what is None stays. KeyError if the channel is unknown."""
        known = self._known(channel)
        changed = dataclasses.replace(
            known,
            name=known.name if name is None else name,
            archived=known.archived if archived is None else archived,
            private=known.private if private is None else private,
            member=known.member if member is None else member,
        )
        return self._put_channel(changed)

    def add_webhook(self, channel: str, *, secret: str = "sandboxsecret") -> Webhook:  # noqa: S107 - made up
        """An incoming webhook into the channel; asking again gives the same one."""
        known = self._known(channel)
        webhook = Webhook(path=f"{TEAM_ID}/B{known.id[1:]}/{secret}", channel=known.id)
        return self._webhooks.setdefault(webhook.path, webhook)

    def webhook(self, path: str) -> Webhook | None:
        """The webhook at that path, below `/services/`."""
        return self._webhooks.get(path)

    def post(
        self,
        channel: str,
        content: Content,
        *,
        author: Author = SHIPBELL,
        thread_ts: str | None = None,
        broadcast: bool = False,
        via_webhook: bool = False,
    ) -> Message:
        """Store a message as it is: limits and permissions are the callers' concern."""
        known = self._known(channel)
        now = self.clock()
        heard = ("channel",) if thread_ts is None or broadcast else ()
        message = Message(
            channel=known.id,
            ts=self._next_ts(known.id, now),
            author=author,
            versions=(Version(at=now, content=content),),
            thread_ts=thread_ts,
            broadcast=broadcast and thread_ts is not None,
            rings=heard + mentions.within(content.text, content.blocks, content.attachments),
            via_webhook=via_webhook,
        )
        return self._put(message)

    def edit(self, message: Message, content: Content, *, broadcast: bool | None = None) -> Message:
        """Give the message another version; it rings nowhere."""
        version = Version(at=self.clock(), content=content)
        shown = message.broadcast if broadcast is None else broadcast
        return self._put(dataclasses.replace(message, versions=(*message.versions, version), broadcast=shown))

    def delete(self, message: Message) -> Message:
        """Take the message away from the readers; `history` still has it."""
        return self._put(dataclasses.replace(message, deleted_at=self.clock()))

    def message(self, channel: str, ts: str) -> Message | None:
        """The message as it is now, unless it was deleted."""
        found = self._messages[self._known(channel).id].get(ts)
        return None if found is None or found.deleted_at is not None else found

    def messages(self, channel: str) -> tuple[Message, ...]:
        """All messages that exist, replies included, oldest first."""
        return tuple(one for one in self.history(channel) if one.deleted_at is None)

    def history(self, channel: str) -> tuple[Message, ...]:
        """All messages that ever were, deleted ones included, oldest first."""
        return tuple(self._messages[self._known(channel).id].values())

    def replies(self, root: Message) -> tuple[Message, ...]:
        """What stands in the thread of a root, oldest first."""
        return tuple(one for one in self.messages(root.channel) if one.thread_ts == root.ts)

    def _known(self, channel: str) -> Channel:
        found = self.find(channel)
        if found is None:
            raise KeyError(channel)
        return found

    def _put_channel(self, channel: Channel) -> Channel:
        self._channels[channel.id] = channel
        self._messages.setdefault(channel.id, {})
        self._tell(self._listeners, None)
        return channel

    def _put(self, message: Message) -> Message:
        self._messages[message.channel][message.ts] = message
        self._tell(self._listeners, message)
        return message

    def _next_ts(self, channel: str, now: float) -> str:
        """Rising and unique in the channel even where the clock stands still."""
        micros = max(int(now * 1_000_000), self._last_ts.get(channel, 0) + 1)
        self._last_ts[channel] = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    @staticmethod
    def _tell(listeners: Iterable[Callable[[Message | None], None]], change: Message | None) -> None:
        for listener in tuple(listeners):
            listener(change)
