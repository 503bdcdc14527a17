"""Two replicas on one store: whatever they do at the same moment, it is done once and the newest stands."""

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator

import pytest_asyncio

from shipbell.domain import State, Workload
from shipbell.store import Intake, Store
from tests.store import examples
from tests.store.examples import CHANNEL, LEASE, NOW

Pair = tuple[Store, Store]


@pytest_asyncio.fixture
async def replicas(url: str) -> AsyncIterator[Pair]:
    async with (
        await Store.open(url, callers_time=True) as one,
        await Store.open(url, callers_time=True) as other,
    ):
        yield one, other


def _begin_if_new(intake: Intake, workload: Workload) -> bool:
    """As ingest does with a workload that a watch shows; answers whether it was new."""
    if intake.memory(workload) is not None:
        return False
    rollout = examples.rollout(workload)
    intake.save(examples.memory(rollout), (rollout,), (examples.transition(rollout),))
    intake.address(rollout, (CHANNEL,))
    return True


def _begin_all_new(intake: Intake, workloads: list[Workload]) -> list[str]:
    """As ingest does with a complete list; answers with the names that were new."""
    known = intake.memories("c1", "Deployment", None)
    new = [workload for workload in workloads if workload.uid not in known]
    for workload in new:
        intake.save(examples.memory(examples.rollout(workload)))
    return [workload.name for workload in new]


async def test_a_workload_that_both_meet_at_once_is_new_to_one(replicas: Pair) -> None:
    workloads = [examples.workload(f"w{number}") for number in range(20)]

    found = await asyncio.gather(
        *(
            replica.take(lambda intake, w=workload: _begin_if_new(intake, w))  # type: ignore[misc]  # a default
            for workload in workloads
            for replica in replicas
        )
    )

    assert sum(found) == len(workloads)
    assert len(await replicas[0].rollouts()) == len(workloads)


async def test_a_workload_in_a_list_and_in_a_watch_is_new_to_one(replicas: Pair) -> None:
    workloads = [examples.workload(f"w{number:02}") for number in range(30)]
    one, other = replicas

    async def watch(workload: Workload) -> list[str]:
        return [workload.name] if await other.take(lambda i: _begin_if_new(i, workload)) else []

    found = await asyncio.gather(
        one.take(lambda intake: _begin_all_new(intake, workloads)),
        *(watch(workload) for workload in reversed(workloads)),
        other.take(lambda intake: _begin_all_new(intake, workloads)),
    )

    assert sorted(name for names in found for name in names) == [w.name for w in workloads]


async def test_one_name_is_listed_without_waiting_for_others_to_be_known(replicas: Pair) -> None:
    known = examples.memory(examples.rollout(examples.workload("known")))
    await replicas[0].take(lambda intake: intake.save(known))

    def look(intake: Intake) -> None:
        assert intake.memories("c1", "Deployment", ("shop",), "known") == {"uid-known": known}
        assert intake.memories("c1", "Deployment", ("shop",), "unknown") == {}
        assert intake.memories("c1", "Deployment", ("bank",), "known") == {}
        assert intake.memories("c1", "Deployment", None, "known") == {"uid-known": known}

    await asyncio.gather(*(replica.take(look) for replica in replicas))


async def test_a_first_list_is_the_baseline_of_one(replicas: Pair) -> None:
    found = await asyncio.gather(
        *(
            replica.take(lambda intake: intake.set_baseline("c1", "deployments", "", 100, NOW))
            for replica in replicas
        )
    )

    assert sorted(found) == [False, True]


async def test_the_highest_version_stands_in_whatever_order_they_come(replicas: Pair) -> None:
    versions = [examples.rollout()]
    for state in (State.PROGRESSING, State.STALLED, State.PROGRESSING, State.FAILING, State.SUCCEEDED):
        versions.append(examples.changed(versions[-1], state))
    await examples.begin(replicas[0], versions[0])
    arriving = versions * 4
    random.Random(5).shuffle(arriving)  # noqa: S311  no secret

    await asyncio.gather(
        *(examples.save(replicas[number % 2], rollout) for number, rollout in enumerate(arriving))
    )

    assert await replicas[0].rollout(versions[0].id) == versions[-1]
    (delivery,) = await replicas[0].deliveries_of(versions[0].id)
    assert delivery.version == versions[-1].version


async def test_those_who_change_one_workload_see_each_others_changes(replicas: Pair) -> None:
    workloads = [examples.workload(name) for name in ("a", "b", "c")]

    def count(intake: Intake, order: list[Workload]) -> None:
        for workload in order:
            known = intake.memory(workload) or examples.memory(workload, resource_version=0)
            intake.save(dataclasses.replace(known, resource_version=known.resource_version + 1))

    # In several orders at once, so that some wait for each other in a circle and one has to begin again.
    orders = [workloads[start:] + workloads[:start] for start in range(3)] * 4
    await asyncio.gather(
        *(
            replica.take(lambda intake, o=order: count(intake, o))  # type: ignore[misc]  # a default
            for order in orders
            for replica in replicas
        )
    )

    memories = await replicas[0].take(lambda intake: intake.memories("c1", "Deployment", None))
    assert {memory.resource_version for memory in memories.values()} == {len(orders) * 2}


async def test_a_delivery_is_claimed_by_one(replicas: Pair) -> None:
    rollouts = [examples.rollout(examples.workload(f"w{number}")) for number in range(20)]
    await examples.begin(replicas[0], *rollouts)

    async def claim_all(replica: Store, owner: str) -> list[str]:
        claimed = []
        while (claim := await replica.claim(NOW, owner, LEASE)) is not None:
            assert await replica.open_intent(claim, examples.ROOT, channel_id="C1", attempt=1, now=NOW), (
                "the claim is ours"
            )
            claimed.append(claim.rollout.workload.name)
        return claimed

    one, other = await asyncio.gather(claim_all(replicas[0], "one"), claim_all(replicas[1], "other"))

    assert sorted(one + other) == sorted(rollout.workload.name for rollout in rollouts)


async def test_a_bucket_is_shared(replicas: Pair) -> None:
    second = examples.SECOND
    times = await asyncio.gather(
        *(replica.reserve("C1", NOW, interval=second, burst=1) for replica in replicas for _ in range(5))
    )

    assert sorted(times) == [NOW + number * second for number in range(10)]
