"""What is known of each message, whatever dies in between: never a second post, never a wrong handle."""

import dataclasses
from typing import Any

import pytest

from shipbell.domain import State
from shipbell.store import Claim, Post, PostStatus, Store
from tests.store import examples
from tests.store.examples import CHANNEL, LEASE, NOW, OTHER_CHANNEL, ROOT, SECOND


async def _claimed(store: Store) -> Claim:
    await examples.begin(store, examples.rollout())
    return await examples.claim(store)


async def _root(store: Store, claim: Claim) -> Post | None:
    deliveries = await store.deliveries_of(claim.rollout.id)
    (delivery,) = (d for d in deliveries if d.destination == claim.destination)
    return delivery.posts.get(ROOT)


async def _intend(store: Store, claim: Claim, *, attempt: int = 1, now: Any = NOW) -> bool:
    return await store.open_intent(claim, ROOT, channel_id="C1", attempt=attempt, now=now)


async def _settle(store: Store, claim: Claim, ts: str = "1.1") -> bool:
    return await store.settle_post(
        claim, ROOT, channel_id="C1", ts=ts, state=State.STARTED, gist="g", digest="d", now=NOW + SECOND
    )


async def test_an_intent_is_there_before_its_message(store: Store) -> None:
    claim = await _claimed(store)

    assert await _intend(store, claim)

    assert await _root(store, claim) == Post(
        part=ROOT,
        status=PostStatus.INTENT,
        attempt=1,
        channel_id="C1",
        intent_at=NOW,
        state=claim.rollout.state,
    )


async def test_a_settled_post_has_its_handle(store: Store) -> None:
    claim = await _claimed(store)
    await _intend(store, claim)

    assert await _settle(store, claim)

    assert await _root(store, claim) == Post(
        part=ROOT,
        status=PostStatus.POSTED,
        attempt=1,
        channel_id="C1",
        ts="1.1",
        intent_at=NOW,
        posted_at=NOW + SECOND,
        state=State.STARTED,
        gist="g",
        digest="d",
    )


@pytest.mark.parametrize("settled", [False, True])
async def test_a_part_is_announced_once(store: Store, settled: bool) -> None:
    claim = await _claimed(store)
    await _intend(store, claim)
    if settled:
        await _settle(store, claim)

    assert not await _intend(store, claim, attempt=2)

    root = await _root(store, claim)
    assert root is not None
    assert root.attempt == 1


async def test_nothing_is_announced_after_the_lease(store: Store) -> None:
    claim = await _claimed(store)

    assert not await _intend(store, claim, now=claim.lease_until)


async def test_the_successor_sees_the_intent_of_the_dead_and_cannot_announce_it_again(store: Store) -> None:
    dead = await _claimed(store)
    await _intend(store, dead)

    successor = await examples.claim(store, dead.lease_until, "two")

    assert successor.posts[ROOT].status is PostStatus.INTENT
    assert not await _intend(store, successor, now=dead.lease_until)


async def test_an_answer_after_the_takeover_is_a_fact_and_counts(store: Store) -> None:
    late = await _claimed(store)
    await _intend(store, late)
    await examples.claim(store, late.lease_until, "two")

    assert await _settle(store, late)

    root = await _root(store, late)
    assert root is not None
    assert root.ts == "1.1"


async def test_an_answer_to_an_intent_that_was_replaced_does_not_count(store: Store) -> None:
    late = await _claimed(store)
    await _intend(store, late)
    successor = await examples.claim(store, late.lease_until, "two")
    await store.mark_gone(successor, ROOT)
    assert await _intend(store, successor, attempt=2, now=late.lease_until)

    assert not await _settle(store, late)

    assert await _settle(store, successor, "2.2")
    root = await _root(store, late)
    assert root is not None
    assert (root.attempt, root.ts) == (2, "2.2")


async def test_the_successor_may_settle_what_it_found(store: Store) -> None:
    dead = await _claimed(store)
    await _intend(store, dead)
    successor = await examples.claim(store, dead.lease_until, "two")

    assert await _settle(store, successor)
    assert not await _settle(store, dead, "9.9")

    root = await _root(store, dead)
    assert root is not None
    assert root.ts == "1.1"


async def test_an_intent_that_was_not_sent_leaves_no_trace(store: Store) -> None:
    claim = await _claimed(store)
    await _intend(store, claim)

    assert await store.drop_intent(claim, ROOT)

    assert await _root(store, claim) is None
    assert await _intend(store, claim)


async def test_dropping_a_replacement_leaves_the_message_gone(store: Store) -> None:
    first = await _claimed(store)
    await examples.post(store, first)
    await store.mark_gone(first, ROOT)
    await examples.tell(store, first, told_version=None)
    claim = await examples.claim(store)
    await _intend(store, claim, attempt=2)

    assert await store.drop_intent(claim, ROOT)

    root = await _root(store, claim)
    assert root is not None
    assert (root.status, root.attempt, root.ts) == (PostStatus.GONE, 1, "1.1")


async def test_who_lost_the_claim_drops_nothing(store: Store) -> None:
    lost = await _claimed(store)
    await _intend(store, lost)
    await examples.claim(store, lost.lease_until, "two")

    assert not await store.drop_intent(lost, ROOT)
    assert not await store.mark_gone(lost, ROOT)

    root = await _root(store, lost)
    assert root is not None
    assert root.status is PostStatus.INTENT


async def test_a_message_that_is_posted_is_not_dropped(store: Store) -> None:
    claim = await _claimed(store)
    await examples.post(store, claim)

    assert not await store.drop_intent(claim, ROOT)


async def test_an_edit_is_open_until_its_clean_answer(store: Store) -> None:
    claim = await _claimed(store)
    await examples.post(store, claim)

    assert await store.open_edit(claim, ROOT, NOW + SECOND)
    opened = await _root(store, claim)
    assert await store.settle_edit(claim, ROOT, state=State.FAILED, digest="d2", now=NOW + 2 * SECOND)
    settled = await _root(store, claim)

    assert opened is not None
    assert opened.edit_open_at == NOW + SECOND
    assert opened.digest == "d1"
    assert settled == dataclasses.replace(
        opened, edit_open_at=None, edited_at=NOW + 2 * SECOND, state=State.FAILED, digest="d2"
    )


async def test_an_edit_without_an_answer_leaves_the_delivery_due(store: Store) -> None:
    claim = await _claimed(store)
    await examples.post(store, claim)
    await store.open_edit(claim, ROOT, NOW)
    retry_at = NOW + 30 * SECOND

    await examples.tell(store, claim, retry_at=retry_at)

    assert await store.next_due(NOW) == retry_at
    again = await examples.claim(store, retry_at)
    await store.settle_edit(again, ROOT, state=State.STARTED, digest="d", now=retry_at)
    await examples.tell(store, again)
    assert await store.next_due(NOW) is None


async def test_an_answer_to_an_edit_after_the_takeover_settles_nothing(store: Store) -> None:
    lost = await _claimed(store)
    await examples.post(store, lost)
    await store.open_edit(lost, ROOT, NOW)
    await examples.claim(store, lost.lease_until, "two")

    assert not await store.settle_edit(lost, ROOT, state=State.FAILED, digest="d2", now=NOW)

    root = await _root(store, lost)
    assert root is not None
    assert root.edit_open_at == NOW


async def test_no_edit_is_opened_after_the_lease_or_of_nothing(store: Store) -> None:
    claim = await _claimed(store)
    assert not await store.open_edit(claim, ROOT, NOW)
    await examples.post(store, claim)

    assert not await store.open_edit(claim, ROOT, claim.lease_until)


async def test_dropping_an_edit_keeps_the_one_open_that_was_open_before(store: Store) -> None:
    first = await _claimed(store)
    await examples.post(store, first)
    await store.open_edit(first, ROOT, NOW)
    second = await examples.claim(store, first.lease_until, "two")
    await store.open_edit(second, ROOT, NOW + LEASE)

    assert await store.drop_edit(second, ROOT)

    root = await _root(store, first)
    assert root is not None
    assert root.edit_open_at == NOW


async def test_dropping_the_only_edit_leaves_none(store: Store) -> None:
    claim = await _claimed(store)
    await examples.post(store, claim)
    await store.open_edit(claim, ROOT, NOW)

    assert await store.drop_edit(claim, ROOT)

    root = await _root(store, claim)
    assert root is not None
    assert root.edit_open_at is None


async def test_one_look_into_a_channel_settles_the_intents_of_all(store: Store) -> None:
    await examples.begin(
        store, examples.rollout(examples.workload("a")), examples.rollout(examples.workload("b"))
    )
    for _ in range(2):
        await _intend(store, await examples.claim(store))

    intents = await store.open_intents("C1")
    for intent in intents:
        assert await store.adopt(intent, ts="1.1", state=State.STARTED, gist="", digest="d", now=NOW)

    assert {intent.destination for intent in intents} == {CHANNEL}
    assert len({intent.rollout_id for intent in intents}) == 2
    assert await store.open_intents("C1") == ()
    assert await store.open_intents("C2") == ()


async def test_an_intent_is_adopted_once_and_only_at_its_own_attempt(store: Store) -> None:
    claim = await _claimed(store)
    await _intend(store, claim)
    (intent,) = await store.open_intents("C1")
    replaced = dataclasses.replace(intent, post=dataclasses.replace(intent.post, attempt=2))
    found: dict[str, Any] = {"state": State.STARTED, "gist": "", "digest": "d", "now": NOW}

    assert not await store.adopt(replaced, ts="2.2", **found)
    assert await store.adopt(intent, ts="1.1", **found)
    assert not await store.adopt(intent, ts="3.3", **found)


async def test_a_superseded_rollout_finds_its_successors_message_in_the_same_place(store: Store) -> None:
    new = examples.rollout(identity=dataclasses.replace(examples.rollout().identity, number=8))
    old = examples.rollout(state=State.SUPERSEDED, successor=new.id)
    await examples.begin(store, new)
    assert await store.successor_root(old, CHANNEL) is None

    await examples.post(store, await examples.claim(store))

    found = await store.successor_root(old, CHANNEL)
    assert found is not None
    assert found.ts == "1.1"
    assert await store.successor_root(old, OTHER_CHANNEL) is None
    assert await store.successor_root(new, CHANNEL) is None
