"""Which collections of the API are read, and where they are found."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A collection of the API, as in `deployments.apps`."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"

    @property
    def name(self) -> str:
        """As RBAC and kubectl say it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "") -> str:
        """Of the whole collection, or of a namespace's part of it. The namespace must be a valid name."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"


DEPLOYMENTS = Resource(plural="deployments", kind="Deployment", group="apps")
STATEFULSETS = Resource(plural="statefulsets", kind="StatefulSet", group="apps")
DAEMONSETS = Resource(plural="daemonsets", kind="DaemonSet", group="apps")
JOBS = Resource(plural="jobs", kind="Job", group="batch")
CRONJOBS = Resource(plural="cronjobs", kind="CronJob", group="batch")

REPLICASETS = Resource(plural="replicasets", kind="ReplicaSet", group="apps")
CONTROLLER_REVISIONS = Resource(plural="controllerrevisions", kind="ControllerRevision", group="apps")
PODS = Resource(plural="pods", kind="Pod")
POD_LOGS = Resource(plural="pods/log", kind="Pod")
"""A subresource: for permissions, not for lists."""
EVENTS = Resource(plural="events", kind="Event")
