"""What a person reads about rollouts: one row each, or one of them in full."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shipbell import store
from shipbell.cli import tables
from shipbell.domain import ImageChange, Rollout, Transition

HEADS = ("NAMESPACE", "NAME", "STATE", "CHANGE", "IMAGE", "READY", "AGE", "TOOK")
WIDE_HEADS = (*HEADS, "KIND", "REVISION", "BY", "CLUSTER", "CAUSE")


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What is known of one workload."""

    rollouts: tuple[Rollout, ...]
    """Newest first; there is at least one."""
    transitions: tuple[Transition, ...]
    """Of the latest rollout."""
    deliveries: tuple[store.Delivery, ...]
    """Of the latest rollout."""

    @property
    def latest(self) -> Rollout:
        """The rollout that it is about."""
        return self.rollouts[0]


def row(rollout: Rollout, now: datetime, *, wide: bool) -> tuple[str, ...]:
    """A rollout as cells below `HEADS` or `WIDE_HEADS`."""
    workload = rollout.workload
    cells = (
        workload.namespace,
        workload.name,
        rollout.state.value,
        rollout.kind.value.replace("_", " "),
        images(rollout),
        ready(rollout),
        tables.age(rollout.started_at, now),
        took(rollout),
    )
    if not wide:
        return cells
    cause = rollout.diagnosis.cause if rollout.diagnosis else ""
    revision = str(rollout.identity.number)
    return (*cells, workload.kind, revision, rollout.by or "-", workload.cluster, cause or "-")


def describe(history: History, now: datetime, *, wide: bool, colour: bool) -> str:
    """The latest rollout in full, then the ones before it."""
    parts = [_facts(history.latest, now, colour=colour), _events(history, now), _told(history, now)]
    if earlier := history.rollouts[1:]:
        heads = WIDE_HEADS if wide else HEADS
        rows = [row(each, now, wide=wide) for each in earlier]
        parts.append("Earlier:\n" + tables.table(heads, rows, colour=colour))
    return "\n\n".join(part for part in parts if part)


def images(rollout: Rollout) -> str:
    """The first image that it brings, without its registry; `+1` for each further one."""
    if not rollout.images:
        return "-"
    first, *others = rollout.images
    return _short(first.new) + (f" +{len(others)}" if others else "")


def ready(rollout: Rollout) -> str:
    """New pods ready, of those wanted."""
    return f"{rollout.new_ready if rollout.new_ready is not None else '?'}/{rollout.wanted}"


def took(rollout: Rollout) -> str:
    """From start to end; `-` while there is no end."""
    if rollout.finished_at is None:
        return "-"
    return tables.span(rollout.finished_at - rollout.started_at)


def _facts(rollout: Rollout, now: datetime, *, colour: bool) -> str:
    rows = [(f"{name}:", value) for name, value in _named(rollout, now) if value]
    return tables.table(("", ""), rows, colour=colour).lstrip("\n")


def _named(rollout: Rollout, now: datetime) -> Iterator[tuple[str, str]]:
    workload = rollout.workload
    yield "Workload", f"{workload.path} ({workload.kind})"
    yield "Cluster", workload.cluster
    yield "State", rollout.state.value
    if rollout.diagnosis is not None:
        yield "Cause", rollout.diagnosis.cause
        yield "Next", rollout.diagnosis.next_step
    yield "Change", rollout.kind.value.replace("_", " ") + (" (automatic)" if rollout.automatic else "")
    yield "Revision", str(rollout.identity.number)
    for change in rollout.images:
        yield f"Image {change.container}", _change(change)
    yield "New pods ready", ready(rollout)
    yield "Pods serving", str(rollout.serving)
    yield "Started", _moment(rollout.started_at, now, approximate=rollout.started_approximate)
    if rollout.finished_at is not None:
        ended = _moment(rollout.finished_at, now, approximate=rollout.finished_approximate)
        yield "Ended", f"{ended}, took {took(rollout)}"
    yield "By", rollout.by
    yield "Labels", ", ".join(f"{key}={value}" for key, value in rollout.labels.items())
    yield "Id", str(rollout.id)


def _events(history: History, now: datetime) -> str:
    rows = [(tables.age(each.at, now), each.kind.value, each.note) for each in history.transitions]
    return "What happened:\n" + tables.table(("AGE", "WHAT", "NOTE"), rows, colour=False) if rows else ""


def _told(history: History, now: datetime) -> str:
    heads = ("DESTINATION", "TOLD", "MESSAGES", "ATTEMPTS", "ERROR")
    rows = [
        (
            each.destination.key,
            each.told_state.value if each.told_state else "nothing yet",
            ", ".join(part.value for part, post in each.posts.items() if post.ts) or "-",
            str(each.attempts),
            each.error or "-",
        )
        for each in history.deliveries
    ]
    return "Who was told:\n" + tables.table(heads, rows, colour=False) if rows else ""


def _change(change: ImageChange) -> str:
    if change.old is None or change.old == change.new:
        return change.new
    return f"{change.old} -> {change.new}"


def _moment(time: datetime, now: datetime, *, approximate: bool) -> str:
    about = "about " if approximate else ""
    return f"{about}{time:%Y-%m-%d %H:%M:%S} UTC ({tables.age(time, now)} ago)"


def _short(image: str) -> str:
    """`registry/team/app:1.2@sha256:...` as `app:1.2`; a digest, shortened, only where there is no tag."""
    name, _, digest = image.rpartition("/")[2].partition("@")
    if ":" in name or not digest:
        return name
    return f"{name}@{digest.removeprefix('sha256:')[:12]}"
