"""A fresh store per test: a copy of one that was migrated once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shipbell.store import Store, upgrading


@pytest_asyncio.fixture(scope="session")
async def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.db"
    await upgrading.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(empty_file: Path, tmp_path: Path) -> str:
    shutil.copy(empty_file, tmp_path / "shipbell.db")
    return f"sqlite:///{tmp_path / 'shipbell.db'}"


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with await Store.open(url) as opened:
        yield opened
