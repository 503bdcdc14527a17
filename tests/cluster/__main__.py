"""`python -m tests.cluster`: a cluster for a person, until Ctrl-C."""

import asyncio
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from tests.cluster import behaviours, binaries, building, running

GUIDE = """\
Kubernetes {version} is ready, with three nodes. In another terminal:

  export KUBECONFIG={kubeconfig}
  export PATH={binaries}:$PATH    # its kubectl

Nothing really runs; a container behaves as its image's tag (or an annotation) says:
  1, 2.3, anything   ready after 0.3 s          slow      ready after 3 s
  missing            ImagePullBackOff           crash     CrashLoopBackOff
  oom                OOMKilled, again and again never     runs, its probe fails
  config             its Secret is missing      mount     its volume cannot be mounted
Try:  kubectl create deployment shop --image=shop:1 --replicas=4
      kubectl set image deployment/shop shop=shop:2-crash; kubectl rollout undo deployment/shop
An annotation on the pod template says more, such as `{annotation}: crash-then-heal=3`
(see tests/cluster/behaviours.py). Ctrl-C stops everything and deletes it.
"""


async def serve() -> None:
    """Runs until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="shipbell-cluster-") as directory:
        building.say("Starting ...")
        async with running.running(Path(directory), is_talkative=True) as cluster:
            sys.stdout.write(_guide(cluster))
            sys.stdout.flush()
            await _until_stopped(cluster, stop)
            building.say("Stopping ...")


async def _until_stopped(cluster: running.Cluster, stop: asyncio.Event) -> None:
    while not stop.is_set():
        cluster.check()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await stop.wait()


def _guide(cluster: running.Cluster) -> str:
    return GUIDE.format(
        version=binaries.kubernetes_version(),
        kubeconfig=cluster.plane.kubeconfig,
        binaries=binaries.directory(),
        annotation=behaviours.ANNOTATION,
    )


def main() -> int:
    """Builds what is missing first. The exit code."""
    try:
        building.build()
    except building.CannotBuild as error:
        building.say(f"Cannot build the control plane: {error}")
        return 1
    asyncio.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
