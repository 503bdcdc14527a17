"""Shipbell between a real control plane and the sandbox Slack, once for all scenarios.

Two installations look at the same cluster: one watches by itself, the other is only told by kubewatch.
"""

from collections.abc import AsyncIterator

import pytest

from shipbell.sandbox import Rates, Sandbox
from tests.cluster.running import Cluster
from tests.live import kubewatch
from tests.live.account import Account
from tests.live.scenarios import SCENARIOS
from tests.live.shipbell import SECRETS, Shipbell, installed, settings_for
from tests.live.stage import Stage

WATCHING, HINTED, KINDS, UNSEEN = "deployments", "hinted", "kinds", "unseen"
"""The channels of the installations."""

FACTOR = 0.2
"""Of the impatient installation's time."""

PATIENCE = 0.25
"""Of its verdicts, on top of that: five minutes are fifteen seconds."""

UNHURRIED = Rates(enforced=False)
"""Slack's limits have drills of their own; here thirty messages shall not wait for each other."""

SEED = 20260131


@pytest.fixture(scope="module")
async def slack() -> AsyncIterator[Sandbox]:
    """The Slack of all scenarios."""
    async with Sandbox(rates=UNHURRIED, channels=(WATCHING, HINTED, KINDS, UNSEEN)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def shipbell(
    cluster: Cluster, slack: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shipbell]:
    """Shipbell, watching the whole cluster."""
    settings = settings_for(cluster, slack, channel=WATCHING)
    async with installed(tmp_path_factory.mktemp("watching"), settings, SECRETS) as running:
        yield running


@pytest.fixture(scope="module")
async def impatient(
    cluster: Cluster, slack: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shipbell]:
    """Shipbell, watching the whole cluster, with little patience and the right to read logs."""
    settings = settings_for(
        cluster,
        slack,
        channel=KINDS,
        factor=FACTOR,
        read_logs=True,
        requests_per_second=20 / FACTOR / PATIENCE,  # what comes in a minute elsewhere comes in three seconds
    )
    settings["verdict"] = {"patience": PATIENCE, "stall_after": "40s"}
    async with installed(tmp_path_factory.mktemp("impatient"), settings, SECRETS) as running:
        yield running


@pytest.fixture(scope="module")
async def hinted(
    cluster: Cluster, slack: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shipbell]:
    """Shipbell, watching nothing: kubewatch says where to look, and an unreliable one at that."""
    settings = settings_for(cluster, slack, channel=HINTED, watch=False)
    async with (
        installed(tmp_path_factory.mktemp("hinted"), settings, SECRETS) as running,
        cluster.plane.connect() as api,
        kubewatch.posting(api, f"{running.url}/webhook/kubewatch", seed=SEED),
    ):
        yield running


@pytest.fixture(scope="module")
async def stage(
    cluster: Cluster, slack: Sandbox, shipbell: Shipbell, hinted: Shipbell, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """All chosen scenarios, played side by side: most of their time is waiting."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = {item.callspec.params.get("scenario") for item in items if hasattr(item, "callspec")}
    stage = Stage(cluster=cluster, watching=Account(slack, WATCHING), hinted=Account(slack, HINTED))
    for name in SCENARIOS:
        if name in chosen:
            stage.play(name)
    yield stage
    await stage.close()
