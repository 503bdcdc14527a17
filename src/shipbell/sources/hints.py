"""A hint: "look at this object". What a webhook yields, and all that it can cause is a read.

Hints may be lost, doubled, late or forged without harm: the truth is read from the Kubernetes API. They are
small and hashable, so that a set of them is a queue that cannot outgrow the number of objects.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """An object that may have changed. A ReplicaSet or a Pod stands for the workload that owns it."""

    kind: str
    """As the API spells it: `Deployment`."""
    namespace: str
    name: str
