"""Turns what goes wrong into lines and exit codes, for every command alike."""

from typing import Any

import click

from shipbell import errors, log

FAILED = 1
WRONG_USAGE = 2
BAD_ROLLOUT = 3


class Program(click.Group):
    """A group of commands whose errors are for people."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever reads has read enough, as in `shipbell rollouts | head`: click ends quietly
        except errors.ConfigError as error:
            complain(error.problems)
            ctx.exit(WRONG_USAGE)
        except (errors.ShipbellError, OSError) as error:
            complain((" ".join(str(error).split()),))
            ctx.exit(FAILED)


def complain(lines: tuple[str, ...]) -> None:
    """Writes errors to standard error, one line each."""
    for line in lines:
        click.echo(click.style("error: ", fg="red") + log.redact(line), err=True)
