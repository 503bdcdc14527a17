"""A demonstration: a recorded cluster, the sandbox Slack, and the real service between them.

Nothing of Shipbell is left out or played: the recording is served over HTTP to the client that a real API
server would have, and the sandbox takes the calls that Slack would.
"""

from shipbell.demo.showing import run

__all__ = ["run"]
