"""What Shipbell writes while it runs: JSON lines for machines, readable ones on a terminal.

Every line, of our own modules (`structlog.get_logger`) and of libraries (`logging`), goes through one handler
with one last step that masks what looks like a secret. Secrets should not get that far; this is the second
line of defence, and the command line uses the same `redact` for what it prints.
"""

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

QUIET = ("asyncio", "kubernetes", "slack_sdk", "urllib3")
"""Libraries whose debug lines drown ours; their warnings are kept."""

_TOKEN = re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[\w.%-]+|\bxapp-[\w.%-]+", re.IGNORECASE)
_WEBHOOK = re.compile(r"(/(?:services|workflows|triggers)/)[A-Z0-9]{4,}/[^\s\"'<>\\]+")
_SCHEME = re.compile(r"\b((?i:bearer|basic)\s+)(?=\S*[A-Z0-9=])[\w.~+/=-]{6,}")
_HEADER = re.compile(
    r"(?i)(authorization[\"'\\]*\s*[:=,]\s*(?:b?[\"'\\]+)?)(?!\*)((?:\w+\s+)?[^\s\"'\\,;}]+)"
)
_PASSWORD = re.compile(r"(\w://[^\s/:@\"']*:)[^\s/@\"']+(?=@)")
_PARAMETER = re.compile(r"(?i)([?&](?:access_|auth_|bot_)?(?:token|secret|password|key)=)[^\s&\"']+")
_JWT = re.compile(r"\beyJ[\w-]{6,}\.[\w-]+\.[\w-]+")
_FIELD = re.compile(r"(?i)^(?:\w*_)?(?:authorization|token|password|secret|webhook_url)$")


def redact(text: str) -> str:
    """The text with everything masked that has the shape of a secret: tokens, webhook URLs, passwords."""
    text = _TOKEN.sub(MASK, text)
    text = _JWT.sub(MASK, text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    for pattern in (_WEBHOOK, _SCHEME, _PASSWORD, _PARAMETER):
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def configure(level: str, format_: str, stream: TextIO | None = None) -> None:
    """Sends all logging to `stream` (default: standard error), as `json`, `text`, or `auto` by terminal."""
    stream = stream or sys.stderr
    readable = format_ == "text" or (format_ == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(readable, colours=stream.isatty()))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # A module's logger made before the configuration must follow it, and tests configure repeatedly.
        cache_logger_on_first_use=False,
    )


class _MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Masks secrets wherever they stand in the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _shared() -> list[Processor]:
    """What every line gets, whoever wrote it."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]


def _formatter(readable: bool, *, colours: bool) -> logging.Formatter:
    # The plain traceback, because the pretty one shows local variables, and those hold secrets.
    plain = structlog.dev.plain_traceback
    renderer: Processor
    if readable:
        renderer = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    return _MaskingFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _mask_fields,
            renderer,
        ],
    )


def _mask_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Masks fields that are secrets by their name."""
    return {key: MASK if _FIELD.match(key) and value else value for key, value in event.items()}
