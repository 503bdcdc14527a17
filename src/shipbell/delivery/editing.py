"""Brings a message up to date. An edit may be sent twice, as long as the last word is the true one.

Slack's edits have no compare-and-set. While an edit whose answer was lost may still arrive, what is sent now
can be undone by it; so another edit follows when that one cannot arrive any more, and only its clean answer
settles what the message says.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shipbell.delivery import letters, retry
from shipbell.delivery.hand import Hand, recorded
from shipbell.delivery.planning import Step
from shipbell.delivery.retry import Move, Second
from shipbell.delivery.sending import Letter
from shipbell.store import Post


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """An edit about to be sent."""

    step: Step
    letter: Letter
    post: Post
    """The message as it was before."""
    second: Second
    digest: str
    """Of the full letter, also where only its text is sent."""


async def edit(hand: Hand, step: Step) -> bool:
    """Edits a message, if there is need to; False if nothing further should be tried now."""
    post = hand.claim.posts[step.part]
    if await hand.sender.moved(hand.claim.destination, post.channel_id):
        await hand.mark_gone(step.part)
        return True
    second = retry.second_edit(post.edit_open_at, hand.now(), hand.timing)
    letter = hand.compose(step, post.channel_id, post.attempt)
    digest = letters.digest(letter)
    if second is Second.NONE and digest == post.digest:
        return True
    if second is Second.PENDING and hand.claim.told_version >= hand.claim.rollout.version:
        hand.report.spaced((post.edit_open_at or hand.now()) + hand.timing.second_edit)
        return True
    draft = _Draft(step=step, letter=letter, post=post, second=second, digest=digest)
    move = await _send(hand, draft, plain=False)
    if move is Move.TEXT_ONLY:
        move = await _send(hand, draft, plain=True)
    # That edits have to wait is no reason for posts to wait.
    return move in {None, Move.DONE, Move.RECREATE, Move.PAUSE}


async def _send(hand: Hand, draft: _Draft, *, plain: bool) -> Move | None:
    """Announces, sends and records; None if it was not even tried."""
    letter = letters.plain(draft.letter) if plain else draft.letter
    # The plain one takes the turn of the refused one, which Slack did not count.
    if not plain and await hand.too_early(letter.channel, edit=True):
        return None
    at = hand.now()
    if not await hand.store.open_edit(hand.claim, draft.post.part, at) or not await hand.time_left():
        hand.report.later(at + hand.timing.backoff)
        return None
    hand.report.leaving(hand.now())
    result = await hand.sender.edit(letter, draft.post.ts or "")
    attempt = retry.Attempt(at=at, edit=True, plain=plain, failures=hand.claim.attempts)
    decision = hand.decide(result, attempt)
    await recorded(_record(hand, draft, decision.move, at))
    return await hand.judged(draft.step, result, decision, letter.channel)


async def _record(hand: Hand, draft: _Draft, move: Move, at: datetime) -> None:
    match move:
        case Move.DONE if draft.second is not Second.PENDING:
            await hand.settle_edit(draft.post, draft.digest)
            hand.report.spaced(at + hand.timing.edit_spacing)
        case Move.DONE:
            hand.remember(replace(draft.post, edit_open_at=at))
            hand.report.spaced(at + hand.timing.second_edit)
        case Move.REPEAT:
            hand.remember(replace(draft.post, edit_open_at=at))
        case Move.RECREATE:
            await hand.mark_gone(draft.post.part)
        case _:
            await hand.store.drop_edit(hand.claim, draft.post.part)
