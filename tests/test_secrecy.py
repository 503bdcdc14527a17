"""Tokens, webhook URLs and Authorization headers appear in nothing that the whole run has written."""

import tempfile
from pathlib import Path

import pytest

from shipbell.sandbox import DEFAULT_TOKEN
from tests import secrecy

LIVE = "tests/live/"


def test_the_search_finds_what_it_looks_for() -> None:
    written = secrecy.Written(
        captured={"a test": f'{{"token": "{DEFAULT_TOKEN}"}}'}, planted={"s3cret-of-a-plane"}
    )
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = Path(elsewhere)
        (folder / "shipbell.yaml").touch()
        (folder / "001.log").write_text("Authorization: Bearer abcdef123456\nPOST /services/T1/B2/xyz")
        (folder / "shipbell.db").write_bytes(b"\x00\xff s3cret-of-a-plane \x00")
        leaks = written.leaks(folder)

    for secret in (DEFAULT_TOKEN, "Bearer abcdef123456", "/services/T1/B2/xyz", "s3cret-of-a-plane"):
        assert any(secret in leak for leak in leaks), secret


def test_what_a_run_has_written_holds_no_secret(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = request.config.stash[secrecy.WRITTEN]
    folder = tmp_path_factory.getbasetemp()

    assert written.leaks(folder) == []
    if any(LIVE in name for name in written.captured):
        assert list(folder.rglob("*.log")), "the processes of live tests have left no log to search"
