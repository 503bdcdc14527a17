"""The command `shipbell`: one module per group of commands, all of them thin.

Errors are one line each on standard error, with what looks like a secret masked, and never a traceback; exit
codes are those of `EXIT_CODES`.
"""

import click

from shipbell.cli import listing, playing, running, upkeep
from shipbell.cli.program import Program

EXIT_CODES = """
Exit codes: 0 done; 1 it failed, or what was asked for is not there; 2 the command or the configuration is
wrong; 3 the rollout shown by `rollout` has failed or is failing.
"""


@click.group(
    cls=Program,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="shipbell", prog_name="shipbell", message="%(prog)s %(version)s")
def main() -> None:
    """Tells the owners of a Kubernetes workload, in their Slack channel, how its rollout goes and why."""


for _command in (
    running.run,
    running.check,
    running.test_message,
    listing.rollouts,
    listing.rollout,
    playing.demo,
    playing.sandbox,
    upkeep.database,
    upkeep.version,
):
    main.add_command(_command)
