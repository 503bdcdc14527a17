"""Keeps what the whole run has written, so that its last test can look for secrets in it.

A plugin of pytest: it gathers what every test captured (output and logs of everything that runs in this
process), and knows where the processes that tests start have left their logs and their stores.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECRETS = (
    re.compile(r"xox[abeprs]-[\w-]{6,}|xapp-[\w-]{6,}"),
    re.compile(r"(?i)authorization['\"]?\s*[:=]\s*\S*\s*(?:bearer|basic)\s+[\w.~+/=-]{6,}"),
    re.compile(r"\b(?:Bearer|Basic) [A-Za-z0-9._~+/=-]{12,}"),
    re.compile(r"/services/T\w+/B\w+/\w+"),
)
"""Slack's tokens, Authorization headers, and the path of an incoming webhook's URL."""


@dataclass(kw_only=True, slots=True)
class Written:
    """What was written so far."""

    captured: dict[str, str] = field(default_factory=dict)
    """By the test that wrote it."""
    planted: set[str] = field(default_factory=set)
    """Further secrets of this run, such as the control plane's token."""

    def leaks(self, folder: Path) -> list[str]:
        """Where secrets are; `folder` is where tests and the processes that they start put their files."""
        found = [f"{name}: {leak}" for name, text in self.captured.items() for leak in self._in(text)]
        files = (path for pattern in ("*.log", "*.db", "*.db-wal") for path in folder.rglob(pattern))
        ours = (path for path in files if (path.parent / "shipbell.yaml").exists())
        return found + [f"{path}: {leak}" for path in ours for leak in self._in(_text(path))]

    def _in(self, text: str) -> Iterator[str]:
        yield from (match.group() for secret in SECRETS for match in secret.finditer(text))
        yield from (secret for secret in self.planted if secret in text)


WRITTEN: pytest.StashKey[Written] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """A run of its own."""
    config.stash[WRITTEN] = Written()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Takes what the test has captured; its own failure text is pytest's, not ours."""
    report = yield
    written = item.config.stash[WRITTEN].captured
    written[f"{item.nodeid} {call.when}"] = "\n".join(
        text for name, text in report.sections if name.startswith("Captured") and name.endswith(call.when)
    )
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search comes last: it looks at what all others have written."""
    items.sort(key=lambda item: item.nodeid.startswith("tests/test_secrecy.py"))


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")
