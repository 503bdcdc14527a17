"""One sentence per rollout: the `line` form with its symbol, and the fallback text without.

Both say the same; the fallback names the state by the word of the message's contract, and its times are
plain UTC, for it is read where nothing is rendered: on a locked phone, aloud, by other programs.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from shipbell.domain import Rollout, RolloutKind, State
from shipbell.rendering import images, phrases, replicas, runs, text, times, words
from shipbell.rendering.message import Options
from shipbell.rendering.phrases import Telling

TEXT_BYTES = 3800
"""Slack refuses edits whose text has more than about 4,000 bytes of UTF-8, and splits such posts."""
PATH = 330
"""Room for the longest namespace and name that the API allows, with the slash between them."""


def line(rollout: Rollout, options: Options, now: datetime) -> str:
    """The short form in mrkdwn: `✅ shop/web → production: deployed 1.3 in 2 min 9 s, ...`."""
    telling = Telling(rollout=rollout, options=options, now=now, live=True)
    return f"{words.SYMBOLS[rollout.state]} {subject(rollout, options)}: {_predicate(telling)}"


def fallback(rollout: Rollout, options: Options, now: datetime) -> str:
    """The message's text: the same sentence in plain words, below Slack's limit of bytes."""
    telling = Telling(rollout=rollout, options=options, now=now, live=False)
    predicate = _predicate(telling)
    if rollout.state is State.SUCCEEDED and rollout.kind is not RolloutKind.RUN:
        predicate = f"{words.state(rollout.state)}, {predicate}"
    test = "Test message: " if options.sample else ""
    return text.clamp_bytes(f"{test}{subject(rollout, options)}: {predicate}", TEXT_BYTES)


def subject(rollout: Rollout, options: Options) -> str:
    """`shop/web → production`; without colons, for ours behind it could end the code of an emoji."""
    place = options.environment or rollout.workload.cluster
    path = text.name(rollout.workload.path, PATH)
    said = f"{path} → {text.name(place, 100)}" if place else path
    return said.replace(":", "∶")


def _predicate(telling: Telling) -> str:
    run = runs.PREDICATES if telling.rollout.kind is RolloutKind.RUN else {}
    return run.get(telling.rollout.state, _PREDICATES[telling.rollout.state])(telling)


def _rolling(telling: Telling) -> str:
    progress = ""
    if telling.rollout.state is State.PROGRESSING:
        count = replicas.new_pods(telling.rollout)
        progress = f", progressing, {count}" if count else ", progressing"
    return f"{_doing(telling)}{progress}{phrases.slower(telling.rollout)}, {telling.started()}"


def _paused(telling: Telling) -> str:
    why = " (scaled to zero)" if telling.rollout.scaled_to_zero else ""
    count = replicas.new_pods(telling.rollout)
    where = f", {count}" if count else ""
    return f"paused{why} while {_doing(telling)}{where}, {telling.started()}"


def _stalled(telling: Telling) -> str:
    waits = phrases.waits_for(telling.rollout)
    why = waits or f"no progress since {telling.clock(telling.rollout.progress_at)}"
    return f"stalled, {why}{telling.serving()}, {telling.started()}"


def _failing(telling: Telling) -> str:
    return f"failing{telling.because()}{telling.serving()}, {telling.started()}"


def _succeeded(telling: Telling) -> str:
    rollout = telling.rollout
    count = replicas.all_ready(rollout)
    ready = f", {count}" if count else ""
    slow = phrases.slower(rollout)
    fixed = rollout.fixes_failure_of
    fixes = f", fixes the failure of {telling.clock(fixed)}" if fixed else ""
    return f"{_done(telling)} in {phrases.took(rollout)}{slow}, {telling.started()}{ready}{fixes}"


def _failed(telling: Telling) -> str:
    rollout = telling.rollout
    after = times.rough(phrases.lasted(rollout, rollout.failed_at or rollout.finished_at))
    return f"failed after {after}{telling.because()}{telling.serving()}, {telling.started()}"


def _recovered(telling: Telling) -> str:
    span = phrases.failure_span(telling.rollout)
    late = f" after {times.rough(span)} of failure" if span is not None else ""
    return f"recovered, {telling.version()} is up{late} ({telling.started()})"


def _superseded(telling: Telling) -> str:
    rollout = telling.rollout
    by = text.name(images.successor(rollout), 80)
    seen = "" if rollout.outcome_seen else ", outcome not seen"
    return f"{telling.version()} superseded{f' by {by}' * bool(by)} after {phrases.span(rollout)}{seen}"


def _rolled_back(telling: Telling) -> str:
    to = text.name(images.successor(telling.rollout), 80)
    back = f" to {to}" if to else ""
    span = phrases.span(telling.rollout)
    return f"{telling.version()} rolled back{back} after {span} ({telling.started()})"


def _cancelled(telling: Telling) -> str:
    kind = text.name(telling.rollout.workload.kind, 60)
    span = phrases.span(telling.rollout)
    return f"{telling.version()} cancelled after {span}, the {kind} was deleted ({telling.started()})"


def _unknown(telling: Telling) -> str:
    kind = text.name(telling.rollout.workload.kind, 60)
    return f"outcome of {telling.version()} unknown, the {kind} is gone ({telling.started()})"


_PREDICATES: Mapping[State, Callable[[Telling], str]] = {
    State.STARTED: _rolling,
    State.PROGRESSING: _rolling,
    State.PAUSED: _paused,
    State.STALLED: _stalled,
    State.FAILING: _failing,
    State.SUCCEEDED: _succeeded,
    State.FAILED: _failed,
    State.RECOVERED: _recovered,
    State.SUPERSEDED: _superseded,
    State.ROLLED_BACK: _rolled_back,
    State.CANCELLED: _cancelled,
    State.UNKNOWN: _unknown,
}


def _doing(telling: Telling) -> str:
    old = text.name(images.old_version(telling.rollout), 80)
    match telling.rollout.kind:
        case RolloutKind.RESTART:
            return "restarting"
        case RolloutKind.CONFIG_CHANGE:
            return "rolling out a config change"
        case RolloutKind.NEW_DIGEST:
            return f"rolling out a new image of {_tag(telling)}"
        case RolloutKind.ROLLBACK:
            return f"rolling out {telling.version()} again{_back_to(telling.rollout)}"
        case _:
            return f"rolling out {telling.version()}{f' (was {old})' * bool(old)}"


def _done(telling: Telling) -> str:
    match telling.rollout.kind:
        case RolloutKind.RESTART:
            return "restarted"
        case RolloutKind.CONFIG_CHANGE:
            return "deployed a config change"
        case RolloutKind.NEW_DIGEST:
            return f"deployed a new image of {_tag(telling)}"
        case RolloutKind.ROLLBACK:
            return f"deployed {telling.version()} again{_back_to(telling.rollout)}"
        case RolloutKind.FIRST:
            return f"deployed {telling.version()} for the first time"
        case _:
            return f"deployed {telling.version()}"


def _tag(telling: Telling) -> str:
    """The name that stayed the same: `main`."""
    return text.name(images.tag(telling.rollout), 80) or "the same name"


def _back_to(rollout: Rollout) -> str:
    return f" (back to revision {rollout.rollback_to})" if rollout.rollback_to is not None else ""
