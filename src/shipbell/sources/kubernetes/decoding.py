"""The API server's bytes to the domain's values, in one pass over only the fields that are needed.

Here is what all objects have in common; a module for each sort of object says the rest. The structs of
`objects` live as long as the page that they came in: what is built of them are frozen values that hold no
reference to it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from shipbell.domain import Condition, Workload
from shipbell.sources.kubernetes import objects, resources, templates

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

NO_DEADLINE = 2**31 - 1
"""How a number of seconds says that there is no deadline, see
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds."""

BEGINNING = datetime.fromtimestamp(0, UTC)
"""In place of a creation time that is not there. The API server always writes one."""

ValueT = TypeVar("ValueT")

_ANY_JSON = msgspec.json.Decoder(object)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format(Generic[objects.ObjectT, ValueT]):
    """How a resource's pages and events are read, and what value an object becomes."""

    resource: resources.Resource
    pages: msgspec.json.Decoder[objects.Page[objects.ObjectT]]
    events: msgspec.json.Decoder[objects.Event[objects.ObjectT]]
    build: Callable[[objects.ObjectT, datetime, bool], ValueT]
    """From the object, the time it was seen at, and whether it is gone."""

    def page(self, body: bytes) -> objects.Page[objects.ObjectT]:
        """Raises `SourceError` where the body is no list of this resource."""
        return objects.decode(self.pages, body)

    def event(self, line: bytes) -> objects.Event[objects.ObjectT]:
        """Raises `SourceError` where the line is no event of this resource."""
        return objects.decode(self.events, line)


def version(text: str) -> int:
    """A resourceVersion as the number that it is; 0, older than any, where it is none.

    They may be compared within one resource of one cluster, see
    https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
    """
    return int(text) if text.isascii() and text.isdigit() else 0


def controller(thing: objects.Object) -> objects.OwnerReference | None:
    """The one owner that manages the object, if any."""
    owners = thing.metadata.owner_references or ()
    return next((owner for owner in owners if owner.controller), None)


def selector(wanted: objects.LabelSelector) -> str:
    """As a `labelSelector` parameter, see
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api."""
    equal = [f"{key}={value}" for key, value in sorted((wanted.match_labels or {}).items())]
    return ",".join([*equal, *(_requirement(r) for r in wanted.match_expressions or ())])


def number(text: str) -> int | None:
    """A revision's number; None where someone wrote something else into the annotation."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def workload(cluster: str, kind: str, metadata: objects.Metadata) -> Workload:
    """What the object is called. Namespaces are few, so that each is kept once."""
    return Workload(
        cluster=cluster,
        namespace=sys.intern(metadata.namespace),
        kind=kind,
        name=metadata.name,
        uid=metadata.uid,
    )


def annotations(metadata: objects.Metadata) -> dict[str, str]:
    """Without kubectl's copy of the whole object."""
    return templates.without(metadata.annotations or {}, LAST_APPLIED)


def conditions(found: list[objects.Condition] | None) -> tuple[Condition, ...]:
    """Only a Deployment's say when they were last renewed; those of others, when they last turned."""
    return tuple(
        Condition(
            type=condition.type,
            status=condition.status,
            reason=condition.reason,
            message=condition.message,
            last_update=condition.last_update_time or condition.last_transition_time,
        )
        for condition in found or ()
    )


def manager(metadata: objects.Metadata) -> str | None:
    """Who wrote the pod template last. The controllers write status only, as a subresource."""
    entries = metadata.managed_fields or []
    writers = [entry for entry in entries if not entry.subresource and _owns_template(entry)]
    return max(writers, key=lambda entry: entry.time or BEGINNING).manager if writers else None


def seconds(number_: int | None) -> timedelta | None:
    """A duration as the API writes it; None where it is not set, or at the maximum that stands for none."""
    return None if number_ is None or number_ >= NO_DEADLINE else timedelta(seconds=number_)


def canonical(template: objects.PodTemplate) -> objects.PodTemplate:
    """The same with its fields in the order of their names.

    ControllerRevisions keep templates in that order, and the API server writes workloads in another:
    only so their digests compare.
    """
    tree = objects.decode(_ANY_JSON, bytes(template.spec))
    spec = msgspec.json.encode(tree, order="deterministic")
    return objects.PodTemplate(metadata=template.metadata, spec=msgspec.Raw(spec))


def _owns_template(entry: objects.ManagedFields) -> bool:
    return (
        entry.fields is not None and entry.fields.spec is not None and entry.fields.spec.template is not None
    )


def _requirement(requirement: objects.LabelSelectorRequirement) -> str:
    key, values = requirement.key, ",".join(requirement.values or ())
    match requirement.operator:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key
