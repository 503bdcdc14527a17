"""A Kubernetes Event says the same whichever of its two forms it was recorded in."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shipbell.domain import Event
from shipbell.sources.kubernetes import events
from tests.sources.apiobjects import CREATED, Json, event
from tests.sources.test_decoding import NOW

AT = datetime.fromisoformat(CREATED)


def told(thing: Json) -> Event:
    format_ = events.format_()
    page = format_.page(json.dumps({"metadata": {}, "items": [thing]}).encode())
    return format_.build((page.items or [])[0], NOW, False)


def test_an_event_says_what_it_is_about_and_how_often_it_was_seen() -> None:
    seen = told(event("Unhealthy", "Readiness probe failed", container="web", count=7))

    assert (seen.kind, seen.name, seen.uid) == ("Pod", "web-79fc7fd494-x7x2v", "uid-pod")
    assert (seen.reason, seen.message, seen.container) == ("Unhealthy", "Readiness probe failed", "web")
    assert (seen.warning, seen.count, seen.last_at) == (True, 7, AT)


@pytest.mark.parametrize("path", ["spec.initContainers{migrate}", "spec.ephemeralContainers{migrate}"])
def test_an_event_about_another_sort_of_container_names_it_too(path: str) -> None:
    about = {"kind": "Pod", "name": "web-1", "uid": "u", "fieldPath": path}

    assert told(event("BackOff", about=about)).container == "migrate"


def test_an_event_of_the_new_form_has_its_time_and_its_count_in_its_series() -> None:
    later: dict[str, Any] = {"count": 4, "lastObservedTime": "2026-01-30T14:09:00.123456Z"}
    seen = told(
        event(
            "FailedScheduling",
            count=None,
            firstTimestamp=None,
            lastTimestamp=None,
            eventTime="2026-01-30T14:02:00.000001Z",
            series=later,
        )
    )

    assert seen.count == 4
    assert seen.last_at == datetime(2026, 1, 30, 14, 9, 0, 123456, tzinfo=UTC)


def test_an_ordinary_event_is_no_warning() -> None:
    assert not told(event("TriggeredScaleUp", type="Normal")).warning


def test_an_event_without_any_time_was_made_at_its_creation() -> None:
    assert told(event("FailedCreate", firstTimestamp=None, lastTimestamp=None)).last_at == AT
