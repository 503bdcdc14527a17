"""Parts of sentences that all kinds of workload share: when, how long, why, which version.

Every phrase is ready for a message: what a cluster says in it is harmless already.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipbell.domain import Rollout
from shipbell.domain import usual as usual_durations
from shipbell.rendering import images, replicas, text, times
from shipbell.rendering.message import Options

_IMAGE_CAUSE = re.compile(
    r"^Image (?P<what>not found|denied by its registry|is not on the node[^:]*|cannot be pulled)"
    r": (?P<reference>\S+)"
)
_CONTAINER_CAUSE = re.compile(r"^(?:Container|Init container) (?=\S)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """The circumstances of one sentence."""

    rollout: Rollout
    options: Options
    now: datetime
    live: bool
    """Whether times are Slack's own, shown in the reader's zone."""

    def clock(self, at: datetime, *, approximate: bool = False) -> str:
        """A time of day as this sentence shows it."""
        return times.clock(at, self.now, live=self.live, approximate=approximate)

    def started(self) -> str:
        """`started 14:02`."""
        at, sure = self.rollout.started_at, not self.rollout.started_approximate
        return f"started {self.clock(at, approximate=not sure)}"

    def because(self) -> str:
        """The cause behind a comma; empty where none is known."""
        diagnosis = self.rollout.diagnosis
        said = diagnosis.cause if diagnosis else ""
        return f", {brief(said, self.rollout, self.options)}" if said else ""

    def version(self) -> str:
        """What is rolled out, in a word or two."""
        return text.name(images.version(self.rollout), 120)

    def serving(self) -> str:
        """How many pods serve, behind a semicolon; empty where none are wanted."""
        said = replicas.serving(self.rollout)
        return f"; {said}" if said else ""


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


def is_slow(rollout: Rollout) -> bool:
    """Whether it takes, or took, longer than people who know this workload would expect."""
    if rollout.state.open:
        return rollout.slow
    limit = usual_durations.slow_at(rollout)
    return limit is not None and rollout.finished_at is not None and rollout.finished_at > limit


def slower(rollout: Rollout) -> str:
    """`, slower than usual (2 min)`; empty where it is not."""
    expected = usual(rollout)
    return f", slower than usual ({expected})" if expected and is_slow(rollout) else ""


def waits_for(rollout: Rollout) -> str:
    """What a stalled rollout waits for, where that is known to be people; else empty."""
    waits = rollout.on_delete and rollout.updated < rollout.wanted
    return "waits for pods to be deleted" if waits else ""


def usual(rollout: Rollout) -> str:
    """How long this workload's rollouts usually take; empty where nobody knows."""
    return times.rough(timedelta(seconds=rollout.usual_seconds)) if rollout.usual_seconds else ""


def failure_span(rollout: Rollout) -> timedelta | None:
    """How long a failure stood until it was over."""
    if rollout.failed_at is None or rollout.finished_at is None:
        return None
    return max(rollout.finished_at - rollout.failed_at, timedelta(0))


def _about(rollout: Rollout) -> str:
    return "about " if rollout.started_approximate or rollout.finished_approximate else ""
