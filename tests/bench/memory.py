"""What a process takes, as the kernel counts it, and what it has imported, as it says itself."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

VARIABLES = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Makes a Python process write a line to standard error for each module that it imports."""

NEEDLESS = (
    "alembic",
    "kubernetes",
    "mako",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.orm",
    "shipbell.demo",
    "shipbell.sandbox",
    "slack_sdk.socket_mode",
    "slack_sdk.oauth",
    "pydantic.v1",
    "yaml",
    "unittest",
    "xml",
)
"""What a service in a pod has no use for; each was once imported by accident or costs megabytes."""

_IMPORT = re.compile(r"^import time: +(?P<us>\d+) \| +\d+ \| +(?P<module>[\w.]+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """One look at `/proc/PID`; https://docs.kernel.org/filesystems/proc.html."""

    resident: float
    """MB."""
    peak: float
    """MB."""
    threads: int
    seconds: float
    """Of CPU, since it began."""


def usage(pid: int) -> Usage:
    """Of a process that runs."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    # The program's name comes first and may hold anything, but no further parenthesis.
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = numbers[11:13]
    return Usage(
        resident=_megabytes(fields["VmRSS"]),
        peak=_megabytes(fields["VmHWM"]),
        threads=int(fields["Threads"]),
        seconds=(int(user) + int(system)) / os.sysconf("SC_CLK_TCK"),
    )


def imported(log: str) -> tuple[str, ...]:
    """The modules that a process with `VARIABLES` has imported so far."""
    return tuple(match["module"] for match in _IMPORT.finditer(log))


def needless(modules: Iterable[str]) -> tuple[str, ...]:
    """Which of the packages in `NEEDLESS` are among them."""
    loaded = set(modules)
    return tuple(name for name in NEEDLESS if name in loaded)


def _megabytes(kilobytes: str) -> float:
    return int(kilobytes.split()[0]) / 1024
