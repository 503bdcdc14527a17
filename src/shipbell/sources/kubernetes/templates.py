"""Pod templates as the domain compares them: told apart by digests, without being kept.

The digest of the whole spec says that two templates differ; the outline says in which settings. Values that
may hold a secret are in it as eight hexadecimal digits, keyed by where they stand, so that the same password
in two places looks different.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from shipbell.domain import Container, Template, changes
from shipbell.sources.kubernetes import objects

HASH = "pod-template-hash"

ALREADY_TOLD = frozenset({"name", "image", "containers", "initContainers", "serviceAccount"})
"""Fields that are told elsewhere; the last repeats `serviceAccountName`."""

PLAIN = frozenset({"serviceAccountName", "imagePullPolicy", "priorityClassName", "runtimeClassName"})
"""Text fields that hold no secrets."""

DEFAULTS: Mapping[str, object] = {
    "dnsPolicy": "ClusterFirst",
    "resources": {},
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
"""What the API server fills in, and what an absent field therefore means."""

_Json = dict[str, Any]

_POD_SPECS = msgspec.json.Decoder(objects.PodSpec | None)
_TREES = msgspec.json.Decoder(_Json | None)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def template(raw: objects.PodTemplate, *, outlined: bool = True) -> Template:
    """A pod template, told apart from others by its digest without being kept.

    The outline costs more than all the rest; what two revisions are not compared by can do without.
    """
    spec = objects.decode(_POD_SPECS, bytes(raw.spec)) or objects.PodSpec()
    tree = objects.decode(_TREES, bytes(raw.spec)) or {} if outlined else {}
    return Template(
        containers=(*_containers(spec.init_containers, init=True), *_containers(spec.containers)),
        annotations=raw.metadata.annotations or {},
        labels=without(raw.metadata.labels or {}, HASH),
        spec_digest=hashlib.blake2b(raw.spec, digest_size=16).hexdigest(),
        outline=changes.outline(_settings(tree)) if outlined else "",
    )


def without(mapping: Mapping[str, str], key: str) -> dict[str, str]:
    """The mapping but for one key."""
    return {name: value for name, value in mapping.items() if name != key}


def _containers(specs: list[objects.ContainerSpec] | None, *, init: bool = False) -> tuple[Container, ...]:
    return tuple(Container(name=spec.name, image=spec.image, init=init) for spec in specs or ())


def _settings(spec: _Json) -> Iterator[str]:
    yield from _fields("", spec)
    for container in (*_entries(spec.get("initContainers")), *_entries(spec.get("containers"))):
        yield from _fields(str(container.get("name", "")), container)


def _fields(container: str, fields: _Json) -> Iterator[str]:
    """The settings of a pod or of one of its containers, in whatever order the API server has them."""
    for field, value in fields.items():
        if field in ALREADY_TOLD or value is None or DEFAULTS.get(field) == value:
            continue
        for topic, name, told in _told(container, field, value):
            yield changes.setting(container=container, topic=topic, name=name, value=told)


def _told(container: str, field: str, value: Any) -> Iterator[tuple[str, str, str]]:
    match field:
        case "env" | "volumes":
            for entry in _entries(value):
                name = str(entry.get("name", ""))
                yield field.removesuffix("s"), name, _digest(entry, container, field, name)
        case "envFrom":
            for entry in _entries(value):
                yield "env from", _source(entry), _digest(entry, container, field)
        case "volumeMounts":
            for entry in _entries(value):
                yield "mount", str(entry.get("mountPath", "")), _digest(entry, container, field)
        case "ports":
            for entry in _entries(value):
                yield "port", f"{entry.get('containerPort')}/{entry.get('protocol', 'TCP')}", changes.DIGEST
        case "resources" if isinstance(value, dict):
            yield from _resources(value)
        case _:
            yield _words(field), "", _shown(field, value) or _digest(value, container, field)


def _source(entry: _Json) -> str:
    """`ConfigMap web`: where a container takes a whole set of variables from."""
    for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if isinstance(reference := entry.get(field), dict):
            return f"{kind} {reference.get('name', '')}"
    return "another source"


def _resources(value: _Json) -> Iterator[tuple[str, str, str]]:
    for field, word in (("requests", "request"), ("limits", "limit")):
        quantities = value.get(field)
        for resource, quantity in quantities.items() if isinstance(quantities, dict) else ():
            yield f"{resource} {word}", "", str(quantity)


def _shown(field: str, value: Any) -> str:
    """The value itself where it can be no secret: a number, a choice, a name."""
    if isinstance(value, bool | int):
        return str(value).lower()
    return value if field in PLAIN and isinstance(value, str) else ""


def _words(field: str) -> str:
    """`livenessProbe` as people say it."""
    return _HUMP.sub(" ", field.removesuffix("Name")).lower()


def _digest(value: Any, *place: str) -> str:
    """Of a value, whatever the order in which its fields were written."""
    key = "/".join(place).encode()[-hashlib.blake2b.MAX_KEY_SIZE :]
    canonical = msgspec.json.encode(value, order="deterministic")
    return changes.DIGEST + hashlib.blake2b(canonical, digest_size=4, key=key).hexdigest()


def _entries(value: Any) -> list[_Json]:
    """What may be absent, null, or not what it should be."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
