"""Who is told about a rollout, and how loud: values and decisions, no I/O and no clock.

`destinations` is asked at intake, once per rollout; `loudness` before every sending, with what was posted
so far. Neither knows how a message looks (`rendering`) or how it travels (`delivery`).
"""

from shipbell.domain import Detail, Part
from shipbell.routing.destinations import Destination, Profile, Sink, match
from shipbell.routing.loudness import Plan, Saying, Told, gist, plan

__all__ = [
    "Destination",
    "Detail",
    "Part",
    "Plan",
    "Profile",
    "Saying",
    "Sink",
    "Told",
    "gist",
    "match",
    "plan",
]
