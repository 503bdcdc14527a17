"""What holds for every kind and every legal stream of observations, however it is cut, thinned or repeated.

`test_properties` holds the same for Deployments.
"""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain import Policy, State
from tests.domain import simulators
from tests.domain.deployments import Story, at

ENDINGS = {s.value for s in State if not s.open}
GOOD = {State.SUCCEEDED, State.RECOVERED}

Action = tuple[str, object]


def _verbs(*verbs: str) -> list[st.SearchStrategy[Action]]:
    return [st.tuples(st.just(verb), st.none()) for verb in verbs]


ROLLING = (
    st.tuples(st.just("edit"), st.sampled_from(simulators.IMAGES)),
    st.tuples(st.just("scale"), st.integers(0, 3)),
    st.tuples(st.just("keep"), st.booleans()),
    *_verbs("sync", "sync", "work", "work", "work", "drop", "flap", "wait"),
)
ACTIONS: dict[str, st.SearchStrategy[Action]] = {
    "StatefulSet": st.one_of(st.tuples(st.just("let"), st.integers(0, 3)), *ROLLING),
    "DaemonSet": st.one_of(*ROLLING),
    "Job": st.one_of(
        st.tuples(st.just("suspend"), st.booleans()), *_verbs("sync", "work", "work", "fail", "wait")
    ),
}
MAKERS: dict[str, Callable[[], simulators.Simulator]] = {
    "StatefulSet": simulators.StatefulSet,
    "DaemonSet": simulators.DaemonSet,
    "Job": simulators.Job,
}

every_kind = pytest.mark.parametrize("kind", list(ACTIONS))


def played(kind: str, data: st.DataObject, *, then: str = "finish") -> simulators.Simulator:
    """A workload that lived through any actions, told from its creation on; some of them were whole first."""
    simulator = MAKERS[kind]()
    simulator.sync()
    for _ in range(data.draw(st.sampled_from((0, 4)))):
        simulator.work()
    for verb, argument in data.draw(st.lists(ACTIONS[kind], max_size=30)):
        method = getattr(simulator, verb)
        method() if argument is None else method(argument)
    getattr(simulator, then)()
    return simulator


@every_kind
@given(st.data())
def test_what_comes_to_its_end_has_one_and_it_is_the_true_one(kind: str, data: st.DataObject) -> None:
    simulator = played(kind, data)
    story = Story().sees(*simulator.stream)

    assert all(state in ENDINGS for state in story.states)
    assert (story.newest.state in GOOD) is (story.newest.identity.number in simulator.succeeded)


@every_kind
@given(st.data())
def test_a_rollout_has_one_beginning_and_one_ending(kind: str, data: st.DataObject) -> None:
    story = Story().sees(*played(kind, data).stream)

    for rollout in story.rollouts.values():
        told = [t.kind.value for t in story.transitions if t.rollout == rollout.id]
        assert told[0] == "started"
        assert told.count("started") == 1
        assert len([each for each in told if each in ENDINGS]) == 1


@every_kind
@given(st.data())
def test_success_is_never_said_before_the_api_says_so(kind: str, data: st.DataObject) -> None:
    simulator, story = played(kind, data), Story()

    for observation in simulator.stream:
        story.sees(observation)
        said = {r.identity.number for r in story.rollouts.values() if r.state in GOOD}
        assert said <= {number for number, when in simulator.succeeded.items() if when <= observation.at}


@every_kind
@given(st.data())
def test_every_rollout_ends_when_its_workload_does(kind: str, data: st.DataObject) -> None:
    story = Story().sees(*played(kind, data, then="delete").stream)

    assert all(state in ENDINGS for state in story.states)


@every_kind
@given(st.data())
def test_replicas_that_see_the_same_stream_at_their_own_pace_agree(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data).stream
    story, positions = Story(), [0, 0]
    paces = itertools.cycle([*data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=7)), 1, 1, 1])
    while min(positions) < len(stream):
        for replica in (0, 1):
            reached = positions[replica] + next(paces)
            story.sees(*stream[positions[replica] : reached])
            positions[replica] = reached

    assert story.rollouts == Story().sees(*stream).rollouts


@every_kind
@given(st.data())
def test_lost_observations_cost_messages_but_never_the_last_truth(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data).stream
    kept = [o for o in stream[:-1] if data.draw(st.booleans())]
    whole, thinned = Story().sees(*stream), Story().sees(*kept, stream[-1], continuous=False)

    assert all(state in ENDINGS for state in thinned.states)
    assert thinned.newest.state in GOOD or whole.newest.state not in GOOD


@every_kind
@given(st.data())
def test_a_restart_in_the_middle_leads_to_the_same_endings(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data).stream
    cut = data.draw(st.integers(1, len(stream)))
    resumed = Story().sees(*stream[:cut]).sees(stream[cut - 1], *stream[cut:], continuous=False)

    whole = Story().sees(*stream)
    assert {r.id: r.state for r in resumed.rollouts.values()} == {
        r.id: r.state for r in whole.rollouts.values()
    }


@every_kind
@given(st.data())
def test_a_baseline_taken_anywhere_tells_only_what_comes_after(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data).stream
    cut = data.draw(st.integers(0, len(stream) - 1))
    whole, late = Story().sees(*stream), Story().baseline(stream[cut]).sees(*stream[cut + 1 :])

    assert {r.identity.number for r in late.rollouts.values()} <= {
        r.identity.number for r in whole.rollouts.values()
    }
    assert all(state in ENDINGS for state in late.states)


@every_kind
@given(st.data())
def test_the_dead_stay_dead_whatever_arrives_late(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data, then="delete").stream
    story = Story().sees(*stream)
    before = dict(story.rollouts)

    story.sees(*stream[-5:])

    assert story.rollouts == before


@every_kind
@given(st.data())
def test_the_clock_alone_ends_nothing_that_has_no_deadline(kind: str, data: st.DataObject) -> None:
    stream = played(kind, data).stream
    patience, story = data.draw(st.floats(0, 1)), Story()
    for observation, following in itertools.pairwise(stream):
        story.sees(observation)
        wait = (following.at - observation.at) * patience
        story.waits_until((observation.at + wait - at(0)).total_seconds())
    story.sees(stream[-1])

    whole = Story().sees(*stream)
    assert {r.id: r.state for r in story.rollouts.values()} == {
        r.id: r.state for r in whole.rollouts.values()
    }
    assert State.FAILED not in {r.state for r in story.rollouts.values()} or kind == "Job"


@every_kind
@given(st.data())
def test_it_stalls_only_after_standing_still_for_as_long_as_the_policy_says(
    kind: str, data: st.DataObject
) -> None:
    stream = played(kind, data).stream
    quick = all(b.at - a.at < Policy().stall_after for a, b in itertools.pairwise(stream))
    by_hand = any(observation.strategy == "OnDelete" for observation in stream)
    story = Story().sees(*stream)

    assert "stalled" not in story.told or not quick or by_hand
