"""The one thing that both halves share: ingest writes through it, delivery and people read from it.

Each method is one transaction, committed when it returns; any of them may raise `errors.StoreError`, and then
nothing was changed. (There is one exception: a connection to PostgreSQL that breaks during the commit.) How
the rows look is nobody's business but this package's.

Time: SQLite serves one process, whose clock counts, and `now` is its moment. PostgreSQL serves several, and
what decides between them (leases, paces, what is due) goes by the database's own clock; `now` is then only
what `next_due` answers with. `Store.now` is the time to live by in either case: moments that are stored
(`retry_at`, `until`) and those that come back are of that time.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self, TypeVar

import sqlalchemy as sa

from shipbell import errors, routing
from shipbell.domain import Memory, Rollout, State, Transition
from shipbell.store import (
    channels,
    claiming,
    clocks,
    deliveries,
    engine,
    guarding,
    intake,
    pacing,
    posting,
    reading,
    remembering,
    schema,
)

T = TypeVar("T")


class Store:
    """An open store. Safe to use from many tasks of one event loop."""

    def __init__(self, database: engine.Database, *, callers_time: bool = False) -> None:
        self._database = database
        self._own_time = database.keeps_time and not callers_time
        self._clock = clocks.Clock()
        self._guard: guarding.Guard | None = None

    @classmethod
    async def open(cls, url: str, *, sole: bool = False, callers_time: bool = False) -> Self:
        """Opens a store whose schema is in place; raises `errors.SchemaError` if it is not (`upgrading`).

        `sole` is for the service: it refuses a SQLite file that another service uses. With `callers_time`
        the moments that methods are given count on PostgreSQL too: for tests with a clock of their own.
        """
        database = engine.open_database(url)
        store = cls(database, callers_time=callers_time)
        try:
            store._guard = guarding.guard(url) if sole else None
            await store._check()
        except errors.StoreError:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.close()
        if self._guard is not None:
            self._guard.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ping(self) -> None:
        """Returns if the database answers."""
        asked = self._clock.asking()
        self._hear(await self._database.read(reading.moment, self._moment(self.now())), asked)

    def now(self) -> datetime:
        """The time of the store's leases and paces, without asking it: the database's if it keeps time."""
        return self._clock.now()

    # The left half

    async def take(self, work: Callable[[intake.Intake], T]) -> T:
        """One write transaction in one go: committed when this returns, undone when `work` raises.

        On PostgreSQL `work` may be called again, with nothing left of what it did before, if its transaction
        was broken off: it must not change anything but the intake.
        """

        def change(connection: sa.Connection) -> T:
            taken = intake.Intake(connection)
            done = work(taken)
            taken.write()
            return done

        return await self._database.take(change)

    # What people and timers read

    async def baseline(self, cluster: str, resource: str, scope: str) -> int | None:
        """The resourceVersion of the first complete list of the resource in the scope; None before it."""
        return await self._database.read(remembering.baseline, cluster, resource, scope)

    async def in_flight(self, cluster: str) -> tuple[Memory, ...]:
        """The workloads of a cluster whose current rollout is open."""
        return await self._database.read(reading.in_flight, cluster)

    async def next_wake(self) -> datetime | None:
        """When time alone may next change the state of a rollout; None if it cannot."""
        return await self._database.read(reading.next_wake)

    async def rollout(self, id_: uuid.UUID) -> Rollout | None:
        """One rollout by its id."""
        return await self._database.read(reading.rollout, id_)

    async def rollouts(self, namespace: str | None = None, limit: int = 100) -> tuple[Rollout, ...]:
        """Rollouts of every cluster, newest first."""
        return await self._database.read(reading.rollouts, namespace=namespace, name=None, limit=limit)

    async def workload_rollouts(self, namespace: str, name: str, limit: int = 100) -> tuple[Rollout, ...]:
        """Rollouts of one workload's name, newest first."""
        return await self._database.read(reading.rollouts, namespace=namespace, name=name, limit=limit)

    async def transitions(self, rollout_id: uuid.UUID) -> tuple[Transition, ...]:
        """What happened to a rollout, in order."""
        return await self._database.read(reading.transitions, rollout_id)

    async def deliveries_of(self, rollout_id: uuid.UUID) -> tuple[deliveries.Delivery, ...]:
        """What each destination of a rollout was told."""
        return await self._database.read(reading.deliveries_of, rollout_id)

    async def counts(self, now: datetime) -> deliveries.Counts:
        """The state of all deliveries."""
        return await self._database.read(reading.counts, self._moment(now))

    # The right half: claims

    async def claim(self, now: datetime, owner: str, lease: timedelta) -> deliveries.Claim | None:
        """Takes the most important delivery that may be claimed now; None if there is none."""
        return await self._database.write(claiming.claim, self._moment(now), owner, lease)

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next delivery can be claimed: `now` if one can be already, None if none is due."""
        asked = self._clock.asking()
        moment, earliest = await self._database.read(claiming.next_due, self._moment(now))
        self._hear(moment, asked)
        return now if earliest is not None and earliest <= moment else earliest

    async def held(self, claim: deliveries.Claim, now: datetime) -> bool:
        """Whether the claim still stands; to be asked right before sending."""
        return await self._database.read(claiming.held, claim, self._moment(now))

    async def extend(
        self, claim: deliveries.Claim, now: datetime, lease: timedelta
    ) -> deliveries.Claim | None:
        """The same claim with a new lease; None if it was lost."""
        return await self._database.write(claiming.extend, claim, self._moment(now), lease)

    async def release(
        self,
        claim: deliveries.Claim,
        *,
        told_version: int | None,
        retry_at: datetime | None,
        edit_at: datetime | None,
        attempts: int,
        error: str | None,
    ) -> bool:
        """Gives a claim back with what came of it; False if it was lost, and then nothing is changed.

        With `told_version` None nothing counts as told. The delivery stays due if the rollout went on
        meanwhile, or if it is not known what one of its posts says. `error` is cut to 500 characters.
        """
        return await self._database.write(
            claiming.release,
            claim,
            told_version=told_version,
            retry_at=retry_at,
            edit_at=edit_at,
            attempts=attempts,
            error=error,
        )

    # The right half: posts

    async def open_intent(
        self, claim: deliveries.Claim, part: routing.Part, *, channel_id: str, attempt: int, now: datetime
    ) -> bool:
        """Announces a post; False if the claim was lost, or if the part was announced or posted before."""
        return await self._database.write(
            posting.open_intent,
            claim,
            part,
            channel_id=channel_id,
            attempt=attempt,
            now=self._moment(now),
        )

    async def settle_post(
        self,
        claim: deliveries.Claim,
        part: routing.Part,
        *,
        channel_id: str,
        ts: str | None,
        state: State,
        gist: str,
        digest: str,
        now: datetime,
    ) -> bool:
        """Records the handle of a post, even late; False if the intent is settled or another's by now."""
        sent = posting.Sent(channel_id=channel_id, ts=ts, state=state, gist=gist, digest=digest, at=now)
        return await self._database.write(posting.settle_post, claim, part, sent)

    async def drop_intent(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Takes back an intent that was provably not sent."""
        return await self._database.write(posting.drop_intent, claim, part)

    async def mark_gone(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Gives a post up: somebody removed it, or it was looked for and is not there."""
        return await self._database.write(posting.mark_gone, claim, part)

    async def open_edit(self, claim: deliveries.Claim, part: routing.Part, now: datetime) -> bool:
        """Announces an edit; False if the claim was lost or the message is not there."""
        return await self._database.write(posting.open_edit, claim, part, self._moment(now))

    async def settle_edit(
        self, claim: deliveries.Claim, part: routing.Part, *, state: State, digest: str, now: datetime
    ) -> bool:
        """Records the clean answer to an edit; False if the claim was lost."""
        return await self._database.write(
            posting.settle_edit, claim, part, state=state, digest=digest, now=now
        )

    async def drop_edit(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Takes back an edit that was provably not sent; one that was open before stays open."""
        return await self._database.write(posting.drop_edit, claim, part)

    async def open_intents(self, channel_id: str) -> tuple[deliveries.OpenIntent, ...]:
        """The intents in a channel that are not settled, oldest first, whoever opened them."""
        return await self._database.read(reading.open_intents, channel_id)

    async def adopt(
        self,
        intent: deliveries.OpenIntent,
        *,
        ts: str,
        state: State,
        gist: str,
        digest: str,
        now: datetime,
    ) -> bool:
        """Records the handle of a post that was found in its channel, whoever holds its delivery."""
        sent = posting.Sent(
            channel_id=intent.post.channel_id, ts=ts, state=state, gist=gist, digest=digest, at=now
        )
        return await self._database.write(posting.adopt, intent, sent)

    async def successor_root(
        self, rollout: Rollout, destination: routing.Destination
    ) -> deliveries.Post | None:
        """The root message of the rollout's successor in the same place, once it is posted."""
        return await self._database.read(reading.successor_root, rollout, destination)

    # The right half: pace and channels

    async def reserve(
        self, key: str, now: datetime, *, interval: timedelta, burst: int, within: timedelta | None = None
    ) -> datetime:
        """Takes the next token of a bucket and answers when it may be used: now or later.

        One that comes later than `within` from now is left to others; the answer is when to ask again.
        Who asks with a smaller `burst` than others leaves the rest of the bucket to them.
        """
        return await self._database.write(
            pacing.reserve, key, self._moment(now), interval=interval, burst=burst, within=within
        )

    async def hold(self, key: str, until: datetime) -> None:
        """Nobody goes before `until`; an earlier promise to wait longer stands."""
        await self._database.write(pacing.hold, key, until)

    async def held_until(self, key: str) -> datetime | None:
        """Until when the other side asked for silence, if it ever did."""
        return await self._database.read(pacing.held_until, key)

    async def channel_id(self, workspace: str, name: str) -> str | None:
        """The ID of a channel that is configured by name, if it was ever learnt."""
        return await self._database.read(channels.find, workspace, name)

    async def remember_channel(self, workspace: str, name: str, channel_id: str, now: datetime) -> None:
        """Keeps the ID of a channel; the latest word counts."""
        await self._database.write(channels.remember, workspace, name, channel_id, now)

    def _moment(self, now: datetime) -> datetime | None:
        """What statements take for the moment; None is the database's own time."""
        return None if self._own_time else now

    def _hear(self, moment: datetime, asked: float) -> None:
        if self._own_time:
            self._clock.hear(moment, asked)

    async def _check(self) -> None:
        found = await self._database.read(reading.revision)
        if found != schema.REVISION:
            raise errors.SchemaError(_advice(self._database.name, found))
        await self.ping()


def _advice(name: str, found: str | None) -> str:
    if found is None:
        return f"the store {name} is empty: create its tables with `shipbell db upgrade`"
    if found > schema.REVISION:
        return (
            f"the store {name} has schema {found}, which is newer than this program's {schema.REVISION}: "
            "run the newer program"
        )
    return (
        f"the store {name} has schema {found}, this program needs {schema.REVISION}: "
        "run `shipbell db upgrade`"
    )
