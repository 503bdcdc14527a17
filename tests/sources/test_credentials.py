"""Who we are to the API server: a pod's own files as they rotate, a kubeconfig in all its forms."""

import asyncio
import base64
import json
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipbell import errors
from shipbell.sources.kubernetes import credentials, transport
from tests.fakes.api_server import ApiServer

START = datetime(2026, 1, 30, 14, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def mounted(directory: Path, *, token: str = "first") -> Path:
    """A service account's folder, with a certificate made for it."""
    certificate(directory, "ca")
    (directory / "ca.pem").rename(directory / "ca.crt")
    (directory / "token").write_text(f"{token}\n")
    return directory


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        [*command, *names, "-out", cert, "-keyout", key], check=True, stderr=subprocess.DEVNULL, timeout=20
    )
    return cert, key


def in_pod(directory: Path, clock: Clock | None = None, host: str = "10.96.0.1") -> credentials.InPod:
    return credentials.InPod(host=host, port="443", directory=directory, clock=clock or Clock())


def kubeconfig(directory: Path, *, cluster: dict[str, Any], user: dict[str, Any] | None = None) -> Path:
    path = directory / "config"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "clusters": [{"name": "main", "cluster": cluster}],
        "users": [{"name": "main", "user": user or {}}, {"name": "other", "user": {"token": "other-token"}}],
        "contexts": [
            {"name": "main", "context": {"cluster": "main", "user": "main"}},
            {"name": "other", "context": {"cluster": "main", "user": "other"}},
        ],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def plugin(directory: Path, status: dict[str, str], *, api: str = "v1") -> dict[str, Any]:
    """An exec plugin that answers `status`, and appends a dot to the file `runs` each time."""
    answer = {"apiVersion": f"client.authentication.k8s.io/{api}", "kind": "ExecCredential", "status": status}
    script = directory / "plugin"
    script.write_text(f"#!/bin/sh\nprintf . >> {directory}/runs\ncat <<'E'\n{json.dumps(answer)}\nE\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": answer["apiVersion"], "command": str(script)}}


async def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    access = await in_pod(mounted(tmp_path)).access()

    assert access.url == "https://10.96.0.1:443"
    assert access.authorization == "Bearer first"
    assert access.ssl_context is not None
    assert access.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert access.proxy is None


async def test_a_pods_ipv6_address_is_bracketed(tmp_path: Path) -> None:
    access = await in_pod(mounted(tmp_path), host="fd00::1").access()

    assert access.url == "https://[fd00::1]:443"


async def test_a_rotated_token_is_read_within_a_minute_or_at_once_when_refused(tmp_path: Path) -> None:
    clock = Clock()
    account = in_pod(mounted(tmp_path), clock)
    await account.access()
    (tmp_path / "token").write_text("second")

    before = (await account.access()).authorization
    refused = (await account.renew()).authorization
    (tmp_path / "token").write_text("third")
    clock.now += timedelta(seconds=60)
    aged = (await account.access()).authorization

    assert (before, refused, aged) == ("Bearer first", "Bearer second", "Bearer third")


async def test_the_tls_context_is_made_anew_only_with_a_new_ca(tmp_path: Path) -> None:
    account = in_pod(mounted(tmp_path))
    first = (await account.access()).ssl_context
    same = (await account.renew()).ssl_context
    mounted(tmp_path)
    other = (await account.renew()).ssl_context

    assert same is first
    assert other is not first


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("token", None, "cannot read"),
        ("token", "\n", "is empty"),
        ("ca.crt", None, "cannot read"),
        ("ca.crt", "not a certificate", "ca.crt"),
    ],
)
async def test_a_broken_mount_is_said_plainly(
    tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    (mounted(tmp_path) / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(errors.SourceError, match=reason):
        await in_pod(tmp_path).access()


def test_outside_of_a_pod_there_is_no_service_account() -> None:
    with pytest.raises(errors.SourceError, match="not in a pod"):
        credentials.InPod(host="", port="")


def test_secrets_stay_out_of_a_repr() -> None:
    access = credentials.Access(url="https://a", authorization="Bearer secret", proxy="http://u:secret@p")

    assert "secret" not in repr(access)


async def test_a_kubeconfigs_token_and_server_are_used(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "http://127.0.0.1:8001/"}, user={"token": "mine"})

    access = await credentials.Kubeconfig(path=path).access()

    assert (access.url, access.authorization) == ("http://127.0.0.1:8001", "Bearer mine")
    assert access.ssl_context is None


async def test_a_context_is_chosen_by_name(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "http://127.0.0.1:8001"}, user={"token": "mine"})

    access = await credentials.Kubeconfig(path=path, context="other").access()

    assert access.authorization == "Bearer other-token"


async def test_a_client_certificate_stands_for_a_token(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "client")
    user = {
        "client-certificate-data": base64.b64encode(cert.read_bytes()).decode(),
        "client-key-data": base64.b64encode(key.read_bytes()).decode(),
    }
    cluster = {
        "server": "https://127.0.0.1:6443",
        "certificate-authority": "client.pem",
        "tls-server-name": "kube",
    }
    access = await credentials.Kubeconfig(path=kubeconfig(tmp_path, cluster=cluster, user=user)).access()

    assert access.authorization is None
    assert access.server_hostname == "kube"
    assert access.ssl_context is not None
    assert [ca["subject"] for ca in access.ssl_context.get_ca_certs()] == [((("commonName", "127.0.0.1"),),)]


async def test_verification_is_skipped_only_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    cluster = {"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": True}

    access = await credentials.Kubeconfig(path=kubeconfig(tmp_path, cluster=cluster)).access()

    assert access.ssl_context is not None
    assert access.ssl_context.verify_mode is ssl.CERT_NONE


async def test_a_proxy_of_the_kubeconfig_is_used_and_a_socks_proxy_refused(tmp_path: Path) -> None:
    server = "https://k8s.example:6443"
    path = kubeconfig(tmp_path, cluster={"server": server, "proxy-url": "http://proxy:3128"})
    proxied = await credentials.Kubeconfig(path=path).access()
    path = kubeconfig(tmp_path, cluster={"server": server, "proxy-url": "socks5://proxy:1080"})

    assert proxied.proxy == "http://proxy:3128"
    with pytest.raises(errors.SourceError, match="socks5 proxy is not supported"):
        await credentials.Kubeconfig(path=path).access()


@pytest.mark.parametrize("api", ["v1", "v1beta1"])
async def test_an_exec_plugin_runs_once_until_its_answer_expires(tmp_path: Path, api: str) -> None:
    clock = Clock()
    expiry = (START + timedelta(minutes=15)).strftime("%Y-%m-%dT%H:%M:%SZ")
    user = plugin(tmp_path, {"token": "from-plugin", "expirationTimestamp": expiry}, api=api)
    path = kubeconfig(tmp_path, cluster={"server": "http://127.0.0.1:8001"}, user=user)
    config = credentials.Kubeconfig(path=path, clock=clock)

    for minutes in (0, 5, 13):
        clock.now = START + timedelta(minutes=minutes)
        access = await config.access()
    early = (tmp_path / "runs").read_text()
    clock.now = START + timedelta(minutes=14)
    await config.access()

    assert access.authorization == "Bearer from-plugin"
    assert early == "."
    assert (tmp_path / "runs").read_text() == ".."


async def test_an_exec_plugin_runs_again_when_its_token_is_refused(tmp_path: Path) -> None:
    async with ApiServer() as server:
        user = plugin(tmp_path, {"token": "from-plugin"})
        config = credentials.Kubeconfig(path=kubeconfig(tmp_path, cluster={"server": server.url}, user=user))
        server.tokens = {"other"}
        async with transport.Transport(config) as connection:
            with pytest.raises(errors.Unauthorized):
                await connection.get_json_bytes("/api/v1/pods")

    assert (tmp_path / "runs").read_text() == ".."


async def test_an_exec_plugin_that_fails_is_an_error_without_its_output(tmp_path: Path) -> None:
    user = plugin(tmp_path, {})
    (tmp_path / "plugin").write_text("#!/bin/sh\necho very-secret\nexit 3\n")
    config = credentials.Kubeconfig(path=kubeconfig(tmp_path, cluster={"server": "http://a"}, user=user))

    with pytest.raises(errors.SourceError, match="the exec plugin of user 'main' gave no credentials") as bad:
        await config.access()
    assert "very-secret" not in str(bad.value)


async def test_an_exec_plugin_that_hangs_is_said_to_and_not_started_once_more(tmp_path: Path) -> None:
    user = plugin(tmp_path, {"token": "late"})
    script = tmp_path / "plugin"
    wait = f"while [ ! -e {tmp_path}/logged-in ]; do sleep 0.02; done"
    script.write_text(script.read_text().replace("\ncat", f"\n{wait}\ncat"))
    path = kubeconfig(tmp_path, cluster={"server": "http://a"}, user=user)
    config = credentials.Kubeconfig(path=path, patience=0.3)

    for _ in range(2):
        with pytest.raises(errors.SourceError, match=r"no answer within 0\.3 s"):
            await config.access()
    (tmp_path / "logged-in").touch()
    access = await credentials_within(config, seconds=10)

    assert access.authorization == "Bearer late"
    assert (tmp_path / "runs").read_text() == "."


async def credentials_within(config: credentials.Kubeconfig, *, seconds: float) -> credentials.Access:
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await config.access()
            except errors.SourceError:
                continue


async def test_requests_that_begin_together_run_the_exec_plugin_once(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "http://a"}, user=plugin(tmp_path, {"token": "t"}))
    config = credentials.Kubeconfig(path=path)
    await asyncio.gather(*[config.access() for _ in range(5)])

    assert (tmp_path / "runs").read_text() == "."


@pytest.mark.parametrize("content", ["", "[]", "just words", "clusters: {", "current-context: main"])
async def test_a_file_that_is_no_kubeconfig_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken"
    path.write_text(content)

    with pytest.raises(errors.SourceError, match=str(path)):
        await credentials.Kubeconfig(path=path).access()


async def test_an_unknown_context_or_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "http://127.0.0.1:8001"})

    with pytest.raises(errors.SourceError, match="staging"):
        await credentials.Kubeconfig(path=path, context="staging").access()
    with pytest.raises(errors.SourceError, match="there is no kubeconfig at"):
        await credentials.Kubeconfig(path=tmp_path / "nowhere").access()
