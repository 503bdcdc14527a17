"""The page of verdicts promises what tests hold: each row names one that exists, and what the API says."""

import ast
import re
from pathlib import Path

import pytest

from shipbell.domain import rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "verdicts.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
KINDS = (*rules.RULES, "CronJob")


def rows() -> list[str]:
    """The rows of all tables of situations."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    heads = tuple(f"| {head} |" for head in ("situation", "kind", *KINDS))
    return [line for line in lines if line.startswith("| ") and not line.startswith(heads)]


def names_in(path: str) -> set[str]:
    """The names of a file's test functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions}


def test_every_row_names_a_test_that_exists() -> None:
    named = [NAMED.search(row) for row in rows()]
    missing = [match[0] for match in named if match and match[2] not in names_in(match[1])]

    assert len(named) > 110
    assert all(named)
    assert missing == []


def test_every_row_says_where_the_api_says_so() -> None:
    assert [row for row in rows() if "](https://kubernetes.io/docs/" not in row] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_table(kind: str) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()

    assert any(line.startswith(f"## {kind}") for line in lines)
    assert any(line.startswith(f"| {kind} |") for line in lines)
