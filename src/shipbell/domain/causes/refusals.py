"""Pods that the API server does not let a controller create: quotas, admission, policy.

A Deployment says so in its condition `ReplicaFailure`; of the other kinds only Events (`FailedCreate`) tell.
See https://kubernetes.io/docs/concepts/policy/resource-quotas/.
"""

import re
from datetime import datetime, timedelta

from shipbell.domain import redaction
from shipbell.domain.causes import cases
from shipbell.domain.pods import Event, Pod
from shipbell.domain.rollout import Diagnosis, Rollout
from shipbell.domain.workload import Workload

REFUSED = "Pods refused"
REFUSED_BY_EVENTS = "Pods cannot be created"
"""Another wording for the same, so that one look does not take back what the other has found."""

REASONS = frozenset({"FailedCreate"})
WAIT = timedelta(seconds=20)

_WRAPPED = re.compile(
    r"^(?:Error creating: |create Pod \S{1,253} in StatefulSet \S{1,253} failed error: )?"
    r'(?:[Pp]ods? "[^"]{0,253}" is forbidden: )?'
)


def told(refused: Diagnosis, workload: Workload, *, patience: float) -> Diagnosis:
    """The controller's own finding with its words in the cause, and when it may be said."""
    return _diagnosis(REFUSED, refused.words, workload, since=refused.since, patience=patience)


def by_events(
    rollout: Rollout, own: list[Pod], events: tuple[Event, ...], *, now: datetime, patience: float
) -> Diagnosis | None:
    """What the Events about the workload itself say, unless a pod was created since."""
    begun = rollout.started_at.replace(microsecond=0)
    latest = max((begun, *(pod.created_at for pod in own)))
    said = [
        e for e in events if e.reason in REASONS and e.uid == rollout.workload.uid and e.last_at >= latest
    ]
    newest = max(said, key=lambda event: event.last_at, default=None)
    if newest is None:
        return None
    known = rollout.diagnosis
    again = known is not None and known.reason in REASONS
    since = known.since if known is not None and again else now
    return _diagnosis(REFUSED_BY_EVENTS, newest.message, rollout.workload, since=since, patience=patience)


def _diagnosis(
    cause: str, words: str, workload: Workload, *, since: datetime | None, patience: float
) -> Diagnosis:
    words = redaction.redact(words)
    why = cases.shortened(_WRAPPED.sub("", words, count=1))
    return Diagnosis(
        reason="FailedCreate",
        cause=f"{cause}: {why}" if why else cause,
        words=words,
        next_step=_next_step(words, workload),
        since=since,
        say_at=since + WAIT * patience if since else None,
    )


def _next_step(words: str, workload: Workload) -> str:
    namespace = f"kubectl -n {workload.namespace}"
    if "quota" in words:
        return f"Raise the quota; it is shown by: {namespace} describe quota"
    return f"{namespace} get events --field-selector reason=FailedCreate"
