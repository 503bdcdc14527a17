"""What to do after a request, and when: every decision about failure, without I/O and without a clock.

The rule behind the tables: a post is never sent again unless it is certain that the first did not happen;
an edit may be sent as often as needed, as long as the last word is the true one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shipbell.delivery import answers
from shipbell.delivery.answers import Reason
from shipbell.delivery.timing import Timing


class Move(StrEnum):
    """What comes next."""

    DONE = "done"
    """It is told."""
    RETRY = "retry"
    """Provably not done: the same again, later."""
    PAUSE = "pause"
    """The same, and nobody else should use this method before then."""
    RECONCILE = "reconcile"
    """A post that may be there: look for it, do not post."""
    REPEAT = "repeat"
    """An edit that may be there: edit again, and once more when it cannot be overtaken any more."""
    RECREATE = "recreate"
    """The message is gone: one replacement, if there still is something to tell."""
    TEXT_ONLY = "text_only"
    """Slack does not take this content: say the one sentence without blocks."""
    STOP_CHANNEL = "stop_channel"
    """A person has to act; look again from time to time."""
    STOP_TOKEN = "stop_token"  # noqa: S105 - a word, no secret
    """Nothing can be sent at all until the token is accepted again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A move, and from when on (None where it is made at once)."""

    move: Move
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What was tried."""

    at: datetime
    """When its intent was written."""
    edit: bool
    reply: bool = False
    plain: bool = False
    """Whether it was the text-only version already."""
    failures: int = 0
    """In a row, before this one."""


def decide(
    result: answers.Result, attempt: Attempt, *, now: datetime, jitter: float, timing: Timing
) -> Decision:
    """What to do after a request; `jitter` is a random number from 0 to 1."""
    soon = now + backoff(attempt.failures, jitter, timing)
    match result:
        case answers.Sent():
            return Decision(move=Move.DONE)
        case answers.RateLimited(after=after):
            return Decision(move=Move.PAUSE, at=now + after)
        case answers.NotSent():
            return Decision(move=Move.RETRY, at=soon)
        case answers.Uncertain():
            return Decision(move=Move.REPEAT, at=soon) if attempt.edit else _reconcile(attempt, now, timing)
        case answers.Refused(reason=reason):
            return _refused(reason, attempt, now, timing)


def backoff(failures: int, jitter: float, timing: Timing) -> timedelta:
    """Doubles with each failure in a row up to a cap, less up to a half so that many do not come at once."""
    longest = min(timing.backoff_cap, timing.backoff * 2.0 ** min(failures, 16))
    return longest * (1 - jitter / 2)


def ask_again(
    answer: answers.Failure, failures: int, *, now: datetime, jitter: float, timing: Timing
) -> datetime:
    """When to ask Slack again whether it is there and takes our token."""
    match answer:
        case answers.RateLimited(after=after):
            return now + after
        case answers.Refused():
            return now + timing.probe
        case _:
            return now + backoff(failures, jitter, timing)


def _reconcile(attempt: Attempt, now: datetime, timing: Timing) -> Decision:
    return Decision(move=Move.RECONCILE, at=max(now, attempt.at + timing.first_look))


def _refused(reason: Reason, attempt: Attempt, now: datetime, timing: Timing) -> Decision:
    slowly = now + timing.slow
    match reason:
        case Reason.TOKEN:
            return Decision(move=Move.STOP_TOKEN, at=now + timing.probe)
        case Reason.CHANNEL:
            return Decision(move=Move.STOP_CHANNEL, at=slowly)
        case Reason.GONE if attempt.edit or attempt.reply:
            return Decision(move=Move.RECREATE)
        case Reason.PAYLOAD | Reason.UNKNOWN if not attempt.plain:
            return Decision(move=Move.TEXT_ONLY)
        case _:
            return Decision(move=Move.RETRY, at=slowly)


def look_at(intent_at: datetime, now: datetime, timing: Timing) -> datetime | None:
    """The moment since which a look for a post in doubt is due; None if it is too early for one."""
    due = (intent_at + timing.last_look, intent_at + timing.first_look)
    return next((moment for moment in due if moment <= now), None)


def look_again(intent_at: datetime, looked_at: datetime, timing: Timing) -> datetime | None:
    """When to look once more for a post that was not found; None if it would have been there by then."""
    last = intent_at + timing.last_look
    return None if looked_at >= last else last


class Second(StrEnum):
    """How an earlier edit whose answer is unknown bears on the next one."""

    NONE = "none"
    """There is none."""
    PENDING = "pending"
    """It may still arrive and undo what is said now: another edit has to follow."""
    DUE = "due"
    """It cannot arrive any more: the next clean answer settles what the message says."""


def second_edit(open_at: datetime | None, now: datetime, timing: Timing) -> Second:
    """Where an earlier edit stands that was opened and never cleanly answered."""
    if open_at is None:
        return Second.NONE
    return Second.DUE if now >= open_at + timing.second_edit else Second.PENDING


class Link(StrEnum):
    """Whether a message waits for its successor's, so that it can link to it."""

    HOLD = "hold"
    """A moment yet: then one edit tells both."""
    LATER = "later"
    """Tell it without, and once more when the link can be made."""
    GIVE_UP = "give_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Linking:
    """What to do without a link, and when to look for it again."""

    link: Link
    at: datetime | None = None


def linking(replaced_at: datetime, now: datetime, timing: Timing) -> Linking:
    """What to do while the successor's message is not there."""
    soon, late = replaced_at + timing.link_soon, replaced_at + timing.link_late
    if now < soon:
        return Linking(link=Link.HOLD, at=soon)
    if now < late:
        return Linking(link=Link.LATER, at=min(late, now + timing.link_late / 6))
    return Linking(link=Link.GIVE_UP)
