"""Shipbell between a real control plane and the sandbox Slack, once for all scenarios."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shipbell.sandbox import DEFAULT_TOKEN, Rates, Sandbox
from tests.cluster.running import Cluster
from tests.live.account import Account
from tests.live.scenarios import SCENARIOS
from tests.live.shipbell import Shipbell, installed
from tests.live.stage import Stage

UNHURRIED = Rates(enforced=False)
"""Slack's limits have drills of their own; here thirty messages shall not wait for each other."""


def free_port() -> int:
    """A port that nobody listens on; the caller takes it soon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(cluster: Cluster, slack: Sandbox, **more: Any) -> dict[str, Any]:
    """A configuration as a person would write it."""
    return {
        "cluster": "apps",
        "environment": "CI",
        "slack": {"channel": "#deployments", "api_url": slack.api_url},
        "kubernetes": {"kubeconfig": str(cluster.plane.kubeconfig), **more},
        "web": {"host": "127.0.0.1", "port": free_port()},
        "advanced": {"time_factor": 0.2},
    }


SECRETS = {"SHIPBELL_SLACK_TOKEN": DEFAULT_TOKEN}


@pytest.fixture(scope="session")
async def slack() -> AsyncIterator[Sandbox]:
    """The Slack of all scenarios."""
    async with Sandbox(rates=UNHURRIED) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
async def shipbell(
    cluster: Cluster, slack: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shipbell]:
    """Shipbell, watching the whole cluster."""
    async with installed(
        tmp_path_factory.mktemp("shipbell"), settings_for(cluster, slack), SECRETS
    ) as running:
        yield running


@pytest.fixture(scope="session")
async def stage(
    cluster: Cluster, slack: Sandbox, shipbell: Shipbell, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """All chosen scenarios, played side by side: most of their time is waiting."""
    chosen = {item.callspec.params["scenario"] for item in request.session.items if hasattr(item, "callspec")}
    stage = Stage(cluster=cluster, account=Account(slack))
    for name in SCENARIOS:
        if name in chosen:
            stage.play(name)
    yield stage
    await stage.close()
