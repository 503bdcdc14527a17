"""The journal of what reached the sandbox, so that an account can be drawn up afterwards."""

from collections import deque
from dataclasses import dataclass

_KEPT = 100_000
"""Far more than a drill makes; a bound all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request to the Web API or to a webhook."""

    at: float
    """When it had been read; seconds since the epoch."""
    method: str
    """`webhook` for an incoming webhook."""
    channel: str
    """As the call gave it."""
    outcome: str
    """`ok`, Slack's error code, or what was done to it: `lost`, `not_json`, `http_503`."""
    carried_out: bool
    """Whether the workspace did what was asked, whatever the answer was."""
    ts: str = ""
    """Of the message that it made or changed."""


class Journal:
    """The calls in the order of their arrival."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT)

    def note(self, call: Call) -> None:
        """Add one."""
        self._calls.append(call)

    def all(self) -> tuple[Call, ...]:
        """Every call that is still kept."""
        return tuple(self._calls)
