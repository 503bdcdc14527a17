"""The table that people read, with what it takes to compare it with another day's."""

import os
import platform
import sys
from dataclasses import dataclass

from tests.bench import delays, memory

GOAL_MEDIAN, GOAL_P99 = 25, 150
"""Milliseconds."""
GOAL_RESIDENT = 90
"""MB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """All that was measured."""

    in_pod: bool
    seconds: float
    fresh: memory.Usage
    used: memory.Usage
    """After all rollouts."""
    modules: tuple[str, ...]
    starts: delays.Figures
    successes: delays.Figures
    rollouts: int
    load: float
    """Over the last minute; the control plane's own is about 1."""


def table(found: Findings) -> str:
    """Plain text, ending with a line break."""
    lines = [
        f"{' '.join(sys.orig_argv[1:])}: {os.cpu_count()} cores, load {found.load:.1f}, "
        f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}",
        "",
        f"From the API server's event to Slack's request, ms (want median {GOAL_MEDIAN}, p99 {GOAL_P99})",
        f"{'':<24}{'rollouts':>10}{'median':>10}{'p99':>10}{'max':>10}",
        _delay("start", found.starts),
        _delay("success", found.successes),
        f"{'CPU per rollout':<24}{'':>10}{_cpu(found):>10.1f}",
        "",
        f"Memory {'in a pod' if found.in_pod else 'WITH A KUBECONFIG: more than in a pod'}"
        f", MB (want VmRSS {GOAL_RESIDENT})",
        f"{'':<24}{'VmRSS':>10}{'VmHWM':>10}{'threads':>10}",
        _memory(f"{found.seconds:.0f} s after ready", found.fresh),
        _memory("after the rollouts", found.used),
        "",
        f"{len(found.modules)} modules imported; needless: "
        f"{', '.join(memory.needless(found.modules)) or 'none'}",
    ]
    return "\n".join(lines) + "\n"


def _delay(name: str, found: delays.Figures) -> str:
    return f"{name:<24}{found.count:>10}{found.median:>10.1f}{found.p99:>10.1f}{found.longest:>10.1f}"


def _cpu(found: Findings) -> float:
    """Milliseconds for each rollout, with all that is looked at and edited on its way."""
    return (found.used.seconds - found.fresh.seconds) * 1000 / found.rollouts


def _memory(name: str, used: memory.Usage) -> str:
    return f"{name:<24}{used.resident:>10.1f}{used.peak:>10.1f}{used.threads:>10}"
