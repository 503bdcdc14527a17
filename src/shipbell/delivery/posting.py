"""Sends a new message: at most once, whatever happens in between.

The intent is committed before the request leaves, and taken back only where it is certain that nothing was
posted. In doubt it stays, and `reconciling` finds out.
"""

from dataclasses import dataclass
from datetime import datetime

from shipbell import routing
from shipbell.delivery import answers, letters, retry
from shipbell.delivery.hand import Hand, recorded
from shipbell.delivery.planning import Step
from shipbell.delivery.retry import Move
from shipbell.delivery.sending import Letter
from shipbell.routing import Part
from shipbell.store import Post, PostStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """A message about to be posted."""

    step: Step
    letter: Letter
    attempt: int
    digest: str
    """Of the full letter, also where only its text is sent."""


async def post(hand: Hand, step: Step) -> bool:
    """Posts a message; False if nothing further should be tried now."""
    channel = await _channel(hand, step)
    if channel is None:
        return False
    before = hand.claim.posts.get(step.part)
    if before is not None and before.status is PostStatus.POSTED:
        await hand.mark_gone(step.part)
    attempt = before.attempt + 1 if before else 1
    letter = hand.compose(step, channel, attempt)
    draft = _Draft(step=step, letter=letter, attempt=attempt, digest=letters.digest(letter))
    move = await _send(hand, draft, plain=False)
    if move is Move.TEXT_ONLY:
        move = await _send(hand, draft, plain=True)
    return move in {Move.DONE, Move.RECREATE}


async def _channel(hand: Hand, step: Step) -> str | None:
    """Where to post: a reply where its root is, a root where the destination is."""
    root = hand.claim.posts.get(Part.ROOT)
    if step.part is not Part.ROOT and root is not None:
        return root.channel_id
    address = await hand.sender.address(hand.claim.destination)
    if isinstance(address, str):
        return address
    hand.report.failing(
        address,
        retry.ask_again(
            address,
            hand.claim.attempts,
            now=hand.now(),
            jitter=hand.setting.jitter(),
            timing=hand.timing,
        ),
    )
    return None


async def _send(hand: Hand, draft: _Draft, *, plain: bool) -> Move | None:
    """Announces, sends and records; None if it was not even tried."""
    letter = letters.plain(draft.letter) if plain else draft.letter
    # The plain one takes the turn of the refused one, which Slack did not count.
    if not plain and await hand.too_early(letter.channel, edit=False):
        return None
    at = hand.now()
    announced = await hand.store.open_intent(
        hand.claim, draft.step.part, channel_id=letter.channel, attempt=draft.attempt, now=at
    )
    if not announced or not await hand.time_left():
        hand.report.later(at + hand.timing.backoff)
        return None
    hand.report.leaving(hand.now())
    result = await hand.sender.post(letter)
    attempt = retry.Attempt(
        at=at,
        edit=False,
        reply=letter.thread_ts is not None,
        plain=plain,
        failures=hand.claim.attempts,
    )
    decision = hand.decide(result, attempt)
    await recorded(_record(hand, draft, result, decision.move, at))
    return await hand.judged(draft.step, result, decision, letter.channel)


async def _record(hand: Hand, draft: _Draft, result: answers.Result, move: Move, at: datetime) -> None:
    rollout = hand.claim.rollout
    intent = Post(
        part=draft.step.part,
        status=PostStatus.INTENT,
        attempt=draft.attempt,
        channel_id=draft.letter.channel,
        intent_at=at,
        state=rollout.state,
    )
    if isinstance(result, answers.Sent):
        await hand.settle_post(
            intent,
            channel_id=result.channel_id or draft.letter.channel,
            ts=result.ts or None,
            state=rollout.state,
            gist=routing.gist(rollout),
            digest=draft.digest,
        )
    elif move is Move.RECONCILE:
        hand.remember(intent)
    else:
        await hand.store.drop_intent(hand.claim, draft.step.part)
        if move is Move.RECREATE:
            await hand.mark_gone(Part.ROOT)
