"""Foreign text made harmless and short: the only way in which strings from a cluster reach a message.

Everything that a cluster or a configuration says may be hostile, or merely odd. Each function takes it raw
and gives it ready for a Slack text object: cleaned, without live markup, escaped, and never longer than
the limit, which counts what is sent (`&` is sent as `&amp;`). Nothing is escaped twice.
See https://docs.slack.dev/messaging/formatting-message-text#escaping.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate
from urllib.parse import quote

ELLIPSIS = "…"
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that have no shape of their own: controls, bidi marks, joiners, lone surrogates."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_ITALIC = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_EMOJI = re.compile(r":(?=[\w+'-]*[^\W\d][\w+'-]*:)")
_CALL = re.compile(r"@(?=here|channel|everyone|group)", re.IGNORECASE)
_CHARACTER = re.compile(r"&(?:amp|lt|gt);|.", re.DOTALL)
_WEB = re.compile(r"https?://[^/?#]")
_LONGEST_URL = 1000


def prose(value: str, limit: int = 300) -> str:
    """One line of foreign text between our own words, in mrkdwn or in the fallback text."""
    return _tame(_fit(_one_line(value, limit).translate(_ESCAPES), limit))


def name(value: str, limit: int = 120) -> str:
    """As prose, but what does not fit is cut from the middle: names often differ at their ends."""
    return prose(_middle(_one_line(value, limit * 4), limit), limit)


def label(value: str, limit: int) -> str:
    """One line for a plain_text object, which knows no markup but turns `:codes:` into emoji."""
    line = _middle(_one_line(value, limit * 4), limit)
    return _CALL.sub("＠", _EMOJI.sub("∶", line)).replace("<", "‹").replace(">", "›")


def code(value: str, limit: int = 300) -> str:
    """A code span, as the only place where a command stays literal; empty for nothing."""
    literal = _one_line(value, limit).replace("`", "ˋ").translate(_ESCAPES)
    return f"`{_fit(literal, limit)}`" if literal else ""


def fence(value: str, limit: int, *, tail: bool = False) -> str:
    """Several lines as they are, in a code block; empty for nothing. `tail` keeps the end, as of a log."""
    part = value[-limit * 2 :] if tail else value[: limit * 2]
    lines = (_visible(line) for line in part.splitlines())
    literal = "\n".join(line.rstrip() for line in lines).strip("\n").replace("`", "ˋ")
    escaped = literal.translate(_ESCAPES)
    fitted = _fit_end(escaped, limit) if tail else _fit(escaped, limit)
    return f"```\n{fitted}\n```" if fitted.strip() else ""


def link(url: str, words: str) -> str:
    """Our own words as a link, or the bare words where the URL is none that a browser should open."""
    safe = quote(_visible(url[: _LONGEST_URL + 1]), safe=":/?#[]@!$&'()*+,;=%~").translate(_ESCAPES)
    return f"<{safe}|{words}>" if _WEB.match(safe) and len(safe) <= _LONGEST_URL else words


def clamp_bytes(sentence: str, limit: int) -> str:
    """Our own finished sentence, held below Slack's limit on edits, which counts bytes of UTF-8."""
    return _cut(sentence, limit, lambda part: len(part.encode()))


def _one_line(value: str, limit: int) -> str:
    """Cleaned, with every run of white space as one space; far too long text is cut before the work."""
    return " ".join(_visible(" ".join(value[: limit * 4].split())).split())


def _visible(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    spaced = value.replace("\t", " ")
    return "".join(c for c in spaced if unicodedata.category(c) not in UNSEEN)


def _tame(escaped: str) -> str:
    """Without live markup: emphasis, code, emoji codes, plain calls such as `@here`, a leading quote mark.

    What could be live is replaced by a character of the same look, so that names can still be read. After
    the cut, for a cut can bring markup to life: `_a_b` is none, `_a_` is.
    """
    calm = _ITALIC.sub("ˍ", escaped.translate(_LOOKALIKES))
    calm = _CALL.sub("＠", _EMOJI.sub("∶", calm))
    return f"›{calm.removeprefix('&gt;')}" if calm.startswith("&gt;") else calm


def _fit(escaped: str, limit: int) -> str:
    return _cut(escaped, limit, len)


def _fit_end(escaped: str, limit: int) -> str:
    """The last characters, from the beginning of a line where one is near."""
    if len(escaped) <= limit:
        return escaped
    characters = _CHARACTER.findall(escaped)
    reached = accumulate(map(len, reversed(characters)))
    kept = sum(size <= limit - len(ELLIPSIS) - 1 for size in reached)
    end = "".join(characters[len(characters) - kept :])
    first, _, rest = end.partition("\n")
    return f"{ELLIPSIS}\n{rest}" if rest.strip() and len(first) < len(rest) else f"{ELLIPSIS}{end}"


def _cut(escaped: str, limit: int, measure: Callable[[str], int]) -> str:
    """Cut to the limit, by whatever measure, without cutting through an entity."""
    if measure(escaped) <= limit:
        return escaped
    characters = _CHARACTER.findall(escaped)
    reached = accumulate(map(measure, characters))
    room = limit - measure(ELLIPSIS)
    return "".join(c for c, size in zip(characters, reached, strict=True) if size <= room).rstrip() + ELLIPSIS


def _middle(value: str, limit: int) -> str:
    if len(value) <= limit:
        return value
    head = (limit - len(ELLIPSIS)) * 2 // 3
    tail = limit - len(ELLIPSIS) - head
    return f"{value[:head]}{ELLIPSIS}{value[-tail:]}"
