"""Replies in the thread of a root message: what an edit cannot tell because it rings nowhere.

A good ending is one line. A failure brings what the root has no room for: the controller's and the kubelet's
own words in full, the container's last log lines, the Warning events, all that changed besides images, what
to do next, and what happened when.
"""

from datetime import datetime

from shipbell.domain import Part, Rollout, State, Transition
from shipbell.rendering import blocks, facts, layout, sentences, text, times
from shipbell.rendering.message import Block, Options

WORDS = 2400
"""Characters of a failure's own words; what is said first says most."""
LOG = 2600
"""Characters of a log; what is said last says most."""
EVENTS = 5
EVENT = 240
CHANGES = 12
CHANGE = 160
TIMELINE = 12
"""Latest transitions told."""
BRIEF = frozenset({Part.SUCCEEDED, Part.RECOVERED})
FAILURES = frozenset({State.FAILING, State.FAILED})


def reply(
    rollout: Rollout, part: Part, transitions: tuple[Transition, ...], options: Options, now: datetime
) -> list[Block]:
    """The blocks of a reply; what is mentioned rings first."""
    if part in BRIEF:
        return layout.short(rollout, options, now)
    silent = part is Part.DETAIL and rollout.state in FAILURES
    opening = "*Details*" if silent else sentences.line(rollout, options, now)
    mention = f"{options.mention} " if options.mention else ""
    return [
        *blocks.section(mention + opening),
        *evidence(rollout),
        *blocks.labelled(facts.changed_images(rollout, options)),
        *_bullets("What changed", rollout.changes[:CHANGES], CHANGE),
        *blocks.labelled(facts.next_step(rollout)),
        *blocks.context(_timeline(transitions, now)),
    ]


def evidence(rollout: Rollout) -> list[Block]:
    """What the cluster itself says about a failure, literally: its words, the log, the Warning events."""
    diagnosis = rollout.diagnosis
    if rollout.state not in FAILURES or diagnosis is None:
        return []
    return [
        *blocks.section(text.fence(diagnosis.words, WORDS)),
        *_log(diagnosis.container, diagnosis.log),
        *_bullets("Warnings", diagnosis.events[-EVENTS:], EVENT),
    ]


def _log(container: str, log: str) -> list[Block]:
    lines = text.fence(log, LOG, tail=True)
    of = f" of {text.name(container, 63)}" if container.strip() else ""
    return blocks.section(f"*Log*  last lines{of}", lines) if lines else []


def _bullets(label: str, facts: tuple[str, ...], limit: int) -> list[Block]:
    """A list of foreign lines below our own word for them."""
    told = [text.prose(fact, limit) for fact in facts]
    return blocks.section(f"*{label}*", *(f"• {fact}" for fact in told if fact)) if any(told) else []


def _timeline(transitions: tuple[Transition, ...], now: datetime) -> str:
    latest = sorted(transitions, key=lambda transition: transition.version)[-TIMELINE:]
    return " · ".join(
        f"{times.clock(t.at, now, live=True, seconds=True)} {t.kind.value.replace('_', ' ')}" for t in latest
    )
