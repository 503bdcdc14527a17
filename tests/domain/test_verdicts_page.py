"""The page of verdicts promises what tests hold: each row names one that exists, and what the API says."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "verdicts.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    """The tables' rows, without their heads."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| situation")]


def names_in(path: str) -> set[str]:
    """The names of a file's test functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions}


def test_every_row_names_a_test_that_exists() -> None:
    named = [NAMED.search(row) for row in rows()]
    missing = [match[0] for match in named if match and match[2] not in names_in(match[1])]

    assert len(named) > 40
    assert all(named)
    assert missing == []


def test_every_row_says_where_the_api_says_so() -> None:
    assert [row for row in rows() if "](https://kubernetes.io/docs/" not in row] == []
