"""What to send next for one delivery: from the rollout, and from what is known of each post. Pure.

`routing.plan` says what a destination should know; here that meets what has become of the messages so far. It
is asked again after every message, so that a root which turns out to be gone changes what comes after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from shipbell import routing
from shipbell.domain import Rollout, State
from shipbell.routing import Part
from shipbell.store import Post, PostStatus

Posts = Mapping[Part, Post]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One message to post or to edit."""

    part: Part
    edit: bool = False
    broadcast: bool = False
    mention: bool = False


class Urgency(StrEnum):
    """Whether it waits for its turn among others, and for the spacing between edits."""

    CALM = "calm"
    """Starts and progress."""
    ENDING = "ending"
    ALARM = "alarm"
    """It fails: before everything else."""


def next_step(
    rollout: Rollout, destination: routing.Destination, posts: Posts, taken: frozenset[Step]
) -> Step | None:
    """The next message to send; None if there is none, or none before a lost one is found again."""
    plan = routing.plan(rollout, destination, told(posts))
    steps = []
    if plan.root:
        steps.append(_root(rollout, destination, posts))
    if _root_stands(destination, posts):
        steps += [_reply(saying, posts) for saying in plan.replies]
    return next((step for step in steps if step is not None and step not in taken), None)


def told(posts: Posts) -> dict[Part, routing.Told]:
    """What the destination heard, as far as the messages still stand.

    A root whose fate is unknown counts: should it not be there, it is posted with the state of that time.
    """
    return {
        part: routing.Told(part=part, state=post.state, gist=post.gist)
        for part, post in posts.items()
        if post.status is not PostStatus.GONE
    }


def urgency(rollout: Rollout, told_version: int) -> Urgency:
    """How much a hurry it is in; nothing is urgent about what was told already."""
    if told_version >= rollout.version:
        return Urgency.CALM
    if rollout.state in {State.FAILING, State.FAILED}:
        return Urgency.ALARM
    return Urgency.CALM if rollout.state.open else Urgency.ENDING


def _root(rollout: Rollout, destination: routing.Destination, posts: Posts) -> Step | None:
    post = posts.get(Part.ROOT)
    if post is None:
        return Step(part=Part.ROOT)
    match post.status:
        case PostStatus.INTENT:
            return None
        case PostStatus.POSTED if not destination.sink.edits:
            return None
        case PostStatus.POSTED if post.ts:
            return Step(part=Part.ROOT, edit=True)
        case PostStatus.GONE if not post.ts:
            # Given up because it was never sent.
            return Step(part=Part.ROOT)
        case _:
            return Step(part=Part.ROOT) if _worth_replacing(rollout, destination, posts) else None


def _worth_replacing(rollout: Rollout, destination: routing.Destination, posts: Posts) -> bool:
    """Whether a root that cannot be edited any more gets its one replacement: only if there is news.

    News is a failing or an ending that no message told, or one that was told by an edit alone where it
    should have rung.
    """
    root = posts[Part.ROOT]
    if root.attempt > 1:
        return False
    standing = told({**posts, Part.ROOT: replace(root, status=PostStatus.POSTED)})
    rings = any(
        saying.part is not Part.DETAIL for saying in routing.plan(rollout, destination, standing).replies
    )
    news = rollout.state is State.FAILING or not rollout.state.open
    return rings or (news and all(one.state is not rollout.state for one in standing.values()))


def _root_stands(destination: routing.Destination, posts: Posts) -> bool:
    """Whether there is a root to reply to; where nothing can be edited, replies are posts like others."""
    root = posts.get(Part.ROOT)
    if root is None or root.status is not PostStatus.POSTED:
        return False
    return bool(root.ts) or not destination.sink.edits


def _reply(saying: routing.Saying, posts: Posts) -> Step | None:
    post = posts.get(saying.part)
    if post is not None and post.status is not PostStatus.GONE:
        return None
    return Step(part=saying.part, broadcast=saying.broadcast, mention=saying.mention)
