"""Values for tests of the store: complete, and dull where the test does not say otherwise."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from shipbell import routing
from shipbell.domain import (
    Identity,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    Workload,
)
from shipbell.store import Claim, Intake, Store

NOW = datetime(2026, 1, 31, 14, 2, 11, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=15)

CHANNEL = routing.Destination(sink=routing.Sink.SLACK, channel="#deployments")
OTHER_CHANNEL = routing.Destination(sink=routing.Sink.SLACK, channel="C0OTHER", profile=routing.Profile.QUIET)
ROOT = routing.Part.ROOT


def workload(name: str = "web", **fields: Any) -> Workload:
    plain = {"cluster": "c1", "namespace": "shop", "kind": "Deployment", "uid": f"uid-{name}"}
    return Workload(name=name, **{**plain, **fields})


def rollout(of: Workload | None = None, **fields: Any) -> Rollout:
    owner = of or workload()
    identity = fields.pop("identity", Identity(number=7, hash="abc", name="web-abc", uid="rs-7"))
    plain = Rollout(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"{owner.cluster}/{owner.uid}/{identity.number}"),
        workload=owner,
        identity=identity,
        state=State.STARTED,
        version=1,
        kind=RolloutKind.NEW_VERSION,
        started_at=NOW,
        changed_at=NOW,
        progress_at=NOW,
    )
    return dataclasses.replace(plain, **fields)


def memory(of: Rollout | Workload, **fields: Any) -> Memory:
    if isinstance(of, Workload):
        return dataclasses.replace(Memory(workload=of, resource_version=100), **fields)
    known = Memory(workload=of.workload, resource_version=100, identity=of.identity, rollout=of)
    return dataclasses.replace(known, **fields)


def transition(of: Rollout, kind: TransitionKind = TransitionKind.STARTED, **fields: Any) -> Transition:
    plain = Transition(rollout=of.id, version=of.version, kind=kind, at=of.changed_at)
    return dataclasses.replace(plain, **fields)


def changed(before: Rollout, state: State | None = None, *, after: timedelta = SECOND) -> Rollout:
    """The rollout one version later."""
    return dataclasses.replace(
        before,
        state=state or before.state,
        version=before.version + 1,
        changed_at=before.changed_at + after,
    )


async def save(store: Store, *rollouts: Rollout) -> None:
    def record(intake: Intake) -> None:
        for each in rollouts:
            intake.save(memory(each), (each,))

    await store.take(record)


async def begin(store: Store, *rollouts: Rollout, to: tuple[routing.Destination, ...] = (CHANNEL,)) -> None:
    """Records new rollouts with their destinations."""

    def record(intake: Intake) -> None:
        for each in rollouts:
            intake.save(memory(each), (each,), (transition(each),))
            intake.address(each, to)

    await store.take(record)


async def claim(store: Store, now: datetime = NOW, owner: str = "one") -> Claim:
    claimed = await store.claim(now, owner, LEASE)
    assert claimed is not None, "nothing can be claimed"
    return claimed


async def tell(store: Store, claimed: Claim, **outcome: Any) -> bool:
    """Releases a claim, as after a success unless the outcome says otherwise."""
    plain: dict[str, Any] = {
        "told_version": claimed.rollout.version,
        "retry_at": None,
        "edit_at": None,
        "attempts": 0,
        "error": None,
    }
    return await store.release(claimed, **{**plain, **outcome})


async def post(store: Store, claimed: Claim, part: routing.Part = ROOT, now: datetime = NOW) -> None:
    """Opens and settles a post of the claim's rollout."""
    assert await store.open_intent(claimed, part, channel_id="C1", attempt=1, now=now)
    assert await store.settle_post(
        claimed,
        part,
        channel_id="C1",
        ts="1.1",
        state=claimed.rollout.state,
        gist="",
        digest="d1",
        now=now,
    )
