"""The loop of the right half: claims what is due, sends several at once, sleeps until there is more.

It needs no wake-up to be right, only to be quick: what ingest commits is found by the next look at the store.
One process or several, each claim is held by one of them. Ending it finishes the messages in hand; killing it
leaves them to whoever claims them next.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog

from shipbell import errors
from shipbell.delivery import errand, retry
from shipbell.delivery.accounting import account
from shipbell.delivery.hand import Hand, Setting
from shipbell.metrics import Metrics
from shipbell.store import Claim

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Deliveries in hand at the same time."""
_BREATH = timedelta(milliseconds=5)
"""The shortest sleep, so that a store which promises work and has none cannot keep the loop busy."""


class Worker:
    """Tells every destination what it does not know yet, for as long as `run` runs."""

    def __init__(self, setting: Setting, *, owner: str, metrics: Metrics) -> None:
        self._setting = setting
        self._store = setting.store
        self._clock = setting.clock
        self._timing = setting.timing
        self._owner = owner
        self._metrics = metrics
        self._wakened = asyncio.Event()
        self._called = False
        self._stopping = False
        self._free = asyncio.Semaphore(AT_ONCE)

    def wake(self) -> None:
        """There may be something to tell: look at once. Never blocks; may be called from callbacks."""
        self._called = True
        self._wakened.set()

    def stop(self) -> None:
        """Begin nothing new; `run` returns when what is in hand is done, within a request's time or two."""
        self._stopping = True
        self._wakened.set()

    async def run(self) -> None:
        """Delivers until `stop` is called."""
        failures = 0
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                try:
                    self._wakened.clear()
                    if await self._way_is_open() and await self._work_is_due():
                        await self._begin(tasks)
                    failures = 0
                except errors.StoreError as error:
                    log.warning("delivery waits for the store", reason=str(error))
                    wait = retry.backoff(failures, self._setting.jitter(), self._timing)
                    await self._sleep_until(self._clock.now() + wait)
                    failures += 1

    async def ping(self) -> str:
        """Why messages cannot be delivered; empty if they can."""
        problems = (sender.problem for sender in self._setting.senders.values())
        return "; ".join(filter(None, problems))

    async def _way_is_open(self) -> bool:
        """Whether anything can be sent at all; if not, sleeps until it is time to ask again.

        While Slack is away, claiming what cannot be sent would only keep the store busy.
        """
        closed = []
        for sender in self._setting.senders.values():
            moment = await sender.closed_until()
            if moment is None:
                return True
            closed.append(moment)
        await self._sleep_until(min(closed, default=self._clock.now() + self._timing.idle))
        return False

    async def _work_is_due(self) -> bool:
        """Whether there is something to claim; if not, sleeps until there is, or somebody calls.

        Who calls is believed. Otherwise it looks first, for a claim in vain would take the turn to write
        from a message.
        """
        if self._called:
            self._called = False
            return True
        now = self._clock.now()
        latest = now + self._timing.idle  # then it is time to look for other processes' work
        due = await self._store.next_due(now) or latest
        if due > now:
            await self._sleep_until(min(max(due, now + _BREATH), latest))
        return due <= now

    async def _begin(self, tasks: asyncio.TaskGroup) -> None:
        """Claims one delivery and sets about it, unless another process was first."""
        claim = await self._claim()
        if claim is None:
            await self._sleep_until(self._clock.now() + _BREATH)
            return
        task = tasks.create_task(self._carry(claim), name=f"delivery {claim.rollout.workload.path}")
        task.add_done_callback(self._done)

    async def _claim(self) -> Claim | None:
        """Waits for a free place first: a lease should not run while nobody works on it."""
        await self._free.acquire()
        claim = None
        try:
            if not self._stopping:
                claim = await self._store.claim(self._clock.now(), self._owner, self._timing.lease)
        finally:
            if claim is None:
                self._free.release()
        return claim

    def _done(self, _task: asyncio.Task[None]) -> None:
        self._free.release()
        # What it gave back may be due again before the time that the loop sleeps until.
        self._wakened.set()

    async def _carry(self, claim: Claim) -> None:
        """Runs one errand. Nothing that goes wrong in it may end the others: this is their supervisor."""
        sink = claim.destination.sink
        if sink not in self._setting.senders:
            await self._put_off(claim, f"{sink} is not configured any more")
            return
        hand = Hand(claim, self._setting, stopping=lambda: self._stopping)
        try:
            await errand.run(hand)
        except errors.StoreError as error:
            log.warning("a delivery waits for the store", workload=hand.path, reason=str(error))
            await self._put_off(claim, str(error))
        except Exception as error:
            log.exception("a delivery broke", workload=hand.path)
            await self._put_off(claim, f"{type(error).__name__} in Shipbell: see the log")
        account(hand, self._metrics)

    async def _put_off(self, claim: Claim, reason: str) -> None:
        """Gives a claim back as it was; where even that fails, its lease runs out."""
        wait = retry.backoff(claim.attempts + 1, self._setting.jitter(), self._timing)
        with contextlib.suppress(errors.StoreError):
            await self._store.release(
                claim,
                told_version=None,
                retry_at=self._clock.now() + wait,
                edit_at=None,
                attempts=claim.attempts + 1,
                error=reason,
            )

    async def _sleep_until(self, moment: datetime) -> None:
        waiting = {
            asyncio.ensure_future(self._wakened.wait()),
            asyncio.ensure_future(self._clock.sleep_until(moment)),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
