"""Emoji by name, as far as messages about rollouts use them; others are shown as `:name:`.

Slack knows some four thousand of them; templates mostly use Unicode or one of these.
"""

import re

_NAME = re.compile(r":([a-z0-9_+-]{1,40}):")
_KNOWN = {
    "+1": "👍",
    "-1": "👎",
    "alarm_clock": "⏰",
    "anchor": "⚓",
    "arrows_counterclockwise": "🔄",
    "bell": "🔔",
    "black_square_for_stop": "⏹️",
    "boom": "💥",
    "bug": "🐛",
    "construction": "🚧",
    "double_vertical_bar": "⏸️",
    "eyes": "👀",
    "fire": "🔥",
    "gear": "⚙️",
    "green_heart": "💚",
    "heavy_check_mark": "✔️",
    "hourglass_flowing_sand": "⏳",
    "information_source": "ℹ️",
    "large_blue_circle": "🔵",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "leftwards_arrow_with_hook": "↩️",
    "link": "🔗",
    "memo": "📝",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "package": "📦",
    "pushpin": "📌",
    "question": "❓",
    "recycle": "♻️",
    "red_circle": "🔴",
    "repeat": "🔁",
    "rewind": "⏪",
    "rocket": "🚀",
    "rotating_light": "🚨",
    "ship": "🚢",
    "sparkles": "✨",
    "tada": "🎉",
    "thumbsup": "👍",
    "turtle": "🐢",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "whale": "🐳",
    "wrench": "🔧",
    "x": "❌",
    "zap": "⚡",
}


def shown(text: str) -> str:
    """The text with the names that are known made into emoji."""
    return _NAME.sub(lambda match: named(match[1]), text)


def named(name: str) -> str:
    """One emoji by its name."""
    return _KNOWN.get(name, f":{name}:")
