"""StatefulSets, DaemonSets, Jobs and CronJobs: one root message per rollout, its last state true."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shipbell.sandbox import Sandbox
from tests.cluster import manifests
from tests.cluster.running import Cluster
from tests.live import daemon_sets, jobs, stateful_sets
from tests.live.account import Account
from tests.live.conftest import KINDS, UNSEEN
from tests.live.ground import Ground, Round
from tests.live.shipbell import SECRETS, Shipbell, installed, settings_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

TABLES = (
    ("statefulsets", stateful_sets.SCENARIOS),
    ("daemonsets", daemon_sets.SCENARIOS),
    ("jobs", jobs.SCENARIOS),
)
SCENARIOS = [name for _, table in TABLES for name in table]


@pytest.fixture(scope="module")
async def a_round(
    cluster: Cluster, slack: Sandbox, impatient: Shipbell, request: pytest.FixtureRequest
) -> AsyncIterator[Round]:
    """All chosen scenarios, on their way."""
    a_round = Round(cluster=cluster, account=Account(slack, KINDS))
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = {str(item.callspec.params.get("scenario")) for item in items if hasattr(item, "callspec")}
    for resource, table in TABLES:
        a_round.play_all(table, resource, chosen)
    yield a_round
    await a_round.close()


async def test_a_revision_that_came_and_went_unseen_is_named_by_the_one_that_brought_the_first_back(
    cluster: Cluster, slack: Sandbox, tmp_path: Path
) -> None:
    namespace = await cluster.client.create_namespace("unseen")
    account = Account(slack, UNSEEN)
    sets = Ground(cluster=cluster, namespace=namespace, account=account, resource="statefulsets")
    settings = settings_for(cluster, slack, channel=UNSEEN, namespaces=[namespace])
    async with installed(tmp_path, settings, SECRETS) as shipbell:
        await sets.runs(manifests.stateful_set("app", sets.image("1")))
        await account.becomes(namespace, ["succeeded"])
        await shipbell.kill()
        await asyncio.sleep(1)  # the API's times are whole seconds, and tell which revision was made first

        await sets.set_image("2")
        await sets.completes()
        await sets.undo()
        await sets.completes()
        await shipbell.start()

        await account.becomes(namespace, ["succeeded", "succeeded"])

    newest = account.roots(namespace)[-1]
    assert "ollback" in newest.everything or "back to" in newest.everything.lower(), newest.everything
    assert "not seen" in newest.everything, newest.everything


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_slack_tells_what_happened_to_every_kind(scenario: str, a_round: Round) -> None:
    await a_round.check(scenario)
