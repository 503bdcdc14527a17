"""The tables: equal to the sum of the migrations, and queried through their indexes."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import config, script

from shipbell import errors
from shipbell.store import Store, claiming, reading, schema
from tests.store import examples


def _definitions(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Every table and index as SQL, with the parts of each in order of the alphabet."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    found = {name: sorted(part.strip(" \t,\n") for part in re.split(r"\n", sql)) for name, sql in rows}
    return {name: parts for name, parts in found.items() if name != "alembic_version"}


def test_the_tables_are_the_sum_of_the_migrations(empty_file: Path, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'tables.db'}")
    schema.metadata.create_all(engine)
    engine.dispose()

    with sqlite3.connect(empty_file) as migrated, sqlite3.connect(tmp_path / "tables.db") as created:
        by_migrations, by_tables = _definitions(migrated), _definitions(created)
    migrated.close()
    created.close()

    assert by_tables
    assert by_migrations == by_tables


def test_the_program_knows_the_last_migration() -> None:
    settings = config.Config()
    settings.set_main_option("script_location", "shipbell.store:migrations")

    assert script.ScriptDirectory.from_config(settings).get_heads() == [schema.REVISION]


def _plan(statement: sa.Select[tuple[object]], path: Path) -> str:
    engine = sa.create_engine(f"sqlite:///{path}")
    sql = statement.compile(engine, compile_kwargs={"render_postcompile": True})
    with engine.connect() as connection:
        text = f"EXPLAIN QUERY PLAN {sql}"
        # The plan is the same for all values.
        steps = connection.exec_driver_sql(text, tuple(None for _ in sql.positiontup or ()))
        plan = "\n".join(step.detail for step in steps)
    engine.dispose()
    return plan


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (sa.select(sa.func.min(schema.rollouts.c.wake_at)).where(schema.OPEN), "rollouts_waking"),
        (reading.memories().where(schema.OPEN, schema.rollouts.c.cluster == "c1"), "rollouts_open"),
        (sa.select(sa.func.count(), sa.func.min(schema.deliveries.c.due_since)).where(schema.DUE), "_due"),
        (sa.select(schema.posts).where(schema.INTENDED, schema.posts.c.channel_id == "C1"), "_intended"),
        (sa.select(schema.workloads).where(schema.DELETED), "workloads_deleted"),
        (claiming.CANDIDATE.params(at_moment=examples.NOW), "deliveries_due"),
    ],
)
def test_what_is_asked_often_is_found_through_a_small_index(
    statement: sa.Select[tuple[object]], index: str, empty_file: Path
) -> None:
    assert re.search(f"INDEX [a-z_]*{index}", _plan(statement, empty_file))


def test_a_time_is_stored_as_utc_with_its_microseconds() -> None:
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    seen = datetime(2026, 1, 31, 19, 32, 11, 1, tzinfo=elsewhere)
    table = sa.Table("times", sa.MetaData(), sa.Column("at", schema.UtcTime))
    engine = sa.create_engine("sqlite://")

    with engine.connect() as connection:
        table.create(connection)
        connection.execute(sa.insert(table).values(at=seen))
        read = connection.scalar(sa.select(table.c.at))
        text = connection.exec_driver_sql("SELECT at FROM times").scalar()
    engine.dispose()

    assert read == seen
    assert read.tzinfo is UTC
    assert text == "2026-01-31 14:02:11.000001"


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = examples.NOW.replace(tzinfo=None)

    with pytest.raises(errors.StoreError, match="without a zone"):
        await store.claim(naive, "one", examples.LEASE)
