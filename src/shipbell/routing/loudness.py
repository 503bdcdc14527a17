"""How loud a destination is told: from the rollout's current state and from what was posted before.

A message is a projection, so the past plays no part here: a state that was passed over while Slack was away
is not told, and what a newly posted root message says is not said again by a reply. An edit rings nowhere;
a reply that is broadcast also stands in the channel.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shipbell.domain import Part, Rollout, RolloutKind, State
from shipbell.routing.destinations import Destination, Profile


class Loudness(StrEnum):
    """What a state is worth telling, each level with all of those before it."""

    HOLD = "hold"
    """No message because of it; a message that exists is edited."""
    ROOT = "root"
    """The root message is posted, or edited if it exists."""
    THREAD = "thread"
    """And a reply in the thread, unless the root was posted to say it."""
    BROADCAST = "broadcast"
    """And that reply stands in the channel too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A post that was made. What it said when it was posted counts; later edits of it rang nowhere."""

    part: Part
    state: State
    """The state that it tells, by its posting or by an edit since."""
    gist: str = ""
    """`gist` of the rollout when it was posted; where none was kept, the state stands for it."""

    @property
    def rang_for(self) -> str:
        """The state that it was posted to tell."""
        return self.gist.partition(_BREAK)[0] or self.state.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """A reply to be posted."""

    part: Part
    broadcast: bool
    mention: bool = False
    """Whether those on call are to be mentioned, where somebody is configured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done, in this order: the root message first, for replies hang on it."""

    root: bool
    """There should be a root message: post it if there is none, else bring it up to date."""
    replies: tuple[Saying, ...] = ()


_OPEN = {
    State.STARTED: Loudness.ROOT,
    State.PROGRESSING: Loudness.ROOT,
    State.PAUSED: Loudness.ROOT,
    State.STALLED: Loudness.ROOT,
}
_WITHDRAWN = {
    State.SUPERSEDED: Loudness.ROOT,
    State.ROLLED_BACK: Loudness.ROOT,
    State.CANCELLED: Loudness.ROOT,
    State.UNKNOWN: Loudness.ROOT,
}
_NORMAL = {
    **_OPEN,
    State.STALLED: Loudness.BROADCAST,
    State.FAILING: Loudness.BROADCAST,
    State.SUCCEEDED: Loudness.BROADCAST,
    State.FAILED: Loudness.BROADCAST,
    State.RECOVERED: Loudness.BROADCAST,
    **_WITHDRAWN,
}
_QUIET = {
    **dict.fromkeys(_OPEN, Loudness.HOLD),
    State.FAILING: Loudness.HOLD,
    State.SUCCEEDED: Loudness.ROOT,
    State.FAILED: Loudness.BROADCAST,
    State.RECOVERED: Loudness.THREAD,
    **_WITHDRAWN,
}
TABLE: Mapping[Profile, Mapping[State, Loudness]] = {
    Profile.QUIET: _QUIET,
    Profile.NORMAL: _NORMAL,
    Profile.LOUD: _NORMAL,
}
"""What each state is worth; restarts, stalls, uncertain failings and fixes are judged in `loudness`."""

_MAY_PASS = frozenset({State.STALLED, State.FAILING})
"""Troubles that ring only where they are `pressing`."""
_SAID_BY = {
    State.STALLED: Part.DETAIL,
    State.FAILING: Part.FAILING,
    State.FAILED: Part.FAILED,
    State.RECOVERED: Part.RECOVERED,
    State.SUCCEEDED: Part.SUCCEEDED,
}
_BREAK = ": "
_COUNTS = re.compile(r"\d+ of \d+|\d+/\d+|\d+ restarts?")


def plan(rollout: Rollout, destination: Destination, told: Mapping[Part, Told]) -> Plan:
    """What to do now so that the destination knows the rollout's current state.

    Asked again after everything was done, it wants the root kept up to date and nothing else.
    """
    level = _mended(rollout, destination.profile, told) or loudness(rollout, destination.profile)
    if Part.ROOT not in told and level is Loudness.HOLD:
        return Plan(root=False)
    if not destination.sink.edits:
        return Plan(root=True, replies=_follow_up(rollout, told))
    return Plan(root=True, replies=_replies(rollout, destination.profile, level, told))


def loudness(rollout: Rollout, profile: Profile) -> Loudness:
    """What the rollout's current state is worth to a profile."""
    if rollout.state is State.SUCCEEDED and rollout.fixes_failure_of is not None:
        return Loudness.THREAD if profile is Profile.QUIET else Loudness.BROADCAST
    if _only_failures(rollout, profile) and not _fails(rollout, profile):
        return Loudness.HOLD
    level = TABLE[profile][rollout.state]
    if level is Loudness.BROADCAST and rollout.state in _MAY_PASS and not pressing(rollout):
        return Loudness.ROOT
    return level


def pressing(rollout: Rollout) -> bool:
    """Whether a trouble is worth ringing for: waiting will not heal it, or users feel it already."""
    certain = rollout.diagnosis is not None and rollout.diagnosis.certain
    return certain or affected(rollout)


def affected(rollout: Rollout) -> bool:
    """Whether fewer pods serve than are wanted; a Job's pods serve nobody."""
    return rollout.kind is not RolloutKind.RUN and rollout.serving < rollout.wanted


def gist(rollout: Rollout) -> str:
    """The news in a key: state, cause and impact, short of the numbers that grow by themselves.

    Two posts with the same gist tell an on-call person the same.
    """
    return f"{rollout.state.value}{_BREAK}{_trouble(rollout)}"


def _trouble(rollout: Rollout) -> str:
    """Cause and impact; empty where there is no cause.

    Behind a colon the cluster speaks, which names another pod, or other numbers, each time.
    """
    if rollout.diagnosis is None:
        return ""
    cause, _, _details = rollout.diagnosis.cause.partition(": ")
    return f"{_COUNTS.sub('n', cause)} {rollout.diagnosis.container}; {_impact(rollout)}"


def _impact(rollout: Rollout) -> str:
    if not affected(rollout):
        return "none"
    return "degraded" if rollout.serving else "down"


def _mended(rollout: Rollout, profile: Profile, told: Mapping[Part, Told]) -> Loudness | None:
    """A told failure that is over is told too, even where only failures are."""
    failure_told = any(post.rang_for == State.FAILED for post in told.values())
    if rollout.state is not State.RECOVERED or not failure_told:
        return None
    return TABLE[profile][State.RECOVERED]


def _only_failures(rollout: Rollout, profile: Profile) -> bool:
    """Restarts that are told only if they fail: nobody asked for them, or the channel is a quiet one."""
    restart = rollout.kind is RolloutKind.RESTART
    return restart and (rollout.automatic or profile is Profile.QUIET)


def _fails(rollout: Rollout, profile: Profile) -> bool:
    if rollout.state is State.FAILING:
        return profile is not Profile.QUIET and pressing(rollout)
    return rollout.state is State.FAILED


def _replies(
    rollout: Rollout, profile: Profile, level: Loudness, told: Mapping[Part, Told]
) -> tuple[Saying, ...]:
    part = _SAID_BY.get(rollout.state)
    if part is None:
        return ()
    if level in {Loudness.THREAD, Loudness.BROADCAST} and not _said(rollout, part, told):
        return (_saying(rollout, part, profile, level, told),)
    return _detail(rollout, part, told)


def _said(rollout: Rollout, part: Part, told: Mapping[Part, Told]) -> bool:
    """Whether the state was told: by its reply, by a root posted to say it, or by the root about to be."""
    root = told.get(Part.ROOT)
    if part in told or root is None:
        return True
    same_news = rollout.state is not State.FAILING or root.gist == gist(rollout)
    return root.rang_for == rollout.state and same_news


def _saying(
    rollout: Rollout, part: Part, profile: Profile, level: Loudness, told: Mapping[Part, Told]
) -> Saying:
    broadcast = level is Loudness.BROADCAST and not (part is Part.FAILED and _known(rollout, told))
    alarm = profile is Profile.LOUD and part is Part.FAILED and affected(rollout)
    return Saying(part=part, broadcast=broadcast, mention=alarm)


def _known(rollout: Rollout, told: Mapping[Part, Told]) -> bool:
    """Whether a post that the channel saw told the same cause and impact while it was still failing."""
    same = f"{State.FAILING.value}{_BREAK}{_trouble(rollout)}"
    return any(part in told and told[part].gist == same for part in (Part.FAILING, Part.ROOT))


def _detail(rollout: Rollout, part: Part, told: Mapping[Part, Told]) -> tuple[Saying, ...]:
    """The error in full for the thread, where no reply has told it."""
    failure = part in {Part.FAILING, Part.FAILED}
    if not failure or not _has_more(rollout) or told.keys() & {Part.FAILING, Part.FAILED, Part.DETAIL}:
        return ()
    return (Saying(part=Part.DETAIL, broadcast=False),)


def _has_more(rollout: Rollout) -> bool:
    """Whether a thread would say more than the root does."""
    told = rollout.diagnosis
    return bool(rollout.changes) or (told is not None and bool(told.words or told.log or told.events))


def _follow_up(rollout: Rollout, told: Mapping[Part, Told]) -> tuple[Saying, ...]:
    """Where nothing can be edited: one more post, once the rollout has ended otherwise than told."""
    root = told.get(Part.ROOT)
    part = _SAID_BY.get(rollout.state, Part.DETAIL)
    if root is None or rollout.state.open or part in told or root.rang_for == rollout.state:
        return ()
    return (Saying(part=part, broadcast=False),)
