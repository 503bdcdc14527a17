"""Settles intents of the past: was the post made, whose answer nobody recorded?

An open intent is never simply sent again. Its message is looked for where it would stand; only when a look
that cannot be too early finds nothing does it count as lost.
"""

from dataclasses import replace
from datetime import datetime

from shipbell import routing
from shipbell.delivery import answers, retry
from shipbell.delivery.hand import Hand
from shipbell.delivery.sending import Sighting, Sightings
from shipbell.domain import Rollout, State
from shipbell.routing import Part
from shipbell.store import Post, PostStatus


async def settle_intents(hand: Hand) -> None:
    """Settles what can be settled now; the root first, for replies are sought in its thread."""
    for part in Part:
        post = hand.claim.posts.get(part)
        if post is not None and post.status is PostStatus.INTENT:
            await _settle(hand, post)


async def _settle(hand: Hand, post: Post) -> None:
    after = retry.look_at(post.intent_at, hand.now(), hand.timing)
    if after is None:
        return _wait(hand, post, post.intent_at + hand.timing.first_look)
    asked_at = hand.now()
    seen = await _look(hand, post, after)
    if seen is None:
        return await _decide_unseen(hand, post)
    if not isinstance(seen, Sightings):
        jitter = hand.setting.jitter()
        again = retry.ask_again(seen, hand.claim.attempts, now=hand.now(), jitter=jitter, timing=hand.timing)
        return hand.report.failing(seen, again)
    if (post.part, post.channel_id) == (Part.ROOT, seen.channel) and seen.looked_at >= asked_at:
        await _adopt_others(hand, post, seen)
    found = _match(hand, post, seen)
    return await (_adopt(hand, post, seen.channel, found) if found else _judge_unfound(hand, post, seen))


async def _look(hand: Hand, post: Post, after: datetime) -> Sightings | answers.Failure | None:
    since = post.intent_at - hand.timing.look_back
    return await hand.sender.look(post.channel_id, _thread(hand, post), since=since, after=after)


def _thread(hand: Hand, post: Post) -> str | None:
    root = hand.claim.posts.get(Part.ROOT)
    return root.ts if root is not None and post.part is not Part.ROOT else None


def _match(hand: Hand, post: Post, seen: Sightings) -> Sighting | None:
    """The latest of our messages that is this part of this rollout; a root only if it is no reply."""
    wanted = (str(hand.claim.rollout.id), post.part.value, _thread(hand, post))
    matching = (one for one in seen.found if (one.rollout, one.part, one.thread_ts) == wanted)
    return max(matching, key=lambda one: one.ts, default=None)


async def _adopt(hand: Hand, post: Post, channel: str, found: Sighting) -> None:
    """The post was made: takes it as ours. An edit follows, because what it says is not known in full."""
    state = _state(found, post)
    gist = _gist(hand.claim.rollout, state)
    await hand.settle_post(post, channel_id=channel, ts=found.ts, state=state, gist=gist, digest="")
    hand.report.note(f"found {post.part}")


async def _adopt_others(hand: Hand, post: Post, seen: Sightings) -> None:
    """One look serves all: the roots of other rollouts in doubt that stand there need no look of their own.

    That one is not there yet means nothing for the others, whose time may not have come.
    """
    roots = {one.rollout: one for one in seen.found if (one.part, one.thread_ts) == (Part.ROOT, None)}
    for intent in await hand.store.open_intents(post.channel_id):
        found = roots.get(str(intent.rollout_id))
        if intent.post.part is not Part.ROOT or found is None or intent.rollout_id == hand.claim.rollout.id:
            continue
        state = _state(found, intent.post)
        rollout = await hand.store.rollout(intent.rollout_id)
        gist = _gist(rollout, state) if rollout else ""
        await hand.store.adopt(intent, ts=found.ts, state=state, gist=gist, digest="", now=hand.now())


def _state(found: Sighting, post: Post) -> State:
    """The state that a message told when it was found; it may be one that only a newer Shipbell knows."""
    return State(found.state) if found.state in set(State) else post.state


def _gist(rollout: Rollout, state: State) -> str:
    """What the message rang for; of an earlier state the cause is not known any more."""
    told = rollout if rollout.state is state else replace(rollout, state=state, diagnosis=None)
    return routing.gist(told)


async def _judge_unfound(hand: Hand, post: Post, seen: Sightings) -> None:
    again = retry.look_again(post.intent_at, seen.looked_at, hand.timing)
    if again is not None:
        return _wait(hand, post, again)
    hand.report.note(f"{post.part} is not there")
    return await hand.mark_gone(post.part)


async def _decide_unseen(hand: Hand, post: Post) -> None:
    """Nobody can look. Either it is sent once more, or it counts as sent and nothing can be done with it."""
    if hand.setting.rather_twice:
        hand.report.note(f"{post.part} rather twice")
        return await hand.mark_gone(post.part)
    hand.report.note(f"{post.part} rather not twice")
    return await hand.settle_post(
        post,
        channel_id=post.channel_id,
        ts=None,
        state=post.state,
        gist=_gist(hand.claim.rollout, post.state),
        digest="",
    )


def _wait(hand: Hand, post: Post, until: datetime) -> None:
    hand.report.note(f"{post.part} is uncertain")
    hand.report.later(until)
