"""The right half as a machine in random order: intake, claims, answers, lost answers, deaths and time.

Whatever happens, nothing is held by two, nothing is announced twice, and what is not told or not settled can
be claimed once all waiting is over.
"""

import dataclasses
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shipbell.domain import State
from shipbell.store import Claim, PostStatus, claiming, engine, posting, reading, remembering
from tests.store import examples
from tests.store.examples import CHANNEL, LEASE, NOW, ROOT

pytestmark = pytest.mark.timeout(180)  # twenty long stories, on a machine that may be busy

SOON = st.integers(0, 40).map(lambda seconds: timedelta(seconds=seconds))
LONG_AFTER = timedelta(days=1)


class Deliveries(RuleBasedStateMachine):
    """One rollout, one destination, any number of workers, living and dead."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__()
        self.connection = connection
        self.story = connection.begin_nested()
        self.now = NOW
        self.rollout = examples.rollout()
        self.told = 0
        self.claims: list[Claim] = []
        self._write(addressed=True)

    def teardown(self) -> None:
        self.story.rollback()

    @rule(state=st.sampled_from(State))
    def change(self, state: State) -> None:
        self.rollout = examples.changed(self.rollout, state)
        self._write()

    @rule(by=SOON)
    def wait(self, by: timedelta) -> None:
        self.now += by

    @rule()
    def claim(self) -> None:
        claimed = claiming.claim(self.connection, self.now, "worker", LEASE)
        if claimed is not None:
            assert claimed.rollout == self.rollout
            assert not any(self._holds(other) for other in self.claims)
            self.claims.append(claimed)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def intend(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        before = self._root()
        free = before is None or before is PostStatus.GONE
        opened = posting.open_intent(self.connection, claim, ROOT, channel_id="C1", attempt=1, now=self.now)
        assert opened == (free and self._holds(claim))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        before = self._root()
        sent = posting.Sent(
            channel_id="C1", ts="1.1", state=claim.rollout.state, gist="", digest="", at=self.now
        )
        if posting.settle_post(self.connection, claim, ROOT, sent):
            assert before is PostStatus.INTENT
            assert self._root() is PostStatus.POSTED

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), what=st.sampled_from(["drop", "gone", "open edit", "drop edit", "settle edit"]))
    def meddle(self, data: st.DataObject, what: str) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        match what:
            case "drop":
                posting.drop_intent(self.connection, claim, ROOT)
            case "gone":
                posting.mark_gone(self.connection, claim, ROOT)
            case "open edit":
                posting.open_edit(self.connection, claim, ROOT, self.now)
            case "drop edit":
                posting.drop_edit(self.connection, claim, ROOT)
            case _:
                posting.settle_edit(
                    self.connection, claim, ROOT, state=claim.rollout.state, digest="", now=self.now
                )

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), told=st.booleans(), retry=st.none() | SOON, edit=st.none() | SOON)
    def release(
        self, data: st.DataObject, *, told: bool, retry: timedelta | None, edit: timedelta | None
    ) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        released = claiming.release(
            self.connection,
            claim,
            told_version=claim.rollout.version if told else None,
            retry_at=None if retry is None else self.now + retry,
            edit_at=None if edit is None else self.now + edit,
            attempts=0,
            error=None,
        )
        assert released or not self._holds(claim)
        if released and told:
            self.told = claim.rollout.version
        self.claims.remove(claim)

    @invariant()
    def at_most_one_holds_it(self) -> None:
        assert sum(self._holds(claim) for claim in self.claims) <= 1

    @invariant()
    def what_is_not_told_or_not_settled_is_due_and_nothing_else(self) -> None:
        (delivery,) = reading.deliveries_of(self.connection, self.rollout.id)
        unsettled = any(post.unsettled for post in delivery.posts.values())
        wanted = self.rollout.version > self.told or unsettled
        # What settles the last post leaves it to the claim's release to say that nothing is due any more.
        assert delivery.due == wanted or (delivery.due and delivery.lease_until is not None)

    @invariant()
    def what_is_due_can_be_claimed_from_the_moment_that_was_foretold(self) -> None:
        (delivery,) = reading.deliveries_of(self.connection, self.rollout.id)
        now, earliest = claiming.next_due(self.connection, self.now)
        assert now == self.now
        assert (earliest is not None) == delivery.due
        if earliest is not None:
            moment = max(earliest, now)
            assert self.now <= moment <= self.now + LONG_AFTER
            assert self._candidate_at(moment)
            before = moment - timedelta(microseconds=1)
            assert moment == self.now or not self._candidate_at(before)

    def _candidate_at(self, moment: datetime) -> bool:
        return self.connection.execute(claiming.CANDIDATE, {"at_moment": moment}).first() is not None

    def _holds(self, claim: Claim) -> bool:
        return claiming.held(self.connection, claim, self.now)

    def _root(self) -> PostStatus | None:
        post = reading.posts(self.connection, self.rollout.id, CHANNEL.key).get(ROOT)
        return post.status if post else None

    def _write(self, *, addressed: bool = False) -> None:
        memory = examples.memory(self.rollout)
        changes = remembering.Changes(memories=[memory], rollouts=[self.rollout])
        if addressed:
            changes = dataclasses.replace(changes, addressed=[(self.rollout, (CHANNEL,))])
        remembering.write(self.connection, changes)


def _tell_stories(connection: sa.Connection) -> None:
    run_state_machine_as_test(
        lambda: Deliveries(connection),  # type: ignore[arg-type]  # what makes one will do
        settings=settings(max_examples=20, stateful_step_count=25, deadline=None),
    )


async def test_whatever_happens_nothing_is_held_by_two_or_out_of_reach(url: str) -> None:
    database = engine.open_database(url, patient=True)
    await database.write(_tell_stories)
    await database.close()
