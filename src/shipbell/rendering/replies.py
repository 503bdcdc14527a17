"""Replies in the thread of a root message: what an edit cannot tell because it rings nowhere.

A good ending is one line. A failure brings the controller's and the kubelet's own words in full, which the
root has no room for, what changed, and what happened when.
"""

from datetime import datetime

from shipbell.domain import Part, Rollout, State, Transition
from shipbell.rendering import blocks, facts, layout, sentences, text, times
from shipbell.rendering.message import Block, Options

WORDS = 2400
"""Characters of a failure's own words; what is said first says most."""
TIMELINE = 12
"""Latest transitions told."""
BRIEF = frozenset({Part.SUCCEEDED, Part.RECOVERED})


def reply(
    rollout: Rollout, part: Part, transitions: tuple[Transition, ...], options: Options, now: datetime
) -> list[Block]:
    """The blocks of a reply; what is mentioned rings first."""
    if part in BRIEF:
        return layout.short(rollout, options, now)
    opening = "*Details*" if part is Part.DETAIL else sentences.line(rollout, options, now)
    mention = f"{options.mention} " if options.mention else ""
    return [
        *blocks.section(mention + opening),
        *words(rollout),
        *blocks.labelled(facts.changed_images(rollout, options)),
        *blocks.labelled(facts.next_step(rollout)),
        *blocks.context(_timeline(transitions, now)),
    ]


def words(rollout: Rollout) -> list[Block]:
    """What the cluster itself says about a failure, literally."""
    troubled = rollout.state in {State.FAILING, State.FAILED}
    said = rollout.diagnosis.words if troubled and rollout.diagnosis else ""
    return blocks.section(text.fence(said, WORDS))


def _timeline(transitions: tuple[Transition, ...], now: datetime) -> str:
    latest = sorted(transitions, key=lambda transition: transition.version)[-TIMELINE:]
    return " · ".join(
        f"{times.clock(t.at, now, live=True, seconds=True)} {t.kind.value.replace('_', ' ')}" for t in latest
    )
