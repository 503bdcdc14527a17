"""Containers that run and do not become ready: probes, sidecars, readiness gates.

A pod says that it is not ready, and no more; which probe fails and how, the kubelet says in Events
(`Unhealthy`). See https://kubernetes.io/docs/concepts/workloads/pods/probes/.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from shipbell.domain.causes import cases, containers
from shipbell.domain.pods import Event, LogRequest, PodTrouble

NOT_READY = "ContainersNotReady"
UNHEALTHY = "Unhealthy"
PROBE_REASONS = frozenset({NOT_READY, UNHEALTHY})
SIDECAR_REASONS = frozenset({"SidecarNotReady"})
GATE_REASONS = frozenset({"ReadinessGatesNotReady"})

PROBE_LEAST = timedelta(minutes=2)
USUAL_FACTOR = 2
OTHERS_WAIT = timedelta(minutes=5)

BEFORE = timedelta(minutes=1)
"""Failures of a probe that took readiness away come shortly before it is gone."""

_PROBE = re.compile(r"(?i)^(readiness|liveness|startup) probe (?:failed|errored)[^:]{0,60}: ?")


def find_probe(case: cases.Case) -> cases.Finding:
    """Which probe fails and its words, where an Event says so; else only that it is not ready."""
    trouble, event = case.trouble, _said(case)
    words = _steady(event.message, case) if event else trouble.message
    probe = _PROBE.match(words)
    if probe:
        said = cases.shortened(words[probe.end() :])
        cause = f"{probe[1].capitalize()} probe of container {trouble.container} fails: {said}"
    else:
        cause = f"Container {trouble.container} runs, but does not become ready"
    return cases.Finding(
        cause=f"{cause} ({case.pods})",
        words=words,
        reason=UNHEALTHY if event else NOT_READY,
        next_step=cases.logs(case.rollout, trouble.container),
        wait=probe_wait(case),
        since=trouble.since or case.pod.created_at,
        usual=True,
        log=LogRequest(pod=case.pod.name, container=trouble.container, previous=False),
    )


def find_sidecar(case: cases.Case) -> cases.Finding:
    """The application may be fine; its pod is not served without it."""
    trouble, event = case.trouble, _said(case)
    return cases.Finding(
        cause=f"Sidecar {trouble.container} does not become ready ({case.pods})",
        words=event.message if event else trouble.message,
        next_step=cases.logs(case.rollout, trouble.container),
        wait=OTHERS_WAIT,
        since=trouble.since,
        usual=True,
    )


def find_gate(case: cases.Case) -> cases.Finding:
    """Somebody outside of the pod (a load balancer's controller) has not said that it may serve, see
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate."""
    return cases.Finding(
        cause=f"Readiness gate {case.trouble.message} is open ({case.pods})",
        words="",
        next_step=cases.describe(case),
        wait=OTHERS_WAIT,
        since=case.trouble.since,
        usual=True,
    )


def probe_wait(case: cases.Case) -> timedelta | None:
    """What takes two minutes as a rule may take four; a container that a probe ends again and again crashes.

    A Job's pods serve nobody, and need not be ready.
    """
    if case.trouble.reason == UNHEALTHY and containers.crash_wait(case) is not None:
        return containers.crash_wait(case)
    if case.rollout.job is not None:
        return None
    usual = timedelta(seconds=case.rollout.usual_seconds or 0)
    return max(PROBE_LEAST, USUAL_FACTOR * usual)


def kills(trouble: PodTrouble, mine: Iterable[Event]) -> bool:
    """Whether the kubelet itself ends the container, because a probe says that it is dead."""
    after = trouble.since - BEFORE if trouble.since else None
    said = (e for e in mine if e.reason == UNHEALTHY and _is_of(e, trouble.container, after))
    return any(event.message.startswith(("Liveness", "Startup")) for event in said)


def _steady(words: str, case: cases.Case) -> str:
    """The words of the same probe that were told before: the next failure differs by a number only."""
    known = case.rollout.diagnosis
    if known is None or known.reason != UNHEALTHY or known.container != case.trouble.container:
        return words
    before, now = _PROBE.match(known.words), _PROBE.match(words)
    return known.words if before and now and before[1] == now[1] else words


def _said(case: cases.Case) -> Event | None:
    """The newest word on this container's probes since its pod was last ready."""
    after = case.trouble.since - BEFORE if case.trouble.since else None
    told = [e for e in case.events if e.reason == UNHEALTHY and _is_of(e, case.trouble.container, after)]
    return max(told, key=lambda event: event.last_at, default=None)


def _is_of(event: Event, container: str, after: datetime | None) -> bool:
    return event.container in {"", container} and (after is None or event.last_at >= after)
