"""The message's contract: what tools, tests and a Shipbell that lost its store read from a message.

It travels as Slack's message metadata, https://docs.slack.dev/messaging/message-metadata. Its keys are a
public promise: they may grow with a new `schema`, never change their meaning.
"""

from datetime import UTC, datetime
from typing import Any

from shipbell.domain import Part, Rollout

EVENT_TYPE = "shipbell_rollout"
SCHEMA = 1


def metadata(rollout: Rollout, part: Part, attempt: int) -> dict[str, Any]:
    """The whole `metadata` argument of a post; `finished_at` only once there is an ending."""
    workload = rollout.workload
    payload: dict[str, str | int] = {
        "schema": SCHEMA,
        "rollout": str(rollout.id),
        "part": part.value,
        "attempt": attempt,
        "cluster": workload.cluster,
        "namespace": workload.namespace,
        "kind": workload.kind,
        "name": workload.name,
        "state": rollout.state.value,
        "version": rollout.version,
        "started_at": _rfc3339(rollout.started_at),
    }
    if rollout.finished_at is not None:
        payload["finished_at"] = _rfc3339(rollout.finished_at)
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
