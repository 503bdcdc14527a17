"""One sentence per rollout: the `line` form with its symbol, and the fallback text without.

Both say the same; the fallback names the state by the word of the message's contract, and its times are
plain UTC, for it is read where nothing is rendered: on a locked phone, aloud, by other programs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipbell.domain import Rollout, RolloutKind, State
from shipbell.rendering import images, replicas, text, times, words
from shipbell.rendering.message import Options

TEXT_BYTES = 3800
"""Slack refuses edits whose text has more than about 4,000 bytes of UTF-8, and splits such posts."""
PATH = 330
"""Room for the longest namespace and name that the API allows, with the slash between them."""

_IMAGE_CAUSE = re.compile(r"^Image (?P<what>not found|cannot be pulled): (?P<reference>\S+)")
_CONTAINER_CAUSE = re.compile(r"^(?:Container|Init container) (?=\S)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Telling:
    """The circumstances of one sentence."""

    rollout: Rollout
    options: Options
    now: datetime
    live: bool
    """Whether times are Slack's own, shown in the reader's zone."""

    def clock(self, at: datetime, *, approximate: bool = False) -> str:
        return times.clock(at, self.now, live=self.live, approximate=approximate)


def line(rollout: Rollout, options: Options, now: datetime) -> str:
    """The short form in mrkdwn: `✅ shop/web → production: deployed 1.3 in 2 min 9 s, ...`."""
    telling = _Telling(rollout=rollout, options=options, now=now, live=True)
    return f"{words.SYMBOLS[rollout.state]} {subject(rollout, options)}: {_predicate(telling)}"


def fallback(rollout: Rollout, options: Options, now: datetime) -> str:
    """The message's text: the same sentence in plain words, below Slack's limit of bytes."""
    telling = _Telling(rollout=rollout, options=options, now=now, live=False)
    predicate = _predicate(telling)
    if rollout.state is State.SUCCEEDED:
        predicate = f"{words.state(rollout.state)}, {predicate}"
    test = "Test message: " if options.sample else ""
    return text.clamp_bytes(f"{test}{subject(rollout, options)}: {predicate}", TEXT_BYTES)


def subject(rollout: Rollout, options: Options) -> str:
    """`shop/web → production`; without colons, for ours behind it could end the code of an emoji."""
    place = options.environment or rollout.workload.cluster
    path = text.name(rollout.workload.path, PATH)
    said = f"{path} → {text.name(place, 100)}" if place else path
    return said.replace(":", "∶")


def brief(cause: str, rollout: Rollout, options: Options) -> str:
    """A cause as it stands inside a sentence: `image 1.3 not found`, `app exits 1 (2 of 3 new pods)`."""
    if found := _IMAGE_CAUSE.match(cause):
        version = images.parse(found["reference"]).version or found["reference"]
        return f"image {text.name(version, 80)} {found['what']}"
    short = images.shorten(_CONTAINER_CAUSE.sub("", cause), rollout, show_registry=options.show_registry)
    lowered = short if short[1:2].isupper() else f"{short[:1].lower()}{short[1:]}"
    return text.prose(lowered, 300)


def lasted(rollout: Rollout, until: datetime | None) -> timedelta:
    """How long it took from the start; never less than nothing."""
    return max((until or rollout.started_at) - rollout.started_at, timedelta(0))


def took(rollout: Rollout) -> str:
    """The duration to the second, marked where one of its ends is not sure."""
    return _about(rollout) + times.exact(lasted(rollout, rollout.finished_at))


def span(rollout: Rollout) -> str:
    """The duration in large units, marked in the same way."""
    return _about(rollout) + times.rough(lasted(rollout, rollout.finished_at))


def _about(rollout: Rollout) -> str:
    return "about " if rollout.started_approximate or rollout.finished_approximate else ""


def _predicate(telling: _Telling) -> str:
    return _PREDICATES[telling.rollout.state](telling)


def _rolling(telling: _Telling) -> str:
    rollout = telling.rollout
    progress = ""
    if rollout.state is State.PROGRESSING:
        count = replicas.ready(rollout)
        progress = f", progressing, {count} new pods ready" if count else ", progressing"
    return f"{_doing(rollout)}{progress}, {_started(telling)}"


def _paused(telling: _Telling) -> str:
    rollout = telling.rollout
    why = " (scaled to zero)" if rollout.scaled_to_zero else ""
    count = replicas.ready(rollout)
    where = f", {count} new pods ready" if count else ""
    return f"paused{why} while {_doing(rollout)}{where}, {_started(telling)}"


def _stalled(telling: _Telling) -> str:
    since = telling.clock(telling.rollout.progress_at)
    return f"stalled, no progress since {since}{_serving(telling.rollout)}, {_started(telling)}"


def _failing(telling: _Telling) -> str:
    return f"failing{_cause(telling)}{_serving(telling.rollout)}, {_started(telling)}"


def _succeeded(telling: _Telling) -> str:
    rollout = telling.rollout
    count = replicas.ready(rollout)
    ready = f", {count} ready" if count else ", no replicas wanted" * (rollout.wanted < 1)
    fixed = rollout.fixes_failure_of
    fixes = f", fixes the failure of {telling.clock(fixed)}" if fixed else ""
    return f"{_done(telling)} in {took(rollout)}, {_started(telling)}{ready}{fixes}"


def _failed(telling: _Telling) -> str:
    rollout = telling.rollout
    after = times.rough(lasted(rollout, rollout.failed_at or rollout.finished_at))
    return f"failed after {after}{_cause(telling)}{_serving(rollout)}, {_started(telling)}"


def _recovered(telling: _Telling) -> str:
    rollout = telling.rollout
    late = ""
    if rollout.failed_at and rollout.finished_at:
        late = f" after {times.rough(max(rollout.finished_at - rollout.failed_at, timedelta(0)))} of failure"
    return f"recovered, {_version(rollout)} is up{late} ({_started(telling)})"


def _superseded(telling: _Telling) -> str:
    rollout = telling.rollout
    by = text.name(images.successor(rollout), 80)
    seen = "" if rollout.outcome_seen else ", outcome not seen"
    return f"{_version(rollout)} superseded{f' by {by}' * bool(by)} after {span(rollout)}{seen}"


def _rolled_back(telling: _Telling) -> str:
    rollout = telling.rollout
    to = text.name(images.successor(rollout), 80)
    back = f" to {to}" if to else ""
    return f"{_version(rollout)} rolled back{back} after {span(rollout)} ({_started(telling)})"


def _cancelled(telling: _Telling) -> str:
    rollout = telling.rollout
    kind = text.name(rollout.workload.kind, 60)
    return (
        f"{_version(rollout)} cancelled after {span(rollout)}, the {kind} was deleted ({_started(telling)})"
    )


def _unknown(telling: _Telling) -> str:
    kind = text.name(telling.rollout.workload.kind, 60)
    return f"outcome of {_version(telling.rollout)} unknown, the {kind} is gone ({_started(telling)})"


_PREDICATES: dict[State, Callable[[_Telling], str]] = {
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


def _doing(rollout: Rollout) -> str:
    old = text.name(images.old_version(rollout), 80)
    match rollout.kind:
        case RolloutKind.RESTART:
            return "restarting"
        case RolloutKind.CONFIG_CHANGE:
            return "rolling out a config change"
        case RolloutKind.ROLLBACK:
            return f"rolling out {_version(rollout)} again{_back_to(rollout)}"
        case _:
            return f"rolling out {_version(rollout)}{f' (was {old})' * bool(old)}"


def _done(telling: _Telling) -> str:
    rollout = telling.rollout
    match rollout.kind:
        case RolloutKind.RESTART:
            return "restarted"
        case RolloutKind.CONFIG_CHANGE:
            return "deployed a config change"
        case RolloutKind.ROLLBACK:
            return f"deployed {_version(rollout)} again{_back_to(rollout)}"
        case RolloutKind.FIRST:
            return f"deployed {_version(rollout)} for the first time"
        case _:
            return f"deployed {_version(rollout)}"


def _back_to(rollout: Rollout) -> str:
    return f" (back to revision {rollout.rollback_to})" if rollout.rollback_to is not None else ""


def _version(rollout: Rollout) -> str:
    return text.name(images.version(rollout), 120)


def _started(telling: _Telling) -> str:
    rollout = telling.rollout
    return f"started {telling.clock(rollout.started_at, approximate=rollout.started_approximate)}"


def _cause(telling: _Telling) -> str:
    diagnosis = telling.rollout.diagnosis
    cause = diagnosis.cause if diagnosis else ""
    return f", {brief(cause, telling.rollout, telling.options)}" if cause else ""


def _serving(rollout: Rollout) -> str:
    said = replicas.serving(rollout)
    return f"; {said}" if said else ""
