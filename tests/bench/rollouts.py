"""The work: rollouts of small Deployments one after the other, each told before the next begins."""

import asyncio
from collections.abc import Iterator

from tests.bench import delays
from tests.bench.slack import Slack
from tests.cluster.running import Cluster
from tests.live.deployments import Deployment, until

DEPLOYMENTS = 5

REST = 2.5
"""Seconds after an ending: its reply is posted a second after the start's post, and another second later
the channel may be posted into again. What is measured shall not wait for Slack's pace."""


async def play(cluster: Cluster, slack: Slack, count: int) -> tuple[str, ...]:
    """Creates a few Deployments and gives them new images in turn; answers with their names."""
    namespace = await cluster.client.create_namespace("bench")
    names = tuple(f"web-{number}" for number in range(DEPLOYMENTS))
    for name, revision in _turns(names, count):
        deployment = Deployment(client=cluster.client, namespace=namespace, name=name)
        if revision == 1:
            await deployment.create("1")
        else:
            await deployment.set_image(str(revision))
        await _told(slack, name, revision)
        await asyncio.sleep(REST)
    return names


def _turns(names: tuple[str, ...], count: int) -> Iterator[tuple[str, int]]:
    for turn in range(count):
        yield names[turn % len(names)], turn // len(names) + 1


async def _told(slack: Slack, name: str, revision: int) -> None:
    async def succeeded() -> bool:
        roots = delays.told(await slack.messages(), name)
        return len(roots) == revision and roots[-1].succeeded is not None

    await until(succeeded, lambda: f"revision {revision} of {name} was not told as succeeded")
