"""Times and durations in words. Every time is UTC and aware; the reader sees it in the zone of the device.

A live time is Slack's `<!date>`, https://docs.slack.dev/messaging/formatting-message-text#date-formatting,
whose fallback says the zone; a plain one, for the fallback text, is UTC and says so.
"""

from datetime import UTC, datetime, timedelta

NEAR = timedelta(hours=12)
"""Up to here the time of day alone is clear; further away the day is told too."""


def clock(
    at: datetime, now: datetime, *, live: bool, seconds: bool = False, approximate: bool = False
) -> str:
    """The time of day, with the day where it is not clear, and "about" where it is not sure."""
    near = abs(now - at) <= NEAR
    token = "{time_secs}" if seconds else "{time}"
    utc = at.astimezone(UTC)
    said = utc.strftime("%H:%M:%S UTC" if seconds else "%H:%M UTC")
    if not near:
        token, said = f"{{date_short_pretty}} {token}", f"{utc.day} {utc:%b %Y} {said}"
    about = "about " if approximate else ""
    return about + (_live(at, token, said) if live else said)


def day(at: datetime, *, live: bool) -> str:
    """The day alone."""
    utc = at.astimezone(UTC)
    said = f"{utc.day} {utc:%b %Y}"
    return _live(at, "{date_short}", said) if live else said


def exact(span: timedelta) -> str:
    """A duration to the second below an hour: `2 min 9 s`, `1 h 5 min`."""
    return _two_units(int(span.total_seconds()))


def rough(span: timedelta) -> str:
    """A duration to the nearest minute: `40 s`, `10 min`, `1 h 5 min`."""
    seconds = int(span.total_seconds())
    return _two_units(seconds if seconds < 60 else (seconds + 30) // 60 * 60)


def _two_units(seconds: int) -> str:
    """The largest unit and the one below it."""
    if seconds < 1:
        return "under 1 s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    largest = next(index for index, (count, _) in enumerate(units) if count)
    return " ".join(f"{count} {unit}" for count, unit in units[largest : largest + 2] if count)


def _live(at: datetime, token: str, said: str) -> str:
    return f"<!date^{int(at.timestamp())}^{token}|{said}>"
