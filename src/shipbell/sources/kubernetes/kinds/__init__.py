"""The kinds of workloads that are observed: one module each, and one row in this table.

A module says how an object of its kind is written and what `Observation` it becomes, a row where objects of
the kind are found and how their history is kept. What they mean for a rollout is `domain.rules`' to say; a
custom kind needs a module and a row here and there.
"""

from collections.abc import Mapping
from typing import Any

from shipbell.sources.kubernetes import resources, revisions
from shipbell.sources.kubernetes.kinds import daemonsets, deployments, jobs, statefulsets
from shipbell.sources.kubernetes.kinds.kind import History, Kind

__all__ = ["Kind", "History", "ALL", "DEPLOYMENT", "STATEFULSET", "DAEMONSET", "JOB"]

DEPLOYMENT = Kind(
    resource=resources.DEPLOYMENTS,
    observe=deployments.observation,
    object=deployments.Deployment,
    history=History(format_=revisions.replicasets, bears=deployments.bears),
)
STATEFULSET = Kind(
    resource=resources.STATEFULSETS,
    observe=statefulsets.observation,
    object=statefulsets.StatefulSet,
    history=History(format_=revisions.controller_revisions, bears=statefulsets.bears),
)
DAEMONSET = Kind(
    resource=resources.DAEMONSETS,
    observe=daemonsets.observation,
    object=daemonsets.DaemonSet,
    history=History(format_=revisions.controller_revisions, bears=daemonsets.bears),
)
JOB = Kind(resource=resources.JOBS, observe=jobs.observation, object=jobs.Job)

ALL: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (DEPLOYMENT, STATEFULSET, DAEMONSET, JOB)}
"""By their names. `Any` stands for the struct, which differs from row to row."""
