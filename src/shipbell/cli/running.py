"""Commands that do the work: run, look whether it could run, and send a sample."""

import asyncio
from pathlib import Path

import click

from shipbell.cli import options, program, reports


@click.command()
@options.configured
def run(config_file: Path | None, flags: tuple[str, ...]) -> None:
    """Watch the cluster and tell Slack, until SIGTERM or Ctrl-C."""
    settings = options.load(config_file, flags)
    from shipbell import service  # here, because the other commands do without what it imports

    raise SystemExit(asyncio.run(service.run(settings)))


@click.command()
@options.configured
def check(config_file: Path | None, flags: tuple[str, ...]) -> None:
    """Check the configuration, and try all that it names.

    Asks the API server, Slack about token and channels, and the store. Exits with 1 if something
    would not work. Sends no message and changes nothing.
    """
    settings = options.load_quietly(config_file, flags)
    from shipbell import service

    report = asyncio.run(service.check(settings))
    click.echo(reports.table(report.findings))
    if reports.failed(report.findings):
        raise SystemExit(program.FAILED)


@click.command("test-message")
@options.configured
@click.option("-n", "--namespace", help="The namespace of the workload.")
@click.argument("workload", metavar="NAMESPACE/NAME")
def test_message(
    config_file: Path | None, flags: tuple[str, ...], namespace: str | None, workload: str
) -> None:
    """Send a marked sample, and say what happened.

    It takes the way that real messages take, to the same channel.
    """
    about = options.workload(workload, namespace)
    settings = options.load_quietly(config_file, flags)
    from shipbell import service

    click.echo(asyncio.run(service.send_sample(settings, about.namespace, about.name)))
