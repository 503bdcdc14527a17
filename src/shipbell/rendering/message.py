"""The values of rendering: what goes in beside the rollout, and what comes out."""

from dataclasses import dataclass
from typing import Any

from shipbell.domain import Detail

Block = dict[str, Any]
"""One Block Kit block, as Slack's JSON has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A complete Slack message, within Slack's limits."""

    text: str
    """One sentence that says it all: notifications, screen readers and tools read nothing else."""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a message says or leaves out, beyond the rollout itself."""

    environment: str = ""
    """Stands behind the workload's name; the cluster's name where it is empty."""
    detail: Detail = Detail.FULL
    show_registry: bool = False
    """Whether images keep their registry's host."""
    successor_link: str | None = None
    """URL of the message of the rollout that replaced this one."""
    history_link: str | None = None
    """URL of a page with the workload's earlier rollouts."""
    mention: str = ""
    """Ready mrkdwn that rings somebody (`<!subteam^S123>`), from the configuration, never from a cluster."""
    sample: bool = False
    """Whether the message is a test and says so."""
