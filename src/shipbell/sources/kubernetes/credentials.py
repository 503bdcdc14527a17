"""How to reach an API server and who we are there: from a pod's service account, or from a kubeconfig.

Both loaders answer `access()` with what the next request needs, and `renew()` when the server refused the
last. What is hard about kubeconfigs (exec plugins, OIDC, inline certificates) is the official client's; it is
imported only when one is read, because it costs 25 MB that a pod does not need.
"""

import asyncio
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from shipbell import errors

if TYPE_CHECKING:
    from kubernetes.aio.client import Configuration

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts token and CA, and renews both, see
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/."""

TOKEN_MAX_AGE = timedelta(seconds=60)
"""A token file is read again after this long: the kubelet renews it well before the old token ends."""

PLUGIN_SECONDS = 60.0
"""An exec plugin that takes longer hangs, as a rule because it waits for somebody to log in."""

EXPIRY_MARGIN = timedelta(seconds=60)
"""An exec plugin's credentials are renewed this long before they expire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a request needs. The parts that are secret stay out of its repr."""

    url: str
    """Scheme, host and port, maybe a path; without a slash at the end."""
    authorization: str | None = field(default=None, repr=False)
    """The Authorization header's value; None where a client certificate or nothing stands for it."""
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    """None for plain HTTP."""
    server_hostname: str | None = None
    """The name to expect in the server's certificate, where it is not the URL's host."""
    proxy: str | None = field(default=None, repr=False)


class Credentials(Protocol):
    """What `transport` asks for. Both calls raise `SourceError` when there is nothing to be had."""

    async def access(self) -> Access:
        """What the next request needs; renewed by itself when it ages."""
        ...

    async def renew(self) -> Access:
        """The same, read anew whatever its age: the server has refused what it was given."""
        ...


def now_utc() -> datetime:
    """The clock that is used where none is given."""
    return datetime.now(UTC)


class InPod:
    """The service account of the pod that we run in: two variables, and two files that rotate."""

    def __init__(
        self,
        *,
        host: str,
        port: str,
        directory: Path = SERVICE_ACCOUNT,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        """`host` and `port` are the pod's KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT."""
        if not host or not port:
            raise errors.SourceError(
                "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"
            )
        self._url = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._directory = directory
        self._clock = clock
        self._ca = ""
        self._access: Access | None = None
        self._read_at = clock()

    async def access(self) -> Access:
        """The token as it was at most a minute ago."""
        if self._access is None or self._clock() - self._read_at >= TOKEN_MAX_AGE:
            return await self.renew()
        return self._access

    async def renew(self) -> Access:
        """The token and the CA as the files have them now."""
        token, ca = self._read("token"), self._read("ca.crt")
        context = self._access.ssl_context if self._access and ca == self._ca else _trusting(ca)
        self._access = Access(url=self._url, authorization=f"Bearer {token}", ssl_context=context)
        self._ca, self._read_at = ca, self._clock()
        return self._access

    def _read(self, name: str) -> str:
        """A few hundred bytes from memory (tmpfs): no thread is worth it."""
        path = self._directory / name
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise errors.SourceError(f"cannot read {path}: {_reason(error)}") from error
        if not text:
            raise errors.SourceError(f"{path} is empty")
        return text


class Kubeconfig:
    """One context of a kubeconfig file. The path is always the caller's choice, never the environment's."""

    def __init__(
        self,
        *,
        path: Path,
        context: str | None = None,
        patience: float = PLUGIN_SECONDS,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        """`context` None means the file's `current-context`; `patience` is for an exec plugin, in seconds."""
        self._path = path
        self._context = context
        self._patience = patience
        self._clock = clock
        self._loading = asyncio.Lock()
        self._reading: asyncio.Task[tuple[Configuration, datetime | None]] | None = None
        self._access: Access | None = None
        self._expires_at: datetime | None = None

    async def access(self) -> Access:
        """What was loaded, or is loaded now: an exec plugin runs again when its credentials expire."""
        async with self._loading:  # else the first requests would each start the plugin
            if self._access is None or self._expired():
                self._access = await self._load()
            return self._access

    async def renew(self) -> Access:
        """Everything from the file anew, the exec plugin's answer included."""
        async with self._loading:
            self._access = await self._load()
            return self._access

    async def _load(self) -> Access:
        try:
            async with asyncio.timeout(self._patience):
                configuration, self._expires_at = await self._finish_reading()
            return _to_access(configuration)
        except TimeoutError as error:
            problem = f"{self._path}: the exec plugin gave no answer within {self._patience:g} s"
            raise errors.SourceError(problem) from error
        except (OSError, ValueError) as error:
            raise errors.SourceError(f"cannot use the kubeconfig {self._path}: {_reason(error)}") from error

    async def _finish_reading(self) -> "tuple[Configuration, datetime | None]":
        """Goes on with a reading that was given up: a plugin that hangs must not be started once more."""
        if self._reading is None:
            self._reading = asyncio.create_task(_read(self._path, self._context), name="kubeconfig")
        reading = self._reading
        try:
            return await asyncio.shield(reading)
        finally:
            if reading.done():
                self._reading = None

    def _expired(self) -> bool:
        return self._expires_at is not None and self._clock() >= self._expires_at - EXPIRY_MARGIN


async def _read(path: Path, context: str | None) -> "tuple[Configuration, datetime | None]":
    """The official client's reading of the file, and when an exec plugin's answer ends."""
    import yaml  # comes with the official client
    from kubernetes.aio import client, config

    _check_exists(path)
    configuration = client.Configuration()
    configuration.api_key = {}
    try:
        loader = await config.load_kube_config(  # type: ignore[no-untyped-call]  # it has no annotations
            config_file=str(path),
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
    except (config.ConfigException, yaml.YAMLError, OSError, TypeError, ValueError, KeyError) as error:
        raise errors.SourceError(f"cannot use the kubeconfig {path}: {_reason(error)}") from error
    _check_plugin(loader, configuration, path)
    return configuration, getattr(loader, "exec_plugin_expiry", None)


def _check_exists(path: Path) -> None:
    """The loader only warns of a missing file, and fails on its emptiness."""
    if not path.is_file():
        raise errors.SourceError(f"there is no kubeconfig at {path}")


def _check_plugin(loader: Any, configuration: "Configuration", path: Path) -> None:
    """The loader logs a plugin's failure and goes on without credentials; here that is an error."""
    user = loader.current_context["context"].get("user")
    wants_plugin = loader._user is not None and "exec" in loader._user
    if wants_plugin and not configuration.api_key and not configuration.cert_file:
        raise errors.SourceError(f"{path}: the exec plugin of user {user!r} gave no credentials")


def _to_access(configuration: "Configuration") -> Access:
    url = configuration.host.rstrip("/")
    proxy = configuration.proxy or _environment_proxy(url)
    if proxy and not proxy.startswith(("http://", "https://")):
        raise ValueError(f"a {urlsplit(proxy).scheme} proxy is not supported, only http and https")
    return Access(
        url=url,
        authorization=configuration.api_key.get("BearerToken"),
        ssl_context=_context(configuration) if url.startswith("https") else None,
        server_hostname=configuration.tls_server_name or None,
        proxy=proxy,
    )


def _environment_proxy(url: str) -> str | None:
    """HTTPS_PROXY and NO_PROXY count as they do for kubectl; this machine itself is never proxied."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _context(configuration: "Configuration") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
    _allow_private_ca(context)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(ca: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError) as error:
        raise errors.SourceError(f"the service account's ca.crt: {_reason(error)}") from error
    _allow_private_ca(context)
    return context


def _allow_private_ca(context: ssl.SSLContext) -> None:
    """Clusters' own CAs often lack extensions that Python 3.13 wants and Go does not ask for."""
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
