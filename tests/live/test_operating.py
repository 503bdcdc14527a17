"""What an operator does and sees: check, a sample, a missing permission, a wrong token, an ending."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from shipbell.sandbox import Fault, Rates, Sandbox, Token
from tests.cluster import manifests
from tests.cluster.running import Cluster
from tests.live.account import Account
from tests.live.deployments import Deployment, until
from tests.live.shipbell import SECRETS, installed, settings_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

CHANNEL = "deployments"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a command answered."""

    code: int
    text: str


async def command(
    folder: Path, settings: Mapping[str, Any], *arguments: str, secrets: Mapping[str, str] = SECRETS
) -> Answer:
    """Runs `shipbell` with the settings, to its end."""
    config = folder / "shipbell.yaml"
    config.write_text(yaml.safe_dump(dict(settings)))
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("shipbell")),
        *arguments,
        *("--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], **secrets},
        cwd=folder,
    )
    output, _ = await process.communicate()
    return Answer(code=process.returncode or 0, text=output.decode())


async def readyz(port: int) -> dict[str, str]:
    """What each part says of itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/readyz") as answer,
    ):
        return dict(json.loads(await answer.read())["parts"])


async def restricted(cluster: Cluster, folder: Path, *rules: tuple[list[str], list[str], list[str]]) -> Path:
    """A kubeconfig for a ServiceAccount that may do this and no more."""
    namespace = await cluster.client.create_namespace("restricted")
    await cluster.client.create(namespace, manifests.service_account("shipbell"))
    await cluster.client.create("", manifests.cluster_role(namespace, *rules))
    binding = manifests.cluster_role_binding(
        namespace, role=namespace, account="shipbell", namespace=namespace
    )
    await cluster.client.create("", binding)
    token = await cluster.client.token(namespace, "shipbell")
    plane = {"server": cluster.plane.url, "certificate-authority": str(cluster.plane.ca_file)}
    document = {
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": plane}],
        "users": [{"name": "it", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


async def test_check_finds_that_all_is_well(cluster: Cluster, tmp_path: Path) -> None:
    async with Sandbox() as slack:
        answer = await command(tmp_path, settings_for(cluster, slack, channel=CHANNEL), "check")

    assert answer.code == 0, answer.text
    assert "may watch deployments.apps in all namespaces" in answer.text
    assert f"#{CHANNEL} is C" in answer.text


async def test_check_names_everything_that_is_wrong(cluster: Cluster, tmp_path: Path) -> None:
    kubeconfig = await restricted(cluster, tmp_path, (["apps"], ["deployments"], ["list"]))
    async with Sandbox() as slack:
        settings = settings_for(cluster, slack, channel="nowhere", kubeconfig=str(kubeconfig))
        answer = await command(tmp_path, settings, "check")

    assert answer.code == 1
    for wrong in ("may not watch deployments.apps", "may not list pods", "may not list replicasets.apps"):
        assert wrong in answer.text
    assert "there is no #nowhere" in answer.text


async def test_check_says_that_a_token_is_wrong_without_showing_it(cluster: Cluster, tmp_path: Path) -> None:
    secrets = {"SHIPBELL_SLACK_TOKEN": "xoxb-not-the-right-one"}
    async with Sandbox() as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL)
        answer = await command(tmp_path, settings, "check", secrets=secrets)

    assert answer.code == 1
    assert "invalid_auth" in answer.text
    assert "not-the-right-one" not in answer.text


async def test_a_sample_takes_the_true_path(cluster: Cluster, tmp_path: Path) -> None:
    async with Sandbox() as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL)
        answer = await command(tmp_path, settings, "test-message", "shop/web")
        (root,) = Account(slack).roots()

    assert answer.code == 0, answer.text
    assert "sent to #deployments (channel C" in answer.text
    assert root.state == "succeeded"
    assert "test" in json.dumps(slack.messages(CHANNEL)[0].blocks).lower()


async def test_a_sample_that_cannot_be_sent_says_why(cluster: Cluster, tmp_path: Path) -> None:
    async with Sandbox() as slack:
        slack.workspace.change_channel(CHANNEL, archived=True)
        settings = settings_for(cluster, slack, channel=CHANNEL)
        answer = await command(tmp_path, settings, "test-message", "shop/web")

    assert answer.code == 1
    assert "is_archived" in answer.text or "no #deployments" in answer.text, answer.text


async def test_a_missing_permission_is_named_and_waited_for(cluster: Cluster, tmp_path: Path) -> None:
    kubeconfig = await restricted(
        cluster, tmp_path, (["apps"], ["deployments"], ["list", "watch"]), ([""], ["pods"], ["list", "watch"])
    )
    async with Sandbox(rates=Rates(enforced=False)) as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL, kubeconfig=str(kubeconfig))
        async with installed(tmp_path, settings, SECRETS, ready=False) as shipbell:

            async def named() -> bool:
                parts = await readyz(shipbell.port)
                return "list replicasets.apps" in parts["permissions"]

            await until(named, lambda: shipbell.log)
            assert "Traceback" not in shipbell.log


async def test_an_unreachable_api_server_is_said_and_retried(cluster: Cluster, tmp_path: Path) -> None:
    document = yaml.safe_load(cluster.plane.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(document))
    async with Sandbox() as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL, kubeconfig=str(kubeconfig))
        async with installed(tmp_path, settings, SECRETS, ready=False) as shipbell:

            async def said() -> bool:
                return "refused" in (await readyz(shipbell.port))["kubernetes"].lower()

            await until(said, lambda: shipbell.log)
            assert "cannot follow Kubernetes" in shipbell.log
            assert "Traceback" not in shipbell.log


async def test_a_wrong_token_is_said_and_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    async with Sandbox(rates=Rates(enforced=False)) as slack:
        slack.workspace.revoke_tokens()
        settings = settings_for(cluster, slack, channel=CHANNEL, factor=0.05)
        async with installed(tmp_path, settings, SECRETS, ready=False) as shipbell:

            async def said() -> bool:
                return "token_revoked" in (await readyz(shipbell.port))["slack"]

            await until(said, lambda: shipbell.log)
            slack.workspace.restore_tokens()
            await until(shipbell.ready, lambda: shipbell.log)
            assert "Traceback" not in shipbell.log


async def test_sigterm_ends_it_in_time_with_a_delivery_in_hand(cluster: Cluster, tmp_path: Path) -> None:
    namespace = await cluster.client.create_namespace("ending")
    web = Deployment(client=cluster.client, namespace=namespace)
    async with Sandbox(rates=Rates(enforced=False)) as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL, factor=1.0, namespaces=[namespace])
        async with installed(tmp_path, settings, SECRETS) as shipbell:
            slack.order(Fault(kind="slow", method="chat.postMessage", delay=3, stored=True))
            await web.create()
            await until(lambda: _called(slack, "chat.postMessage"), lambda: shipbell.log)
            begun = asyncio.get_running_loop().time()
            code = await shipbell.stop()

            assert code == 0
            assert asyncio.get_running_loop().time() - begun < 20
            await shipbell.start()
            await Account(slack).becomes(namespace, ["succeeded"])
            Account(slack).check(namespace, ["succeeded"])


async def _called(slack: Sandbox, method: str) -> bool:
    return any(call.method == method for call in slack.calls()) or bool(slack.messages(CHANNEL))


async def test_an_incoming_webhook_gets_a_start_and_an_ending(cluster: Cluster, tmp_path: Path) -> None:
    namespace = await cluster.client.create_namespace("webhook")
    web = Deployment(client=cluster.client, namespace=namespace)
    async with Sandbox(rates=Rates(enforced=False)) as slack:
        settings = settings_for(cluster, slack, channel=CHANNEL, namespaces=[namespace])
        settings["slack"] = {}
        secrets = {"SHIPBELL_SLACK_WEBHOOK_URL": slack.webhook_url(CHANNEL)}
        async with installed(tmp_path, settings, secrets) as shipbell:
            await web.create("slow-1")
            await web.completes()

            async def ended() -> bool:
                return any("succeeded" in message.text for message in slack.messages(CHANNEL))

            await until(ended, lambda: shipbell.log)
            texts = [message.text for message in slack.messages(CHANNEL)]

            assert len(texts) == 2, texts
            assert "started" in texts[0] or "rolling out" in texts[0]
            assert "services/" not in shipbell.log


async def test_no_secret_is_written_or_shown(cluster: Cluster, tmp_path: Path) -> None:
    namespace = await cluster.client.create_namespace("secrets")
    web = Deployment(client=cluster.client, namespace=namespace)
    token = "xoxb-a-token-of-this-test-alone"
    password = "a-password-of-this-test-alone"
    secrets = {"SHIPBELL_SLACK_TOKEN": token, "SHIPBELL_WEB_HOOK_PASSWORD": password}
    async with Sandbox(rates=Rates(enforced=False), tokens=(Token(value=token),)) as slack:
        slack.order(Fault(kind="server_error", status=503, times=3))
        slack.order(Fault(kind="lost", times=2))
        settings = settings_for(cluster, slack, channel=CHANNEL, namespaces=[namespace])
        settings["web"]["hook"] = {"user": "kubewatch"}
        settings["log"] = {"level": "debug"}
        async with installed(tmp_path, settings, secrets) as shipbell:
            await web.create()
            await web.completes()
            await Account(slack).becomes(namespace, ["succeeded"])
            said = shipbell.log + await _pages(shipbell.url, password) + str(slack.messages(CHANNEL))

        cluster_token = cluster.plane.token
        for secret in (token, password, cluster_token):
            assert secret not in said


async def _pages(url: str, password: str) -> str:
    """Everything that the web server says, to those who know the password and those who do not."""
    said = []
    async with aiohttp.ClientSession() as session:
        for path in ("/readyz", "/livez", "/health", "/metrics", "/", "/webhook/kubewatch"):
            async with session.get(url + path) as answer:
                said.append(await answer.text())
        for tried in ("wrong", password):
            headers = {"Authorization": aiohttp.encode_basic_auth("kubewatch", tried)}
            async with session.post(f"{url}/webhook/kubewatch", data="{}", headers=headers) as answer:
                said.append(f"{answer.status} {await answer.text()}")
    return "\n".join(said)
