"""A whole cluster: control plane, kubelets and a client, as one thing to enter and leave."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.client import Client
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubelet import Kubelet


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    plane: ControlPlane
    kubelet: Kubelet
    client: Client

    def check(self) -> None:
        """Raises what broke, if a part of it died by itself."""
        self.plane.check()
        self.kubelet.check()


@asynccontextmanager
async def running(
    directory: Path, *, back_off: float = 1.0, is_talkative: bool = False
) -> AsyncIterator[Cluster]:
    """A cluster with three nodes, its files in `directory`; the options are `Kubelet.start`'s."""
    async with (
        ControlPlane.start(directory) as plane,
        plane.connect() as api,
        Kubelet.start(
            api,
            certificate=plane.ca_file,
            key=plane.key_file,
            back_off=back_off,
            is_talkative=is_talkative,
        ) as kubelet,
    ):
        yield Cluster(plane=plane, kubelet=kubelet, client=Client(api, kubeconfig=plane.kubeconfig))
