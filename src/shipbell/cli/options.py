"""Options that several commands take, and how their texts become values."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from shipbell import config, log

Command = TypeVar("Command", bound=Callable[..., Any])

CONFIG_VARIABLE = "SHIPBELL_CONFIG"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A workload as people name it."""

    namespace: str
    name: str


def configured(command: Command) -> Command:
    """Adds `--config` and `--set`, which `load` understands."""
    file = click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar=CONFIG_VARIABLE,
        show_envvar=True,
        help="The YAML file with the settings. Without it they come from SHIPBELL_... variables alone.",
    )
    flags = click.option(
        "--set",
        "flags",
        metavar="NAME=VALUE",
        multiple=True,
        help="Sets one setting, over environment and file: --set log.level=debug. Can be repeated.",
    )
    return file(flags(command))


def load(config_file: Path | None, flags: tuple[str, ...]) -> config.Settings:
    """The settings, with logging set up as they say. Raises `ConfigError` with all mistakes."""
    settings = config.load(config_file, os.environ, flags)
    log.configure(settings.log.level, settings.log.format)
    return settings


def load_quietly(config_file: Path | None, flags: tuple[str, ...]) -> config.Settings:
    """The same for commands whose output is their answer: only warnings are logged."""
    settings = config.load(config_file, os.environ, flags)
    log.configure("warning", settings.log.format)
    return settings


def workload(text: str, namespace: str | None) -> Workload:
    """`NAMESPACE/NAME`, or `NAME` with `-n NAMESPACE`."""
    before, slash, name = text.rpartition("/")
    if slash and namespace is None and before and name and "/" not in before:
        return Workload(namespace=before, name=name)
    if not slash and namespace and name:
        return Workload(namespace=namespace, name=name)
    raise click.UsageError("name the workload as NAMESPACE/NAME, or as NAME with -n NAMESPACE")
