"""Which rules a kind of workload is judged by: one module of functions per kind, and one row here.

Everything that differs between kinds is asked here; `stepping`, `beginning`, `judging` and `blaming` know no
kind by name. A further kind (a custom resource, say) is one more module that answers these questions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from shipbell.domain import daemonset, deployment, job, statefulset
from shipbell.domain.observation import Observation, Revision
from shipbell.domain.rollout import Diagnosis, Identity, Memory, Rollout
from shipbell.domain.workload import Workload


class Rules(Protocol):
    """The questions. A module whose functions bear these names answers them."""

    def believed(self, observation: Observation) -> bool:
        """Whether its controller has caught up, so that its status speaks of its spec."""

    def is_news(self, observation: Observation, memory: Memory) -> bool:
        """Whether its revision may be another than the one remembered; asked only of what is believed."""

    def bearer(self, observation: Observation) -> Revision | None:
        """The revision that its pods are to become; None where it is not among those read along."""

    def identity(self, observation: Observation, bearer: Revision | None) -> Identity:
        """Which revision that is; without its bearer, as much of it as the workload itself says."""

    def reused(self, observation: Observation, bearer: Revision) -> bool:
        """Whether that revision was rolled out before, so that this is a rollback."""

    def speaks_of(self, observation: Observation, identity: Identity) -> bool:
        """Whether the status' counts of updated pods are about that revision."""

    def underway(self, observation: Observation) -> bool | None:
        """At first sight: whether a rollout is in flight; None while that cannot be told."""

    def idle(self, observation: Observation, bearer: Revision, known: Identity | None) -> bool:
        """Whether a revision that becomes known after another, or none, rolls nothing out."""

    def complete(self, observation: Observation) -> bool:
        """Whether the API calls the rollout successful."""

    def emptied(self, observation: Observation, most_wanted: int) -> bool:
        """Whether somebody scaled it to zero since it began with `most_wanted` pods."""

    def failure(self, observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
        """The controller's word that this revision has failed."""

    def refusal(self, observation: Observation, identity: Identity, started_at: datetime) -> Diagnosis | None:
        """The controller's word that this revision's pods are refused (quota, admission, policy)."""

    def confirmed_at(
        self, observation: Observation, identity: Identity, started_at: datetime
    ) -> datetime | None:
        """When the controller last said that this revision gets on."""

    def finished_at(self, observation: Observation, rollout: Rollout) -> datetime | None:
        """Of a complete one: when the controller said so; None where it does not say."""

    def counts(self, observation: Observation, identity: Identity) -> tuple[int, int] | None:
        """Ready pods of this revision and of all others; None where only looking at pods tells."""

    def keeps_time(self, rollout: Rollout) -> bool:
        """Whether time without progress means that it is stuck."""

    def remedy(self, workload: Workload) -> str:
        """The command to begin with after a failure, ready to be pasted."""


RULES: Mapping[str, Rules] = {
    "Deployment": deployment,
    "StatefulSet": statefulset,
    "DaemonSet": daemonset,
    "Job": job,
}


def of(kind: str) -> Rules:
    """The rules for a kind as the API spells it. Raises `KeyError` for one that is not observed."""
    return RULES[kind]
