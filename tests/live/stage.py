"""Plays scenarios side by side and keeps each one's outcome for the test that asks for it."""

import asyncio
from dataclasses import dataclass, field

from tests.cluster.running import Cluster
from tests.live.account import Account
from tests.live.deployments import Deployment
from tests.live.scenarios import SCENARIOS

FLEETING = {"deleted_in_mid_rollout", "re_created_around_its_pods"}
"""Where the last rollout may be gone before kubewatch's hints lead anybody to it."""


@dataclass(kw_only=True)
class Stage:
    """A cluster in which scenarios are played."""

    cluster: Cluster
    watching: Account
    hinted: Account
    _plays: dict[str, asyncio.Task[tuple[str, list[str]]]] = field(default_factory=dict)

    def play(self, name: str) -> None:
        """Begins a scenario in a namespace of its own."""
        self._plays[name] = asyncio.create_task(self._play(name), name=name)

    async def outcome(self, name: str) -> tuple[str, list[str]]:
        """The scenario's namespace and the states that Slack must show for it."""
        return await self._plays[name]

    async def _play(self, name: str) -> tuple[str, list[str]]:
        scenario, spec = SCENARIOS[name]
        namespace = await self.cluster.client.create_namespace(name.replace("_", "-")[:50])
        states = await scenario(Deployment(client=self.cluster.client, namespace=namespace, spec=spec))
        await self.watching.becomes(namespace, states)
        if name not in FLEETING:
            await self.hinted.rests(namespace, states[-1])
        await self._mark()
        return namespace, states

    async def _mark(self) -> None:
        """What begins now is told after everything that came before: nothing is still on its way."""
        namespace = await self.cluster.client.create_namespace("mark")
        marker = Deployment(client=self.cluster.client, namespace=namespace)
        await marker.create(replicas=1)
        for account in (self.watching, self.hinted):
            await account.becomes(namespace, ["succeeded"])

    async def close(self) -> None:
        """Ends what is still being played."""
        for task in self._plays.values():
            task.cancel()
        await asyncio.gather(*self._plays.values(), return_exceptions=True)
