"""Every duration of delivery in one value, with one factor over all: an hour's outage is a minute's drill.

The order of the first four is what keeps messages from being doubled: a request ends before its lease does,
and nobody looks for a lost post before both are over.
"""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A pace: `burst` at once, then one per `interval`."""

    interval: timedelta
    burst: int

    def scaled(self, factor: float) -> "Bucket":
        """The same pace on another scale of time."""
        return dataclasses.replace(self, interval=self.interval * factor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long things may take, and how long to wait for them."""

    connect: timedelta = timedelta(seconds=4)
    """To connect to Slack, DNS and TLS included."""
    request: timedelta = timedelta(seconds=10)
    """One request to Slack in all."""
    lease: timedelta = timedelta(seconds=15)
    """How long a claim holds: longer than a request, so that none outlives its claim."""
    first_look: timedelta = timedelta(seconds=20)
    """After an intent: when it is first looked for. By then its request is over, whoever sent it."""
    last_look: timedelta = timedelta(seconds=60)
    """After an intent: what a look finds no trace of from now on was not posted."""
    look_back: timedelta = timedelta(seconds=60)
    """How far before an intent a look begins: Slack's clock and ours may differ."""
    second_edit: timedelta = timedelta(seconds=30)
    """After an edit whose answer was lost: from when on another edit cannot be overtaken by it."""
    edit_spacing: timedelta = timedelta(seconds=3)
    """Between two edits of one message, unless the second tells a failing or an ending."""
    link_soon: timedelta = timedelta(seconds=2)
    """How long a superseded message waits for its successor's, to link to it with its only edit."""
    link_late: timedelta = timedelta(seconds=60)
    """How long it is edited once more for that link."""
    posts: Bucket = Bucket(interval=timedelta(seconds=1), burst=1)
    """Posts in one channel: https://docs.slack.dev/apis/web-api/rate-limits promises one a second."""
    edits: Bucket = Bucket(interval=timedelta(seconds=1.8), burst=16)
    """Edits in one workspace: 50 in any minute, as Slack promises for chat.update."""
    spared_edits: int = 6
    """So many of that burst, a third of what is left, are kept for failings and endings."""
    backoff: timedelta = timedelta(seconds=1)
    """After a first failure; doubled with each further one."""
    backoff_cap: timedelta = timedelta(seconds=15)
    """The longest wait between attempts, for as long as it takes."""
    slow: timedelta = timedelta(minutes=5)
    """Where only a person or Slack's own patience can help: an archived channel, a migration."""
    probe: timedelta = timedelta(minutes=1)
    """Between looks whether a refused token is accepted again."""
    idle: timedelta = timedelta(seconds=10)
    """The longest sleep without a look at the store: another process may have written to it."""

    def scaled(self, factor: float) -> "Timing":
        """All of it, times `factor`."""
        names = (field.name for field in dataclasses.fields(self))
        return Timing(**{name: _scaled(getattr(self, name), factor) for name in names})


def _scaled(value: Any, factor: float) -> Any:
    match value:
        case Bucket():
            return value.scaled(factor)
        case timedelta():
            return value * factor
        case count:
            return count
