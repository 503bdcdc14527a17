"""Pods in words: how many are new and ready, how many serve, and who is affected.

In a rolling update the plain ready count stays full from old pods and says nothing, so new pods are told
apart wherever somebody could count them; what nobody counted is left out.
"""

from shipbell.domain import Rollout, RolloutKind, State
from shipbell.rendering import images, text

SEGMENTS = 10
"""The longest progress bar; a longer one would break the line on a phone."""
COMPLETE = frozenset({State.SUCCEEDED, State.RECOVERED})
DAEMON_SET = "DaemonSet"


def bar(ready: int, wanted: int) -> str:
    """`▰▰▱▱`: a segment per pod, or per share of them; full only when all are ready."""
    segments = max(0, min(wanted, SEGMENTS))
    filled = segments if ready >= wanted else max(0, ready) * segments // max(wanted, 1)
    return "▰" * filled + "▱" * (segments - filled)


def ready(rollout: Rollout) -> str:
    """`1/4`, of the new pods; empty where unknown or where none is wanted."""
    if rollout.new_ready is None or _expected(rollout) < 1:
        return ""
    return f"{rollout.new_ready}/{_expected(rollout)}"


def new_pods(rollout: Rollout) -> str:
    """`1/4 new pods ready`; empty where unknown."""
    count = ready(rollout)
    if count and _on_nodes(rollout):
        return f"new pods ready on {count} nodes"
    return f"{count} new pods ready" if count else ""


def all_ready(rollout: Rollout) -> str:
    """`4/4 ready`, of a complete rollout; why there are none; empty where unknown."""
    count = ready(rollout)
    if count:
        return f"{count}{' nodes' if _on_nodes(rollout) else ''} ready"
    return none_wanted(rollout) if rollout.wanted < 1 else ""


def none_wanted(rollout: Rollout) -> str:
    """Why there are no pods at all."""
    return "no node matches" if _on_nodes(rollout) else "no replicas wanted"


def told(rollout: Rollout) -> tuple[str, str]:
    """The field about pods: its label and its value; an empty value where nothing is known."""
    label = "Nodes" if _on_nodes(rollout) else "Replicas"
    if rollout.wanted < 1:
        return label, "none matches" if _on_nodes(rollout) else "none wanted"
    count = ready(rollout)
    if not count:
        return "Serving", f"{rollout.serving} of {rollout.wanted} wanted{_kept_back(rollout)}"
    progress = f"{bar(rollout.new_ready or 0, _expected(rollout))} {count}"
    if rollout.state in COMPLETE:
        return label, f"{progress} ready{_kept_back(rollout)}"
    where = f"{progress} nodes ready" if _on_nodes(rollout) else f"{progress} ready"
    return "New pods", f"{where} · {rollout.serving} serving{_kept_back(rollout)}"


def impact(rollout: Rollout) -> str:
    """Who is affected, in the words of on-call: what still serves, and of which version."""
    if rollout.wanted < 1:
        return f"None: {none_wanted(rollout)}"
    count = _of_wanted(rollout, rollout.serving)
    if not _affected(rollout):
        return (
            f"None: {_survivor(rollout)} still serves, {count} ready"
            if _old(rollout)
            else f"None: {count} serving"
        )
    if _never_served(rollout):
        return f"Not up yet: {count} serving, this is the first deployment"
    return f"DOWN: {count} serving" if rollout.serving < 1 else f"DEGRADED: {count} serving{_which(rollout)}"


def serving(rollout: Rollout) -> str:
    """The same in a few words, for one line; empty where no replicas are wanted."""
    if rollout.wanted < 1:
        return ""
    count = _of_wanted(rollout, rollout.serving)
    if not _affected(rollout) and _old(rollout):
        return f"old version serves {count}"
    return f"{count} serving"


def _expected(rollout: Rollout) -> int:
    """How many new pods there are to be: a StatefulSet's partition keeps the lower ones as they are."""
    return max(0, rollout.wanted - rollout.identity.partition)


def _kept_back(rollout: Rollout) -> str:
    kept = rollout.wanted - _expected(rollout)
    return f" · {kept} kept back by the partition" if kept else ""


def _of_wanted(rollout: Rollout, count: int) -> str:
    """`3/4`; a DaemonSet's pods are its nodes, and people think of these."""
    return f"{count}/{rollout.wanted}{' nodes' if _on_nodes(rollout) else ''}"


def _on_nodes(rollout: Rollout) -> bool:
    return rollout.workload.kind == DAEMON_SET


def _affected(rollout: Rollout) -> bool:
    return rollout.serving < rollout.wanted


def _old(rollout: Rollout) -> int:
    return rollout.old_serving or 0


def _never_served(rollout: Rollout) -> bool:
    return rollout.kind is RolloutKind.FIRST and not rollout.recreated and rollout.serving < 1


def _survivor(rollout: Rollout) -> str:
    """The old version by its tag where that is certain."""
    old = images.old_version(rollout)
    replaced = {image.old for image in rollout.images}
    sure = old and replaced <= {*rollout.old_images, None}
    return text.name(old, 60) if sure else "the old version"


def _which(rollout: Rollout) -> str:
    """Whose the serving pods are; silent where nobody counted."""
    if rollout.old_serving is None or rollout.serving < 1:
        return ""
    if rollout.old_serving >= rollout.serving:
        return " (old version)"
    return f" ({rollout.old_serving} old)" if rollout.old_serving else " (new version)"
