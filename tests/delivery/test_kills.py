"""A worker is killed at every step that it takes, and another one takes up what it left.

What the first has not committed is lost with it, and its requests may have reached Slack or not. After each
kill the account must balance: one root message per rollout, its state true, no reply twice.
"""

import asyncio
import contextlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from shipbell.domain import Rollout, State
from shipbell.store import Store
from tests.delivery.stage import PATIENCE, TIMING, Stage, later, rollout, staged

STEPS = 32
"""More than the story takes: the last plays end without a kill."""
AT_ONCE = 6
HASTY = replace(TIMING, lease=1.1 * TIMING.request, first_look=2 * TIMING.first_look)
"""The next worker takes over long before it may look for what the killed one left."""


class Killed(BaseException):
    """No code survives it."""


class Mortal:
    """A store whose process is killed right before or right after its nth transaction."""

    def __init__(self, store: Store, *, dies_at: int, afterwards: bool) -> None:
        self._store = store
        self._left = dies_at
        self._afterwards = afterwards

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self._call(name, *given, **named)

    async def _call(self, name: str, *given: Any, **named: Any) -> Any:
        if self._left <= 0:
            raise Killed
        if name != "next_due":
            self._left -= 1
        last = self._left == 0
        if last and not self._afterwards:
            raise Killed
        answer = await getattr(self._store, name)(*given, **named)
        if last:
            raise Killed
        return answer


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
async def test_wherever_a_worker_is_killed_the_account_balances(
    empty_file: Path, tmp_path: Path, afterwards: bool
) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def play(dies_at: int) -> bool:
        file = tmp_path / f"{dies_at}.db"
        shutil.copy(empty_file, file)
        async with turns, staged(f"sqlite:///{file}", timing=HASTY) as stage:
            return await _play(stage, dies_at=dies_at, afterwards=afterwards)

    killed = await asyncio.gather(*(play(dies_at) for dies_at in range(1, STEPS + 1)))
    assert killed[:10] == [True] * 10
    assert not killed[-1], "the story has more steps than were tried"


async def _play(stage: Stage, *, dies_at: int, afterwards: bool) -> bool:
    """Begins and ends a rollout; answers whether the first worker was killed on the way."""
    web = rollout()
    mortal = cast(Store, Mortal(stage.store, dies_at=dies_at, afterwards=afterwards))
    first = stage.worker(mortal)
    running = asyncio.create_task(first.run())
    await stage.begin(web)
    await _told_or_over(stage, web, running)
    web = later(web, State.SUCCEEDED)
    await stage.change(web)
    await _told_or_over(stage, web, running)
    killed = running.done()
    first.stop()
    with contextlib.suppress(BaseExceptionGroup):
        await running

    async with stage.working():
        await stage.told(web)
    assert stage.shown(web) == "succeeded", f"killed at {dies_at}"
    _looked_no_sooner_than_the_last_request_could_arrive(stage)
    # A root that was posted to say it needs no reply that says it again.
    posted = stage.roots(web)[0].versions[0].content.metadata
    said_it_all = posted is not None and posted.event_payload["state"] == "succeeded"
    expected = [] if said_it_all else ["succeeded"]
    assert stage.replies(web) == expected, f"killed at {dies_at}"
    return killed


def _looked_no_sooner_than_the_last_request_could_arrive(stage: Stage) -> None:
    calls = stage.slack.calls()
    posts = [call.at for call in calls if call.method == "chat.postMessage"]
    looks = [call.at for call in calls if call.method in {"conversations.history", "conversations.replies"}]
    soonest = 0.95 * (HASTY.first_look - HASTY.request).total_seconds()
    assert all(look - post > soonest for look in looks for post in posts if post < look)


async def _told_or_over(stage: Stage, web: Rollout, running: asyncio.Task[None]) -> None:
    told = asyncio.create_task(stage.told(web))
    await asyncio.wait({told, running}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
