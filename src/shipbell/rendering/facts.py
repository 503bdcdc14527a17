"""What the `full` form says, piece by piece: each function gives ready mrkdwn, or nothing if not known.

A label is our own word; behind it stands what the rollout knows. The order of the pieces is `layout`'s.
"""

from datetime import datetime, timedelta

from shipbell.domain import Rollout, RolloutKind, State, Transition, TransitionKind
from shipbell.rendering import images, phrases, replicas, runs, text, times, words
from shipbell.rendering.message import Options

LABELS = 12
"""Labels told; the others are counted."""
TROUBLED = frozenset({State.FAILING, State.FAILED, State.STALLED})
UNCHANGED = frozenset({RolloutKind.RESTART, RolloutKind.CONFIG_CHANGE})
"""Kinds that change no image."""
CONFIGURED = frozenset({RolloutKind.CONFIG_CHANGE, RolloutKind.NEW_DIGEST})
"""Kinds that may change nothing but settings, as far as the template says."""
UNDO = "rollout undo"
CHANGES = 3
"""What else changed, in the root message; the thread has more."""

Pairs = list[tuple[str, str]]
"""Labels and values; a pair with an empty value is not shown."""


def kind(rollout: Rollout, options: Options) -> str:
    """`New version · Deployment · cluster applications-production`."""
    cluster = rollout.workload.cluster
    told = (
        "" if runs.is_run(rollout) else _change(rollout, options),
        text.name(rollout.workload.kind, 60),
        f"cluster {text.name(cluster, 100)}" if cluster else "",
    )
    return " · ".join(filter(None, told))


def verdict(rollout: Rollout, options: Options, now: datetime) -> Pairs:
    """Why, and who is affected; for a recovery, what is over now."""
    if rollout.state is State.RECOVERED:
        return [("Was", _was(rollout, options, now))]
    if rollout.state not in TROUBLED:
        return []
    impact = "" if runs.is_run(rollout) else replicas.impact(rollout)
    return [("Cause", cause(rollout, options)), ("Impact", impact)]


def cause(rollout: Rollout, options: Options) -> str:
    """The diagnosis in a line; empty where there is none."""
    if rollout.diagnosis is None:
        return ""
    said = images.shorten(rollout.diagnosis.cause, rollout, show_registry=options.show_registry)
    return text.prose(f"{said[:1].upper()}{said[1:]}", 600)


def changed_images(rollout: Rollout, options: Options) -> Pairs:
    """What runs now instead of what; nothing where no image changed, for then the kind says it."""
    if rollout.kind in UNCHANGED:
        return []
    if rollout.state is State.RECOVERED and not runs.is_run(rollout):
        return [("Image", f"{_same_images(rollout, options)} (same version, no new rollout)")]
    told = [text.name(phrase, 160) for phrase in images.changes(rollout, show_registry=options.show_registry)]
    return [("Image", told[0])] if len(told) == 1 else [("Images", "\n".join(["", *told]) if told else "")]


def other_changes(rollout: Rollout, most: int = CHANGES) -> Pairs:
    """What changed besides images: the likely culprit of a failure, and all there is to a config change."""
    if rollout.state not in TROUBLED and rollout.kind not in CONFIGURED:
        return []
    more = len(rollout.changes) - most
    told = [text.prose(phrase, 120) for phrase in rollout.changes[:most]]
    return [("What changed", " · ".join(told + ([f"and {more} more"] if more > 0 else [])))]


def progress(rollout: Rollout, transitions: tuple[Transition, ...], now: datetime) -> Pairs:
    """How far it is, since when, for how long, by whom."""
    counted = ("Done", runs.progress(rollout)) if runs.is_run(rollout) else replicas.told(rollout)
    pairs = [("Status", _status(rollout, now)), counted]
    if rollout.state is State.RECOVERED:
        return pairs
    if rollout.state is State.FAILED and runs.streak(rollout) > 1:
        return [*pairs, *_last_failed(rollout, now)]
    started = times.clock(
        rollout.started_at, now, live=True, seconds=True, approximate=rollout.started_approximate
    )
    by = text.prose(rollout.by, 200)
    return [*pairs, ("Started", started), *_until(rollout, transitions, now), ("By", by)]


def next_step(rollout: Rollout) -> Pairs:
    """What to do about a failure, its command ready to be copied."""
    if rollout.state not in TROUBLED or rollout.diagnosis is None:
        return []
    advice, kubectl, command = rollout.diagnosis.next_step.partition("kubectl ")
    if rollout.kind is RolloutKind.FIRST and UNDO in command:
        advice, kubectl, command = "", "", ""
    if not advice and rollout.diagnosis.cause.startswith("Image not found"):
        advice = "Push the tag, or:" if command else "Push the tag"
    told = (text.prose(advice, 300), text.code(kubectl + command, 500))
    return [("Next", " ".join(filter(None, told)))]


def labels(rollout: Rollout) -> str:
    """`version 1.3 · component web`: prefixes cut off, in the order of the configuration."""
    told = [
        f"{text.name(key.rpartition('/')[2], 40)} {text.name(value, 63)}"
        for key, value in rollout.labels.items()
        if value
    ]
    more = len(told) - LABELS
    return " · ".join(told[:LABELS] + ([f"and {more} more labels"] if more > 0 else []))


def remarks(rollout: Rollout) -> list[str]:
    """What is unusual about this rollout, and what its author wrote."""
    said = []
    if rollout.unseen is not None:
        first, last = rollout.unseen
        revisions = f"revision {first}" if first == last else f"revisions {first}–{last}"
        said.append(f"Also replaces {revisions}, not seen")
    if rollout.recreated:
        said.append(f"Created anew: another {text.name(rollout.workload.kind, 60)} bore this name before")
    if rollout.change_cause.strip():
        said.append(f"Change cause {text.code(rollout.change_cause, 300)}")
    return said


def _change(rollout: Rollout, options: Options) -> str:
    told = words.KINDS[rollout.kind]
    if rollout.kind is RolloutKind.ROLLBACK:
        return told + _rollback(rollout)
    if rollout.kind is RolloutKind.RESTART and rollout.automatic:
        told = "Automatic restart"
    same = _same_images(rollout, options) if rollout.kind in UNCHANGED else ""
    return f"{told}, same image {same}" if same else told


def _rollback(rollout: Rollout) -> str:
    number = f" {rollout.rollback_to}" if rollout.rollback_to is not None else ""
    of = f" of {times.day(rollout.rollback_of, live=True)}" if rollout.rollback_of else ""
    if number:
        return f" to revision{number}{of}"
    return f" to the revision{of}" if of else ""


def _same_images(rollout: Rollout, options: Options) -> str:
    told = images.current(rollout, show_registry=options.show_registry)
    return ", ".join(text.name(phrase, 160) for phrase in told)


def _was(rollout: Rollout, options: Options, now: datetime) -> str:
    """`Failed 14:12 to 14:31 (19 min): app exits 1`."""
    why = runs.brief(rollout, options)
    because = (f", {runs.counted(rollout)}" if runs.streak(rollout) else "") + (f": {why}" if why else "")
    span = phrases.failure_span(rollout)
    if rollout.failed_at is None or rollout.finished_at is None or span is None:
        return f"Failed{because}"
    since = times.clock(rollout.failed_at, now, live=True)
    until = times.clock(rollout.finished_at, now, live=True, approximate=rollout.finished_approximate)
    return f"Failed {since} to {until} ({times.rough(span)}){because}"


def _status(rollout: Rollout, now: datetime) -> str:
    said = words.status(rollout)
    match rollout.state:
        case State.FAILED if runs.is_run(rollout):
            return said + runs.verdict(rollout, now)
        case State.PAUSED if rollout.scaled_to_zero:
            return f"{said}: scaled to zero"
        case State.STALLED if waits := phrases.waits_for(rollout):
            return f"{said}: {waits}"
        case State.STALLED:
            return f"{said}, no progress since {times.clock(rollout.progress_at, now, live=True)}"
        case State.FAILING:
            return said + _chance(rollout, now)
        case State.FAILED:
            return said + _ran_out(rollout)
        case State.SUCCEEDED if rollout.fixes_failure_of is not None:
            return f"{said}, fixes the failure of {times.clock(rollout.fixes_failure_of, now, live=True)}"
        case State.RECOVERED:
            return words.back_up(rollout)
        case _:
            return said


def _chance(rollout: Rollout, now: datetime) -> str:
    """Until when the controller waits; nothing where it does not, or has done so long enough."""
    if rollout.deadline_seconds is None:
        return ""
    limit = rollout.progress_at + timedelta(seconds=rollout.deadline_seconds)
    return f", may heal until {times.clock(limit, now, live=True)}" if limit > now else ""


def _ran_out(rollout: Rollout) -> str:
    """The deadline that a failed rollout missed, unless its cause says just that."""
    cause_says_it = rollout.diagnosis is not None and rollout.diagnosis.cause.startswith("no progress")
    if rollout.deadline_seconds is None or cause_says_it:
        return ""
    return f": no progress for {times.exact(timedelta(seconds=rollout.deadline_seconds))}"


def _until(rollout: Rollout, transitions: tuple[Transition, ...], now: datetime) -> Pairs:
    """The end and the duration; while it is open, how long it usually takes."""
    usual = phrases.usual(rollout)
    if rollout.state.open:
        since = _since(rollout, transitions)
        moment = times.clock(since, now, live=True, seconds=True) if since else ""
        slow = " (slower than usual)" if _is_late(rollout) else ""
        return [("Since", moment), ("Usually", usual + slow)]
    if rollout.finished_at is None:
        return [("Usually", usual)]
    at = times.clock(
        rollout.finished_at, now, live=True, seconds=True, approximate=rollout.finished_approximate
    )
    if rollout.state is State.FAILED:
        return [("Failed", at), ("Usually", usual if runs.is_run(rollout) else "")]
    slow = phrases.slower(rollout) or (f" (usually {usual})" if usual else "")
    return [("Ended", at), ("Took", phrases.took(rollout) + slow)]


def _last_failed(rollout: Rollout, now: datetime) -> Pairs:
    """Of a streak: the status says since when."""
    at = times.clock(rollout.finished_at, now, live=True, seconds=True) if rollout.finished_at else ""
    return [("Last failed", at), ("By", text.prose(rollout.by, 200))]


def _is_late(rollout: Rollout) -> bool:
    """Whether it should be done by now, and nothing else says why it is not."""
    return rollout.state in {State.STARTED, State.PROGRESSING} and phrases.is_slow(rollout)


def _since(rollout: Rollout, transitions: tuple[Transition, ...]) -> datetime | None:
    """When it came into a state that a person may have to end."""
    kinds = {State.FAILING: TransitionKind.FAILING, State.PAUSED: TransitionKind.PAUSED}
    kind = kinds.get(rollout.state)
    moments = [transition.at for transition in transitions if transition.kind is kind]
    if moments:
        return max(moments)
    failing = rollout.state is State.FAILING and rollout.diagnosis is not None
    return rollout.diagnosis.since if failing and rollout.diagnosis else None
