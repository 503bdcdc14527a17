"""The `full` form: everything a person wants to know, most urgent first, readable on a phone.

Order: state and workload; on failure the cause, then who is affected; then what changed, how far it is,
since when, by whom; then what to do, and the small print. A rollout that no longer matters, because another
took its place, shrinks to a sentence with a link to that other.
"""

from datetime import datetime

from shipbell.domain import Rollout, RolloutKind, State, Transition
from shipbell.rendering import blocks, facts, images, phrases, sentences, text, times, words
from shipbell.rendering.message import Block, Options

CLOSED = frozenset({State.SUPERSEDED, State.ROLLED_BACK, State.CANCELLED, State.UNKNOWN})


def full(
    rollout: Rollout, transitions: tuple[Transition, ...], options: Options, now: datetime
) -> list[Block]:
    """The blocks of the long form."""
    head = blocks.header(_title(rollout, options))
    if rollout.state in CLOSED:
        return head + blocks.section(_epitaph(rollout, options, now)) + links(options)
    return [
        *head,
        *blocks.context(facts.kind(rollout, options)),
        *blocks.labelled(facts.verdict(rollout, options, now)),
        *blocks.labelled((*facts.changed_images(rollout, options), *facts.other_changes(rollout))),
        *blocks.fields(facts.progress(rollout, transitions, now)),
        *blocks.labelled(facts.next_step(rollout)),
        *blocks.context(facts.labels(rollout)),
        *blocks.context(*facts.remarks(rollout)),
        *links(options),
    ]


def short(rollout: Rollout, options: Options, now: datetime) -> list[Block]:
    """The blocks of the `line` form."""
    link = f" → {_successor_link(options)}" if options.successor_link and rollout.state in CLOSED else ""
    return blocks.section(sentences.line(rollout, options, now) + link)


def links(options: Options) -> list[Block]:
    """Where to read more."""
    return blocks.context(text.link(options.history_link, "History ↗")) if options.history_link else []


def _title(rollout: Rollout, options: Options) -> str:
    place = options.environment or rollout.workload.cluster
    path = text.label(rollout.workload.path, 80)
    where = f" → {text.label(place, 28)}" if place else ""
    return f"{words.SYMBOLS[rollout.state]} {words.title(rollout)} · {path}{where}"


def _epitaph(rollout: Rollout, options: Options, now: datetime) -> str:
    """What became of a rollout that does not matter any more."""
    version = text.name(images.version(rollout), 120)
    at = times.clock(
        rollout.started_at, now, live=True, seconds=True, approximate=rollout.started_approximate
    )
    begun, span = f"{version} (started {at})", phrases.span(rollout)
    kind = text.name(rollout.workload.kind, 60)
    match rollout.state:
        case State.SUPERSEDED:
            return f"{begun} was replaced after {span}{_by(rollout, options)}{_unseen(rollout)}"
        case State.ROLLED_BACK:
            return f"{begun} was withdrawn after {span}{_back(rollout, options)}{_unseen(rollout)}"
        case State.CANCELLED:
            return f"{begun} was cancelled after {span}: the {kind} was deleted"
        case _:
            whose = "it" if rollout.kind is RolloutKind.RUN else "its rollout"
            return f"{begun}: the {kind} is gone, and nobody saw how {whose} ended"


def _by(rollout: Rollout, options: Options) -> str:
    version = text.name(images.successor(rollout), 120)
    return f" by {version or 'another'}{_arrow(options)}"


def _back(rollout: Rollout, options: Options) -> str:
    version = text.name(images.successor(rollout), 120)
    return f"; back to {version or 'an earlier one'}{_arrow(options)}"


def _unseen(rollout: Rollout) -> str:
    return "" if rollout.outcome_seen else ". Its outcome was not seen"


def _arrow(options: Options) -> str:
    return f" → {_successor_link(options)}" if options.successor_link else ""


def _successor_link(options: Options) -> str:
    return text.link(options.successor_link or "", "its message ↗")
