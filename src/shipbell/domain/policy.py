"""What an installation may decide about verdicts. Everything else about them is the API's own word."""

from dataclasses import dataclass
from datetime import timedelta

KUBECTL_RESTART = "kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Settings of the domain; `config` fills them."""

    restart_annotations: tuple[str, ...] = (KUBECTL_RESTART,)
    """Template annotations whose change alone is a restart by a person."""
    automatic_restart_annotations: tuple[str, ...] = (
        "vso.secrets.hashicorp.com/restartedAt",
        "reloader.stakater.com/last-reloaded-from",
    )
    """The same, written by an operator when a Secret or ConfigMap changed."""
    labels: tuple[str, ...] = ("app.kubernetes.io/version", "app.kubernetes.io/component")
    """Which of the workload's labels are told, in this order; `prefix/*` takes a whole prefix."""
    deployed_by_annotation: str | None = None
    """An annotation on the workload that names who deployed it."""
    stall_after: timedelta = timedelta(minutes=10)
    """Time without progress after which a rollout without a deadline of its own is stalled."""
    deadline_grace: timedelta = timedelta(seconds=10)
    """How long after the deadline our own clock waits for the controller to say it first."""
    patience: float = 1.0
    """Scales every waiting time of the table "When failing is said"."""
    cronjob_successes: bool = False
    """Whether a CronJob's runs that succeed are told too; failures always are, one message per streak."""
    read_logs: bool = False
    """Whether the last lines of a crashed container may be read and told."""
