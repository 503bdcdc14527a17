"""The fixture `postgres`: one server for a test run, started when it is first asked for.

Where its programs are missing, tests fail and say how to install them: a skipped test proves nothing.
"""

from collections.abc import Iterator

import pytest

from tests.postgres import programs
from tests.postgres.running import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server."""
    folder = programs.folder()
    if folder is None:
        pytest.fail("there is no PostgreSQL: run scripts/postgresql")
    with running(folder) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """The name of a database with the tables, to be copied."""
    return postgres.create_migrated()
