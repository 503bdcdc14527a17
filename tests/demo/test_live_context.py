"""`shipbell demo --context NAME`: the same page, with a live cluster behind it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster.running import Cluster
from tests.demo.test_demonstration import messages
from tests.live.deployments import Deployment, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]


async def test_a_named_context_takes_a_live_cluster(cluster: Cluster, tmp_path: Path) -> None:
    kubeconfig = tmp_path / ".kube" / "config"
    kubeconfig.parent.mkdir()
    kubeconfig.write_text(cluster.plane.kubeconfig.read_text())
    context = yaml.safe_load(kubeconfig.read_text())["current-context"]
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("shipbell")),
        *("demo", "--port", "0", "--context", context),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    namespace = await cluster.client.create_namespace("demo")
    # It begins at its baseline, whenever that stands: only what comes after it is told.
    web = Deployment(client=cluster.client, namespace=namespace)
    await web.create()
    await web.completes()
    tags = iter(range(2, 100))

    async def told() -> bool:
        await web.set_image(str(next(tags)))
        await web.completes()
        return any(f"{namespace}/web → production: succeeded" in m.text for m in await messages(url))

    await until(told, lambda: "nothing was told of the live cluster")
    process.send_signal(signal.SIGINT)

    assert await process.wait() == 0
