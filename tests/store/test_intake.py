"""The left half's transaction: what was saved is there, what failed is not, what is old changes nothing."""

import asyncio
import dataclasses
import threading
from datetime import timedelta

import pytest

from shipbell import errors, routing
from shipbell.domain import Identity, Rollout, State, TransitionKind
from shipbell.store import Intake, Store
from tests.store import examples
from tests.store.examples import CHANNEL, NOW, OTHER_CHANNEL, SECOND


async def test_a_workload_never_seen_is_not_remembered(store: Store) -> None:
    assert await store.take(lambda intake: intake.memory(examples.workload())) is None


async def test_what_was_saved_is_remembered_with_its_rollout(store: Store) -> None:
    rollout = examples.rollout(wake_at=NOW + SECOND, labels={"b": "1", "a": "2"})
    memory = examples.memory(rollout, pods_version=7, unfixed_failure=NOW)

    await store.take(lambda intake: intake.save(memory, (rollout,)))

    assert await store.take(lambda intake: intake.memory(memory.workload)) == memory


async def test_what_was_saved_is_seen_later_in_the_same_transaction(store: Store) -> None:
    memory = examples.memory(examples.rollout())

    def record(intake: Intake) -> None:
        intake.save(memory)
        assert intake.memory(memory.workload) == memory

    await store.take(record)


async def test_a_failure_in_the_transaction_undoes_all_of_it(store: Store) -> None:
    rollout = examples.rollout()

    async def fail() -> None:
        def record(intake: Intake) -> None:
            intake.set_baseline("c1", "deployments", "", 5, NOW)
            intake.save(examples.memory(rollout), (rollout,), (examples.transition(rollout),))
            intake.memory(rollout.workload)
            raise ZeroDivisionError

        await store.take(record)

    with pytest.raises(ZeroDivisionError):
        await fail()

    def look(intake: Intake) -> None:
        assert intake.memory(rollout.workload) is None

    await store.take(look)
    assert await store.baseline("c1", "deployments", "") is None
    assert await store.rollouts() == ()


async def test_a_task_that_is_cancelled_in_its_transaction_blocks_nobody(store: Store) -> None:
    rollout = examples.rollout()
    inside, go_on = threading.Event(), threading.Event()

    def dawdle(intake: Intake) -> None:
        intake.save(examples.memory(rollout))
        inside.set()
        go_on.wait(10)

    task = asyncio.create_task(store.take(dawdle))
    await asyncio.to_thread(inside.wait, 10)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    await store.take(lambda intake: intake.save(examples.memory(examples.workload("next"))))
    assert await store.take(lambda intake: intake.memory(examples.workload("next"))) is not None


async def test_writers_of_many_tasks_and_processes_lose_none_of_each_others_changes(
    store: Store, url: str
) -> None:
    memory = examples.memory(examples.workload(), resource_version=0)
    await store.take(lambda intake: intake.save(memory))

    async def count_one(through: Store) -> None:
        def count(intake: Intake) -> None:
            known = intake.memory(memory.workload)
            assert known is not None
            intake.save(dataclasses.replace(known, resource_version=known.resource_version + 1))

        await through.take(count)

    async with await Store.open(url, callers_time=True) as another:
        await asyncio.gather(*(count_one(through) for through in (store, another) for _ in range(20)))

    known = await store.take(lambda intake: intake.memory(memory.workload))
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

    await store.take(lambda intake: intake.save(examples.memory(new), (ended, new)))

    assert await store.rollout(old.id) == ended
    assert await store.rollout(new.id) == new


async def test_transitions_keep_their_order_and_are_told_apart_once(store: Store) -> None:
    rollout = examples.rollout(version=3)
    first = examples.transition(rollout, version=1, note="back to 41")
    second = examples.transition(rollout, TransitionKind.PROGRESSED)
    third = examples.transition(rollout, TransitionKind.HEALED)

    for _ in range(2):
        await store.take(lambda intake: intake.save(examples.memory(rollout), (), (first, second, third)))

    assert await store.transitions(rollout.id) == (first, second, third)


async def test_a_relist_remembers_every_workload_of_the_kind_and_namespaces(store: Store) -> None:
    shop = examples.memory(examples.rollout(examples.workload("a")))
    gone = examples.memory(examples.workload("b"), deleted_at=NOW)
    elsewhere = examples.memory(examples.workload("c", namespace="bank"))
    other_kind = examples.memory(examples.workload("d", kind="StatefulSet"))
    other_cluster = examples.memory(examples.workload("e", cluster="c2"))

    def record(intake: Intake) -> None:
        for memory in (shop, gone, elsewhere, other_kind, other_cluster):
            intake.save(memory)

    await store.take(record)

    def look(intake: Intake) -> None:
        assert intake.memories("c1", "Deployment", None) == {"uid-a": shop, "uid-b": gone, "uid-c": elsewhere}
        assert intake.memories("c1", "Deployment", ("shop",)) == {"uid-a": shop, "uid-b": gone}
        assert intake.memories("c1", "Deployment", ()) == {}

    await store.take(look)


async def test_ten_thousand_workloads_are_saved_and_remembered_whole(store: Store) -> None:
    def record(intake: Intake) -> None:
        for number in range(10_000):
            intake.save(examples.memory(examples.workload(f"w{number}")))

    await store.take(record)

    def look(intake: Intake) -> None:
        assert len(intake.memories("c1", "Deployment", None)) == 10_000

    await store.take(look)


async def test_the_first_baseline_stands(store: Store) -> None:
    assert await store.baseline("c1", "deployments", "") is None

    assert await store.take(lambda intake: intake.set_baseline("c1", "deployments", "", 100, NOW))
    assert not await store.take(lambda intake: intake.set_baseline("c1", "deployments", "", 200, NOW))

    assert await store.baseline("c1", "deployments", "") == 100
    assert await store.baseline("c1", "deployments", "shop") is None


async def test_a_forerunner_is_another_object_of_the_same_name(store: Store) -> None:
    await store.take(
        lambda intake: intake.save(examples.memory(examples.workload("web", uid="old"), deleted_at=NOW))
    )

    def look(intake: Intake) -> None:
        assert intake.forerunner(examples.workload("web", uid="new"))
        assert not intake.forerunner(examples.workload("web", uid="old"))
        assert not intake.forerunner(examples.workload("web", uid="new", namespace="bank"))
        assert not intake.forerunner(examples.workload("web", uid="new", cluster="c2"))
        assert not intake.forerunner(examples.workload("web", uid="new", kind="DaemonSet"))

    await store.take(look)


async def test_a_forerunner_is_known_by_its_rollouts_after_its_tombstone_was_purged(store: Store) -> None:
    old = examples.rollout(examples.workload("web", uid="old"))

    def record(intake: Intake) -> None:
        intake.save(examples.memory(old, deleted_at=NOW))
        intake.purge_tombstones(NOW + SECOND)

    await store.take(record)

    assert await store.take(lambda intake: intake.forerunner(examples.workload("web", uid="new")))


async def test_only_old_tombstones_are_purged(store: Store) -> None:
    day = timedelta(days=1)
    live, fresh, old = (examples.workload(name) for name in ("live", "fresh", "old"))

    def record(intake: Intake) -> None:
        intake.save(examples.memory(live))
        intake.save(examples.memory(fresh, deleted_at=NOW))
        intake.save(examples.memory(old, deleted_at=NOW - day))

    await store.take(record)

    assert await store.take(lambda intake: intake.purge_tombstones(NOW - day + SECOND)) == 1

    left = await store.take(lambda intake: intake.memories("c1", "Deployment", None))
    assert sorted(left) == ["uid-fresh", "uid-live"]


async def test_open_rollouts_wake_when_their_time_has_come_longest_waiting_first(store: Store) -> None:
    def waiting(name: str, seconds: int, state: State = State.PROGRESSING) -> Rollout:
        wake_at = NOW + timedelta(seconds=seconds)
        return examples.rollout(examples.workload(name), state=state, wake_at=wake_at)

    late, early = waiting("late", 0), waiting("early", -5)
    await examples.save(store, late, early, waiting("future", 1), waiting("over", -9, State.SUCCEEDED))

    def look(intake: Intake) -> None:
        assert [m.rollout for m in intake.waking(NOW, 10)] == [early, late]
        assert [m.rollout for m in intake.waking(NOW, 1)] == [early]

    await store.take(look)
    assert await store.next_wake() == early.wake_at


async def test_nothing_wakes_where_nothing_waits(store: Store) -> None:
    await examples.save(store, examples.rollout())

    assert await store.take(lambda intake: intake.waking(NOW, 10)) == ()
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

    def record(intake: Intake) -> None:
        intake.address(rollout, (CHANNEL,))
        intake.memory(rollout.workload)
        intake.save(examples.memory(rollout))

    await store.take(record)

    assert len(await store.deliveries_of(rollout.id)) == 1


async def test_an_address_without_a_rollout_is_refused(store: Store) -> None:
    with pytest.raises(errors.StoreError, match=r"(?i)foreign key"):
        await store.take(lambda intake: intake.address(examples.rollout(), (CHANNEL,)))


async def test_the_last_ten_successes_say_how_long_a_rollout_takes(store: Store) -> None:
    def ended(number: int, state: State, minutes: int) -> Rollout:
        started = NOW + number * timedelta(hours=1)
        return examples.rollout(
            identity=Identity(number=number),
            state=state,
            started_at=started,
            finished_at=started + minutes * timedelta(minutes=1),
        )

    succeeded = [ended(number, State.SUCCEEDED, number) for number in range(1, 13)]
    await examples.save(store, *succeeded, ended(13, State.FAILED, 99), ended(14, State.SUPERSEDED, 99))

    workload = succeeded[0].workload
    found = await store.take(lambda intake: intake.durations(workload))
    assert found == tuple(timedelta(minutes=number) for number in range(12, 2, -1))
    renamed = dataclasses.replace(workload, name="other")
    assert await store.take(lambda intake: intake.durations(renamed)) == ()
