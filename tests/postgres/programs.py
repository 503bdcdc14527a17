"""Where PostgreSQL's programs are; `scripts/postgresql` installs them where they are missing."""

import os
import shutil
from pathlib import Path

from tests.cluster import binaries

CHOSEN = "POSTGRES_BIN"
"""The variable that names a folder of programs, to try another version."""

WHEEL = "pgserver-0.1.4"
"""https://pypi.org/project/pgserver/ brings a whole server, for those who are not root."""


def folder() -> Path | None:
    """The folder with `initdb` and `postgres`; None if there is none."""
    return next((each for each in _candidates() if (each / "initdb").exists()), None)


def _candidates() -> list[Path]:
    if chosen := os.environ.get(CHOSEN):
        return [Path(chosen)]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    wheel = binaries.cache() / "postgresql" / WHEEL / "pgserver" / "pginstall" / "bin"
    return [*debian, *([Path(on_path).parent] if on_path else []), wheel]


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
