"""The channels of a workspace: their IDs, and which of them cannot be reached at the moment.

History and edits take only IDs, so a configured name is looked up once and its ID kept; it survives a new
name. A channel that Slack refuses is left alone until it is time to look again, whoever has something for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from shipbell.delivery import answers, remedies
from shipbell.delivery.clock import Clock
from shipbell.delivery.timing import Timing
from shipbell.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """Why a channel cannot be reached, and until when nobody tries."""

    reason: str
    until: datetime


class Channels:
    """What is known of a workspace's channels, each by its ID or, before that is known, by its name."""

    def __init__(self, store: Store, *, clock: Clock, timing: Timing, workspace: str) -> None:
        self._store = store
        self._clock = clock
        self._timing = timing
        self._workspace = workspace
        self._ids: dict[str, str] = {}
        self._unsaved: set[str] = set()
        self._troubled: dict[str, _Trouble] = {}

    async def known(self, name: str) -> str | None:
        """The ID to use; None if it is to be asked for, again where the known one leads nowhere."""
        remembered = await self.remembered(name)
        trouble = self._troubled.get(remembered or name)
        if trouble is None or self.closed_until(remembered or name):
            return remembered
        return None

    async def remembered(self, name: str) -> str | None:
        """The ID as it was learnt last, if ever."""
        if name in self._unsaved:
            await self.learn(name, self._ids[name])
        if name not in self._ids:
            stored = await self._store.channel_id(self._workspace, name)
            if stored is None:
                return None
            self._ids[name] = stored
        return self._ids[name]

    async def learn(self, name: str, channel_id: str) -> None:
        """Keeps the ID of a name."""
        self._ids[name] = channel_id
        await self._store.remember_channel(self._workspace, name, channel_id, self._clock.now())
        self._unsaved.discard(name)

    def overhear(self, name: str, channel_id: str) -> None:
        """Learns an ID from the answer to a post, for which nothing else should have to wait."""
        self._ids[name] = channel_id
        self._unsaved.add(name)

    def troubled(self, channel: str) -> bool:
        """Whether the channel could not be reached when somebody last tried."""
        return channel in self._troubled

    def leave(self, channel: str) -> None:
        """Nothing goes there any more, so that its trouble is nobody's."""
        self._troubled.pop(channel, None)

    def closed_until(self, channel: str) -> datetime | None:
        """When to try a channel again that could not be reached; None if now."""
        trouble = self._troubled.get(channel)
        return trouble.until if trouble is not None and trouble.until > self._clock.now() else None

    def note(self, channel: str, result: answers.Result, *, bot: str) -> None:
        """Learns from the answer to a message whether its channel can be reached."""
        if isinstance(result, answers.Sent):
            if self._troubled.pop(channel, None):
                log.info("the channel can be reached again", channel=channel)
        elif isinstance(result, answers.Refused) and result.reason is answers.Reason.CHANNEL:
            self._close(channel, result, bot)

    def problems(self) -> Iterator[str]:
        """Each channel that cannot be reached, with the reason."""
        return (f"channel {channel}: {trouble.reason}" for channel, trouble in self._troubled.items())

    def _close(self, channel: str, refused: answers.Refused, bot: str) -> None:
        reason = remedies.advice(refused, bot)
        known = self._troubled.get(channel)
        if known is None or known.reason != reason:
            log.warning("a channel cannot be reached", channel=channel, reason=reason)
        until = self._clock.now() + self._timing.slow
        self._troubled[channel] = _Trouble(reason=reason, until=until)
