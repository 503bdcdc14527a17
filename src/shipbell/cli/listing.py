"""Commands that show what is remembered: the rollouts, and one workload's in full."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from shipbell import config, errors, store
from shipbell.cli import documents, options, program, tables, views
from shipbell.domain import Rollout, State

BAD_STATES = frozenset({State.FAILING, State.FAILED})

as_format = click.option(
    "-o",
    "--output",
    type=click.Choice(["wide", "json", "yaml"]),
    help="More columns, or a document for programs.",
)


@click.command()
@options.configured
@click.option("-n", "--namespace", help="Only rollouts of this namespace; otherwise all.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="At most that many.")
@as_format
def rollouts(
    config_file: Path | None, flags: tuple[str, ...], namespace: str | None, limit: int, output: str | None
) -> None:
    """List rollouts, newest first."""
    settings = options.load_quietly(config_file, flags)
    found = asyncio.run(_rollouts(settings.store, namespace, limit))
    if output in ("json", "yaml"):
        click.echo(documents.write(documents.rollouts(found), output))
    elif found:
        click.echo(_table(found, wide=output == "wide"))
    else:
        where = f" in namespace {namespace}" if namespace else ""
        click.echo(f"No rollouts found{where}.", err=True)


@click.command()
@options.configured
@click.option("-n", "--namespace", help="The namespace of the workload.")
@as_format
@click.argument("workload", metavar="NAMESPACE/NAME")
def rollout(
    config_file: Path | None,
    flags: tuple[str, ...],
    namespace: str | None,
    output: str | None,
    workload: str,
) -> None:
    """Show a workload's latest rollout in full.

    What happened, who was told, and the rollouts before it. Exits with 3 if it has failed or is failing,
    with 1 if there is none.
    """
    about = options.workload(workload, namespace)
    settings = options.load_quietly(config_file, flags)
    history = asyncio.run(_history(settings.store, about))
    if history is None:
        raise errors.ShipbellError(f"no rollout of {about.namespace}/{about.name} is known")
    if output in ("json", "yaml"):
        click.echo(documents.write(documents.history(history), output))
    else:
        click.echo(views.describe(history, _now(), wide=output == "wide", colour=_colour()))
    if history.latest.state in BAD_STATES:
        raise SystemExit(program.BAD_ROLLOUT)


async def _open(where: config.Store) -> store.Store:
    """Opens the store; one that is not there stays away, where SQLite would create an empty file."""
    if not where.file.exists():
        raise errors.StoreError(f"there is no store at {where.file} yet; `shipbell run` creates it")
    return await store.Store.open(where.url)


async def _rollouts(where: config.Store, namespace: str | None, limit: int) -> tuple[Rollout, ...]:
    async with await _open(where) as opened:
        return await opened.rollouts(namespace=namespace, limit=limit)


async def _history(where: config.Store, about: options.Workload) -> views.History | None:
    async with await _open(where) as opened:
        found = await opened.workload_rollouts(about.namespace, about.name)
        if not found:
            return None
        latest = found[0]
        return views.History(
            rollouts=found,
            transitions=await opened.transitions(latest.id),
            deliveries=await opened.deliveries_of(latest.id),
        )


def _table(found: Sequence[Rollout], *, wide: bool) -> str:
    now = _now()
    rows = [views.row(each, now, wide=wide) for each in found]
    return tables.table(views.WIDE_HEADS if wide else views.HEADS, rows, colour=_colour())


def _colour() -> bool:
    return sys.stdout.isatty()


def _now() -> datetime:
    return datetime.now(UTC)
