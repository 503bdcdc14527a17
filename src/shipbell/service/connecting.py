"""From settings to the things that reach outside: the API server, Slack's token, the hook's credentials."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from shipbell import errors, routing
from shipbell.config import Settings
from shipbell.service import choosing
from shipbell.sources.kubernetes import access, credentials, limiting, transport
from shipbell.web import authentication

HOME_KUBECONFIG = Path("~/.kube/config")
WEBHOOK = "slack.webhook_url"
"""The name by which a destination means the incoming webhook: its URL is a secret."""


def cluster_credentials(settings: Settings, env: Mapping[str, str]) -> credentials.Credentials:
    """A kubeconfig if one is set, else the pod's service account. `KUBECONFIG` is never followed."""
    kubernetes = settings.kubernetes
    if kubernetes.kubeconfig or kubernetes.context:
        path = kubernetes.kubeconfig or HOME_KUBECONFIG.expanduser()
        return credentials.Kubeconfig(path=path, context=kubernetes.context)
    if "KUBERNETES_SERVICE_HOST" not in env:
        raise errors.ConfigError(("kubernetes: not in a pod; name a cluster by kubernetes.context",))
    return credentials.InPod(
        host=env["KUBERNETES_SERVICE_HOST"], port=env.get("KUBERNETES_SERVICE_PORT", "443")
    )


def api_server(settings: Settings) -> transport.Transport:
    """To be opened. A rest earns twice as many requests at once as go in a second."""
    rate = settings.kubernetes.requests_per_second
    limit = limiting.Bucket(rate, 2 * rate)
    return transport.Transport(cluster_credentials(settings, environment()), limit=limit)


def choice(settings: Settings) -> choosing.Choice:
    """What is observed."""
    kubernetes = settings.kubernetes
    return choosing.Choice(
        cluster=settings.cluster,
        kinds=frozenset(kind.value for kind in kubernetes.kinds),
        scopes=kubernetes.namespaces or ("",),
        watching=kubernetes.watch,
    )


def needed(settings: Settings) -> tuple[access.Permission, ...]:
    """What nothing goes without."""
    kubernetes = settings.kubernetes
    kinds = [kind.value for kind in kubernetes.kinds]
    return access.needed(kinds, kubernetes.namespaces, watch=kubernetes.watch)


def useful(settings: Settings) -> tuple[access.Permission, ...]:
    """What only causes are the poorer without."""
    kubernetes = settings.kubernetes
    return access.useful(kubernetes.namespaces, watch=kubernetes.watch, logs=kubernetes.read_logs)


def slack_token(settings: Settings) -> Callable[[], str]:
    """The bot token as it is when it is needed."""
    return _fresh(settings.slack.token, settings.slack.token_file)


def webhook_url(settings: Settings) -> Callable[[], str] | None:
    """The incoming webhook's URL as it is when it is needed; None where none is configured."""
    slack = settings.slack
    if slack.webhook_url is None and slack.webhook_url_file is None:
        return None
    return _fresh(slack.webhook_url, slack.webhook_url_file)


def _fresh(given: SecretStr | None, path: Path | None) -> Callable[[], str]:
    """A file is read each time, because a mounted Secret is renewed in place."""
    if path is None:
        return lambda: reveal(given)
    return lambda: path.read_text(encoding="utf-8").strip()


def destinations(settings: Settings) -> tuple[routing.Destination, ...]:
    """Everywhere that is told."""
    slack = settings.slack
    profile = routing.Profile(settings.profile.value)
    detail = routing.Detail(settings.detail.value)
    places = []
    if slack.channel and (slack.token or slack.token_file):
        places.append((routing.Sink.SLACK, slack.channel))
    if slack.webhook_url or slack.webhook_url_file:
        places.append((routing.Sink.SLACK_WEBHOOK, WEBHOOK))
    return tuple(
        routing.Destination(sink=sink, channel=channel, profile=profile, detail=detail)
        for sink, channel in places
    )


def hook_credentials(settings: Settings) -> authentication.Credentials:
    """What senders of hints must prove."""
    hook = settings.web.hook
    return authentication.Credentials(
        user=hook.user or "",
        password=reveal(hook.password),
        token=reveal(hook.token),
        hmac_secret=reveal(hook.hmac_secret),
    )


def reveal(secret: SecretStr | None) -> str:
    """The secret itself, or an empty text."""
    return secret.get_secret_value() if secret else ""


def environment() -> Mapping[str, str]:
    """The process' environment, for the composition root alone."""
    return os.environ
