"""How the findings of `check` read: one line each, the remedy below what needs one."""

from collections.abc import Iterable
from typing import Protocol

import click

from shipbell import log
from shipbell.cli import tables

MARKS = {True: ("ok", "green"), False: ("FAILED", "red"), None: ("not tried", "yellow")}


class Finding(Protocol):
    """What was found out about one part."""

    @property
    def ok(self) -> bool | None:
        """Whether it works; None where it could not be tried."""

    @property
    def part(self) -> str:
        """`api server`, `slack`, `store`, ..."""

    @property
    def message(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str:
        """What to do about it; empty where nothing is to be done."""


def table(findings: Iterable[Finding]) -> str:
    """The findings, one a line."""
    lines = []
    for finding in findings:
        word, colour = MARKS[finding.ok]
        message = tables.printable(log.redact(finding.message))
        lines.append(f"{click.style(f'{word:<9}', fg=colour)}  {finding.part:<14}  {message}")
        if finding.remedy and not finding.ok:
            lines.append(f"{'':<27}{tables.printable(log.redact(finding.remedy))}")
    return "\n".join(lines)


def failed(findings: Iterable[Finding]) -> bool:
    """Whether anything does not work."""
    return any(finding.ok is False for finding in findings)
