"""The clock of the whole service: every other module is given the time."""

from datetime import UTC, datetime


def now_utc() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)
