"""The tables: equal to the sum of the migrations, and queried through their indexes."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from alembic import config, script

from shipbell import errors
from shipbell.store import Store, claiming, engine, reading, schema
from tests.store import examples


def _parts(connection: sa.Connection) -> set[str]:
    """Every column, key and index as text."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        texts = (f"{name}: {part.strip(' ,')}" for name, sql in rows for part in sql.split("\n"))
    else:
        texts = (str(text) for text in connection.scalars(sa.text(_PARTS_OF_POSTGRESQL)))
    return {text for text in texts if "alembic_version" not in text}


_PARTS_OF_POSTGRESQL = """
    SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


async def test_the_tables_are_the_sum_of_the_migrations(own_url: str) -> None:
    database = engine.open_database(own_url)

    by_migrations = await database.read(_parts)
    await database.write(schema.metadata.drop_all)
    assert not await database.read(_parts)
    await database.write(schema.metadata.create_all)
    by_tables = await database.read(_parts)
    await database.close()

    assert by_migrations == by_tables


def test_the_program_knows_the_last_migration() -> None:
    settings = config.Config()
    settings.set_main_option("script_location", "shipbell.store:migrations")

    assert script.ScriptDirectory.from_config(settings).get_heads() == [schema.REVISION]


def _plan(connection: sa.Connection, statement: sa.Select[tuple[object]]) -> str:
    """How the statement would be run, if looking at every row were no choice, as it is with many rows."""
    sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
    if connection.dialect.name == "sqlite":
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(step.detail for step in steps)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "\n".join(connection.exec_driver_sql(f"EXPLAIN {sql}").scalars())


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
async def test_what_is_asked_often_is_found_through_a_small_index(
    statement: sa.Select[tuple[object]], index: str, url: str
) -> None:
    database = engine.open_database(url)
    plan = await database.write(_plan, statement)
    await database.close()

    assert re.search(f"(?i)index [a-z_ ]*{index}", plan)


async def test_a_time_is_stored_as_utc_with_its_microseconds(own_url: str) -> None:
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    seen = datetime(2026, 1, 31, 19, 32, 11, 1, tzinfo=elsewhere)
    table = sa.Table("times", sa.MetaData(), sa.Column("at", schema.UtcTime))

    def store_and_read(connection: sa.Connection) -> tuple[datetime | None, object]:
        table.create(connection)
        connection.execute(sa.insert(table).values(at=seen))
        text = connection.exec_driver_sql("SELECT CAST(at AS VARCHAR) FROM times").scalar()
        return connection.scalar(sa.select(table.c.at)), text

    database = engine.open_database(own_url)
    read, text = await database.write(store_and_read)
    await database.close()

    assert read == seen
    assert read.tzinfo is UTC
    assert str(text).removesuffix("+00") == "2026-01-31 14:02:11.000001"


async def test_text_that_no_database_can_hold_is_held(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    claimed = await examples.claim(store)

    await examples.tell(store, claimed, error="before\0after")

    (delivery,) = await store.deliveries_of(claimed.rollout.id)
    assert delivery.error == "before\N{REPLACEMENT CHARACTER}after"


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = examples.NOW.replace(tzinfo=None)

    with pytest.raises(errors.StoreError, match="without a zone"):
        await store.claim(naive, "one", examples.LEASE)
