"""What is known of each message: written before it is sent, and again when the answer is there.

An intent is opened only by the holder of the claim, within the lease. Its answer is a fact: whoever opened
the intent may record it, even late. An answer to an edit is not: another edit may have been sent since, so
only the holder's settles it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipbell import routing
from shipbell.domain import State
from shipbell.store import claiming, deliveries, engine, schema

_posts = schema.posts.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message that is there, and what it says."""

    channel_id: str
    ts: str | None
    state: State
    gist: str
    digest: str
    at: datetime

    def columns(self) -> dict[str, Any]:
        """The same as a row."""
        return {
            "status": deliveries.PostStatus.POSTED.value,
            "channel_id": self.channel_id,
            "ts": self.ts,
            "state": self.state.value,
            "gist": self.gist,
            "digest": self.digest,
            "posted_at": self.at,
        }


def open_intent(
    connection: sa.Connection,
    claim: deliveries.Claim,
    part: routing.Part,
    *,
    channel_id: str,
    attempt: int,
    now: datetime,
) -> bool:
    """Announces a post; False if the claim was lost, or if the part was announced or posted before."""
    if not claiming.held(connection, claim, now, lock=True):
        return False
    fresh = {
        "status": deliveries.PostStatus.INTENT.value,
        "attempt": attempt,
        "token": claim.token,
        "channel_id": channel_id,
        "ts": None,
        "state": claim.rollout.state.value,
        "gist": "",
        "digest": "",
        "intent_at": now,
        "posted_at": None,
        "edited_at": None,
        "edit_open_at": None,
    }
    key = {"rollout_id": claim.rollout.id, "destination": claim.destination.key, "part": part.value}
    statement = engine.insert(connection, schema.posts).values(**key, **fresh)
    statement = statement.on_conflict_do_update(
        index_elements=list(key), set_=fresh, where=_posts.status == deliveries.PostStatus.GONE.value
    )
    return (connection.execute(statement)).rowcount == 1


def settle_post(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part, sent: Sent) -> bool:
    """Records the handle of a post; False if its intent is not open or not this claim's any more."""
    mine = sa.or_(_posts.token == claim.token, _held(claim))
    return _change(connection, claim, part, sent.columns(), schema.INTENDED, mine)


def adopt(connection: sa.Connection, intent: deliveries.OpenIntent, sent: Sent) -> bool:
    """Records the handle of a post that was found in its channel, whoever holds its delivery."""
    chosen = _of(intent.rollout_id, intent.destination, intent.post.part)
    same = (schema.INTENDED, _posts.attempt == intent.post.attempt)
    result = connection.execute(sa.update(schema.posts).where(*chosen, *same).values(sent.columns()))
    return result.rowcount == 1


def drop_intent(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Takes back an intent that was provably not sent: things stand as they did before it."""
    before = claim.posts.get(part)
    if before is not None and before.status is deliveries.PostStatus.GONE:
        gone = {"status": before.status.value, "attempt": before.attempt, "ts": before.ts}
        return _change(connection, claim, part, gone, schema.INTENDED, _held(claim))
    chosen = _of(claim.rollout.id, claim.destination, part)
    result = connection.execute(sa.delete(schema.posts).where(*chosen, schema.INTENDED, _held(claim)))
    return result.rowcount == 1


def mark_gone(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Gives a post up: somebody removed it, or it was looked for and is not there."""
    gone = {"status": deliveries.PostStatus.GONE.value, "edit_open_at": None}
    return _change(connection, claim, part, gone, _held(claim))


def open_edit(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part, now: datetime) -> bool:
    """Announces an edit; False if the claim was lost or the message is not there."""
    return _change(connection, claim, part, {"edit_open_at": now}, _IS_POSTED, _held(claim, now))


def settle_edit(
    connection: sa.Connection,
    claim: deliveries.Claim,
    part: routing.Part,
    *,
    state: State,
    digest: str,
    now: datetime,
) -> bool:
    """Records the clean answer to an edit; False if the claim was lost."""
    answered = {"edit_open_at": None, "edited_at": now, "state": state.value, "digest": digest}
    return _change(connection, claim, part, answered, _IS_POSTED, _held(claim))


def drop_edit(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Takes back an edit that was provably not sent; one that was open before stays open."""
    before = claim.posts.get(part)
    stood = {"edit_open_at": before.edit_open_at if before else None}
    return _change(connection, claim, part, stood, _IS_POSTED, _held(claim))


_IS_POSTED = _posts.status == deliveries.PostStatus.POSTED.value


def _change(
    connection: sa.Connection,
    claim: deliveries.Claim,
    part: routing.Part,
    values: dict[str, Any],
    *conditions: sa.ColumnElement[bool],
) -> bool:
    chosen = _of(claim.rollout.id, claim.destination, part)
    result = connection.execute(sa.update(schema.posts).where(*chosen, *conditions).values(**values))
    return result.rowcount == 1


def _of(
    rollout_id: uuid.UUID, destination: routing.Destination, part: routing.Part
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _posts.rollout_id == rollout_id,
        _posts.destination == destination.key,
        _posts.part == part.value,
    )


def _held(claim: deliveries.Claim, now: datetime | None = None) -> sa.ColumnElement[bool]:
    """Whether nobody else has claimed the delivery since; with `now`, whether the lease still runs."""
    valid = () if now is None else (schema.deliveries.c.lease_until > now,)
    return sa.exists().where(*claiming.of(claim), *valid)
