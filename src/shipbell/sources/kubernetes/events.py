"""Kubernetes Events as the domain sees them. Not to be confused with the lines of a watch.

See https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/; they are read from the
core group, whose fields every version of the API server fills.
"""

import re
from datetime import datetime

import msgspec

from shipbell.domain import Event
from shipbell.sources.kubernetes import decoding, objects, resources

WARNING = "Warning"

_CONTAINER = re.compile(r"spec\.(?:init|ephemeral)?[cC]ontainers\{(.+)\}")


def format_() -> decoding.Format[objects.KubernetesEvent, Event]:
    """Events, each about one object."""
    return decoding.Format(
        resource=resources.EVENTS,
        pages=msgspec.json.Decoder(objects.Page[objects.KubernetesEvent]),
        events=msgspec.json.Decoder(objects.Event[objects.KubernetesEvent]),
        build=lambda event, _at, _deleted: told(event),
    )


def told(event: objects.KubernetesEvent) -> Event:
    """The event, with the last of its times and all of its repetitions."""
    about, series = event.involved_object, event.series or objects.EventSeries()
    return Event(
        kind=about.kind,
        name=about.name,
        uid=about.uid,
        reason=event.reason or "",
        message=event.message or "",
        container=_container(about.field_path),
        warning=event.type == WARNING,
        count=max(event.count or 0, series.count, 1),
        last_at=_last_at(event, series),
    )


def _last_at(event: objects.KubernetesEvent, series: objects.EventSeries) -> datetime:
    """Old and new ways of recording fill different fields."""
    times = (series.last_observed_time, event.last_timestamp, event.event_time, event.first_timestamp)
    known = [time for time in (*times, event.metadata.creation_timestamp) if time is not None]
    return max(known, default=decoding.BEGINNING)


def _container(field_path: str) -> str:
    found = _CONTAINER.fullmatch(field_path)
    return found[1] if found else ""
