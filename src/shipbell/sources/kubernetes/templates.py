"""Pod templates as the domain compares them: told apart by a digest, without being kept."""

import hashlib
from collections.abc import Mapping

import msgspec

from shipbell.domain import Container, Template
from shipbell.sources.kubernetes import objects

HASH = "pod-template-hash"

_POD_SPECS = msgspec.json.Decoder(objects.PodSpec | None)


def template(raw: objects.PodTemplate) -> Template:
    """A pod template, told apart from others by its digest without being kept."""
    spec = objects.decode(_POD_SPECS, bytes(raw.spec)) or objects.PodSpec()
    return Template(
        containers=(*_containers(spec.init_containers, init=True), *_containers(spec.containers)),
        annotations=raw.metadata.annotations or {},
        labels=without(raw.metadata.labels or {}, HASH),
        spec_digest=hashlib.blake2b(raw.spec, digest_size=16).hexdigest(),
    )


def without(mapping: Mapping[str, str], key: str) -> dict[str, str]:
    """The mapping but for one key."""
    return {name: value for name, value in mapping.items() if name != key}


def _containers(specs: list[objects.ContainerSpec] | None, *, init: bool = False) -> tuple[Container, ...]:
    return tuple(Container(name=spec.name, image=spec.image, init=init) for spec in specs or ())
