"""`python -m tests.bench.witness`: notes when the API server's events arrive at one who does nothing else.

A process of its own with one blocking connection, so that its clock is not late: it writes the time and the
event as it came, and leaves reading it to `delays`.
"""

import http.client
import ssl
import sys
import time
from pathlib import Path
from typing import IO

DEPLOYMENTS = "/apis/apps/v1/deployments?watch=true"
"""Without a resourceVersion: it begins with all that there is."""


def main(arguments: list[str]) -> int:
    """Arguments: host, port, CA file, token, and the file to write; runs until it is killed."""
    host, port, ca_file, token, journal = arguments
    tls = ssl.create_default_context(cafile=ca_file)
    server = http.client.HTTPSConnection(host, int(port), context=tls)
    server.request("GET", DEPLOYMENTS, headers={"Authorization": f"Bearer {token}"})
    with Path(journal).open("wb", buffering=0) as written:
        _note(server.getresponse(), written)
    return 0


def _note(events: http.client.HTTPResponse, journal: IO[bytes]) -> None:
    while event := events.readline():
        journal.write(b"%.6f %s" % (time.time(), event))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
