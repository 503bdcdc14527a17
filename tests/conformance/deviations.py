"""Contested cases that Shipbell judges otherwise than the project that they come from, by the kind of reason.

The reasons are argued in `docs/decisions/0006-contested-cases.md`. A case that comes to be judged as its
source does must leave the table, and one that is judged otherwise anew must be argued there first.
"""

from collections.abc import Mapping

DEVIATIONS: Mapping[str, tuple[str, ...]] = {
    "enough is not all": (
        "helm-001",
        "helm-003",
        "helm-007",
        "helm-009",
        "helm-012",
        "helm-022",
        "kapp-002",
        "kapp-030",
        "kapp-031",
        "kapp-036",
        "kapp-037",
        "flagger-010",
        "flagger-018",
    ),
    "a Job ends by its controller's word": (
        "helm-024",
        "helm-027",
        "helm-028",
        "helm-029",
        "helm-030",
        "helm-031",
        "spin-049",
    ),
    "kubectl's counts go before conditions": (
        "kstatus-009",
        "kstatus-010",
        "kstat-001",
        "pulumi-031",
        "pulumi-034",
        "pulumi-041",
        "pulumi-053",
        "pulumi-055",
    ),
    "what is available is ready": ("kstatus-004", "spin-015", "spin-016", "spin-021"),
    "a missing number is zero": ("kstatus-001",),
    "paused is what the spec says": ("spin-010", "spin-012", "spin-014"),
    "OnDelete is done when the pods are replaced": ("spin-025", "argo-007"),
    "somebody else's deadline": ("flagger-007", "flagger-014"),
    "the spec wants a pod that is not there": ("pulumi-020",),
    "a pod is ready when its condition says so": ("spin-055", "radius-009"),
    "a pod that runs is no hook": ("argo-018", "argo-020"),
    "an eviction is nobody's fault": ("k8sgpt-005", "k8sgpt-006"),
    "a crash is said from the second restart on": ("kstatus-019",),
    "a crash loop is one, whatever the restart policy": ("argo-022",),
}
