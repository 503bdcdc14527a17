"""Kubernetes Events in a diagnosis: which of them are about a rollout, and how they are told.

The same Event comes once per pod and again and again; people want to read it once.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from shipbell.domain import redaction
from shipbell.domain.pods import Event, Pod
from shipbell.domain.rollout import Rollout

MOST = 5
LONGEST = 300
"""Characters of a message."""

NAMED_AFTER_REVISION = frozenset({"Deployment", "Job"})
"""Kinds whose pods' names begin with their revision's. Those of a StatefulSet keep their names."""

_VARYING = re.compile(r"\b[0-9a-f]{8,}\b|\d+")


def about(rollout: Rollout, own: Iterable[Pod], events: Iterable[Event]) -> tuple[Event, ...]:
    """Events since the rollout began about its pods, also those that are gone, its revision, or itself."""
    begun = rollout.started_at.replace(microsecond=0)
    uids = {rollout.workload.uid, rollout.identity.uid, *(pod.uid for pod in own)}
    return tuple(e for e in events if e.last_at >= begun and (e.uid in uids or _is_of_gone_pod(e, rollout)))


def told(events: Iterable[Event]) -> tuple[str, ...]:
    """The warnings among them, each once, with how often it came; the newest last."""
    merged: dict[tuple[str, str], Event] = {}
    for event in sorted((e for e in events if e.warning), key=lambda event: event.last_at):
        key = (event.reason, _VARYING.sub("", event.message.replace(event.name, "")))
        known = merged.pop(key, None)
        merged[key] = replace(event, count=event.count + (known.count if known else 0))
    return tuple(_line(event) for event in list(merged.values())[-MOST:])


def reasons(lines: Iterable[str]) -> frozenset[str]:
    """Of told ones: by them a new one is known from a repetition."""
    return frozenset(re.split(r"[: ]", line, maxsplit=1)[0] for line in lines)


def _is_of_gone_pod(event: Event, rollout: Rollout) -> bool:
    if event.kind != "Pod" or rollout.workload.kind not in NAMED_AFTER_REVISION or not rollout.identity.name:
        return False
    return event.name.rpartition("-")[0] == rollout.identity.name


def _line(event: Event) -> str:
    times = f" ({event.count}x)" if event.count > 1 else ""
    return f"{event.reason}{times}: {redaction.redact(event.message)[:LONGEST]}"
