"""Values as JSON: what comes back is what went in, also after the program has learnt new fields."""

import dataclasses
import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell import errors, routing
from shipbell.domain import Container, Diagnosis, Identity, ImageChange, Memory, Rollout, Template, Workload
from shipbell.store import codec
from tests.store import examples

TIMES = st.datetimes(timezones=st.just(UTC))
WORDS = st.text(max_size=20)
LABELS = st.dictionaries(WORDS, WORDS, max_size=3)


def _built(type_: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a class: its fields by their types, but those given here."""
    return st.builds(type_, **fields)


TEMPLATES = _built(
    Template,
    containers=st.lists(_built(Container, name=WORDS, image=WORDS, init=st.booleans())).map(tuple),
    annotations=LABELS,
    labels=LABELS,
    spec_digest=WORDS,
)
DIAGNOSES = _built(
    Diagnosis,
    words=WORDS,
    certain=st.booleans(),
    next_step=WORDS,
    since=st.none() | TIMES,
    say_at=st.none() | TIMES,
)
ROLLOUTS = _built(
    Rollout,
    started_at=TIMES,
    finished_at=st.none() | TIMES,
    changed_at=TIMES,
    images=st.lists(_built(ImageChange)).map(tuple),
    labels=LABELS,
    old_images=st.lists(WORDS).map(tuple),
    new_ready=st.none() | st.integers(0, 9),
    progress_at=TIMES,
    diagnosis=st.none() | DIAGNOSES,
    failed_at=st.none() | TIMES,
    fixes_failure_of=st.none() | TIMES,
    rollback_of=st.none() | TIMES,
    unseen=st.none() | st.tuples(st.integers(), st.integers()),
    successor=st.none() | st.uuids(),
    wake_at=st.none() | TIMES,
)
MEMORIES = _built(
    Memory,
    identity=st.none() | _built(Identity),
    template=st.none() | TEMPLATES,
    rollout=st.none() | ROLLOUTS,
    unfixed_failure=st.none() | TIMES,
    deleted_at=st.none() | TIMES,
)
DESTINATIONS = _built(routing.Destination, profile=st.sampled_from(routing.Profile))


@given(rollout=ROLLOUTS)
def test_a_rollout_comes_back_as_it_was(rollout: Rollout) -> None:
    assert codec.rollout(codec.encode(rollout)) == rollout


@given(memory=MEMORIES)
def test_a_memory_comes_back_as_it_was(memory: Memory) -> None:
    assert codec.memory(codec.encode(memory)) == memory


@given(destination=DESTINATIONS)
def test_a_destination_comes_back_as_it_was(destination: routing.Destination) -> None:
    assert codec.destination(codec.encode(destination)) == destination


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(Rollout) if f.default is not dataclasses.MISSING]
)
def test_a_row_from_before_a_field_was_added_gets_its_default(field: str) -> None:
    rollout = examples.rollout()
    stored = json.loads(codec.encode(rollout))
    del stored[field]

    assert codec.rollout(json.dumps(stored)) == rollout


def test_a_row_with_a_field_that_is_not_known_any_more_is_read_without_it() -> None:
    rollout = examples.rollout()
    stored = {**json.loads(codec.encode(rollout)), "abandoned": {"a": 1}}

    assert codec.rollout(json.dumps(stored)) == rollout


@pytest.mark.parametrize("body", ["", "{", "{}", "[]", '{"id": 5}'])
def test_a_row_that_makes_no_sense_is_a_store_error(body: str) -> None:
    with pytest.raises(errors.StoreError, match="cannot be read"):
        codec.rollout(body)


def test_an_unknown_state_is_a_store_error() -> None:
    body = codec.encode(examples.rollout()).replace('"state":"started"', '"state":"levitating"')

    with pytest.raises(errors.StoreError, match="levitating"):
        codec.rollout(body)


def test_bodies_hold_no_field_twice() -> None:
    memory = examples.memory(Workload(cluster="c", namespace="n", kind="Deployment", name="a", uid="u"))

    assert codec.encode(memory).count('"uid"') == 1
