"""Runs in words: a Job does its work once and ends, a CronJob's runs come again and again.

Nobody is served by a run, so nothing is said of pods that serve; instead how much is done, how often it was
tried, and of a CronJob how many runs in a row have failed: one message per streak.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from shipbell.domain import Rollout, RolloutKind, State
from shipbell.rendering import phrases, replicas, text, times, words
from shipbell.rendering.message import Options
from shipbell.rendering.phrases import Telling

_TRIES = re.compile(r",? ?tried (?P<count>\d+) of \d+ times$")
"""How a cause counts them; a sentence has less room."""


def is_run(rollout: Rollout) -> bool:
    """Whether this is a Job or a CronJob's streak, and no rollout of something that goes on running."""
    return rollout.kind is RolloutKind.RUN


def of_cronjob(rollout: Rollout) -> bool:
    """Whether it stands for the runs of a CronJob."""
    return is_run(rollout) and rollout.workload.kind == "CronJob"


def done(rollout: Rollout) -> str:
    """`1/3`, of the completions; the bare count where nobody knows how many there will be; else empty."""
    job = rollout.job
    if job is None or of_cronjob(rollout):
        return ""
    return f"{job.succeeded}/{job.completions}" if job.completions else f"{job.succeeded}"


def progress(rollout: Rollout) -> str:
    """How much is done, with a bar where the whole is known."""
    job = rollout.job
    if job is None or of_cronjob(rollout) or not job.completions:
        return done(rollout)
    working = f" · {job.active} at work" if job.active and rollout.state.open else ""
    return f"{replicas.bar(job.succeeded, job.completions)} {done(rollout)}{working}"


def brief(rollout: Rollout, options: Options) -> str:
    """The cause inside a sentence: `migrate exited 1 after 3 tries`; empty where none is known."""
    said = phrases.brief(rollout.diagnosis.cause, rollout, options) if rollout.diagnosis else ""
    found = _TRIES.search(said)
    if found is None or not found.start():
        return said
    return f"{said[: found.start()]} after {found['count']} {'try' if found['count'] == '1' else 'tries'}"


def streak(rollout: Rollout) -> int:
    """How many runs of a CronJob failed in a row."""
    return rollout.runs_failed if of_cronjob(rollout) else 0


def counted(rollout: Rollout) -> str:
    """`37 runs`."""
    runs = streak(rollout)
    return "1 run" if runs == 1 else f"{runs} runs"


def verdict(rollout: Rollout, now: datetime) -> str:
    """What stands behind "Failed": the controller's word, or since when every run fails."""
    if streak(rollout) > 1:
        return f": {counted(rollout)} since {times.clock(rollout.started_at, now, live=True)}"
    return f": {text.name(rollout.failed_by, 60)}" if rollout.failed_by else ""


def _running(telling: Telling) -> str:
    count = done(telling.rollout)
    progressing = f", progressing, {count} done" if count else ", progressing"
    progressed = progressing if telling.rollout.state is State.PROGRESSING else ""
    slow = phrases.slower(telling.rollout)
    return f"{words.noun(telling.rollout)} running {telling.version()}{progressed}{slow}, {telling.started()}"


def _paused(telling: Telling) -> str:
    count = done(telling.rollout)
    return f"{words.noun(telling.rollout)} paused{f', {count} done' * bool(count)}, {telling.started()}"


def _stalled(telling: Telling) -> str:
    since = telling.clock(telling.rollout.progress_at)
    return f"{words.noun(telling.rollout)} stalled, no progress since {since}, {telling.started()}"


def _failing(telling: Telling) -> str:
    return f"{words.noun(telling.rollout)} failing{_why(telling)}, {telling.started()}"


def _succeeded(telling: Telling) -> str:
    rollout = telling.rollout
    count = done(rollout)
    slow = phrases.slower(rollout)
    return (
        f"{words.noun(rollout)} succeeded in {phrases.took(rollout)}{slow}, {telling.started()}"
        f"{f', {count} done' * bool(count)}{_fixes(telling)}"
    )


def _failed(telling: Telling) -> str:
    if streak(telling.rollout) > 1:
        since = telling.clock(telling.rollout.started_at)
        return f"{counted(telling.rollout)} failed since {since}{_why(telling)}"
    return f"{words.noun(telling.rollout)} failed{_why(telling)} ({telling.started()})"


def _recovered(telling: Telling) -> str:
    rollout = telling.rollout
    span = phrases.failure_span(rollout)
    late = f" after {times.rough(span)} of failure" if span is not None else ""
    failed = f", {counted(rollout)} had failed" if streak(rollout) else ""
    return f"{words.noun(rollout)} recovered{late}{failed} ({telling.started()})"


def _why(telling: Telling) -> str:
    said = brief(telling.rollout, telling.options)
    return f", {said}" if said else ""


def _fixes(telling: Telling) -> str:
    fixed = telling.rollout.fixes_failure_of
    return f", fixes the failure of {telling.clock(fixed)}" if fixed else ""


PREDICATES: Mapping[State, Callable[[Telling], str]] = {
    State.STARTED: _running,
    State.PROGRESSING: _running,
    State.PAUSED: _paused,
    State.STALLED: _stalled,
    State.FAILING: _failing,
    State.SUCCEEDED: _succeeded,
    State.FAILED: _failed,
    State.RECOVERED: _recovered,
}
"""How a run's state stands in a sentence; where it has no word of its own, a rollout's does."""
