"""The fixtures `cluster` and `namespace`, a pytest plugin: `pytest_plugins` in tests/conftest.py names it.

One cluster serves a whole test run, because it takes seconds to start; tests keep apart by namespaces. Where
the programs are not built, tests fail and say how to build them: a skipped test proves nothing.
"""

from collections.abc import AsyncIterator

import pytest

from tests import secrecy
from tests.cluster import binaries
from tests.cluster.running import Cluster, running


@pytest.fixture(scope="session")
async def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    """A real control plane with played kubelets."""
    if missing := binaries.missing():
        pytest.fail(f"not built: {', '.join(missing)}; run {binaries.BUILD_COMMAND} (minutes, once)")
    async with running(tmp_path_factory.mktemp("cluster")) as started:
        request.config.stash[secrecy.WRITTEN].planted.add(started.plane.token)
        yield started


@pytest.fixture
async def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A namespace of the test's own, deleted after it."""
    cluster.check()
    name = await cluster.client.create_namespace("test")
    yield name
    await cluster.client.delete_namespace(name)
