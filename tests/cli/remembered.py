"""A store with a few rollouts in it, and the command that looks into it."""

import asyncio
import dataclasses
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from click.testing import CliRunner, Result

from shipbell import cli, routing, store
from shipbell.domain import (
    Diagnosis,
    Identity,
    ImageChange,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    Workload,
)
from shipbell.store import upgrading

CHANNEL = routing.Destination(sink=routing.Sink.SLACK, channel="#deployments")
SETTINGS = {
    "SHIPBELL_CLUSTER": "production",
    "SHIPBELL_SLACK_TOKEN": "xoxb-very-secret",
    "SHIPBELL_SLACK_CHANNEL": "#deployments",
}
REMEDY = "kubectl -n shop rollout undo deployment/web"


def rollout(
    name: str,
    state: State,
    *,
    ago: timedelta,
    namespace: str = "shop",
    took: timedelta | None = None,
    **other: object,
) -> Rollout:
    """A rollout that began that long ago."""
    started = (datetime.now(UTC) - ago).replace(microsecond=0)
    workload = Workload(
        cluster="production", namespace=namespace, kind="Deployment", name=name, uid=f"uid-{name}"
    )
    made = Rollout(
        id=uuid.uuid5(uuid.NAMESPACE_OID, f"{namespace}/{name}/{ago}"),
        workload=workload,
        identity=Identity(number=42, hash="5d6f", name=f"{name}-5d6f", uid="rs-1"),
        state=state,
        version=2,
        kind=RolloutKind.NEW_VERSION,
        started_at=started,
        finished_at=started + took if took else None,
        changed_at=started,
        progress_at=started,
        images=(ImageChange(container="app", old="ghcr.io/shop/web:1.1", new="ghcr.io/shop/web:1.2"),),
        labels={"team": "checkout"},
        by="Pulumi, for jdoe",
        wanted=4,
        new_ready=1,
        serving=4,
    )
    return dataclasses.replace(made, **other)  # type: ignore[arg-type]  # the fields of a rollout


def failed(name: str = "web", *, ago: timedelta = timedelta(minutes=30)) -> Rollout:
    """A rollout that has failed."""
    diagnosis = Diagnosis(
        reason="CrashLoopBackOff", cause="Container app exits 1, 5 restarts", next_step=REMEDY
    )
    return rollout(name, State.FAILED, ago=ago, took=timedelta(minutes=10), diagnosis=diagnosis)


def succeeded(name: str = "web", *, ago: timedelta = timedelta(hours=5), namespace: str = "shop") -> Rollout:
    """A rollout that has succeeded."""
    took = timedelta(minutes=2, seconds=9)
    return rollout(name, State.SUCCEEDED, ago=ago, took=took, namespace=namespace, new_ready=4)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A store's file, and the environment that names it."""

    file: Path

    @property
    def env(self) -> dict[str, str]:
        return {**SETTINGS, "SHIPBELL_STORE_URL": f"sqlite:///{self.file}"}

    def shipbell(self, *arguments: str) -> Result:
        """Runs the command in this process."""
        return CliRunner().invoke(cli.main, arguments, env=self.env)


def installed(folder: Path, rollouts: Sequence[Rollout] | None = None) -> Installation:
    """An installation whose store holds these rollouts; with None it has no store yet."""
    installation = Installation(file=folder / "shipbell.db")
    if rollouts is not None:
        asyncio.run(_fill(installation.env["SHIPBELL_STORE_URL"], rollouts))
    return installation


async def _fill(url: str, rollouts: Sequence[Rollout]) -> None:
    await upgrading.upgrade(url)
    async with await store.Store.open(url) as opened:
        for each in sorted(rollouts, key=lambda r: r.started_at):
            memory = Memory(workload=each.workload, resource_version=1, identity=each.identity, rollout=each)
            happened = (
                Transition(rollout=each.id, version=1, kind=TransitionKind.STARTED, at=each.started_at),
                Transition(
                    rollout=each.id,
                    version=2,
                    kind=TransitionKind.PROGRESSED,
                    at=each.started_at,
                    note="1 of 4",
                ),
            )
            await opened.take(partial(_record, memory, happened))


def _record(memory: Memory, happened: tuple[Transition, ...], intake: store.Intake) -> None:
    intake.save(memory, transitions=happened)
    if memory.rollout is not None:
        intake.address(memory.rollout, (CHANNEL,))
