"""The first tables."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Parents before children."""
    _create("baselines", _strings("cluster", "resource", "scope"), _resource_version(), _time("at"))
    _create_rollouts()
    _create_workloads()
    _create_transitions()
    _create_deliveries()
    _create_posts()
    _create("paces", _strings("key"), _time("next_at"), _time("held_until", nullable=True))
    _create("channels", _strings("workspace", "name"), _string("channel_id"), _time("at"))


def _create_rollouts() -> None:
    _create(
        "rollouts",
        [_id("id")],
        *_strings("cluster", "namespace", "kind", "name", "uid", "state"),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("started_at"),
        _time("finished_at", nullable=True),
        _time("changed_at"),
        _time("wake_at", nullable=True),
        _text("body"),
    )
    is_open = sa.column("is_open").is_(sa.true())
    _index("rollouts_open", "rollouts", ["cluster"], where=is_open)
    _index("rollouts_waking", "rollouts", ["wake_at"], where=is_open)
    _index("rollouts_newest", "rollouts", ["started_at"])
    _index("rollouts_of_workload", "rollouts", ["namespace", "name", "started_at"])


def _create_workloads() -> None:
    _create(
        "workloads",
        _strings("cluster", "kind", "uid"),
        *_strings("namespace", "name"),
        _resource_version(),
        sa.Column("pods_version", sa.BigInteger, nullable=False),
        _time("deleted_at", nullable=True),
        _id("rollout_id", nullable=True),
        _text("body"),
        _of_rollout("workloads", ondelete="SET NULL"),
    )
    _index("workloads_rollout_id", "workloads", ["rollout_id"])
    _index("workloads_by_name", "workloads", ["namespace", "name"])
    _index("workloads_deleted", "workloads", ["deleted_at"], where=sa.column("deleted_at").is_not(None))


def _create_transitions() -> None:
    _create(
        "transitions",
        [_id("rollout_id"), sa.Column("version", sa.BigInteger, nullable=False), _string("kind")],
        sa.Column("position", sa.Integer, nullable=False),
        _time("at"),
        _text("note"),
        _of_rollout("transitions", ondelete="CASCADE"),
    )


def _create_deliveries() -> None:
    _create(
        "deliveries",
        [_id("rollout_id"), _string("destination")],
        _text("body"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("told_version", sa.BigInteger, nullable=False),
        _string("told_state", nullable=True),
        sa.Column("due", sa.Boolean, nullable=False),
        _time("due_since"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _time("retry_at", nullable=True),
        _time("edit_at", nullable=True),
        _text("error", nullable=True),
        _string("lease_token", nullable=True),
        _string("lease_owner", nullable=True),
        _time("lease_until", nullable=True),
        _of_rollout("deliveries", ondelete="CASCADE"),
    )
    _index("deliveries_due", "deliveries", ["due_since"], where=sa.column("due").is_(sa.true()))


def _create_posts() -> None:
    _create(
        "posts",
        [_id("rollout_id"), *_strings("destination", "part")],
        _string("status"),
        sa.Column("attempt", sa.Integer, nullable=False),
        *_strings("token", "channel_id"),
        _string("ts", nullable=True),
        _string("state"),
        _text("gist"),
        _string("digest"),
        _time("intent_at"),
        *(_time(name, nullable=True) for name in ("posted_at", "edited_at", "edit_open_at")),
        sa.ForeignKeyConstraint(
            ["rollout_id", "destination"],
            ["deliveries.rollout_id", "deliveries.destination"],
            name="posts_rollout_id_of_deliveries",
            ondelete="CASCADE",
        ),
    )
    intended = sa.column("status") == sa.literal_column("'intent'")
    _index("posts_intended", "posts", ["channel_id"], where=intended)


def _create(table: str, key: Sequence[sa.Column[Any]], *rest: sa.Column[Any] | sa.Constraint) -> None:
    primary = sa.PrimaryKeyConstraint(*(column.name for column in key), name=f"{table}_key")
    op.create_table(table, *key, *rest, primary)


def _index(name: str, table: str, columns: list[str], *, where: sa.ColumnElement[bool] | None = None) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _of_rollout(table: str, *, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["rollout_id"],
        ["rollouts.id"],
        name=f"{table}_rollout_id_of_rollouts",
        ondelete=ondelete,
        deferrable=True,
        initially="DEFERRED",
    )


def _strings(*names: str) -> list[sa.Column[Any]]:
    return [_string(name) for name in names]


def _string(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, nullable=nullable)


def _resource_version() -> sa.Column[Any]:
    return sa.Column("resource_version", sa.BigInteger, nullable=False)
