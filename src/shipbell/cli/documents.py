"""Rollouts for programs, as JSON or YAML. Keys are kept: scripts read them.

The names are those of the messages' contract (`namespace`, `state`, `version`, `started_at`), times are
RFC 3339 in UTC, and what is not known is null.
"""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ruamel.yaml import YAML

from shipbell import store
from shipbell.cli import views
from shipbell.domain import Rollout, Transition

Document = dict[str, Any]


def write(document: Document, format_: str) -> str:
    """The document as text in `json` or `yaml`."""
    if format_ == "json":
        return json.dumps(document, indent=2, ensure_ascii=False)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # declared as None only
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue().rstrip("\n")


def rollouts(found: Sequence[Rollout]) -> Document:
    """The answer of `rollouts`."""
    return {"rollouts": [_rollout(each) for each in found]}


def history(known: views.History) -> Document:
    """The answer of `rollout`."""
    return {
        "rollout": _rollout(known.latest),
        "transitions": [_transition(each) for each in known.transitions],
        "deliveries": [_delivery(each) for each in known.deliveries],
        "earlier": [_rollout(each) for each in known.rollouts[1:]],
    }


def _rollout(rollout: Rollout) -> Document:
    workload, diagnosis = rollout.workload, rollout.diagnosis
    return {
        "rollout": str(rollout.id),
        "cluster": workload.cluster,
        "namespace": workload.namespace,
        "kind": workload.kind,
        "name": workload.name,
        "revision": rollout.identity.number,
        "state": rollout.state.value,
        "version": rollout.version,
        "change": rollout.kind.value,
        "automatic": rollout.automatic,
        "started_at": _time(rollout.started_at),
        "finished_at": _time(rollout.finished_at),
        "images": [{"container": i.container, "old": i.old, "new": i.new} for i in rollout.images],
        "labels": dict(rollout.labels),
        "by": rollout.by or None,
        "wanted": rollout.wanted,
        "new_ready": rollout.new_ready,
        "serving": rollout.serving,
        "reason": diagnosis.reason if diagnosis else None,
        "cause": diagnosis.cause if diagnosis else None,
        "successor": str(rollout.successor) if rollout.successor else None,
    }


def _transition(transition: Transition) -> Document:
    return {
        "version": transition.version,
        "kind": transition.kind.value,
        "at": _time(transition.at),
        "note": transition.note or None,
    }


def _delivery(delivery: store.Delivery) -> Document:
    return {
        "destination": delivery.destination.key,
        "told_version": delivery.told_version,
        "told_state": delivery.told_state.value if delivery.told_state else None,
        "due": delivery.due,
        "attempts": delivery.attempts,
        "retry_at": _time(delivery.retry_at),
        "error": delivery.error or None,
        "messages": [
            {"part": part.value, "channel": post.channel_id, "ts": post.ts, "status": post.status.value}
            for part, post in delivery.posts.items()
        ],
    }


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
