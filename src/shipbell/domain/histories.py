"""What StatefulSets and DaemonSets share: a history of ControllerRevisions, and no word of failure.

A revision that is rolled out again keeps its name, its hash and its creation time, and gets a number above
all others, see https://kubernetes.io/docs/tasks/manage-daemon/rollback-daemon-set/#understanding-daemonset-revisions.
"""

from dataclasses import replace
from datetime import datetime

from shipbell.domain.observation import Observation, Revision
from shipbell.domain.rollout import Diagnosis, Identity, Rollout


def reused(observation: Observation, bearer: Revision) -> bool:
    """Whether the revision was rolled out before: one that was made later has a lower number.

    The API's times have whole seconds. Of those made in the same one, a number that nobody bears any more
    tells that it was this revision's.
    """
    others = [other for other in observation.revisions or () if _number(other) < _number(bearer)]
    later = any(other.created_at > bearer.created_at for other in others)
    at_once = any(other.created_at == bearer.created_at for other in others)
    return later or (at_once and bool(_missing(observation, bearer)))


def with_earlier_number(observation: Observation, bearer: Revision) -> Revision:
    """The revision with the number that it bore before, where that can be told.

    Every number was given once. If only one below its own is missing, that was its own.
    """
    missing = _missing(observation, bearer)
    if len(missing) != 1 or not reused(observation, bearer):
        return bearer
    return replace(bearer, earlier_numbers=(missing[0],))


def counts(observation: Observation, identity: Identity) -> tuple[int, int] | None:
    """ControllerRevisions do not count pods; where all pods are updated, their status does."""
    return (observation.ready, 0) if observation.updated >= observation.total else None


def failure(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """Their controllers never give up, and have no condition that would say so."""
    return None


def refusal(observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
    """Refused pods are told by Events alone."""
    return None


def confirmed_at(observation: Observation, identity: Identity, started_at: datetime) -> datetime | None:
    """Their status has no times."""
    return None


def finished_at(observation: Observation, rollout: Rollout) -> datetime | None:
    """Their status has no times."""
    return None


def keeps_time(rollout: Rollout) -> bool:
    """Pods are replaced one after the other, so that standing still means being stuck."""
    return True


def _missing(observation: Observation, bearer: Revision) -> list[int]:
    """Numbers below the bearer's that no revision bears."""
    borne = {_number(each) for each in observation.revisions or ()}
    return [number for number in range(1, _number(bearer)) if number not in borne]


def _number(revision: Revision) -> int:
    return revision.number or 0
