"""Blacks out secrets in text that others wrote: containers' logs, the kubelet's words, image references.

Everything foreign that becomes part of a diagnosis passes here, before it is stored or told. Rather too much
is blacked out than too little: a word that is lost costs a look at the log, a secret that is told costs more.
Takes bounded time on any text, because lines are clamped before they are searched and no pattern backtracks
beyond its bounds.
"""

import re
from collections.abc import Callable, Iterator
from itertools import takewhile

MASK = "█████"

LONGEST_LINE = 1000
"""Characters. What follows in a line is dropped: nobody reads it in a message."""

MOST_LINES = 40
"""Of one text; the last are kept."""

_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd(?!=/)|secret(?:[_-]?(?:access[_-]?)?key)?|token"
    r"|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|encryption[_-]?key|signing[_-]?key"
    r"|account[_-]?key|shared[_-]?access[_-]?key|master[_-]?key|credentials?|client[_-]?secret"
    r"|(?<=[_-])pass|(?<=[_-])auth|session[_-]?id|signature|x-amz-credential|(?<=[?&])sig|dockerconfigjson"
)
"""What a secret is called, at the end of a longer name too: `DB_PASSWORD`, `spring.redis.password`."""

_SUFFIX = r"(?:[_-]?(?:value|base64|b64|hash|old|new|\d{1,3}))?"
_ASSIGNED = (
    r"""\\{0,3}["'`]?\]?"""
    r"""(?:=>|:=|=(?!>)|:(?!=)|[ \t]{1,4}(?:=>|:=|=(?!>)|:(?!=|[ \t]{0,4}[a-z]{1,30} ["'])))"""
    r"""[ \t]{0,4}"""
)
"""But not as the kubelet writes: `volume "db-password" : secret "db" not found`."""
_VALUE = (
    rf"(?!{MASK})"
    r"""(?:\\{1,3}"[^"\\]{0,1000}|"(?:\\.|[^"\\]){0,1000}|'(?:\\.|[^'\\]){0,1000}|`[^`]{0,1000}|\S{1,1000})"""
)

_PREFIXED = (
    r"gh[pousr]_[A-Za-z0-9]{16,255}",
    r"github_pat_\w{16,255}",
    r"gl(?:pat|ptt|dt|rt|cbt|ft|imt|soat|oas|agent)-[\w-]{10,255}",
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,255}",
    r"xapp-[\w-]{8,255}",
    r"AIza[\w-]{30,60}",
    r"ya29\.[\w.-]{10,500}",
    r"GOCSPX-[\w-]{10,100}",
    r"(?:sk|rk|pk)_(?:live|test)_\w{8,255}",
    r"whsec_[\w+/=]{8,255}",
    r"sk-[\w-]{16,255}",
    r"npm_[A-Za-z0-9]{20,100}",
    r"pypi-[\w-]{16,500}",
    r"hv[sbr]\.[\w-]{16,500}",
    r"dop_v1_[a-f0-9]{20,100}",
    r"SG\.[\w-]{10,100}\.[\w-]{10,100}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{10,100}",
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,40}",
    r"eyJ[\w-]{5,1000}\.[\w-]{2,1000}(?:\.[\w-]{0,1000}){0,3}",
)
"""Tokens that say by their beginning what they are."""

_SCHEMES = r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|sqlserver|mssql|oracle|jdbc:\w{1,20})"
_DATABASES = rf"(?i:\b({_SCHEMES}(?:\+\w{{1,20}})?://[^\s:@\"'/]{{0,200}}):[^\s\"'<>]{{1,500}}@"


def _kept(match: re.Match[str]) -> str:
    """What stands before the secret stays, so that people see which one it was."""
    return f"{match[1]}{MASK}"


def _kept_if_random(match: re.Match[str]) -> str:
    """`Basic dXNlcjpwYXNz` is a secret, `basic authentication` is not; no word of prose is so long."""
    secret = match[2]
    return _kept(match) if _is_random(secret) or len(secret) >= LONG_WORD else match[0]


def _masked_if_random(match: re.Match[str]) -> str:
    return MASK if _is_mixed(match[0]) else match[0]


LONG_WORD = 20
"""Characters without a space that are taken for a credential where one is announced."""

_Replacement = Callable[[re.Match[str]], str]

_RULES: tuple[tuple[re.Pattern[str], _Replacement], ...] = (
    # Headers first: their values have spaces in them.
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|auth-token|vault-token)"
            r"|private-token)(" + _ASSIGNED + r")(?![ \t]{0,4}server message)[\\\"'\[]{0,4}[^\"'\r\n]{1,1000}"
        ),
        lambda match: f"{match[1]}{match[2]}{MASK}",
    ),
    (re.compile(r"(?i)\b((?:bearer|basic|negotiate|digest)[ \t]{1,4})([\w.~+/=-]{6,1000})"), _kept_if_random),
    (re.compile(r"(?<![A-Za-z0-9])(?:" + "|".join(_PREFIXED) + ")"), lambda _: MASK),
    (
        re.compile(r"(?i)(\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[\w/-]{1,500}"),
        _kept,
    ),
    (re.compile(r"(?i)(\b(?:discord|discordapp)\.com/api/webhooks/)[\w/-]{1,500}"), _kept),
    (
        re.compile(_DATABASES + ")"),
        lambda match: f"{match[1]}:{MASK}@",
    ),
    (
        re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://[^\s:@\"'/]{0,200}):[^\s\"'/<>@]{1,500}@"),
        lambda match: f"{match[1]}:{MASK}@",
    ),
    (
        re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://)[^\s:@\"'/]{16,500}@"),
        lambda match: f"{match[1]}{MASK}@",
    ),
    (
        re.compile(r"(?<![\w.-])([\w.-]{1,60}):[^\s\"']{1,200}@((?:tcp|tcp4|tcp6|unix)\()"),
        lambda match: f"{match[1]}:{MASK}@{match[2]}",
    ),
    (re.compile(rf"(?i)((?:{_NAMES}){_SUFFIX}{_ASSIGNED}){_VALUE}"), _kept),
    (re.compile(rf"(?i)((?<![\w-])--?[\w.-]{{0,40}}(?:{_NAMES})[ \t]{{1,4}})(?!-){_VALUE}"), _kept),
    (re.compile(r"(?i)(\"(?:auth|pass|key|pin|otp)\\{0,3}\"[ \t]{0,4}:[ \t]{0,4})" + _VALUE), _kept),
    (re.compile(r"(?i)(\bidentified[ \t]{1,4}by[ \t]{1,4})" + _VALUE), _kept),
    (re.compile(r"(?<!\d)\d{8,10}:AA[\w-]{30,40}"), lambda _: MASK),
    (re.compile(r"(?<![\w/+=.-])[A-Za-z0-9/+]{40}={0,2}(?![\w/+=-])"), _masked_if_random),
    (re.compile(r"^\s{0,40}[A-Za-z0-9+/]{60,1000}={0,2}\s{0,40}$"), _masked_if_random),
)

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"^\s*$|^\s*[A-Za-z0-9+/=]+\s*$|^\s*(?:Proc-Type|DEK-Info|Version|Comment): ")
_KEY_LONG_LINE = re.compile(r"^\s*[A-Za-z0-9+/]{40,}={0,2}\s*$")


def redact(text: str) -> str:
    """The text without what looks like a secret; short ordinary text comes back as it was."""
    lines = text.replace("\r\n", "\n").split("\n")[-MOST_LINES:]
    return "\n".join(_without_keys([line[:LONGEST_LINE] for line in lines]))


def tail(text: str, *, lines: int, size: int) -> str:
    """The last lines of a log, redacted, of at most `size` bytes. Redacted before anything is cut off.

    A secret that is cut in two is not known for one any more.
    """
    kept = redact(text.rstrip()).split("\n")[-lines:]
    told = "\n".join(kept).encode()
    return told[-size:].decode(errors="ignore")


def _without_keys(lines: list[str]) -> Iterator[str]:
    """Line by line, with private keys left out that run over several of them."""
    bodies = _key_bodies(lines)
    for place, line in enumerate(lines):
        if begins := _KEY_BEGINS.search(line):
            yield _redact_line(line[: begins.start()]) + MASK + _after_key(line)
        elif place not in bodies:
            yield _redact_line(line)


def _key_bodies(lines: list[str]) -> set[int]:
    """Which lines are inside of a key, also of one whose begin or end was cut off."""
    bodies: set[int] = set()
    for place, line in enumerate(lines):
        if _KEY_BEGINS.search(line) and not _KEY_ENDS.search(line):
            bodies.update(_run(lines, range(place + 1, len(lines)), _KEY_LINE))
        elif _KEY_ENDS.search(line):
            bodies.update({place, *_before_end(lines, place)})
    return bodies


def _before_end(lines: list[str], end: int) -> Iterator[int]:
    """The last line of a key may be short; all others are long."""
    if end > 0 and _KEY_LINE.search(lines[end - 1]):
        yield end - 1
        yield from _run(lines, range(end - 2, -1, -1), _KEY_LONG_LINE)


def _run(lines: list[str], places: range, kind: re.Pattern[str]) -> Iterator[int]:
    """The places from the first on whose lines are of the kind that keys are made of."""
    return takewhile(lambda place: kind.search(lines[place]) is not None, places)


def _after_key(line: str) -> str:
    """What follows a key that ends in the line in which it began (as in JSON)."""
    ends = list(_KEY_ENDS.finditer(line))
    return _redact_line(line[ends[-1].end() :]) if ends else ""


def _redact_line(line: str) -> str:
    for pattern, replacement in _RULES:
        line = pattern.sub(replacement, line)
    return line


def _is_random(word: str) -> bool:
    return any(c.isdigit() or c in "=+/" for c in word) or any(c.isupper() for c in word[1:])


def _is_mixed(word: str) -> bool:
    """Small and capital letters and digits, and not a path."""
    classes = (str.isupper, str.islower, str.isdigit)
    return word.count("/") <= 4 and all(any(is_of(c) for c in word) for is_of in classes)
