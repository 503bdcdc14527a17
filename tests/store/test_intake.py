"""The left half's transaction: what was saved is there, what failed is not, what is old changes nothing."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from shipbell import errors, routing
from shipbell.domain import Rollout, State, TransitionKind
from shipbell.store import Store
from tests.store import examples
from tests.store.examples import CHANNEL, NOW, OTHER_CHANNEL, SECOND


async def test_a_workload_never_seen_is_not_remembered(store: Store) -> None:
    async with store.intake() as intake:
        assert await intake.memory(examples.workload()) is None


async def test_what_was_saved_is_remembered_with_its_rollout(store: Store) -> None:
    rollout = examples.rollout(wake_at=NOW + SECOND, labels={"b": "1", "a": "2"})
    memory = examples.memory(rollout, pods_version=7, unfixed_failure=NOW)

    async with store.intake() as intake:
        await intake.save(memory, (rollout,))

    async with store.intake() as intake:
        assert await intake.memory(memory.workload) == memory


async def test_what_was_saved_is_seen_later_in_the_same_transaction(store: Store) -> None:
    memory = examples.memory(examples.rollout())

    async with store.intake() as intake:
        await intake.save(memory)
        assert await intake.memory(memory.workload) == memory


async def test_a_failure_in_the_transaction_undoes_all_of_it(store: Store) -> None:
    rollout = examples.rollout()

    async def fail() -> None:
        async with store.intake() as intake:
            await intake.set_baseline("c1", "deployments", "", 5, NOW)
            await intake.save(examples.memory(rollout), (rollout,), (examples.transition(rollout),))
            await intake.memory(rollout.workload)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with store.intake() as intake:
        assert await intake.memory(rollout.workload) is None
        assert await intake.baseline("c1", "deployments", "") is None
    assert await store.rollouts() == ()


async def test_a_task_that_is_cancelled_in_the_transaction_leaves_nothing_and_blocks_nobody(
    store: Store,
) -> None:
    rollout = examples.rollout()
    inside = asyncio.Event()

    async def dawdle() -> None:
        async with store.intake() as intake:
            await intake.save(examples.memory(rollout))
            await intake.memory(rollout.workload)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(dawdle())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with store.intake() as intake:
        assert await intake.memory(rollout.workload) is None


async def test_writers_of_many_tasks_and_processes_lose_none_of_each_others_changes(
    store: Store, url: str
) -> None:
    memory = examples.memory(examples.workload(), resource_version=0)
    async with store.intake() as intake:
        await intake.save(memory)

    async def count_one(through: Store) -> None:
        async with through.intake() as intake:
            known = await intake.memory(memory.workload)
            assert known is not None
            await intake.save(dataclasses.replace(known, resource_version=known.resource_version + 1))

    async with await Store.open(url) as another:
        await asyncio.gather(*(count_one(through) for through in (store, another) for _ in range(20)))

    async with store.intake() as intake:
        known = await intake.memory(memory.workload)
    assert known is not None
    assert known.resource_version == 40


async def test_a_lower_version_of_a_rollout_changes_nothing(store: Store) -> None:
    early = examples.rollout()
    late = examples.changed(early, State.SUCCEEDED)

    await examples.save(store, late)
    await examples.save(store, early)

    assert await store.rollout(early.id) == late


async def test_both_rollouts_of_a_step_are_saved(store: Store) -> None:
    old = examples.rollout()
    new = examples.rollout(identity=dataclasses.replace(old.identity, number=8))
    ended = dataclasses.replace(examples.changed(old, State.SUPERSEDED), successor=new.id)

    async with store.intake() as intake:
        await intake.save(examples.memory(new), (ended, new))

    assert await store.rollout(old.id) == ended
    assert await store.rollout(new.id) == new


async def test_transitions_keep_their_order_and_are_told_apart_once(store: Store) -> None:
    rollout = examples.rollout(version=3)
    first = examples.transition(rollout, version=1, note="back to 41")
    second = examples.transition(rollout, TransitionKind.PROGRESSED)
    third = examples.transition(rollout, TransitionKind.HEALED)

    for _ in range(2):
        async with store.intake() as intake:
            await intake.save(examples.memory(rollout), (), (first, second, third))

    assert await store.transitions(rollout.id) == (first, second, third)


async def test_a_relist_remembers_every_workload_of_the_kind_and_namespaces(store: Store) -> None:
    shop = examples.memory(examples.rollout(examples.workload("a")))
    gone = examples.memory(examples.workload("b"), deleted_at=NOW)
    elsewhere = examples.memory(examples.workload("c", namespace="bank"))
    other_kind = examples.memory(examples.workload("d", kind="StatefulSet"))
    other_cluster = examples.memory(examples.workload("e", cluster="c2"))

    async with store.intake() as intake:
        for memory in (shop, gone, elsewhere, other_kind, other_cluster):
            await intake.save(memory)

    async with store.intake() as intake:
        everywhere = await intake.memories("c1", "Deployment", None)
        in_shop = await intake.memories("c1", "Deployment", ("shop",))
        nowhere = await intake.memories("c1", "Deployment", ())
    assert everywhere == {"uid-a": shop, "uid-b": gone, "uid-c": elsewhere}
    assert in_shop == {"uid-a": shop, "uid-b": gone}
    assert nowhere == {}


async def test_ten_thousand_workloads_are_saved_and_remembered_whole(store: Store) -> None:
    async with store.intake() as intake:
        for number in range(10_000):
            await intake.save(examples.memory(examples.workload(f"w{number}")))

    async with store.intake() as intake:
        assert len(await intake.memories("c1", "Deployment", None)) == 10_000


async def test_the_first_baseline_stands(store: Store) -> None:
    async with store.intake() as intake:
        assert await intake.baseline("c1", "deployments", "") is None
        assert await intake.set_baseline("c1", "deployments", "", 100, NOW)

    async with store.intake() as intake:
        assert not await intake.set_baseline("c1", "deployments", "", 200, NOW)
        assert await intake.baseline("c1", "deployments", "") == 100
        assert await intake.baseline("c1", "deployments", "shop") is None


async def test_a_forerunner_is_another_object_of_the_same_name(store: Store) -> None:
    async with store.intake() as intake:
        await intake.save(examples.memory(examples.workload("web", uid="old"), deleted_at=NOW))

    async with store.intake() as intake:
        assert await intake.forerunner(examples.workload("web", uid="new"))
        assert not await intake.forerunner(examples.workload("web", uid="old"))
        assert not await intake.forerunner(examples.workload("web", uid="new", namespace="bank"))
        assert not await intake.forerunner(examples.workload("web", uid="new", cluster="c2"))
        assert not await intake.forerunner(examples.workload("web", uid="new", kind="DaemonSet"))


async def test_a_forerunner_is_known_by_its_rollouts_after_its_tombstone_was_purged(store: Store) -> None:
    old = examples.rollout(examples.workload("web", uid="old"))
    async with store.intake() as intake:
        await intake.save(examples.memory(old, deleted_at=NOW))
        await intake.purge_tombstones(NOW + SECOND)

    async with store.intake() as intake:
        assert await intake.forerunner(examples.workload("web", uid="new"))


async def test_only_old_tombstones_are_purged(store: Store) -> None:
    day = timedelta(days=1)
    live, fresh, old = (examples.workload(name) for name in ("live", "fresh", "old"))
    async with store.intake() as intake:
        await intake.save(examples.memory(live))
        await intake.save(examples.memory(fresh, deleted_at=NOW))
        await intake.save(examples.memory(old, deleted_at=NOW - day))

    async with store.intake() as intake:
        purged = await intake.purge_tombstones(NOW - day + SECOND)
        left = await intake.memories("c1", "Deployment", None)

    assert purged == 1
    assert sorted(left) == ["uid-fresh", "uid-live"]


async def test_open_rollouts_wake_when_their_time_has_come_longest_waiting_first(store: Store) -> None:
    def waiting(name: str, seconds: int, state: State = State.PROGRESSING) -> Rollout:
        wake_at = NOW + timedelta(seconds=seconds)
        return examples.rollout(examples.workload(name), state=state, wake_at=wake_at)

    late, early = waiting("late", 0), waiting("early", -5)
    await examples.save(store, late, early, waiting("future", 1), waiting("over", -9, State.SUCCEEDED))

    async with store.intake() as intake:
        assert [m.rollout for m in await intake.waking(NOW, 10)] == [early, late]
        assert [m.rollout for m in await intake.waking(NOW, 1)] == [early]
    assert await store.next_wake() == early.wake_at


async def test_nothing_wakes_where_nothing_waits(store: Store) -> None:
    await examples.save(store, examples.rollout())

    async with store.intake() as intake:
        assert await intake.waking(NOW, 10) == ()
    assert await store.next_wake() is None


async def test_only_open_rollouts_of_the_cluster_are_in_flight(store: Store) -> None:
    open_ = examples.rollout(examples.workload("a"), state=State.STALLED)
    failed = examples.rollout(examples.workload("b"), state=State.FAILED)
    abroad = examples.rollout(examples.workload("c", cluster="c2"))
    await examples.save(store, open_, failed, abroad)

    assert await store.in_flight("c1") == (examples.memory(open_),)


async def test_rollouts_are_listed_newest_first(store: Store) -> None:
    day = timedelta(days=1)
    old = examples.rollout(examples.workload("a"), started_at=NOW - day)
    new = examples.rollout(examples.workload("b"), started_at=NOW)
    bank = examples.rollout(examples.workload("a", namespace="bank", uid="x"), started_at=NOW - 2 * day)
    await examples.save(store, bank, old, new)

    assert await store.rollouts() == (new, old, bank)
    assert await store.rollouts(limit=1) == (new,)
    assert await store.rollouts("shop") == (new, old)
    assert await store.workload_rollouts("shop", "a") == (old,)


async def test_destinations_are_chosen_once(store: Store) -> None:
    rollout = examples.rollout()
    louder = dataclasses.replace(CHANNEL, profile=routing.Profile.LOUD)

    await examples.begin(store, rollout, to=(CHANNEL,))
    await examples.begin(store, rollout, to=(louder, OTHER_CHANNEL))

    chosen = {delivery.destination for delivery in await store.deliveries_of(rollout.id)}
    assert chosen == {CHANNEL, OTHER_CHANNEL}


async def test_an_address_may_come_before_its_rollout_is_saved(store: Store) -> None:
    rollout = examples.rollout()

    async with store.intake() as intake:
        await intake.address(rollout, (CHANNEL,))
        await intake.memory(rollout.workload)
        await intake.save(examples.memory(rollout))

    assert len(await store.deliveries_of(rollout.id)) == 1


async def test_an_address_without_a_rollout_is_refused(store: Store) -> None:
    with pytest.raises(errors.StoreError, match=r"(?i)foreign key"):
        async with store.intake() as intake:
            await intake.address(examples.rollout(), (CHANNEL,))
