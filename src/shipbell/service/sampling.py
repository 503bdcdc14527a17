"""Sends a marked sample the way that real messages take: stored, claimed, rendered, sent, settled."""

import asyncio
import tempfile
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from shipbell import errors
from shipbell.config import Settings
from shipbell.domain import (
    Identity,
    ImageChange,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Workload,
    rollout_id,
)
from shipbell.metrics import Metrics
from shipbell.service import connecting
from shipbell.service.clock import now_utc
from shipbell.service.telling import Telling
from shipbell.store import Delivery, Intake, Store, upgrading

PATIENCE = timedelta(seconds=30)
"""What cannot be sent in this time is said to have failed, with the last reason."""

LOOK = timedelta(seconds=0.1)


async def send_sample(settings: Settings, namespace: str, name: str) -> str:
    """Sends a sample to every destination; answers what became of each. Raises `ShipbellError` on failure."""
    rollout = _sample(settings, namespace, name)
    with tempfile.TemporaryDirectory(prefix="shipbell-sample-") as folder:
        url = f"sqlite:///{Path(folder) / 'sample.db'}"
        await upgrading.upgrade(url)
        async with await Store.open(url) as store:
            await _record(store, rollout, settings)
            async with Telling.open(settings, store, Metrics(), sample=True) as telling:
                deliveries = await _deliver(store, telling, rollout.id)
    return _told(deliveries)


async def _record(store: Store, rollout: Rollout, settings: Settings) -> None:
    def record(intake: Intake) -> None:
        intake.save(Memory(workload=rollout.workload, resource_version=1, rollout=rollout))
        intake.address(rollout, connecting.destinations(settings))

    await store.take(record)


async def _deliver(store: Store, telling: Telling, id_: uuid.UUID) -> tuple[Delivery, ...]:
    """Runs the right half until all is told, or patience ends."""
    running = asyncio.create_task(telling.run(), name="right half")
    deadline = now_utc() + PATIENCE
    try:
        while True:
            deliveries = await store.deliveries_of(id_)
            settled = all(not delivery.due or delivery.error for delivery in deliveries)
            if settled or now_utc() > deadline or running.done():
                return deliveries
            await asyncio.sleep(LOOK.total_seconds())
    finally:
        telling.stop()
        await running


def _told(deliveries: tuple[Delivery, ...]) -> str:
    failed = [f"{d.destination.channel}: {d.error or 'no answer yet'}" for d in deliveries if d.due]
    if failed:
        raise errors.ShipbellError(f"the sample was not sent: {'; '.join(failed)}")
    return "\n".join(f"sent to {d.destination.channel}{_handle(d)}" for d in deliveries)


def _handle(delivery: Delivery) -> str:
    """Where it stands, if its sink tells."""
    handles = [f" (channel {post.channel_id}, ts {post.ts})" for post in delivery.posts.values() if post.ts]
    return handles[0] if handles else ""


def _sample(settings: Settings, namespace: str, name: str) -> Rollout:
    """A rollout that just succeeded, of a workload that need not exist."""
    now = now_utc()
    workload = Workload(
        cluster=settings.cluster, namespace=namespace, kind="Deployment", name=name, uid=str(uuid.uuid4())
    )
    identity = Identity(number=2, hash="sample", name=f"{name}-sample", uid="sample")
    image = f"{name}:2026.01.31.1"
    return Rollout(
        id=rollout_id(workload, identity),
        workload=workload,
        identity=identity,
        state=State.SUCCEEDED,
        version=1,
        kind=RolloutKind.NEW_VERSION,
        started_at=_earlier(now, 129),
        finished_at=now,
        changed_at=now,
        images=(ImageChange(container=name, old=f"{name}:2026.01.30.2", new=image),),
        by="shipbell test-message",
        wanted=4,
        most_wanted=4,
        updated=4,
        new_ready=4,
        total=4,
        available=4,
        serving=4,
        old_serving=0,
        progress_at=now,
    )


def _earlier(now: datetime, seconds: float) -> datetime:
    return now - timedelta(seconds=seconds)
