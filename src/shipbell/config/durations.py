"""Durations as people write them in Kubernetes' surroundings: `90s`, `10m`, `1h30m`, `250ms`.

The same words as Go's time.ParseDuration (https://pkg.go.dev/time#ParseDuration) plus `d` for days; a bare
number is refused, because nobody can tell what it counts.
"""

import re
from datetime import timedelta

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
LONGEST = timedelta(days=3650)

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse(value: object) -> timedelta:
    """The duration that a text names. Raises `ValueError` with what is wrong and how to write it."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no duration; write a number and its unit, like 90s, 10m or 1h30m")
    parts = (float(number) * UNITS[unit] for number, unit in _PART.findall(text))
    duration = sum(parts, timedelta())
    if duration > LONGEST:
        raise ValueError(f"{text!r} is longer than ten years; write a shorter duration")
    return duration


def spell(duration: timedelta) -> str:
    """The shortest text that `parse` reads as this duration: `1h30m`, `0s`."""
    milliseconds = round(duration / UNITS["ms"])
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, milliseconds = divmod(milliseconds, round(UNITS[unit] / UNITS["ms"]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
