"""The API's objects as they travel, reduced to the fields that are needed.

Every field has a default, and what Go may write as null may be null: then a bookmark (nothing but a version)
decodes as well, and so does a Status in an object's place. Fields are documented in
https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from shipbell import errors

NULL = msgspec.Raw(b"null")


class Struct(msgspec.Struct, rename="camel", kw_only=True):
    """Spelled as the API spells it."""


class OwnerReference(Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Present(Struct):
    """Only that it is there counts; what is in it is skipped."""


class OwnedSpec(Struct):
    template: Present | None = msgspec.field(name="f:template", default=None)


class OwnedFields(Struct):
    spec: OwnedSpec | None = msgspec.field(name="f:spec", default=None)


class ManagedFields(Struct):
    """Which fields a manager owns, and when it last wrote any of them."""

    manager: str = ""
    subresource: str = ""
    time: datetime | None = None
    fields: OwnedFields | None = msgspec.field(name="fieldsV1", default=None)


class Metadata(Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    managed_fields: list[ManagedFields] | None = None


class Object(Struct):
    """What every object has; and a Status, which takes an object's place in an ERROR event."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    code: int | None = None
    message: str | None = None
    reason: str | None = None


class LabelSelectorRequirement(Struct):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(Struct):
    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None


class TemplateMetadata(Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class PodTemplate(Struct):
    metadata: TemplateMetadata = msgspec.field(default_factory=TemplateMetadata)
    spec: msgspec.Raw = NULL
    """Undecoded, because its bytes are digested too; `PodSpec` is its type."""


class ContainerSpec(Struct):
    name: str = ""
    image: str = ""


class PodSpec(Struct):
    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None


class Condition(Struct):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_update_time: datetime | None = None
    last_transition_time: datetime | None = None


class WorkloadSpec(Struct):
    """What the specs of all workloads have in common."""

    selector: LabelSelector | None = None
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class Workload(Object):
    """Of any kind; the modules in `kinds` say what else each has."""

    spec: WorkloadSpec = msgspec.field(default_factory=WorkloadSpec)


class Waiting(Struct):
    reason: str = ""
    message: str = ""


class Running(Struct):
    started_at: datetime | None = None


class Terminated(Struct):
    exit_code: int = 0
    reason: str = ""
    message: str = ""


class ContainerState(Struct):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct):
    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodStatus(Struct):
    phase: str = ""
    reason: str = ""
    """`Evicted`; empty as a rule."""
    message: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Limits(Struct):
    memory: str = ""


class Resources(Struct):
    limits: Limits | None = None


class RunningContainerSpec(ContainerSpec):
    """Of a pod, of which more is asked than of a template: there are few."""

    resources: Resources | None = None
    restart_policy: str = ""
    """`Always` makes an init container a sidecar."""


class ReadinessGate(Struct):
    condition_type: str = ""


class RunningPodSpec(Struct):
    containers: list[RunningContainerSpec] | None = None
    init_containers: list[RunningContainerSpec] | None = None
    readiness_gates: list[ReadinessGate] | None = None


class Pod(Object):
    spec: RunningPodSpec = msgspec.field(default_factory=RunningPodSpec)
    status: PodStatus | str | None = None


class ObjectReference(Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""
    """`spec.containers{web}` where it is about one container."""


class EventSeries(Struct):
    count: int = 0
    last_observed_time: datetime | None = None


class KubernetesEvent(Object):
    """`message` and `reason` are where a Status has them too."""

    involved_object: ObjectReference = msgspec.field(default_factory=ObjectReference)
    type: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None


ObjectT = TypeVar("ObjectT", bound=Object)
WorkloadT = TypeVar("WorkloadT", bound=Workload)
DecodedT = TypeVar("DecodedT")


class PageMetadata(Struct):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class Page(Struct, Generic[ObjectT]):
    """One page of a list."""

    metadata: PageMetadata = msgspec.field(default_factory=PageMetadata)
    items: list[ObjectT] | None = None


class Event(Struct, Generic[ObjectT]):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""

    type: str = ""
    object: ObjectT | None = None


def decode(decoder: msgspec.json.Decoder[DecodedT], body: bytes) -> DecodedT:
    """What the body says, or `SourceError` with the place where it makes no sense."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise errors.SourceError(f"the API server's answer is not understood: {error}") from error
