"""Volumes that cannot be attached or mounted: known by Events alone, the pod only waits.

See https://kubernetes.io/docs/concepts/storage/volumes/.
"""

import re
from datetime import timedelta

from shipbell.domain.causes import cases, containers

REASONS = frozenset({"FailedMount", "FailedAttachVolume"})
VOLUME_WAIT = timedelta(minutes=3)

_VOLUME = re.compile(r'\bfor volume "([^"]{1,253})" ?:? ?')
_UNMOUNTED = re.compile(r"unmounted volumes=\[([^\]]{1,253})\]")


def find(case: cases.Case) -> cases.Finding:
    """Which volume, and why; a Secret or ConfigMap that it is made of goes first."""
    words = case.trouble.message
    missing = containers.missing_object(words)
    volume, why = _parts(words)
    verb = "attached" if case.trouble.reason == "FailedAttachVolume" else "mounted"
    cause = f"Volume{f' {volume}' if volume else ''} cannot be {verb}: {cases.shortened(why)}"
    step = cases.mend(f"Create {missing}", case.rollout) if missing else cases.describe(case)
    return cases.Finding(
        cause=f"{cases.capital(missing)} is missing for volume {volume} ({case.pods})"
        if missing
        else f"{cause} ({case.pods})",
        words=words,
        next_step=step,
        wait=VOLUME_WAIT,
    )


def _parts(words: str) -> tuple[str, str]:
    if found := _VOLUME.search(words):
        return found[1], words[found.end() :]
    if found := _UNMOUNTED.search(words):
        return found[1], words.rpartition(": ")[2]
    return "", words
