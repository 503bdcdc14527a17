"""Which rule speaks for which word of the API. A further cause is one more rule and one more row."""

from collections.abc import Callable
from dataclasses import dataclass

from shipbell.domain.causes import cases, containers, images, placement, readiness, refusals, volumes


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A family of causes: words that mean the same trouble, early and late."""

    name: str
    reasons: frozenset[str]
    find: Callable[[cases.Case], cases.Finding] | None
    """None where it is not found in pods."""


TABLE = (
    Row(name="image", reasons=images.REASONS, find=images.find),
    Row(name="configuration", reasons=containers.CONFIG_REASONS, find=containers.find_misconfigured),
    Row(name="start", reasons=containers.START_REASONS, find=containers.find_unstartable),
    Row(name="crash", reasons=containers.CRASH_REASONS, find=containers.find_crash),
    Row(name="volume", reasons=volumes.REASONS, find=volumes.find),
    Row(
        name="unschedulable",
        reasons=placement.UNSCHEDULABLE,
        find=placement.find_unschedulable,
    ),
    Row(name="probe", reasons=readiness.PROBE_REASONS, find=readiness.find_probe),
    Row(name="sidecar", reasons=readiness.SIDECAR_REASONS, find=readiness.find_sidecar),
    Row(name="gate", reasons=readiness.GATE_REASONS, find=readiness.find_gate),
    Row(name="initializing", reasons=containers.INIT_REASONS, find=containers.find_unfinished),
    Row(name="moved", reasons=placement.MOVED, find=placement.find_moved),
    Row(name="refused", reasons=refusals.REASONS, find=None),
)
"""In the order in which they are told where several are due: what a person must do something about first."""

BY_EVENTS = frozenset({*volumes.REASONS, readiness.UNHEALTHY, placement.NODE_LOST})
"""What only Events say: a look at pods without them takes none of it back."""

_BY_REASON = {reason: row for row in TABLE for reason in row.reasons}


def row_of(reason: str) -> Row | None:
    """The family of a word; None where it is no cause that is told."""
    return _BY_REASON.get(reason)
