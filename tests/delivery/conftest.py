"""A fresh store per test: a copy of one that was migrated once."""

import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from shipbell.store import upgrading


@pytest_asyncio.fixture(scope="session")
async def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.db"
    await upgrading.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def store_url(empty_file: Path, tmp_path: Path) -> str:
    shutil.copy(empty_file, tmp_path / "shipbell.db")
    return f"sqlite:///{tmp_path / 'shipbell.db'}"
