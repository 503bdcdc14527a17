"""From when the API server said it to when Slack was told: pure arithmetic over two journals."""

import json
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shipbell.sandbox import Content, Message
from tests.cluster import client
from tests.cluster.connection import Object


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """Of one rollout, in seconds since the epoch: said by the API server, or told to Slack."""

    started: float | None = None
    succeeded: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Delays in milliseconds."""

    count: int
    median: float
    p99: float
    longest: float


def said(journal: str, name: str) -> dict[int, Moments]:
    """By revision: the first event that shows its number as believable, and the first that is complete."""
    found: dict[int, Moments] = {}
    for at, deployment in _events(journal):
        if deployment["metadata"]["name"] != name or not client.is_observed(deployment):
            continue
        number = client.revision(deployment)
        known = found.get(number, Moments(started=at))
        if known.succeeded is None and client.is_complete(deployment):
            known = Moments(started=known.started, succeeded=at)
        found[number] = known
    return found


def told(messages: Iterable[Message], name: str) -> list[Moments]:
    """Of each root message of the workload, in order."""
    return [_told(message) for message in messages if message.thread_ts is None and _name(message) == name]


def figures(delays: Sequence[float]) -> Figures:
    """Of delays in seconds, at least one."""
    ordered = sorted(delay * 1000 for delay in delays)
    return Figures(
        count=len(ordered),
        median=statistics.median(ordered),
        p99=ordered[math.ceil(0.99 * len(ordered)) - 1],
        longest=ordered[-1],
    )


def _events(journal: str) -> Iterator[tuple[float, Object]]:
    for line in journal.splitlines():
        at, _, event = line.partition(" ")
        yield float(at), json.loads(event)["object"]


def _told(message: Message) -> Moments:
    """One that was posted with its ending tells no start."""
    payloads = [(version.at, _payload(version.content)) for version in message.versions]
    succeeded = next((at for at, payload in payloads if payload["state"] == "succeeded"), None)
    first, _ = payloads[0]
    return Moments(started=None if first == succeeded else first, succeeded=succeeded)


def _name(message: Message) -> str:
    return str(_payload(message.content)["name"])


def _payload(content: Content) -> Object:
    assert content.metadata is not None
    return dict(content.metadata.event_payload)
