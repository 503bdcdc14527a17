"""What can go wrong on order: the faults that a test or a person wants Slack to have.

A fault waits for the calls that it is meant for, happens to so many of them or until its time is over, and is
gone. The API asks `Faults.strike` for each call and does as it is told; this module only decides which call
is struck. Deeds of other people (deleting, archiving, revoking) are no faults: `workspace` does those.
"""

import dataclasses
from typing import Annotated, Literal

import msgspec

Kind = Literal["error", "rate_limited", "server_error", "not_json", "lost", "slow", "down"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order. Without `times` and `seconds` it happens once."""

    kind: Kind
    """`error`: HTTP 200 with `code`. `rate_limited`: 429. `server_error`: an HTML page with `status`.
    `not_json`: 200 with plain text. `lost`: the connection is dropped without an answer. `slow`: the true
    answer, after `delay`. `down`: connections are refused for `seconds`."""
    method: str | None = None
    """Such as `chat.postMessage`, `webhook` for incoming webhooks; None for every one."""
    channel: str | None = None
    """Name or ID as the call gives it, or the other of the two; None for every one."""
    stored: bool = False
    """Whether the call is carried out nevertheless, before it goes wrong (`slow` always is)."""
    code: str = "internal_error"
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 503
    retry_after: Annotated[int, msgspec.Meta(ge=0)] = 1
    """Seconds."""
    delay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Seconds before the answer, of any kind."""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """So many calls."""
    seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """So long from the order on, every call (or `times` of them)."""


@dataclasses.dataclass(kw_only=True, slots=True)
class _Order:
    fault: Fault
    left: float
    until: float


class Faults:
    """The orders that are open."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def order(self, fault: Fault, *, now: float) -> None:
        """Let it happen, from now on; earlier orders come first."""
        endless = float("inf")
        left = fault.times if fault.times is not None else 1 if fault.seconds is None else endless
        until = endless if fault.seconds is None else now + fault.seconds
        self._orders.append(_Order(fault=fault, left=left, until=until))

    def clear(self) -> None:
        """Forget every order."""
        self._orders.clear()

    def open(self, *, now: float) -> tuple[Fault, ...]:
        """The orders that may still strike."""
        self._orders = [order for order in self._orders if order.left > 0 and now < order.until]
        return tuple(order.fault for order in self._orders)

    def strike(self, method: str, channels: frozenset[str], *, now: float) -> Fault | None:
        """The fault that this call suffers; `channels` is what its channel may be called."""
        self.open(now=now)
        for order in self._orders:
            if _is_meant(order.fault, method, channels):
                order.left -= 1
                return order.fault
        return None


def _is_meant(fault: Fault, method: str, channels: frozenset[str]) -> bool:
    right_channel = fault.channel is None or fault.channel.removeprefix("#") in channels
    return right_channel and fault.method in {None, method}
