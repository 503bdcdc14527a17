"""The message's contract with programs."""

from dataclasses import replace
from datetime import timedelta, timezone

from shipbell import rendering
from shipbell.domain import State
from shipbell.routing import Part
from tests.rendering import stories


def test_the_metadata_of_an_ending_is_exactly_the_contract() -> None:
    assert rendering.metadata(stories.SUCCESS, Part.ROOT, 1) == {
        "event_type": "shipbell_rollout",
        "event_payload": {
            "schema": 1,
            "rollout": "0f8fad5b-d9cb-569f-a165-70867728950e",
            "part": "root",
            "attempt": 1,
            "cluster": "applications-production",
            "namespace": "mitlearn",
            "kind": "Deployment",
            "name": "mitlearn-app",
            "state": "succeeded",
            "version": 6,
            "started_at": "2026-01-31T14:02:11Z",
            "finished_at": "2026-01-31T14:04:20Z",
        },
    }


def test_an_open_rollout_has_no_end() -> None:
    assert "finished_at" not in rendering.metadata(stories.START, Part.ROOT, 1)["event_payload"]


def test_a_state_is_spelled_as_in_the_contract() -> None:
    payload = rendering.metadata(stories.ROLLED_BACK, Part.ROOT, 1)["event_payload"]
    assert payload["state"] == State.ROLLED_BACK.value == "rolled_back"


def test_times_are_utc_wherever_they_were_measured() -> None:
    there = stories.STARTED.astimezone(timezone(timedelta(hours=-5)))
    payload = rendering.metadata(replace(stories.START, started_at=there), Part.DETAIL, 2)["event_payload"]
    assert payload["started_at"] == "2026-01-31T14:02:11Z"
    assert (payload["part"], payload["attempt"]) == ("detail", 2)
