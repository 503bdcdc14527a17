"""Where messages go. Chosen once, when a rollout is first recorded, and stored with it.

A destination holds names only, never a secret: an incoming webhook's URL stays in the configuration, and
the name of its setting stands for it here.
"""

from dataclasses import dataclass
from enum import StrEnum

from shipbell.domain import Detail, Rollout


class Profile(StrEnum):
    """How loud a destination is told; the rules are in `loudness`."""

    QUIET = "quiet"
    NORMAL = "normal"
    LOUD = "loud"


class Sink(StrEnum):
    """Which sender carries the message."""

    SLACK = "slack"
    SLACK_WEBHOOK = "slack_webhook"

    @property
    def edits(self) -> bool:
        """Whether a message can be brought up to date after it was posted."""
        return self is Sink.SLACK


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """One place that is told about rollouts, and how."""

    sink: Sink
    workspace: str = "default"
    channel: str
    """Name (with or without `#`) or ID as configured; for a webhook the name of its setting."""
    profile: Profile = Profile.NORMAL
    detail: Detail = Detail.FULL

    @property
    def key(self) -> str:
        """The same for the same place, however loud it is told."""
        return f"{self.sink}:{self.workspace}:{self.channel.removeprefix('#')}"


def match(rollout: Rollout, destinations: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """The destinations of a rollout: all that are configured, each place once, by its first entry."""
    places: dict[str, Destination] = {}
    for destination in destinations:
        places.setdefault(destination.key, destination)
    return tuple(places.values())
