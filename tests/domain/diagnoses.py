"""Looks at the pods of a rollout, in the fewest words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from shipbell.domain import Event, JobStatus, LogRequest, Pod, PodsObservation, PodTrouble, Policy, Rollout
from shipbell.domain.blaming import count_pods
from shipbell.domain.rollout import Diagnosis
from tests.domain.deployments import at, upgrading

NEW = "bbb"
OLD = "aaa"


def rollout(**fields: object) -> Rollout:
    """Revision 2 of a Deployment, five seconds after noon; its hash is `bbb`."""
    begun = upgrading().newest
    return replace(begun, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def job_rollout(*, backoff_limit: int = 2, failed: int = 0) -> Rollout:
    """A Job of that name."""
    begun = rollout()
    return replace(
        begun,
        workload=replace(begun.workload, kind="Job", name="migrate", uid="uid-job"),
        identity=replace(begun.identity, number=1, hash="uid-job", name="migrate", uid="uid-job"),
        job=JobStatus(backoff_limit=backoff_limit, failed=failed),
    )


def troubled(trouble: PodTrouble | None, name: str = "1", hash_: str = NEW, *, ready: bool = False) -> Pod:
    """A pod of the revision, with a uid that Events can name."""
    return Pod(
        name=f"web-{hash_}-{name}",
        uid=f"pod-{hash_}-{name}",
        hash=hash_,
        ready=ready,
        created_at=at(5),
        trouble=trouble,
    )


def event(
    reason: str,
    message: str,
    when: float,
    *,
    about: Pod | None = None,
    container: str = "",
    uid: str = "",
    warning: bool = True,
    count: int = 1,
) -> Event:
    """About the first pod of the new revision, unless said otherwise."""
    pod = about or troubled(None)
    return Event(
        kind="Pod",
        name=pod.name,
        uid=uid or pod.uid,
        reason=reason,
        message=message,
        container=container,
        warning=warning,
        count=count,
        last_at=at(when),
    )


def look(
    when: float,
    *pods: Pod,
    events: tuple[Event, ...] | None = (),
    logs: Mapping[LogRequest, str] | None = None,
) -> PodsObservation:
    """All pods, so many seconds after noon."""
    return PodsObservation(
        workload=rollout().workload,
        resource_version=1000 + int(when * 10),
        at=at(when),
        pods=pods,
        events=events,
        logs=logs or {},
    )


def after(begun: Rollout, *looks: PodsObservation, policy: Policy | None = None) -> Rollout:
    """The rollout after these looks."""
    for seen in looks:
        begun = count_pods(begun, seen, seen.at, policy or Policy())
    return begun


def found(
    *pods: Pod, events: tuple[Event, ...] | None = (), when: float = 10, begun: Rollout | None = None
) -> Diagnosis | None:
    """What one look finds."""
    return after(begun or rollout(), look(when, *pods, events=events)).diagnosis


def wait(diagnosis: Diagnosis | None) -> timedelta | None:
    """How long it is kept to ourselves; None for ever."""
    if diagnosis is None or diagnosis.say_at is None or diagnosis.since is None:
        return None
    return diagnosis.say_at - diagnosis.since
