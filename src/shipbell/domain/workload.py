"""The thing that is rolled out. Alone in its module because observations and rollouts both name it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A Deployment (or another kind) in one cluster; `uid` tells a re-creation from its forerunner."""

    cluster: str
    namespace: str
    kind: str
    """As the API spells it: `Deployment`."""
    name: str
    uid: str

    @property
    def path(self) -> str:
        """`namespace/name`, as people say it."""
        return f"{self.namespace}/{self.name}"
