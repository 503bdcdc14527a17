"""Commands for upkeep: the store's schema, and which version this is."""

import asyncio
from pathlib import Path

import click

import shipbell
from shipbell.cli import options


@click.group("db")
def database() -> None:
    """Look after the store."""


@database.command()
@options.configured
def upgrade(config_file: Path | None, flags: tuple[str, ...]) -> None:
    """Bring the store's schema to the one that this version knows; forward only, all of it or nothing."""
    settings = options.load_quietly(config_file, flags)
    from shipbell.store import upgrading  # here, because it brings the migrations' machinery

    asyncio.run(upgrading.upgrade(settings.store.url))
    click.echo("The store's schema is up to date.")


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"shipbell {shipbell.__version__}")
