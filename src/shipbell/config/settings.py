"""What there is to set: each field with its default, its unit and its reason right under it.

The texts under the fields are the documentation (`docs/configuration.md` is made from them), so they speak
to the person who runs Shipbell. Defaults that belong to a rule of the domain are the domain's own.
"""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from shipbell.config import durations
from shipbell.domain import Policy
from shipbell.routing import Detail, Profile

_POLICY = Policy()

_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
# Up to 80 characters, lower case, no spaces: https://slack.com/help/articles/201402297-Create-a-channel
_CHANNEL_NAME = re.compile(r"#?[^\s#@.,:;!?<>&\"'/\\]{1,80}")
_URL = re.compile(r"https?://[^\s/@]+(?:/\S*)?")
_HEADER_SAFE = re.compile(r"[!-~]+")


def _namespace(value: str) -> str:
    if not _NAMESPACE.fullmatch(value):
        raise ValueError(f"{value!r} is no name of a namespace; use lower-case letters, digits and dashes")
    return value


def _channel(value: str) -> str:
    if value.startswith(("xox", "xapp-")) or "://" in value:
        raise ValueError(
            "looks like a secret; name a channel here, and put the secret into a file of its own"
        )
    if _CHANNEL_ID.fullmatch(value) or (_CHANNEL_NAME.fullmatch(value) and value == value.lower()):
        return value
    raise ValueError(
        f'{value!r} is no channel; write its name in quotes, "#deployments", or its ID, C0123456789'
    )


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("is no URL; write it as https://host/path, without user and password")
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    _url(value.get_secret_value())
    return value


def _token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    if token.startswith("xapp-"):
        raise ValueError("is an app-level token; use the bot token, which begins with xoxb-")
    if token.startswith("http"):
        raise ValueError("is a URL; a webhook's URL belongs into slack.webhook_url_file")
    return _printable(value)


def _printable(value: SecretStr) -> SecretStr:
    if not _HEADER_SAFE.fullmatch(value.get_secret_value()):
        raise ValueError("holds spaces or characters that no HTTP header can carry; write the secret alone")
    return value


def _store_url(value: str) -> str:
    if not re.fullmatch(r"sqlite:///.+", value):
        raise ValueError(
            "is no URL of a store; write sqlite:///FILE, or sqlite:////FILE for an absolute path"
        )
    return value


Duration = Annotated[timedelta, BeforeValidator(durations.parse), Field(gt=timedelta(0))]
Namespace = Annotated[str, AfterValidator(_namespace)]
Channel = Annotated[str, AfterValidator(_channel)]
Url = Annotated[str, AfterValidator(_url)]
Text = Annotated[str, Field(min_length=1)]


class Kind(StrEnum):
    """What can be watched, as the API spells it."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    JOB = "Job"
    CRON_JOB = "CronJob"


class Uncertain(StrEnum):
    """What to do with a post that may or may not have reached Slack, where nothing can tell."""

    RATHER_TWICE = "rather-twice"
    RATHER_NOT = "rather-not"


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Format(StrEnum):
    """How a line of log looks."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class Section(BaseModel):
    """A part of the configuration: frozen, and without room for keys that nobody reads."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Slack(Section):
    """Where messages go. A bot token edits its messages; an incoming webhook can only post."""

    channel: Channel | None = None
    """The channel that is told: its name (in quotes, because of the `#`) or its ID. Needed with
    a bot token."""
    token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """The bot token (`xoxb-...`). Scopes: `chat:write`; better also `channels:read`, `groups:read`,
    `channels:history` and `groups:history`, with which a post whose answer was lost is found again."""
    token_file: Path | None = None
    """A file that holds the bot token, such as a mounted Secret."""
    webhook_url: Annotated[SecretStr, AfterValidator(_secret_url)] | None = None
    """The URL of a Slack incoming webhook. It cannot edit: it gets a short start and a full ending."""
    webhook_url_file: Path | None = None
    """A file that holds the URL of an incoming webhook."""
    api_url: Url = "https://slack.com/api/"
    """The base of Slack's Web API; another one for GovSlack (`https://slack-gov.com/api/`) or the sandbox."""
    uncertain: Uncertain = Uncertain.RATHER_TWICE
    """What to do with a post whose answer was lost, where the token may not read the channel's history:
    `rather-twice` posts again, `rather-not` stays silent."""


class Kubernetes(Section):
    """The cluster's API server, and what is read from it. In a pod nothing need be set."""

    watch: bool = True
    """Whether Shipbell watches by itself. `false` needs only get and list: it relists every `resync`, and
    kubewatch's webhooks say what to read in between."""
    namespaces: tuple[Namespace, ...] = ()
    """The namespaces to look at; empty means all, which needs a ClusterRole."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = tuple(Kind)
    """The kinds of workloads to look at. `Job` means those that no CronJob made; with `CronJob`, the runs
    of a CronJob are told under its name: one message for all failures in a row, then the recovery."""
    read_logs: bool = False
    """Whether the last lines of a container that crashes are told in the thread. Needs `get` on `pods/log`;
    what looks like a secret is blacked out, but no rule finds every secret."""
    requests_per_second: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 20
    """How many requests a second go to the API server at most, watches not counted; twice as many may go at
    once after a rest."""
    kubeconfig: Path | None = None
    """A kubeconfig file, for running outside of a cluster. `KUBECONFIG` alone is never followed: it may
    point to production."""
    context: Text | None = None
    """The context of the kubeconfig; unset means its current one."""
    resync: Duration = timedelta(minutes=10)
    """How often everything is listed and compared with the store, where nothing is watched."""
    reread: Duration = timedelta(seconds=60)
    """How often a rollout in flight is read again, whatever is watched, so that a lost hint costs
    delay only."""


class Hook(Section):
    """Who may send hints to `POST /webhook/kubewatch`. With nothing set anybody may, because a forged hint
    can only cause a read; with several set, one of them suffices."""

    user: Text | None = None
    """The user name of basic authentication, all that kubewatch can send (in the URL of its webhook)."""
    password: Annotated[SecretStr, AfterValidator(_printable)] | None = None
    """The password that belongs to `user`."""
    password_file: Path | None = None
    """A file that holds the password."""
    token: Annotated[SecretStr, AfterValidator(_printable)] | None = None
    """A token that senders put into `Authorization: Bearer ...`."""
    token_file: Path | None = None
    """A file that holds the bearer token."""
    hmac_secret: SecretStr | None = None
    """A secret with which senders sign the body: `X-Signature: sha256=...` (also `X-Hub-Signature-256`)."""
    hmac_secret_file: Path | None = None
    """A file that holds the secret for signatures."""


class Web(Section):
    """The HTTP server for hints, health and metrics."""

    host: Text = "0.0.0.0"  # noqa: S104  probes and kubewatch reach a pod by its own address
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port to listen on; 0 takes a free one."""
    hook: Hook = Hook()
    """Who may send hints."""


class Store(Section):
    """Where Shipbell remembers. It is what makes a message neither lost nor doubled: keep it on a volume."""

    url: Annotated[str, AfterValidator(_store_url)] = "sqlite:///shipbell.db"
    """`sqlite:///FILE` (relative to the working directory) or `sqlite:////FILE` (absolute)."""

    @property
    def file(self) -> Path:
        """The database's file."""
        return Path(self.url.removeprefix("sqlite:///"))


class Verdict(Section):
    """When a rollout counts as failing, restarted or stalled. The rest is the API's own word."""

    stall_after: Duration = _POLICY.stall_after
    """Time without progress after which a rollout is stalled, where the API has no deadline of its own."""
    deadline_grace: Duration = _POLICY.deadline_grace
    """How long after a progress deadline Shipbell waits for the controller to say it first."""
    patience: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = _POLICY.patience
    """Scales every waiting time before a rollout is said to be failing; 0.5 is half as patient."""
    restart_annotations: tuple[Text, ...] = _POLICY.restart_annotations
    """Annotations of the pod template whose change alone is a restart that a person asked for."""
    automatic_restart_annotations: tuple[Text, ...] = _POLICY.automatic_restart_annotations
    """The same, written by a program when a Secret or ConfigMap changed: such a restart is told only if it
    fails."""
    deployed_by_annotation: Text | None = _POLICY.deployed_by_annotation
    """An annotation on the workload that names who deployed it."""
    cronjob_successes: bool = _POLICY.cronjob_successes
    """Whether a CronJob's runs that succeed are told too."""


class Log(Section):
    """What is logged, on standard error."""

    level: Level = Level.INFO
    """The least important level that is written."""
    format: Format = Format.AUTO
    """`auto` writes readable lines to a terminal and JSON elsewhere."""


class Advanced(Section):
    """For tests and demonstrations."""

    time_factor: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    """Scales every waiting time of Shipbell's own: 0.01 turns ten minutes into six seconds."""


class Settings(Section):
    """Everything that can be set."""

    cluster: Text
    """The cluster's name, as people know it. It is part of every rollout's identity: a new name means that
    everything is seen for the first time."""
    environment: str = ""
    """The environment that messages name after the arrow: `production`, `CI`."""
    profile: Profile = Profile.NORMAL
    """How loud messages are: `quiet` speaks of results only, `loud` rings for everything that matters."""
    detail: Detail = Detail.FULL
    """How long messages are: `line` is one line, `full` adds causes, images, labels and times."""
    labels: tuple[Text, ...] = _POLICY.labels
    """The labels of a workload that its messages tell, in this order; `prefix/*` takes all with
    that prefix."""
    slack: Slack = Slack()
    """Where messages go."""
    kubernetes: Kubernetes = Kubernetes()
    """Where rollouts are seen."""
    web: Web = Web()
    """Hints, health and metrics."""
    store: Store = Store()
    """What is remembered."""
    verdict: Verdict = Verdict()
    """What counts as failing."""
    log: Log = Log()
    """What is logged."""
    advanced: Advanced = Advanced()
    """For tests and demonstrations."""

    def policy(self) -> Policy:
        """The domain's share of the settings."""
        return Policy(
            restart_annotations=self.verdict.restart_annotations,
            automatic_restart_annotations=self.verdict.automatic_restart_annotations,
            labels=self.labels,
            deployed_by_annotation=self.verdict.deployed_by_annotation,
            stall_after=self.verdict.stall_after * self.advanced.time_factor,
            deadline_grace=self.verdict.deadline_grace * self.advanced.time_factor,
            patience=self.verdict.patience * self.advanced.time_factor,
            cronjob_successes=self.verdict.cronjob_successes,
            read_logs=self.kubernetes.read_logs,
        )
