"""IDs of channels that are configured by name: history and edits take only IDs."""

from datetime import datetime

import sqlalchemy as sa

from shipbell.store import dialects, schema

_channels = schema.channels.c
_FIND = sa.select(_channels.channel_id).where(
    _channels.workspace == sa.bindparam("workspace"), _channels.name == sa.bindparam("name")
)


def find(connection: sa.Connection, workspace: str, name: str) -> str | None:
    """The ID of a channel, if it was ever learnt; `#` in front makes no difference."""
    found: str | None = connection.scalar(_FIND, {"workspace": workspace, "name": name.removeprefix("#")})
    return found


def remember(connection: sa.Connection, workspace: str, name: str, channel_id: str, now: datetime) -> None:
    """Keeps the ID of a channel; the latest word counts."""
    learnt = {"workspace": workspace, "name": name.removeprefix("#"), "channel_id": channel_id, "at": now}
    connection.execute(dialects.upsert(connection.dialect.name, schema.channels), learnt)
