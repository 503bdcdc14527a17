"""What is known of each message: written before it is sent, and again when the answer is there.

An intent is opened only by the holder of the claim, within the lease. Its answer is a fact: whoever opened
the intent may record it, even late. An answer to an edit is not: another edit may have been sent since, so
only the holder's settles it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipbell import routing
from shipbell.domain import State
from shipbell.store import claiming, deliveries, dialects, schema

_posts = schema.posts.c
_POST = (
    _posts.rollout_id == sa.bindparam("of_rollout"),
    _posts.destination == sa.bindparam("of_destination"),
    _posts.part == sa.bindparam("of_part"),
)
_HELD = sa.exists().where(*claiming.OURS)
"""Nobody else has claimed the delivery since."""
_HELD_NOW = sa.exists().where(*claiming.OURS, schema.deliveries.c.lease_until > claiming.MOMENT)

# What changes is in the values that they are executed with.

_CHANGE = sa.update(schema.posts).where(*_POST)
_CHANGE_INTENT = _CHANGE.where(schema.INTENDED)
_CHANGE_POSTED = _CHANGE.where(_posts.status == deliveries.PostStatus.POSTED.value)
_SETTLE_POST = _CHANGE_INTENT.where(sa.or_(_posts.token == sa.bindparam("of_lease"), _HELD))
_RESTORE = _CHANGE_INTENT.where(_HELD)
_MARK_GONE = _CHANGE.where(_HELD)
_OPEN_EDIT = _CHANGE_POSTED.where(_HELD_NOW).values(edit_open_at=claiming.MOMENT)
_SETTLE_EDIT = _CHANGE_POSTED.where(_HELD)
_ADOPT = _CHANGE_INTENT.where(_posts.attempt == sa.bindparam("of_attempt"))
_DROP_INTENT = sa.delete(schema.posts).where(*_POST, schema.INTENDED, _HELD)


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
    now: datetime | None,
) -> bool:
    """Announces a post; False if the claim was lost, or if the part was announced or posted before."""
    moment = claiming.locked(connection, claim, now)
    if moment is None:
        return False
    announced = {
        "rollout_id": claim.rollout.id,
        "destination": claim.destination.key,
        "part": part.value,
        "status": deliveries.PostStatus.INTENT.value,
        "attempt": attempt,
        "token": claim.token,
        "channel_id": channel_id,
        "ts": None,
        "state": claim.rollout.state.value,
        "gist": "",
        "digest": "",
        "intent_at": moment,
        "posted_at": None,
        "edited_at": None,
        "edit_open_at": None,
    }
    gone = deliveries.PostStatus.GONE.value
    statement = dialects.insert_over(connection.dialect.name, schema.posts, "status", gone)
    return connection.execute(statement, announced).rowcount == 1


def settle_post(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part, sent: Sent) -> bool:
    """Records the handle of a post; False if its intent is not open or not this claim's any more."""
    return _change(connection, _SETTLE_POST, claim, part, sent.columns())


def adopt(connection: sa.Connection, intent: deliveries.OpenIntent, sent: Sent) -> bool:
    """Records the handle of a post that was found in its channel, whoever holds its delivery."""
    found = {
        "of_rollout": intent.rollout_id,
        "of_destination": intent.destination.key,
        "of_part": intent.post.part.value,
        "of_attempt": intent.post.attempt,
    }
    return connection.execute(_ADOPT, {**found, **sent.columns()}).rowcount == 1


def drop_intent(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Takes back an intent that was provably not sent: things stand as they did before it."""
    before = claim.posts.get(part)
    if before is not None and before.status is deliveries.PostStatus.GONE:
        gone = {"status": before.status.value, "attempt": before.attempt, "ts": before.ts}
        return _change(connection, _RESTORE, claim, part, gone)
    return _change(connection, _DROP_INTENT, claim, part, {})


def mark_gone(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Gives a post up: somebody removed it, or it was looked for and is not there."""
    gone = {"status": deliveries.PostStatus.GONE.value, "edit_open_at": None}
    return _change(connection, _MARK_GONE, claim, part, gone)


def open_edit(
    connection: sa.Connection, claim: deliveries.Claim, part: routing.Part, now: datetime | None
) -> bool:
    """Announces an edit; False if the claim was lost or the message is not there."""
    return _change(connection, _OPEN_EDIT, claim, part, {"at_moment": now})


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
    return _change(connection, _SETTLE_EDIT, claim, part, answered)


def drop_edit(connection: sa.Connection, claim: deliveries.Claim, part: routing.Part) -> bool:
    """Takes back an edit that was provably not sent; one that was open before stays open."""
    before = claim.posts.get(part)
    stood = {"edit_open_at": before.edit_open_at if before else None}
    return _change(connection, _SETTLE_EDIT, claim, part, stood)


def _change(
    connection: sa.Connection,
    statement: sa.Update | sa.Delete,
    claim: deliveries.Claim,
    part: routing.Part,
    values: dict[str, Any],
) -> bool:
    """Runs a statement on one of the claim's posts; False if there was none to change."""
    chosen = {**claiming.ours(claim), "of_part": part.value}
    return connection.execute(statement, {**chosen, **values}).rowcount == 1
