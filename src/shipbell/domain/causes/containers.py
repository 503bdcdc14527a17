"""Containers that cannot be made, cannot start, or end badly.

See https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states.
"""

import re
import signal
from datetime import timedelta

from shipbell.domain.causes import cases
from shipbell.domain.pods import LogRequest, PodTrouble

CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError"})
START_REASONS = frozenset({"RunContainerError", "StartError", "ContainerCannotRun"})
INIT_REASONS = frozenset({"ContainersNotInitialized"})
CRASH_REASONS = frozenset({"CrashLoopBackOff", "OOMKilled", "Error"})

CONFIG_WAIT = timedelta(seconds=60)
"""Operators create Secrets seconds late."""

RESTARTS = 2
"""Crashes are told from the second restart on: the first may be a race with something still starting."""

BY_SIGNAL = 128
"""A shell's and the kubelet's way to say "killed by a signal": its number on top of this."""

_OBJECT = re.compile(r'(?i)\b(secret|configmap) "([^"]{1,253})" not found')
_KEY = re.compile(r"(?i)couldn't find key (\S{1,253}) in (secret|configmap) (?:\S{0,253}/)?([^\s/]{1,253})")
_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}


def find_misconfigured(case: cases.Case) -> cases.Finding:
    """What the container lacks: a Secret, a ConfigMap, a key in one, or something else that the kubelet
    names."""
    trouble = case.trouble
    missing = missing_object(trouble.message)
    verb = "created" if trouble.reason == "CreateContainerError" else "configured"
    said = cases.shortened(trouble.message)
    failed = f"Container {trouble.container} cannot be {verb}{f': {said}' if said else ''} ({case.pods})"
    return cases.Finding(
        cause=f"{cases.capital(missing)} is missing ({case.where})" if missing else failed,
        words=trouble.message,
        next_step=cases.mend(
            f"Create {missing}" if missing else "Correct the container's settings", case.rollout
        ),
        wait=CONFIG_WAIT,
    )


def find_unstartable(case: cases.Case) -> cases.Finding:
    """Its command is not there, or may not be run: the runtime's words, without where it was when."""
    trouble = case.trouble
    said = cases.shortened(_startless(trouble.message))
    cause = f"{role(trouble)} {trouble.container} cannot start{f': {said}' if said else ''}"
    return cases.Finding(
        cause=f"{cause}, {_restarts(trouble)} ({case.pods})",
        words=trouble.message,
        next_step=cases.undo(case.rollout) or "Correct the container's command",
        wait=crash_wait(case),
    )


def find_crash(case: cases.Case) -> cases.Finding:
    """How it ended, and how often; a Job's pods are tries of one thing."""
    trouble = case.trouble
    is_job = case.rollout.job is not None
    ended = f"{role(trouble)} {trouble.container} {_ending(trouble, past=is_job)}"
    cause = f"{ended}, {_tries(case)}" if is_job else f"{ended}, {_restarts(trouble)} ({case.pods})"
    return cases.Finding(
        cause=cause,
        words=trouble.message,
        next_step=cases.undo(case.rollout) or cases.logs(case.rollout, trouble.container),
        wait=crash_wait(case),
        log=LogRequest(pod=case.pod.name, container=trouble.container, previous=not trouble.ended),
    )


def find_unfinished(case: cases.Case) -> cases.Finding:
    """An init container that does not end may have much to do: an explanation, and no failure."""
    trouble = case.trouble
    return cases.Finding(
        cause=f"Init container {trouble.container} has not finished ({case.pods})",
        words=trouble.message,
        next_step=cases.logs(case.rollout, trouble.container),
        wait=None,
        since=trouble.since,
        usual=True,
        log=LogRequest(pod=case.pod.name, container=trouble.container, previous=False),
    )


def crash_wait(case: cases.Case) -> timedelta | None:
    """Said at once from the second restart on, and never before; a Job restarts by making further pods."""
    side_by_side = case.rollout.job.parallelism if case.rollout.job else 1
    restarts = max(case.trouble.restarts, (case.tries - 1) // max(1, side_by_side))
    return timedelta(0) if restarts >= RESTARTS else None


def missing_object(words: str) -> str:
    """`Secret db`, `key password in Secret db`; empty where the words are about something else."""
    if found := _KEY.search(words):
        return f"key {found[1]} in {_KINDS[found[2].lower()]} {found[3]}"
    if found := _OBJECT.search(words):
        return f"{_KINDS[found[1].lower()]} {found[2]}"
    return ""


def role(trouble: PodTrouble) -> str:
    """What it is in its pod."""
    return "Init container" if trouble.init else "Sidecar" if trouble.sidecar else "Container"


def _ending(trouble: PodTrouble, *, past: bool) -> str:
    if trouble.reason == "OOMKilled":
        limit = f", limit {trouble.memory_limit}" if trouble.memory_limit else ""
        return f"{'was' if past else 'is'} killed for want of memory (OOMKilled{limit})"
    if trouble.exit_code is None:
        return "crashed" if past else "crashes"
    if name := _signal(trouble.exit_code):
        return f"{'was' if past else 'is'} killed by {name} (exit {trouble.exit_code})"
    return f"{'exited' if past else 'exits'} {trouble.exit_code}"


def _signal(exit_code: int) -> str:
    try:
        return signal.Signals(exit_code - BY_SIGNAL).name
    except ValueError:
        return ""


def _restarts(trouble: PodTrouble) -> str:
    return "1 restart" if trouble.restarts == 1 else f"{trouble.restarts} restarts"


def _tries(case: cases.Case) -> str:
    """Against what the Job allows, see
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy."""
    job = case.rollout.job
    most = job.backoff_limit + 1 if job else case.tries
    return f"tried {min(case.tries, most)} of {most} times"


def _startless(words: str) -> str:
    """`exec: "/app": no such file or directory`, out of the layers that pass it on."""
    _, exec_, command = words.rpartition("exec: ")
    return (f"{exec_}{command}" if exec_ else words).removesuffix(": unknown")
