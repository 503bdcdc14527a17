"""Why a rollout is failing, from the pods of its own revision, and from when on that may be said.

One look finds which pods are in trouble, lets the rule of each cause (`causes`) put it into words, and takes
the one that is to be told first. Pods of other revisions, and Events about them, are not asked. Everything
that others wrote is redacted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shipbell.domain import events, redaction
from shipbell.domain.causes import cases, images, placement, readiness, table, volumes
from shipbell.domain.pods import Event, LogRequest, Pod, PodsObservation, PodTrouble
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import Diagnosis, Rollout

LOG_LINES = 20
LOG_SIZE = 2000
"""Bytes."""

WORDS = 4000
"""Characters that are kept of the API's own words."""

UNSAID_WAIT = timedelta(minutes=2)
"""In place of the wait of a cause that is never said by itself."""

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The cause that one look brings."""

    told: Diagnosis
    log: LogRequest | None = None
    """Which container's last lines explain it."""
    count: int = 0
    """How many pods have it."""
    rank: int = 0
    """Its place in the table."""
    helped: bool = False
    """Somebody has announced help (a further node), which puts off what was due."""


def diagnose(
    rollout: Rollout, observation: PodsObservation, *, now: datetime, policy: Policy
) -> Found | None:
    """The cause to tell first of all that this revision's pods have, or None.

    That is one that may be said now, then the one that may be said next; then what most pods have.
    """
    own = own_pods(rollout, observation)
    about = events.about(rollout, own, observation.events or ())
    found = [
        candidate
        for case in _cases(rollout, own, about)
        if (candidate := _candidate(case, now=now, policy=policy)) is not None
    ]
    known = rollout.diagnosis
    first = min(found, key=lambda candidate: _urgency(candidate, known, now), default=None)
    if observation.events is None and known is not None and _is_still_so(known, first, own):
        return Found(told=replace(known, calm_since=None))
    if first is None:
        return None
    return replace(first, told=_complete(first, known, observation, about))


def own_pods(rollout: Rollout, observation: PodsObservation) -> list[Pod]:
    """The pods of the rollout's revision."""
    return [pod for pod in observation.pods if pod.hash == rollout.identity.hash]


def _cases(rollout: Rollout, own: list[Pod], about: tuple[Event, ...]) -> Iterator[cases.Case]:
    """The troubles of the pods, those of one family and container as one."""
    groups: dict[tuple[str, str], list[tuple[Pod, PodTrouble]]] = {}
    for pod in own:
        trouble = _trouble(pod, about)
        row = table.row_of(trouble.reason) if trouble is not None else None
        if trouble is not None and row is not None:
            groups.setdefault((row.name, trouble.container), []).append((pod, trouble))
    for shared in groups.values():
        pod, trouble = max(shared, key=_severity)
        uids = {pod.uid for pod, _ in shared}
        yield cases.Case(
            rollout=rollout,
            trouble=_explained(trouble, rollout.diagnosis),
            pod=pod,
            count=len(shared),
            total=len(own),
            events=tuple(event for event in about if event.uid in uids),
            tries=_tries(rollout, [trouble for _, trouble in shared]),
        )


def _trouble(pod: Pod, about: tuple[Event, ...]) -> PodTrouble | None:
    """The pod's trouble, by its own word and by the Events about it."""
    if pod.ready:
        return None
    mine = tuple(event for event in about if event.uid == pod.uid)
    trouble = pod.trouble
    if trouble is None:
        return _volume_trouble(mine)
    if trouble.reason == readiness.NOT_READY and _is_node_lost(trouble, mine):
        return replace(trouble, reason=placement.NODE_LOST, container="")
    row = table.row_of(trouble.reason)
    if row is not None and row.name == "crash" and readiness.kills(trouble, mine):
        return replace(trouble, reason=readiness.UNHEALTHY)
    return trouble


def _volume_trouble(mine: tuple[Event, ...]) -> PodTrouble | None:
    """Containers that wait for a volume say nothing of it themselves."""
    said = [event for event in mine if event.reason in volumes.REASONS]
    newest = max(said, key=lambda event: event.last_at, default=None)
    return PodTrouble(reason=newest.reason, message=newest.message) if newest else None


def _is_node_lost(trouble: PodTrouble, mine: tuple[Event, ...]) -> bool:
    after = trouble.since - readiness.BEFORE if trouble.since else None
    return any(e.reason == placement.NODE_LOST and (after is None or e.last_at >= after) for e in mine)


def _severity(shared: tuple[Pod, PodTrouble]) -> tuple[int, bool, float]:
    """The pod that tells it best has restarted most, or waits for the longest."""
    _, trouble = shared
    age = -trouble.since.timestamp() if trouble.since else 0.0
    return trouble.restarts, trouble.reason in images.SECOND_TRY, age


def _explained(trouble: PodTrouble, before: Diagnosis | None) -> PodTrouble:
    """While it backs off, an older kubelet says no more than that; why, it said with the try before."""
    silent = trouble.reason in images.REASONS and not images.is_hopeless(trouble.message)
    if before is None or before.reason not in images.REASONS or not silent:
        return trouble
    if before.container != trouble.container:
        return trouble
    return replace(trouble, message=before.words) if images.is_hopeless(before.words) else trouble


def _tries(rollout: Rollout, troubles: list[PodTrouble]) -> int:
    """How often a Job has tried: its pods are not replaced in place, they stay and are counted."""
    if rollout.job is None:
        return 0
    return max(rollout.job.failed, sum(trouble.restarts + 1 for trouble in troubles))


def _candidate(case: cases.Case, *, now: datetime, policy: Policy) -> Found | None:
    """The rule's finding with its times; None while it is no more than what every rollout has."""
    row = table.row_of(case.trouble.reason)
    if row is None or row.find is None:
        return None
    finding = row.find(case)
    known = case.rollout.diagnosis
    kin = known is not None and table.row_of(known.reason) is row
    since = _since(finding, case.rollout, known if kin else None, now)
    wait = finding.wait * policy.patience if finding.wait is not None else None
    noted = kin and known is not None and known.container == case.trouble.container
    if not noted and _is_too_early(finding, since, now, policy):
        return None
    say_at = since + wait if wait is not None else None
    if say_at is not None and finding.helped_at is not None:
        say_at = max(say_at, finding.helped_at + finding.help_takes * policy.patience)
    return Found(
        told=_diagnosis(case, finding, since=since, say_at=say_at),
        log=finding.log,
        count=case.count,
        rank=table.TABLE.index(row),
        helped=finding.helped_at is not None,
    )


def _is_too_early(finding: cases.Finding, since: datetime, now: datetime, policy: Policy) -> bool:
    """Whether it is not worth a note yet; only where the API says since when it is there."""
    if not finding.usual or finding.since is None:
        return False
    wait = UNSAID_WAIT if finding.wait is None else finding.wait
    return now < since + wait * policy.patience / 2


def _since(finding: cases.Finding, rollout: Rollout, kin: Diagnosis | None, now: datetime) -> datetime:
    """From the API where it says; else from the first sight while the trouble is of the same family."""
    if finding.since is not None:
        return min(now, max(finding.since, rollout.started_at))
    return kin.since if kin is not None and kin.since is not None else now


def _diagnosis(
    case: cases.Case, finding: cases.Finding, *, since: datetime, say_at: datetime | None
) -> Diagnosis:
    return Diagnosis(
        reason=finding.reason or case.trouble.reason,
        cause=redaction.redact(finding.cause),
        words=redaction.redact(finding.words)[:WORDS],
        container=case.trouble.container,
        certain=finding.certain,
        next_step=redaction.redact(finding.next_step),
        since=since,
        say_at=say_at,
    )


def _urgency(found: Found, known: Diagnosis | None, now: datetime) -> tuple[datetime, int, int, bool]:
    """The smallest goes first; of equals the one that is known, so that they do not take turns."""
    say_at = found.told.say_at or FOREVER
    is_other = known is None or not _is_kin(found.told, known)
    return max(say_at, now), -found.count, found.rank, is_other


def _is_still_so(known: Diagnosis, first: Found | None, own: list[Pod]) -> bool:
    """Whether pods that were looked at without Events leave it as it was, for only Events could say more."""
    row = table.row_of(known.reason)
    waiting = any(not pod.ready and pod.trouble is None for pod in own)
    if first is None:
        return known.reason in volumes.REASONS and waiting
    if row is not None and row.name == "unschedulable" and first.told.reason == known.reason:
        return True
    return known.reason in table.BY_EVENTS and first.told.container in {known.container, ""}


def _complete(
    first: Found, known: Diagnosis | None, observation: PodsObservation, about: tuple[Event, ...]
) -> Diagnosis:
    """With Events and log; the same as before where it says no more than before.

    Repetitions of an Event, and a kubelet's changing words for the same, are no news.
    """
    told = replace(first.told, events=events.told(about))
    if known is None or not _is_same(told, known):
        # A container that crashes once more has crashed for the reason that its log told before.
        kept = known.log if known is not None and _is_kin(told, known) else ""
        return replace(told, log=_log(first, observation) or kept)
    fresh = events.reasons(told.events) <= events.reasons(known.events)
    sayable = [at for at in (told.say_at, known.say_at) if at is not None]
    return replace(
        known,
        words=known.words or told.words,
        certain=told.certain or known.certain,
        events=known.events if fresh else told.events,
        log=known.log or _log(first, observation),
        since=told.since,
        say_at=told.say_at if first.helped else min(sayable, default=None),
        calm_since=None,
    )


def _is_same(told: Diagnosis, known: Diagnosis) -> bool:
    return _is_kin(told, known) and told.cause == known.cause


def _is_kin(told: Diagnosis, known: Diagnosis) -> bool:
    """Whether they are of one family and container, whatever the numbers in them."""
    return table.row_of(told.reason) is table.row_of(known.reason) and told.container == known.container


def _log(first: Found, observation: PodsObservation) -> str:
    text = observation.logs.get(first.log, "") if first.log is not None else ""
    return redaction.tail(text, lines=LOG_LINES, size=LOG_SIZE)
