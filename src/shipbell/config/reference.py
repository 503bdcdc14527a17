"""Writes `docs/configuration.md` from the settings: `python -m shipbell.config.reference > FILE`.

What it says of a setting is what stands under its field in `settings`; a test fails when the page is stale.
"""

import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from shipbell.config import durations, fields
from shipbell.config.settings import Section, Settings

HEAD = """\
# Configuration

<!-- Made from src/shipbell/config/settings.py by `python -m shipbell.config.reference`; change it there. -->

One YAML file, named by `--config FILE` or `SHIPBELL_CONFIG`. Every setting has an environment variable, and
most need not be set at all. A setting is taken from the command line (`--set log.level=debug`), else from the
environment, else from the file, else it has its default. An empty variable or key counts as not set.

The smallest file:

```yaml
cluster: production
slack:
  channel: "#deployments"
  token_file: /run/secrets/slack/token
```

- `shipbell check --config FILE` tells every mistake with its line and its remedy, and tries what it names.
- A key that is no setting is a mistake, and so is a `SHIPBELL_...` variable that belongs to none.
- Secrets are never written into the file: it names a file of their own, or they are in the environment.
  Relative paths in the file start at the file's folder, all others at the working directory.
- Durations have a unit: `250ms`, `90s`, `10m`, `1h30m`, `2d`. In variables, lists are separated by commas.
"""

KINDS: dict[type, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    tuple: "list",
    timedelta: "duration",
    Path: "path",
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_section(Settings, ())])


def _section(section: type[Section], path: tuple[str, ...]) -> Iterator[str]:
    title = f"`{'.'.join(path)}`" if path else "Top level"
    yield f"## {title}\n"
    if path:
        yield f"{_flow(section.__doc__ or '')}\n"
    for field in fields.every():
        if field.path[:-1] == path:
            yield from _entry(field)
    for name in section.model_fields:
        if (inner := fields.section_at((*path, name))) is not None:
            yield from _section(inner, (*path, name))


def _entry(field: fields.Field) -> Iterator[str]:
    yield f"### `{field.dotted}`\n"
    yield f"{_flow(field.info.description or '')}\n"
    yield f"{_kind(field)}. {_default(field)} Variable: `{field.twin}`.\n"


def _kind(field: fields.Field) -> str:
    if field.secret:
        return f"Secret, not in the file: use `{'.'.join(field.file_path)}` or the variable"
    if issubclass(field.kind, Enum):
        return "One of " + ", ".join(f"`{choice.value}`" for choice in field.kind)
    kind = KINDS[field.kind]
    return kind if kind.startswith("`") else kind.capitalize()


def _default(field: fields.Field) -> str:
    if field.info.is_required():
        return "Required."
    value = _spell(field.info.default)
    if field.many and not value:
        return "Empty by default."
    return f"Default: {value}." if value else "Not set by default."


def _spell(value: Any) -> str:
    match value:
        case None | "" | ():
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case timedelta():
            return f"`{durations.spell(value)}`"
        case tuple():
            return ", ".join(f"`{entry}`" for entry in value)
        case _:
            return f"`{value}`"


def _flow(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), width=110, break_on_hyphens=False, break_long_words=False)


if __name__ == "__main__":
    sys.stdout.write(page())
