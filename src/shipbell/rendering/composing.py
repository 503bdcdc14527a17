"""Whole messages: the root of a rollout, a reply in its thread, and the post of a sink that cannot edit.

Pure: the rollout as it is stored now, what happened to it, what the destination wants, and the time. The
same input gives the same message, so that an edit that would change nothing can be spared.
"""

from datetime import datetime

from shipbell.domain import Detail, Part, Rollout, Transition
from shipbell.rendering import blocks, layout, replies, sentences
from shipbell.rendering.message import Block, Message, Options

TEST = "🔔 This is a test message: nothing was rolled out."


def root(rollout: Rollout, transitions: tuple[Transition, ...], options: Options, now: datetime) -> Message:
    """The one living message of a rollout, complete: an edit replaces all of it."""
    if options.detail is Detail.LINE:
        return _message(rollout, layout.short(rollout, options, now), options, now)
    return _message(rollout, layout.full(rollout, transitions, options, now), options, now)


def reply(
    rollout: Rollout, part: Part, transitions: tuple[Transition, ...], options: Options, now: datetime
) -> Message:
    """A reply in the root's thread; never edited."""
    return _message(rollout, replies.reply(rollout, part, transitions, options, now), options, now)


def plain(rollout: Rollout, transitions: tuple[Transition, ...], options: Options, now: datetime) -> Message:
    """A post that nothing will edit and that has no thread: a short start, a full ending."""
    if rollout.state.open or options.detail is Detail.LINE:
        return _message(rollout, layout.short(rollout, options, now), options, now)
    body = layout.full(rollout, transitions, options, now) + replies.evidence(rollout)
    return _message(rollout, body, options, now)


def _message(rollout: Rollout, body: list[Block], options: Options, now: datetime) -> Message:
    test = blocks.context(TEST) if options.sample else []
    return Message(text=sentences.fallback(rollout, options, now), blocks=blocks.fitting(test + body))
