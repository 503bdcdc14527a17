"""The tables, and the revision of the schema that this program knows.

What is queried is a column with an index; everything else of a value is JSON in `body`. Where a column and
a body say the same, the column is right. The migrations lead to exactly these tables; a test compares them.
"""

from datetime import UTC, datetime

import sqlalchemy as sa

REVISION = "0001"
"""The migration that this program's tables are the result of."""


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment with microseconds: UTC in, UTC out, comparable in SQL. A naive datetime is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite gives back what it was given, short of the zone.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Prose(sa.TypeDecorator[str]):
    """Text from elsewhere. PostgreSQL cannot hold the character NUL, so that nobody shall have to."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if value else value


metadata = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_of_%(referred_table_name)s",
    }
)


def _rollout_key() -> sa.ForeignKey:
    """Checked at the commit, so that nobody has to mind in which order one step's rows are written."""
    return sa.ForeignKey("rollouts.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")


baselines = sa.Table(
    "baselines",
    metadata,
    sa.Column("cluster", sa.String, primary_key=True),
    sa.Column("resource", sa.String, primary_key=True),
    sa.Column("scope", sa.String, primary_key=True),
    sa.Column("resource_version", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
"""The first complete list of a resource in a scope: a uid without a row after it is news."""

rollouts = sa.Table(
    "rollouts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("cluster", sa.String, nullable=False),
    sa.Column("namespace", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("uid", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("wake_at", UtcTime),
    sa.Column("body", sa.Text, nullable=False),
)
"""History and present: one row per revision of a workload that was rolled out."""

OPEN = rollouts.c.is_open.is_(sa.true())
"""Written the same way in indexes and in queries: only then does SQLite use the partial index."""

sa.Index("rollouts_open", rollouts.c.cluster, sqlite_where=OPEN, postgresql_where=OPEN)
sa.Index("rollouts_waking", rollouts.c.wake_at, sqlite_where=OPEN, postgresql_where=OPEN)
sa.Index("rollouts_newest", rollouts.c.started_at)
sa.Index("rollouts_of_workload", rollouts.c.namespace, rollouts.c.name, rollouts.c.started_at)

workloads = sa.Table(
    "workloads",
    metadata,
    sa.Column("cluster", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("uid", sa.String, primary_key=True),
    sa.Column("namespace", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("resource_version", sa.BigInteger, nullable=False),
    sa.Column("pods_version", sa.BigInteger, nullable=False),
    sa.Column("deleted_at", UtcTime),
    sa.Column(
        "rollout_id",
        sa.Uuid,
        sa.ForeignKey("rollouts.id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"),
        index=True,
    ),
    sa.Column("body", sa.Text, nullable=False),
)
"""What is remembered of each workload, tombstones included."""

DELETED = workloads.c.deleted_at.is_not(None)

sa.Index("workloads_by_name", workloads.c.namespace, workloads.c.name)
sa.Index("workloads_deleted", workloads.c.deleted_at, sqlite_where=DELETED, postgresql_where=DELETED)

transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("rollout_id", sa.Uuid, _rollout_key(), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("note", Prose, nullable=False),
)
"""`position` keeps the order of transitions that led to the same version."""

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("rollout_id", sa.Uuid, _rollout_key(), primary_key=True),
    sa.Column("destination", sa.String, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("told_version", sa.BigInteger, nullable=False),
    sa.Column("told_state", sa.String),
    sa.Column("due", sa.Boolean, nullable=False),
    sa.Column("due_since", UtcTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("retry_at", UtcTime),
    sa.Column("edit_at", UtcTime),
    sa.Column("error", Prose),
    sa.Column("lease_token", sa.String),
    sa.Column("lease_owner", sa.String),
    sa.Column("lease_until", UtcTime),
)
"""What a destination must be told about a rollout. `version` repeats the rollout's own, so that one row
alone decides whether it is `due`: intake raises it, whoever tells lowers it, and neither can miss the other.
"""

DUE = deliveries.c.due.is_(sa.true())

sa.Index("deliveries_due", deliveries.c.due_since, sqlite_where=DUE, postgresql_where=DUE)

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("rollout_id", sa.Uuid, primary_key=True),
    sa.Column("destination", sa.String, primary_key=True),
    sa.Column("part", sa.String, primary_key=True),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("token", sa.String, nullable=False),
    sa.Column("channel_id", sa.String, nullable=False),
    sa.Column("ts", sa.String),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("gist", Prose, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("intent_at", UtcTime, nullable=False),
    sa.Column("posted_at", UtcTime),
    sa.Column("edited_at", UtcTime),
    sa.Column("edit_open_at", UtcTime),
    sa.ForeignKeyConstraint(
        ["rollout_id", "destination"],
        ["deliveries.rollout_id", "deliveries.destination"],
        name="posts_rollout_id_of_deliveries",
        ondelete="CASCADE",
    ),
)
"""One message each. `token` is the lease under which its intent was opened."""

INTENDED = posts.c.status == sa.literal_column("'intent'", sa.String)

sa.Index("posts_intended", posts.c.channel_id, sqlite_where=INTENDED, postgresql_where=INTENDED)

paces = sa.Table(
    "paces",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("next_at", UtcTime, nullable=False),
    sa.Column("held_until", UtcTime),
)
"""How fast a channel or a workspace may be spoken to: `next_at` is when its bucket is full again."""

channels = sa.Table(
    "channels",
    metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("channel_id", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
"""IDs of channels that are configured by name, as Slack told them."""
