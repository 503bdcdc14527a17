"""Pods that find no node, or lose theirs.

See https://kubernetes.io/docs/concepts/scheduling-eviction/.
"""

import re
from datetime import timedelta

from shipbell.domain.causes import cases

UNSCHEDULABLE = frozenset({"Unschedulable"})
MOVED = frozenset(
    {
        "PreemptionByScheduler",
        "DeletionByTaintManager",
        "EvictionByEvictionAPI",
        "DeletionByPodGC",
        "TerminationByKubelet",
        "NodeNotReady",
        "Evicted",
        "Preempted",
    }
)
"""Of the condition `DisruptionTarget`, and of Events. They befall pods whatever runs in them, see
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions."""

NODE_LOST = "NodeNotReady"
SCALE_UP = "TriggeredScaleUp"
SCHEDULING_WAIT = timedelta(minutes=5)
SCALE_UP_TAKES = timedelta(minutes=15)
"""A node that the autoscaler has ordered may take so long."""

_PREEMPTION = re.compile(r"\.? ?preemption: .*$", re.DOTALL)


def find_unschedulable(case: cases.Case) -> cases.Finding:
    """The scheduler's own words, without what it says about preemption."""
    trouble = case.trouble
    ordered = [event.last_at for event in case.events if event.reason == SCALE_UP]
    said = cases.shortened(scheduler_words(trouble.message))
    return cases.Finding(
        cause=f"Unschedulable{f', {said}' if said else ''} ({case.pods})",
        words=trouble.message,
        next_step=_look_at(case),
        wait=SCHEDULING_WAIT,
        since=trouble.since,
        helped_at=max(ordered, default=None),
        help_takes=SCALE_UP_TAKES,
    )


def find_moved(case: cases.Case) -> cases.Finding:
    """An explanation for a rollout that is late, and no failure."""
    return cases.Finding(
        cause=f"{_MOVES.get(case.trouble.reason, 'Pods were evicted')} ({case.pods})",
        words=case.trouble.message,
        next_step=cases.describe(case),
        wait=None,
        since=case.trouble.since,
        usual=True,
    )


def scheduler_words(message: str) -> str:
    """`0/3 nodes: 3 Insufficient cpu`."""
    short = _PREEMPTION.sub("", message).replace(" nodes are available: ", " nodes: ", 1)
    return short.rstrip(". ")


def _look_at(case: cases.Case) -> str:
    """A claim without a volume says why itself."""
    if "persistentvolumeclaim" in case.trouble.message.lower():
        return f"kubectl -n {case.rollout.workload.namespace} describe pvc"
    return cases.describe(case)


_MOVES = {
    "PreemptionByScheduler": "Pods made room for more important ones",
    "Preempted": "Pods made room for more important ones",
    "NodeNotReady": "Their node does not answer",
}
