"""The composition root: what the commands call, and the only place where all parts are known.

`running` is the service itself, with its two halves in `watching` (sources to store) and `telling` (store to
Slack); `checking` tries what the settings name, `sampling` sends a marked sample.
"""

from shipbell.service.checking import Finding, Report, check
from shipbell.service.running import Running, run, running
from shipbell.service.sampling import send_sample

__all__ = ["run", "running", "Running", "check", "Report", "Finding", "send_sample"]
