"""Lengths of time in words, for causes."""

from datetime import timedelta


def in_words(duration: timedelta | None) -> str:
    """`10 min`, `1 min 30 s`; a deadline that is not known is "too long"."""
    if duration is None:
        return "too long"
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return " ".join(
        part for part in (f"{minutes} min" * bool(minutes), f"{seconds} s" * bool(seconds)) if part
    )
