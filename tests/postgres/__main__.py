"""Says where PostgreSQL's programs are; fails if there are none. `scripts/postgresql` asks."""

import sys

from tests.postgres import programs

if __name__ == "__main__":
    found = programs.folder()
    if found is None:
        sys.exit(1)
    sys.stderr.write(f"PostgreSQL is there: {found}\n")
