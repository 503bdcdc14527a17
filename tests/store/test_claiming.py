"""Who may tell what and when: nothing that is due is ever out of reach, nothing is held by two."""

import dataclasses
from datetime import timedelta

import pytest

from shipbell.domain import Rollout, State
from shipbell.store import Store
from tests.store import examples
from tests.store.examples import CHANNEL, LEASE, NOW, OTHER_CHANNEL, ROOT, SECOND


async def test_nothing_is_due_in_an_empty_store(store: Store) -> None:
    assert await store.claim(NOW, "one", LEASE) is None
    assert await store.next_due(NOW) is None


async def test_a_new_rollout_is_due_for_each_of_its_destinations(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout, to=(CHANNEL, OTHER_CHANNEL))

    first, second = await examples.claim(store), await examples.claim(store)

    assert {first.destination, second.destination} == {CHANNEL, OTHER_CHANNEL}
    assert first.rollout == rollout
    assert first.transitions == (examples.transition(rollout),)
    assert first.posts == {}
    assert (first.told_version, first.attempts, first.taken_over) == (0, 0, False)
    assert first.lease_until == NOW + LEASE
    assert await store.claim(NOW, "one", LEASE) is None


async def test_a_rollout_without_destinations_is_told_to_nobody(store: Store) -> None:
    await examples.save(store, examples.rollout())

    assert await store.claim(NOW, "one", LEASE) is None


async def test_what_was_told_is_not_due(store: Store) -> None:
    await examples.begin(store, examples.rollout())

    assert await examples.tell(store, await examples.claim(store))

    assert await store.claim(NOW + 9 * LEASE, "one", LEASE) is None
    assert await store.next_due(NOW) is None


async def test_a_change_makes_it_due_again(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    await examples.tell(store, await examples.claim(store))

    await examples.save(store, examples.changed(rollout))

    claimed = await examples.claim(store)
    assert (claimed.rollout.version, claimed.told_version) == (2, 1)


async def test_a_change_while_it_is_told_leaves_it_due(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    claimed = await examples.claim(store)

    await examples.save(store, examples.changed(rollout))
    await examples.tell(store, claimed)

    assert (await examples.claim(store)).rollout.version == 2


async def test_many_changes_are_one_thing_to_tell(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    for _ in range(9):
        rollout = examples.changed(rollout)
        await examples.save(store, rollout)

    claimed = await examples.claim(store)
    await examples.tell(store, claimed)

    assert claimed.rollout == rollout
    assert await store.claim(NOW, "one", LEASE) is None


async def test_an_older_version_that_arrives_late_makes_nothing_due(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, examples.changed(rollout))
    await examples.tell(store, await examples.claim(store))

    await examples.save(store, rollout)

    assert await store.claim(NOW, "one", LEASE) is None


async def test_saving_a_version_that_was_told_makes_nothing_due(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    await examples.tell(store, await examples.claim(store))

    await examples.save(store, rollout)

    assert await store.claim(NOW, "one", LEASE) is None


async def test_a_failed_attempt_is_kept_with_its_reason_and_tried_again_in_time(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    retry_at = NOW + 5 * SECOND
    claimed = await examples.claim(store)

    await examples.tell(store, claimed, told_version=None, retry_at=retry_at, attempts=3, error="x" * 600)

    assert await store.claim(NOW + 4 * SECOND, "one", LEASE) is None
    assert await store.next_due(NOW) == retry_at
    (delivery,) = await store.deliveries_of(rollout.id)
    assert (delivery.attempts, delivery.error, delivery.due) == (3, "x" * 500, True)
    assert (await examples.claim(store, retry_at)).attempts == 3


async def test_an_edit_waits_for_its_spacing(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    edit_at = NOW + 3 * SECOND
    await examples.tell(store, await examples.claim(store), edit_at=edit_at)

    await examples.save(store, examples.changed(rollout, State.PROGRESSING))

    assert await store.next_due(NOW) == edit_at
    assert await store.claim(edit_at - SECOND, "one", LEASE) is None
    assert await store.claim(edit_at, "one", LEASE) is not None


@pytest.mark.parametrize("state", [State.FAILING, *(s for s in State if not s.open)])
async def test_a_failing_and_every_ending_skip_the_spacing(store: Store, state: State) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    await examples.tell(store, await examples.claim(store), edit_at=NOW + 3 * SECOND)

    await examples.save(store, examples.changed(rollout, state))

    assert await store.next_due(NOW) == NOW
    assert (await examples.claim(store)).rollout.state is state


async def test_a_failing_that_was_told_waits_for_the_spacing_like_progress(store: Store) -> None:
    rollout = examples.rollout(state=State.FAILING)
    await examples.begin(store, rollout)
    await examples.tell(store, await examples.claim(store), edit_at=NOW + 3 * SECOND)

    await examples.save(store, examples.changed(rollout, State.FAILING))

    assert await store.next_due(NOW) == NOW + 3 * SECOND


async def test_urgency_does_not_override_a_time_to_try_again(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    retry_at = NOW + 30 * SECOND
    await examples.tell(store, await examples.claim(store), told_version=None, retry_at=retry_at)

    await examples.save(store, examples.changed(rollout, State.FAILED))

    assert await store.next_due(NOW) == retry_at


async def test_the_most_important_is_told_first_then_the_oldest(store: Store) -> None:
    def rollout(name: str, age: int, state: State = State.STARTED) -> Rollout:
        return examples.rollout(examples.workload(name), state=state, changed_at=NOW - age * SECOND)

    progress, stalled = rollout("progress", 99), rollout("stalled", 20)
    for begun in (progress, stalled):
        await examples.begin(store, begun)
        await examples.tell(store, await examples.claim(store))
    await examples.save(store, dataclasses.replace(progress, version=2, updated=1))
    await examples.save(store, dataclasses.replace(stalled, version=2, state=State.STALLED))
    await examples.begin(
        store,
        rollout("start", 50),
        rollout("older start", 60),
        rollout("success", 10, State.SUCCEEDED),
        rollout("failed", 1, State.FAILED),
        rollout("failing", 2, State.FAILING),
    )

    order = [(await examples.claim(store)).rollout.workload.name for _ in range(7)]

    assert order == ["failing", "failed", "success", "older start", "start", "stalled", "progress"]


async def test_a_claim_is_held_until_its_lease_ends(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    claimed = await examples.claim(store)
    last_moment = claimed.lease_until - timedelta(microseconds=1)

    assert await store.held(claimed, last_moment)
    assert not await store.held(claimed, claimed.lease_until)
    assert await store.claim(last_moment, "two", LEASE) is None
    assert await store.next_due(NOW) == claimed.lease_until


async def test_a_claim_of_the_dead_is_taken_over_after_its_lease(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    dead = await examples.claim(store)

    successor = await examples.claim(store, dead.lease_until, "two")

    assert successor.taken_over
    assert not await store.held(dead, dead.lease_until)
    assert await store.held(successor, dead.lease_until)


async def test_who_lost_a_claim_can_neither_release_nor_extend_it(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    lost = await examples.claim(store)
    now = lost.lease_until
    successor = await examples.claim(store, now, "two")

    assert not await examples.tell(store, lost, error="too late")
    assert await store.extend(lost, now, LEASE) is None

    (delivery,) = await store.deliveries_of(rollout.id)
    assert delivery.due
    assert delivery.error is None
    assert await store.held(successor, now)


async def test_who_is_late_but_was_not_replaced_may_still_release(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    late = await examples.claim(store)

    assert await examples.tell(store, late)

    assert await store.claim(late.lease_until, "two", LEASE) is None


async def test_a_claim_is_extended_only_while_it_stands(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    claimed = await examples.claim(store)
    later = NOW + 10 * SECOND

    extended = await store.extend(claimed, later, LEASE)

    assert extended is not None
    assert extended.lease_until == later + LEASE
    assert await store.held(claimed, NOW + LEASE)
    assert await store.extend(claimed, extended.lease_until, LEASE) is None


async def test_what_is_not_settled_stays_due_though_everything_was_told(store: Store) -> None:
    await examples.begin(store, examples.rollout())
    claimed = await examples.claim(store)
    await store.open_intent(claimed, ROOT, channel_id="C1", attempt=1, now=NOW)

    await examples.tell(store, claimed, retry_at=NOW + 20 * SECOND)

    again = await examples.claim(store, NOW + 20 * SECOND)
    assert again.posts[ROOT].unsettled
    assert again.told_version == again.rollout.version


async def test_counts_say_what_is_due_since_when_and_what_is_uncertain(store: Store) -> None:
    old = examples.rollout(examples.workload("old"), changed_at=NOW - 60 * SECOND)
    new = examples.rollout(examples.workload("new"))
    await examples.begin(store, old, new)
    claimed = await examples.claim(store)
    await store.open_intent(claimed, ROOT, channel_id="C1", attempt=1, now=NOW)

    sending, lost = await store.counts(NOW), await store.counts(NOW + LEASE)

    assert (sending.due, sending.oldest_due, sending.uncertain) == (2, 60 * SECOND, 0)
    assert (lost.due, lost.oldest_due, lost.uncertain) == (2, 75 * SECOND, 1)


async def test_a_change_during_an_outage_does_not_make_a_delivery_look_younger(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    await examples.save(store, examples.changed(rollout, after=60 * SECOND))

    assert (await store.counts(NOW + 90 * SECOND)).oldest_due == 90 * SECOND


async def test_what_changed_while_it_was_told_is_due_since_that_change(store: Store) -> None:
    rollout = examples.rollout()
    await examples.begin(store, rollout)
    claimed = await examples.claim(store)
    await examples.save(store, examples.changed(rollout, after=5 * SECOND))
    await examples.tell(store, claimed)

    assert (await store.counts(NOW + 9 * SECOND)).oldest_due == 4 * SECOND
