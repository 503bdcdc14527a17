"""Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler on this machine, and ends them.

Four seconds from nothing to a cluster that takes Deployments; nobody runs their pods until a `kubelet` does.
The API server can be killed and started again on the same port with the same data. Everything that is
written lies in one folder; no process survives the `async with`, nor the death of the test run.
"""

import asyncio
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp

from tests.cluster import binaries, connection
from tests.cluster.processes import Program

TOKEN = "a-token-for-the-tests"

START_SECONDS = 60.0
"""Patience with a start. It takes 4 s on two idle cores, and tests share theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The files and addresses of one control plane."""

    directory: Path
    etcd_url: str
    etcd_peer_url: str
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """What etcd keeps."""
        return self.directory / "etcd"

    @property
    def certificates(self) -> Path:
        return self.directory / "certificates"

    @property
    def ca_file(self) -> Path:
        """Self-signed by kube-apiserver, so it is its own authority."""
        return self.certificates / "apiserver.crt"

    @property
    def key_file(self) -> Path:
        """The key of that certificate, used to sign ServiceAccount tokens too."""
        return self.certificates / "apiserver.key"

    @property
    def tokens(self) -> Path:
        return self.directory / "tokens.csv"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def scheduler_configuration(self) -> Path:
        return self.directory / "scheduler.json"


class ControlPlane:
    """A running control plane; made by `start`."""

    def __init__(self, layout: Layout, stack: AsyncExitStack) -> None:
        self._layout = layout
        self._stack = stack
        self._programs: dict[str, Program] = {}
        self.token = TOKEN
        """An administrator's (group `system:masters`)."""

    @classmethod
    @asynccontextmanager
    async def start(cls, directory: Path) -> AsyncIterator[Self]:
        """A control plane that answers, its data in `directory`. Raises `Died` or `TimeoutError`."""
        layout = _layout(directory)
        async with AsyncExitStack() as stack:
            plane = cls(layout, stack)
            _write_files(layout)
            # The logs may explain a failure afterwards; the data is 130 MB that nobody reads.
            stack.callback(shutil.rmtree, layout.data, ignore_errors=True)
            await plane._run("etcd", _etcd(layout))
            await plane._run("kube-apiserver", _apiserver(layout))
            await plane._until_ready()
            await plane._run("kube-controller-manager", _controller_manager(layout))
            await plane._run("kube-scheduler", _scheduler(layout))
            yield plane

    @property
    def url(self) -> str:
        return self._layout.url

    @property
    def ca_file(self) -> Path:
        return self._layout.ca_file

    @property
    def key_file(self) -> Path:
        """The private key of `ca_file`; the played kubelets serve TLS with the same pair."""
        return self._layout.key_file

    @property
    def kubeconfig(self) -> Path:
        return self._layout.kubeconfig

    def connect(self, token: str | None = None) -> connection.Connection:
        """For the administrator, or for the bearer of `token`."""
        return connection.Connection(url=self.url, token=token or self.token, ca_file=self.ca_file)

    def check(self) -> None:
        """Raises `Died` if one of the programs ended by itself."""
        for program in self._programs.values():
            program.check()

    async def kill_apiserver(self) -> None:
        """As a crash: SIGKILL, connections break, etcd keeps what was acknowledged."""
        await self._programs.pop("kube-apiserver").kill()

    async def restart_apiserver(self) -> None:
        """Starts it where it was (killing it first if it runs) and returns when it is ready."""
        if "kube-apiserver" in self._programs:
            await self.kill_apiserver()
        await self._run("kube-apiserver", _apiserver(self._layout))
        await self._until_ready()

    async def forget_history(self) -> None:
        """Compacts etcd and restarts the API server: every older resourceVersion is answered 410 Expired."""
        async with aiohttp.ClientSession(self._layout.etcd_url, raise_for_status=True) as etcd:
            key = {"key": "Lw=="}  # "/" in base64: any key does, the answer's header has the revision
            async with etcd.post("/v3/kv/range", json=key) as answer:
                revision = (await answer.json())["header"]["revision"]
            async with etcd.post("/v3/kv/compaction", json={"revision": revision, "physical": True}):
                pass
        await self.restart_apiserver()

    async def _run(self, name: str, options: Mapping[str, str]) -> None:
        arguments = [f"--{option}={value}" for option, value in options.items()]
        log = self._layout.directory / f"{name}.log"
        program = await Program.start([binaries.path(name), *arguments], log=log)
        # Unwound in reverse order: whoever talks to etcd ends before it, or waits for it in vain.
        self._stack.push_async_callback(program.stop)
        self._programs[name] = program

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await self._is_ready():
            self.check()
            if time.monotonic() > deadline:
                words = self._programs["kube-apiserver"].last_words()
                raise TimeoutError(f"kube-apiserver is not ready after {START_SECONDS:g} s:\n{words}")
            await asyncio.sleep(0.1)

    async def _is_ready(self) -> bool:
        if not self.ca_file.exists():
            return False
        try:
            async with self.connect() as admin:
                return await admin.read("GET", "/readyz") == b"ok"
        except (connection.Away, connection.Refused):
            return False


def _layout(directory: Path) -> Layout:
    etcd, peer, api = _free_ports(3)
    return Layout(
        directory=directory,
        etcd_url=f"http://127.0.0.1:{etcd}",
        etcd_peer_url=f"http://127.0.0.1:{peer}",
        port=api,
    )


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all held until the last is found, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _write_files(layout: Layout) -> None:
    layout.directory.mkdir(parents=True, exist_ok=True)
    layout.tokens.write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    layout.kubeconfig.write_text(json.dumps(_kubeconfig(layout), indent=2))
    layout.kubeconfig.chmod(0o600)
    layout.scheduler_configuration.write_text(json.dumps(_scheduler_configuration(layout), indent=2))


def _kubeconfig(layout: Layout) -> connection.Object:
    """JSON is YAML; read by kubectl, kubernetes.aio and the programs here."""
    cluster = {"server": layout.url, "certificate-authority": str(layout.ca_file)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin"}}],
        "current-context": "local",
    }


def _scheduler_configuration(layout: Layout) -> connection.Object:
    client = {"kubeconfig": str(layout.kubeconfig), "qps": 300, "burst": 400}
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": client,
        "podInitialBackoffSeconds": 1,
        "podMaxBackoffSeconds": 2,
    }


def _etcd(layout: Layout) -> dict[str, str]:
    return {
        "data-dir": str(layout.data),
        "listen-client-urls": layout.etcd_url,
        "advertise-client-urls": layout.etcd_url,
        "listen-peer-urls": layout.etcd_peer_url,
        "initial-advertise-peer-urls": layout.etcd_peer_url,
        "initial-cluster": f"default={layout.etcd_peer_url}",
        "unsafe-no-fsync": "true",
        "log-level": "error",
    }


def _apiserver(layout: Layout) -> dict[str, str]:
    """See https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/."""
    return {
        "etcd-servers": layout.etcd_url,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(layout.port),
        "cert-dir": str(layout.certificates),
        "authorization-mode": "RBAC",
        "token-auth-file": str(layout.tokens),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": str(layout.key_file),
        "service-account-signing-key-file": str(layout.key_file),
        "service-cluster-ip-range": "10.96.0.0/16",
        # Nobody can reach a Service here; without this it tries to publish a loopback address.
        "endpoint-reconciler-type": "none",
        # ServiceAccount would wait for a default account in each namespace; TaintNodesByCondition would
        # taint new nodes for ever, as no node lifecycle controller runs.
        "disable-admission-plugins": "ServiceAccount,TaintNodesByCondition",
        "profiling": "false",
    }


def _controller_manager(layout: Layout) -> dict[str, str]:
    """Without the controllers that would look for the machines behind our nodes."""
    absent = (
        "cloud-node-lifecycle-controller",
        "node-ipam-controller",
        "node-lifecycle-controller",
        "node-route-controller",
        "service-lb-controller",
    )
    return {
        "kubeconfig": str(layout.kubeconfig),
        "leader-elect": "false",
        "secure-port": "0",
        "service-account-private-key-file": str(layout.key_file),
        "controllers": ",".join(["*", *(f"-{name}" for name in absent)]),
        "kube-api-qps": "300",
        "kube-api-burst": "400",
    }


def _scheduler(layout: Layout) -> dict[str, str]:
    return {"config": str(layout.scheduler_configuration), "secure-port": "0"}
