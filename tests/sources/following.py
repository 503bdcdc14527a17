"""Runs a reflector against the fake API server and hands out what it yields, one by one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from shipbell.domain import Observation
from shipbell.sources.kubernetes import credentials, kinds, pacing, reflector, transport
from tests.fakes import api_server

QUICK = pacing.Pace(between=0.0, first=1.0, silence=5.0)

Item = reflector.Listed[Observation] | reflector.Changed[Observation]


class Token:
    """Credentials with one token, which changes when it is read anew."""

    def __init__(self, url: str, *tokens: str) -> None:
        self._url = url
        self._tokens = list(tokens)
        self.renewals = 0

    async def access(self) -> credentials.Access:
        token = self._tokens[0] if self._tokens else None
        return credentials.Access(url=self._url, authorization=f"Bearer {token}" if token else None)

    async def renew(self) -> credentials.Access:
        self.renewals += 1
        if len(self._tokens) > 1:
            self._tokens.pop(0)
        return await self.access()


@dataclass
class Seen:
    """What came out so far."""

    follower: reflector.Reflector[Any, Observation]
    pauses: asyncio.Queue[float]
    """Every delay, as it begins."""
    items: asyncio.Queue[Item] = field(default_factory=asyncio.Queue)

    @property
    def delays(self) -> list[float]:
        """Those that nobody has waited for with `paused`."""
        return [self.pauses.get_nowait() for _ in range(self.pauses.qsize())]

    async def paused(self) -> float:
        return await asyncio.wait_for(self.pauses.get(), 5)

    async def listed(self) -> reflector.Listed[Observation]:
        item = await asyncio.wait_for(self.items.get(), 5)
        assert isinstance(item, reflector.Listed), item
        return item

    async def changed(self) -> Observation:
        item = await asyncio.wait_for(self.items.get(), 5)
        assert isinstance(item, reflector.Changed), item
        return item.observation


@asynccontextmanager
async def following(
    server: api_server.ApiServer,
    *,
    identity: credentials.Credentials | None = None,
    pace: pacing.Pace = QUICK,
    random: Callable[[], float] = lambda: 1.0,
    **options: Any,
) -> AsyncIterator[Seen]:
    """Delays are noted, not waited for."""
    pauses: asyncio.Queue[float] = asyncio.Queue()
    async with transport.Transport(identity or Token(server.url)) as connection:
        follower = reflector.Reflector(
            connection,
            kinds.DEPLOYMENT.format_("testing"),
            pace=pace,
            sleep=_noting(pauses),
            random=random,
            **options,
        )
        seen = Seen(follower=follower, pauses=pauses)
        task = asyncio.create_task(_collect(follower, seen.items), name="reflector under test")
        try:
            yield seen
        finally:
            task.cancel()
            await asyncio.wait([task])


def _noting(pauses: asyncio.Queue[float]) -> Callable[[float], Awaitable[None]]:
    async def note(seconds: float) -> None:
        pauses.put_nowait(seconds)
        await asyncio.sleep(0)

    return note


async def _collect(follower: reflector.Reflector[Any, Observation], items: asyncio.Queue[Item]) -> None:
    async with aclosing(follower.stream()) as stream:
        async for item in stream:
            items.put_nowait(item)
