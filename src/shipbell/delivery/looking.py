"""Looks for posts whose answer was lost. One look into a channel serves everybody who asks about it.

After an outage many posts are in doubt at once, and reading a channel is dearer than posting into it.
"""

import asyncio
from collections import defaultdict
from datetime import datetime

from shipbell.delivery.answers import Failure, Reason, Refused
from shipbell.delivery.clock import Clock
from shipbell.delivery.sending import Sightings
from shipbell.delivery.slack import Slack

MAY_NOT = frozenset({"missing_scope", "not_allowed_token_type", "not_in_channel"})
"""Answers to a look that say nothing about whether one may post."""


class Looks:
    """What was last seen in each channel of a workspace."""

    def __init__(self, slack: Slack, *, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._seen: dict[str, Sightings] = {}
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def channel(self, channel: str, *, since: datetime, after: datetime) -> Sightings | Failure | None:
        """Our messages in a channel, seen `after` or later; None if we may not look."""
        async with self._looking[channel]:
            seen = self._seen.get(channel)
            if seen is not None and seen.looked_at >= after and seen.since <= since:
                return seen
            fresh = await self._look(channel, None, since)
            if isinstance(fresh, Sightings):
                self._seen[channel] = fresh
            return fresh

    async def thread(self, channel: str, root: str, *, since: datetime) -> Sightings | Failure | None:
        """Our messages in a thread; asked only by who tells that one rollout."""
        return await self._look(channel, root, since)

    async def _look(self, channel: str, root: str | None, since: datetime) -> Sightings | Failure | None:
        looked_at = self._clock.now()
        if root is None:
            found = await self._slack.history(channel, since)
        else:
            found = await self._slack.replies(channel, root, since)
        if isinstance(found, tuple):
            return Sightings(channel=channel, looked_at=looked_at, since=since, found=found)
        return None if may_not(found) else found


def may_not(failure: Failure) -> bool:
    """Whether it is this reading that is refused: for want of a scope, of membership, or of its thread."""
    if not isinstance(failure, Refused):
        return False
    return failure.code in MAY_NOT or failure.reason in {Reason.CHANNEL, Reason.GONE}
