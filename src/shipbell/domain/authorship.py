"""Who rolled out, in words that a person knows; and which labels are told with it."""

from collections.abc import Mapping

from shipbell.domain.observation import Observation
from shipbell.domain.policy import Policy

CHANGE_CAUSE = "kubernetes.io/change-cause"

TOOLS = (
    ("pulumi", "Pulumi"),
    ("helm", "Helm"),
    ("argocd", "Argo CD"),
    ("kustomize-controller", "Flux"),
    ("helm-controller", "Flux"),
    ("flux", "Flux"),
    ("terraform", "Terraform"),
    ("kubectl-rollout", "kubectl rollout, by hand"),
    ("kubectl", "kubectl, by hand"),
    ("vault-secrets-operator", "Vault Secrets Operator"),
    ("reloader", "Reloader"),
    ("k9s", "k9s, by hand"),
    ("lens", "Lens, by hand"),
    ("kube-controller-manager", "Kubernetes"),
)
"""Beginnings of field manager names, most telling first; a manager's name is free text by convention, see
https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers."""


def author(observation: Observation, policy: Policy) -> str:
    """Who deployed: the configured annotation, else the release's owner, else the tool; empty if unknown."""
    person = observation.annotations.get(policy.deployed_by_annotation or "", "")
    tool = _owner(observation) or _tool(observation.manager or "")
    if person and tool:
        return f"{tool}, for {person}"
    return person or tool


def _owner(observation: Observation) -> str:
    """The Helm release, Argo CD application or Flux object that the workload says it belongs to."""
    labels, annotations = observation.labels, observation.annotations
    if tracking := annotations.get("argocd.argoproj.io/tracking-id"):
        return f"Argo CD ({tracking.split(':', 1)[0]})"
    if application := labels.get("argocd.argoproj.io/instance"):
        return f"Argo CD ({application})"
    for controller in ("kustomize", "helm"):
        if name := labels.get(f"{controller}.toolkit.fluxcd.io/name"):
            return f"Flux ({name})"
    if release := annotations.get("meta.helm.sh/release-name"):
        return f"Helm ({release})"
    return ""


def _tool(manager: str) -> str:
    """A friendly name for a field manager; a name that nobody knows stays unsaid."""
    lowered = manager.lower()
    return next((name for beginning, name in TOOLS if lowered.startswith(beginning)), "")


def select_labels(labels: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, str]:
    """The labels to tell, in the patterns' order, then by key; `prefix/*` takes a whole prefix."""
    chosen: dict[str, str] = {}
    for pattern in patterns:
        for key in sorted(labels):
            if key == pattern or (pattern.endswith("*") and key.startswith(pattern[:-1])):
                chosen.setdefault(key, labels[key])
    return chosen
