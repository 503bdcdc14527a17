"""One errand: from what a destination was told to what is true now, as far as Slack allows.

The order keeps a message from being lost or doubled. Open intents of the past are settled first. Then message
by message: render what the store holds, wait for a turn, write the intent (which checks the claim in the same
transaction), send, record the answer. A crash between any two of these is taken up by whoever claims the
delivery next.
"""

from shipbell.delivery import editing, posting, reconciling, retry
from shipbell.delivery.hand import Hand
from shipbell.delivery.planning import Step


async def run(hand: Hand) -> None:
    """Tells all that can be told now, and gives the claim back with what came of it."""
    closed = await hand.sender.closed_until()
    if closed is not None:
        hand.report.shut(hand.sender.problem, closed)
    else:
        await reconciling.settle_intents(hand)
        if await _linked(hand):
            await _tell(hand)
    await hand.release()


async def _tell(hand: Hand) -> None:
    taken: frozenset[Step] = frozenset()
    while (step := hand.next_step(taken)) is not None:
        if hand.stopping():
            return hand.report.later(hand.now())
        taken |= {step}
        if not await (editing.edit(hand, step) if step.edit else posting.post(hand, step)):
            return None
    return None


async def _linked(hand: Hand) -> bool:
    """Finds the successor's message to link to; False if it is worth a moment's wait."""
    rollout, destination = hand.claim.rollout, hand.claim.destination
    if rollout.successor is None or not destination.sink.edits or hand.next_step(frozenset()) is None:
        return True
    root = await hand.store.successor_root(rollout, destination)
    if root is not None and root.ts:
        hand.successor_link = hand.sender.link(root.channel_id, root.ts)
    if hand.successor_link:
        return True
    linking = retry.linking(rollout.changed_at, hand.now(), hand.timing)
    if linking.at is not None:
        hand.report.later(linking.at)
    return linking.link is not retry.Link.HOLD
