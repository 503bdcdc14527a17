"""The one thing that both halves share: ingest writes through it, delivery and people read from it.

Each method is one transaction, committed when it returns; any of them may raise `errors.StoreError`, and then
nothing was changed. How the rows look is nobody's business but this package's.
"""

import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Self

import sqlalchemy as sa

from shipbell import errors, routing
from shipbell.domain import Memory, Rollout, State, Transition
from shipbell.store import channels, claiming, deliveries, engine, intake, pacing, posting, reading, schema


class Store:
    """An open store. Safe to use from many tasks of one event loop."""

    def __init__(self, database: engine.Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, url: str) -> Self:
        """Opens a store whose schema is in place; raises `errors.SchemaError` if it is not (`upgrading`)."""
        database = engine.Database(url)
        try:
            found = await revision(database)
        except errors.StoreError:
            await database.close()
            raise
        if found != schema.REVISION:
            await database.close()
            raise errors.SchemaError(_advice(database.name, found))
        return cls(database)

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ping(self) -> None:
        """Returns if the database answers."""
        async with self._database.reading() as connection:
            await connection.execute(sa.select(1))

    # The left half

    @contextlib.asynccontextmanager
    async def intake(self) -> AsyncIterator[intake.Intake]:
        """One write transaction: committed at the end of the block, rolled back on any error in it."""
        async with self._database.writing() as connection:
            taken = intake.Intake(connection)
            yield taken
            await taken.flush()

    # What people and timers read

    async def in_flight(self, cluster: str) -> tuple[Memory, ...]:
        """The workloads of a cluster whose current rollout is open."""
        async with self._database.reading() as connection:
            return await reading.in_flight(connection, cluster)

    async def next_wake(self) -> datetime | None:
        """When time alone may next change the state of a rollout; None if it cannot."""
        async with self._database.reading() as connection:
            return await reading.next_wake(connection)

    async def rollout(self, id_: uuid.UUID) -> Rollout | None:
        """One rollout by its id."""
        async with self._database.reading() as connection:
            return await reading.rollout(connection, id_)

    async def rollouts(self, namespace: str | None = None, limit: int = 100) -> tuple[Rollout, ...]:
        """Rollouts of every cluster, newest first."""
        async with self._database.reading() as connection:
            return await reading.rollouts(connection, namespace=namespace, name=None, limit=limit)

    async def workload_rollouts(self, namespace: str, name: str, limit: int = 100) -> tuple[Rollout, ...]:
        """Rollouts of one workload's name, newest first."""
        async with self._database.reading() as connection:
            return await reading.rollouts(connection, namespace=namespace, name=name, limit=limit)

    async def transitions(self, rollout_id: uuid.UUID) -> tuple[Transition, ...]:
        """What happened to a rollout, in order."""
        async with self._database.reading() as connection:
            return await reading.transitions(connection, rollout_id)

    async def deliveries_of(self, rollout_id: uuid.UUID) -> tuple[deliveries.Delivery, ...]:
        """What each destination of a rollout was told."""
        async with self._database.reading() as connection:
            return await reading.deliveries_of(connection, rollout_id)

    async def counts(self, now: datetime) -> deliveries.Counts:
        """The state of all deliveries."""
        async with self._database.reading() as connection:
            return await reading.counts(connection, now)

    # The right half: claims

    async def claim(self, now: datetime, owner: str, lease: timedelta) -> deliveries.Claim | None:
        """Takes the most important delivery that may be claimed now; None if there is none."""
        async with self._database.writing() as connection:
            return await claiming.claim(connection, now, owner, lease)

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next delivery can be claimed: `now` if one can be already, None if none is due."""
        async with self._database.reading() as connection:
            return await claiming.next_due(connection, now)

    async def held(self, claim: deliveries.Claim, now: datetime) -> bool:
        """Whether the claim still stands; to be asked right before sending."""
        async with self._database.reading() as connection:
            return await claiming.held(connection, claim, now)

    async def extend(
        self, claim: deliveries.Claim, now: datetime, lease: timedelta
    ) -> deliveries.Claim | None:
        """The same claim with a new lease; None if it was lost."""
        async with self._database.writing() as connection:
            return await claiming.extend(connection, claim, now, lease)

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
        async with self._database.writing() as connection:
            return await claiming.release(
                connection,
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
        async with self._database.writing() as connection:
            return await posting.open_intent(
                connection, claim, part, channel_id=channel_id, attempt=attempt, now=now
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
        async with self._database.writing() as connection:
            return await posting.settle_post(connection, claim, part, sent)

    async def drop_intent(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Takes back an intent that was provably not sent."""
        async with self._database.writing() as connection:
            return await posting.drop_intent(connection, claim, part)

    async def mark_gone(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Gives a post up: somebody removed it, or it was looked for and is not there."""
        async with self._database.writing() as connection:
            return await posting.mark_gone(connection, claim, part)

    async def open_edit(self, claim: deliveries.Claim, part: routing.Part, now: datetime) -> bool:
        """Announces an edit; False if the claim was lost or the message is not there."""
        async with self._database.writing() as connection:
            return await posting.open_edit(connection, claim, part, now)

    async def settle_edit(
        self, claim: deliveries.Claim, part: routing.Part, *, state: State, digest: str, now: datetime
    ) -> bool:
        """Records the clean answer to an edit; False if the claim was lost."""
        async with self._database.writing() as connection:
            return await posting.settle_edit(connection, claim, part, state=state, digest=digest, now=now)

    async def drop_edit(self, claim: deliveries.Claim, part: routing.Part) -> bool:
        """Takes back an edit that was provably not sent; one that was open before stays open."""
        async with self._database.writing() as connection:
            return await posting.drop_edit(connection, claim, part)

    async def open_intents(self, channel_id: str) -> tuple[deliveries.OpenIntent, ...]:
        """The intents in a channel that are not settled, oldest first, whoever opened them."""
        async with self._database.reading() as connection:
            return await reading.open_intents(connection, channel_id)

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
        async with self._database.writing() as connection:
            return await posting.adopt(connection, intent, sent)

    async def successor_root(
        self, rollout: Rollout, destination: routing.Destination
    ) -> deliveries.Post | None:
        """The root message of the rollout's successor in the same place, once it is posted."""
        async with self._database.reading() as connection:
            return await reading.successor_root(connection, rollout, destination)

    # The right half: pace and channels

    async def reserve(
        self, key: str, now: datetime, *, interval: timedelta, burst: int, within: timedelta | None = None
    ) -> datetime:
        """Takes the next token of a bucket and answers when it may be used: now or later.

        One that comes later than `within` from now is left to others; the answer is when to ask again.
        Who asks with a smaller `burst` than others leaves the rest of the bucket to them.
        """
        async with self._database.writing() as connection:
            return await pacing.reserve(connection, key, now, interval=interval, burst=burst, within=within)

    async def hold(self, key: str, until: datetime) -> None:
        """Nobody goes before `until`; an earlier promise to wait longer stands."""
        async with self._database.writing() as connection:
            await pacing.hold(connection, key, until)

    async def held_until(self, key: str) -> datetime | None:
        """Until when the other side asked for silence, if it ever did."""
        async with self._database.reading() as connection:
            return await pacing.held_until(connection, key)

    async def channel_id(self, workspace: str, name: str) -> str | None:
        """The ID of a channel that is configured by name, if it was ever learnt."""
        async with self._database.reading() as connection:
            return await channels.find(connection, workspace, name)

    async def remember_channel(self, workspace: str, name: str, channel_id: str, now: datetime) -> None:
        """Keeps the ID of a channel; the latest word counts."""
        async with self._database.writing() as connection:
            await channels.remember(connection, workspace, name, channel_id, now)


async def revision(database: engine.Database) -> str | None:
    """The revision of the database's schema; None where there is no schema yet."""
    async with database.reading() as connection:
        if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
            return None
        found: str | None = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


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
