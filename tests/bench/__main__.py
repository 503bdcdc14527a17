"""`python -m tests.bench [--quick]`: measures and prints; its exit code says only if that was possible."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shipbell.sandbox import Message
from tests.bench import delays, memory, pods, reporting, rollouts, slack
from tests.cluster import building, running
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import Program


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How long to measure."""

    rollouts: int = 60
    seconds: float = 60.0
    """From being ready to the look at the memory."""


QUICK = Effort(rollouts=10, seconds=10.0)


async def measure(directory: Path, effort: Effort) -> reporting.Findings:
    """Everything, with one cluster and one Slack; nothing else should run on the machine meanwhile."""
    in_pod = await pods.can_be_pods()
    async with running.running(directory / "cluster") as cluster, slack.running(directory) as told:
        modules = await _modules(directory / "imports", cluster.plane, told, in_pod=in_pod)
        journal = directory / "events"
        async with (
            _witness(cluster.plane, journal),
            pods.started(directory / "shipbell", cluster.plane, told, in_pod=in_pod) as shipbell,
        ):
            await shipbell.probe(effort.seconds)
            fresh = memory.usage(shipbell.pid)
            names = await rollouts.play(cluster, told, effort.rollouts)
            used = memory.usage(shipbell.pid)
            load = os.getloadavg()[0]
        starts, successes = _delays(journal.read_text(), await told.messages(), names)
    return reporting.Findings(
        in_pod=in_pod,
        seconds=effort.seconds,
        fresh=fresh,
        used=used,
        modules=modules,
        starts=delays.figures(starts),
        successes=delays.figures(successes),
        rollouts=effort.rollouts,
        load=load,
    )


async def _modules(
    directory: Path, plane: ControlPlane, told: slack.Slack, *, in_pod: bool
) -> tuple[str, ...]:
    """From a start of its own: to tell what is imported takes memory."""
    async with pods.started(directory, plane, told, in_pod=in_pod, variables=memory.VARIABLES) as shipbell:
        await shipbell.probe(1)
        return memory.imported(shipbell.log.read_text())


@asynccontextmanager
async def _witness(plane: ControlPlane, journal: Path) -> AsyncIterator[None]:
    """Runs the witness; it has seen nothing too late as long as it is ready before Shipbell."""
    host, _, port = plane.url.removeprefix("https://").partition(":")
    program = await Program.start(
        (sys.executable, "-m", "tests.bench.witness", host, port, plane.ca_file, plane.token, journal),
        log=journal.with_suffix(".log"),
    )
    try:
        yield
        program.check()
    finally:
        await program.stop()


def _delays(
    journal: str, messages: Sequence[Message], names: tuple[str, ...]
) -> tuple[list[float], list[float]]:
    """Of starts and of successes, in seconds."""
    starts, successes = [], []
    for name in names:
        said = delays.said(journal, name)
        for revision, told in enumerate(delays.told(messages, name), start=1):
            known = said[revision]
            if told.started is not None and known.started is not None:
                starts.append(told.started - known.started)
            if told.succeeded is not None and known.succeeded is not None:
                successes.append(told.succeeded - known.succeeded)
    return starts, successes


def main() -> int:
    """Builds the control plane first, if need be."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures Shipbell.")
    parser.add_argument("--quick", action="store_true", help="10 rollouts, memory after 10 s")
    effort = QUICK if parser.parse_args().quick else Effort()
    try:
        building.build()
    except building.CannotBuild as error:
        building.say(f"Cannot build the control plane: {error}")
        return 1
    with tempfile.TemporaryDirectory(prefix="shipbell-bench-") as directory:
        findings = asyncio.run(measure(Path(directory), effort))
    sys.stdout.write(reporting.table(findings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
