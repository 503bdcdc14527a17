"""What there is to know of a kind of workload before one is read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic

import msgspec

from shipbell.domain import Observation, Revision
from shipbell.sources.kubernetes import decoding, objects, resources


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How a kind keeps its revisions."""

    format_: Callable[[], decoding.Format[Any, Revision]]
    """How they are read."""
    bears: Callable[[Observation, Revision], bool]
    """Whether the newest of them is the one that the observation speaks of: then a list of them is as new
    as the observation, even if it came from a cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind(Generic[objects.WorkloadT]):
    """Where its objects are found, and how they are read."""

    resource: resources.Resource
    object: type[objects.WorkloadT]
    observe: Callable[[str, objects.WorkloadT, datetime, bool], Observation]
    """From the cluster's name, the object, the time it was seen at, and whether it is gone."""
    history: History | None = None
    """None where it has no revisions."""

    @property
    def name(self) -> str:
        """As the API spells it: `Deployment`."""
        return self.resource.kind

    def format_(self, cluster: str) -> decoding.Format[objects.WorkloadT, Observation]:
        """Its objects as observations of workloads in `cluster`."""
        return decoding.Format(
            resource=self.resource,
            pages=msgspec.json.Decoder(objects.Page[self.object]),  # type: ignore[name-defined]  # a variable
            events=msgspec.json.Decoder(objects.Event[self.object]),  # type: ignore[name-defined]  # the same
            build=partial(self.observe, cluster),
        )
