"""What holds for every legal stream of observations, however it is cut, thinned or repeated."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain import State
from tests.domain.controller import IMAGES, Controller
from tests.domain.deployments import Story

ENDINGS = {s.value for s in State if not s.open}

ACTIONS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(IMAGES)),
    st.tuples(st.just("scale"), st.integers(0, 3)),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("annotate"), st.integers(1, 9)),
    *(st.tuples(st.just(verb), st.none()) for verb in ("sync", "work", "work", "work", "time_out", "flap")),
)


def played(actions: list[tuple[str, object]], *, then: str = "finish") -> Controller:
    """A Deployment that lived through the actions, told from its creation on."""
    controller = Controller()
    controller.sync()
    for verb, argument in actions:
        method = getattr(controller, verb)
        method() if argument is None else method(argument)
    getattr(controller, then)()
    return controller


@given(st.lists(ACTIONS, max_size=40))
def test_what_ends_well_ends_once_and_says_so(actions: list[tuple[str, object]]) -> None:
    story = Story().sees(*played(actions).stream)

    assert all(state in ENDINGS for state in story.states)
    assert story.states[-1] in {"succeeded", "recovered"}


@given(st.lists(ACTIONS, max_size=40))
def test_a_rollout_has_one_ending_but_for_a_recovery(actions: list[tuple[str, object]]) -> None:
    story = Story().sees(*played(actions).stream)

    for rollout in story.rollouts.values():
        told = [t.kind.value for t in story.transitions if t.rollout == rollout.id]
        endings = [kind for kind in told if kind in ENDINGS]
        assert told[0] == "started"
        assert len(endings) == 1 or endings == ["failed", "recovered"]


@given(st.lists(ACTIONS, max_size=40))
def test_success_is_never_said_of_what_did_not_succeed(actions: list[tuple[str, object]]) -> None:
    controller = played(actions)
    story = Story().sees(*controller.stream)

    told = {
        r.identity.number for r in story.rollouts.values() if r.state in {State.SUCCEEDED, State.RECOVERED}
    }
    assert told <= controller.succeeded


@given(st.lists(ACTIONS, max_size=40))
def test_every_number_gets_at_most_one_rollout(actions: list[tuple[str, object]]) -> None:
    story = Story().sees(*played(actions).stream)

    numbers = Counter(rollout.identity.number for rollout in story.rollouts.values())
    assert all(count == 1 for count in numbers.values())


@given(st.lists(ACTIONS, max_size=40))
def test_every_rollout_ends_when_its_workload_does(actions: list[tuple[str, object]]) -> None:
    story = Story().sees(*played(actions, then="delete").stream)

    assert all(state in ENDINGS for state in story.states)


@given(st.lists(ACTIONS, max_size=30), st.data())
def test_repeated_and_older_observations_change_nothing(
    actions: list[tuple[str, object]], data: st.DataObject
) -> None:
    stream = played(actions).stream
    story = Story()
    for position, observation in enumerate(stream):
        story.sees(observation)
        story.sees(stream[data.draw(st.integers(0, position))])

    assert story.rollouts == Story().sees(*stream).rollouts


@given(st.lists(ACTIONS, max_size=30), st.data())
def test_lost_observations_cost_messages_but_never_the_last_truth(
    actions: list[tuple[str, object]], data: st.DataObject
) -> None:
    stream = played(actions).stream
    kept = [o for o in stream[:-1] if data.draw(st.booleans())]
    whole, thinned = Story().sees(*stream), Story().sees(*kept, stream[-1], continuous=False)

    assert thinned.newest.identity == whole.newest.identity
    assert thinned.states[-1] in {"succeeded", "recovered"}
    assert all(state in ENDINGS for state in thinned.states)


@given(st.lists(ACTIONS, max_size=30), st.data())
def test_a_baseline_taken_anywhere_tells_only_what_comes_after(
    actions: list[tuple[str, object]], data: st.DataObject
) -> None:
    stream = played(actions).stream
    cut = data.draw(st.integers(0, len(stream) - 1))
    whole = Story().sees(*stream)
    late = Story().baseline(stream[cut]).sees(*stream[cut + 1 :])

    assert {r.identity.number for r in late.rollouts.values()} <= {
        r.identity.number for r in whole.rollouts.values()
    }
    assert all(state in ENDINGS for state in late.states)


@given(st.lists(ACTIONS, max_size=30))
def test_the_dead_stay_dead_whatever_arrives_late(actions: list[tuple[str, object]]) -> None:
    stream = played(actions, then="delete").stream
    story = Story().sees(*stream)
    before = dict(story.rollouts)

    story.sees(*stream[-5:])

    assert story.rollouts == before
