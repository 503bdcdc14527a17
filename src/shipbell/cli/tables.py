"""Columns as kubectl prints them: aligned, never wrapped, ages instead of times.

What the cluster says is foreign text: control characters are shown as a replacement, so that no annotation
can move the cursor of whoever looks.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 10_000
"""Columns of the imagined terminal: lines are cut by nobody but the reader's own."""

STYLES = {
    "succeeded": "green",
    "recovered": "green",
    "failed": "red",
    "failing": "red",
    "stalled": "yellow",
    "paused": "yellow",
}


def printable(text: str) -> str:
    """The text with everything replaced that a terminal would obey instead of show."""
    return "".join("�" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char for char in text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool) -> str:
    """The rows below their heads."""
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="", show_edge=False)
    for head in heads:
        grid.add_column(head, no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in map(printable, row)))
    console = Console(
        width=WIDEST, color_system="standard" if colour else None, force_terminal=colour, no_color=not colour
    )
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def age(since: datetime | None, now: datetime) -> str:
    """How long ago that was, or `-`."""
    return span(now - since) if since is not None else "-"


def span(duration: timedelta) -> str:
    """A duration in the two units that matter: `45s`, `12m`, `3h20m`, `5d2h`.

    The steps are kubectl's, see
    https://github.com/kubernetes/apimachinery/blob/master/pkg/util/duration/duration.go.
    """
    seconds = max(int(duration.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    return _two(days, "d", hours % 24, "h") if days < 8 else f"{days}d"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"
