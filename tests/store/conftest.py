"""A fresh store per test, on either engine: a copy of one that was migrated once."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from shipbell.store import Store, upgrading
from tests.postgres.running import Postgres


@pytest_asyncio.fixture(scope="session")
async def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.db"
    await upgrading.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def file_url(empty_file: Path, tmp_path: Path) -> str:
    """A store on SQLite."""
    shutil.copy(empty_file, tmp_path / "shipbell.db")
    return f"sqlite:///{tmp_path / 'shipbell.db'}"


@pytest.fixture
def server_url(postgres: Postgres, migrated_database: str) -> Iterator[str]:
    """A store on PostgreSQL."""
    name = postgres.create(migrated_database)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres, migrated_database: str) -> str:
    return postgres.create(migrated_database)


@pytest.fixture
def cleared_url(postgres: Postgres, shared_database: str) -> Iterator[str]:
    """A store on PostgreSQL, for tests that leave its tables as they are."""
    yield postgres.url(shared_database)
    postgres.clear(shared_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A store on the one and on the other, for tests that leave its tables as they are."""
    found: str = request.getfixturevalue("file_url" if request.param == "sqlite" else "cleared_url")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest) -> str:
    """A store on the one and on the other, to do with as the test likes."""
    found: str = request.getfixturevalue("file_url" if request.param == "sqlite" else "server_url")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with await Store.open(url, callers_time=True) as opened:
        yield opened


@pytest_asyncio.fixture
async def file_store(file_url: str) -> AsyncIterator[Store]:
    async with await Store.open(file_url) as opened:
        yield opened
