"""IDs of channels that are configured by name: history and edits take only IDs."""

from datetime import datetime

import sqlalchemy as sa

from shipbell.store import engine, schema

_channels = schema.channels.c


def find(connection: sa.Connection, workspace: str, name: str) -> str | None:
    """The ID of a channel, if it was ever learnt; `#` in front makes no difference."""
    statement = sa.select(_channels.channel_id).where(
        _channels.workspace == workspace, _channels.name == name.removeprefix("#")
    )
    return connection.scalar(statement)


def remember(connection: sa.Connection, workspace: str, name: str, channel_id: str, now: datetime) -> None:
    """Keeps the ID of a channel; the latest word counts."""
    key = {"workspace": workspace, "name": name.removeprefix("#")}
    learnt = {"channel_id": channel_id, "at": now}
    statement = engine.insert(connection, schema.channels).values(**key, **learnt)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=learnt))
