"""The play that the demo shows: two teams' namespaces, and a minute in which things happen in them.

Named and labelled as a platform's workloads are, and changed by different tools. How the pods behave is
taught to the kubelet by image, so that no word of the play stands in the objects.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from tests.cluster.client import Client
from tests.cluster.connection import Object
from tests.cluster.kubelet import Kubelet
from tests.cluster.running import Cluster

REGISTRY = "registry.example.org"

PULUMI = "pulumi-resource-kubernetes"
HELM = "helm"

DEADLINE_SECONDS = 12
"""Of the web front end, whose image is missing: short, so that the ending fits the demo."""

BEHAVIOURS = {
    "mitlearn-app:2026.01.31.1": "ready-after=3",
    "checkout:2.14.1": "ready-after=1.5",
    "checkout:2.15.0": "ready-after=60 exit=1 after=1.5",
    "cart:1.9.0": "ready-after=6",
    "cart:1.9.1": "ready-after=2.5",
    "mitlearn-nextjs:2026.01.31.1": "image-missing",
    "mitlearn-nextjs:2026.01.31.2": "ready-after=2",
    "search:4.0.3": "ready-after=2",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A Deployment as its team wrote it."""

    namespace: str
    name: str
    versions: Sequence[str]
    """Rolled out one after another before the play begins."""
    replicas: int
    manager: str
    component: str
    deadline: int = 600

    def manifest(self, version: str) -> Object:
        selected = {"app.kubernetes.io/name": self.name, "app.kubernetes.io/component": self.component}
        labels = {**selected, **self._tool_labels()}
        # On the template alone: an undo leaves the Deployment's own labels as they are, and they would lie.
        versioned = {**labels, "app.kubernetes.io/version": version}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.name, "labels": labels, "annotations": self._annotations()},
            "spec": {
                "replicas": self.replicas,
                "progressDeadlineSeconds": self.deadline,
                "selector": {"matchLabels": selected},
                "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": {"metadata": {"labels": versioned}, "spec": self._pod(version)},
            },
        }

    def _pod(self, version: str) -> Object:
        container = {
            "name": self.name,
            "image": image(f"{self.name}:{version}"),
            "ports": [{"name": "http", "containerPort": 8000}],
            "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 2},
            "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        }
        return {"containers": [container]}

    def _tool_labels(self) -> dict[str, str]:
        if self.manager == HELM:
            return {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": self.name}
        return {
            "ol.mit.edu/application": "mitlearn",
            "ol.mit.edu/service": "mitlearn",
            "ol.mit.edu/process": self.component,
        }

    def _annotations(self) -> dict[str, str]:
        if self.manager != HELM:
            return {}
        return {"meta.helm.sh/release-name": self.name, "meta.helm.sh/release-namespace": self.namespace}


WEBAPP = App(
    namespace="mitlearn",
    name="mitlearn-app",
    versions=("2026.01.29.1", "2026.01.30.2"),
    replicas=4,
    manager=PULUMI,
    component="webapp",
)
CELERY = App(
    namespace="mitlearn",
    name="mitlearn-celery",
    versions=("2026.01.30.2",),
    replicas=2,
    manager=PULUMI,
    component="celery",
)
NEXTJS = App(
    namespace="mitlearn",
    name="mitlearn-nextjs",
    versions=("2026.01.29.1", "2026.01.30.1"),
    replicas=2,
    manager=PULUMI,
    component="frontend",
    deadline=DEADLINE_SECONDS,
)
CHECKOUT = App(
    namespace="shop",
    name="checkout",
    versions=("2.14.0", "2.14.1"),
    replicas=3,
    manager=HELM,
    component="api",
)
CART = App(namespace="shop", name="cart", versions=("1.8.0",), replicas=3, manager=HELM, component="api")
SEARCH = App(namespace="shop", name="search", versions=("4.0.3",), replicas=2, manager=HELM, component="api")
APPS = (WEBAPP, CELERY, NEXTJS, CHECKOUT, CART, SEARCH)


async def prepare(cluster: Cluster) -> None:
    """The namespaces as they are before the play: everything deployed, with a past to go back to."""
    for namespace in sorted({app.namespace for app in APPS}):
        metadata = {"name": namespace}
        await cluster.client.create("", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    await asyncio.gather(*(_install(cluster.client, app) for app in APPS))
    _teach(cluster.kubelet)


async def play(client: Client) -> None:
    """Seconds count from its beginning; ends when all has been told."""
    async with asyncio.TaskGroup() as scenes:
        scenes.create_task(_at(2, _release(client, WEBAPP, "2026.01.31.1")))
        scenes.create_task(_at(9, _crash_and_undo(client)))
        scenes.create_task(_at(20, _scale_up(client)))
        scenes.create_task(_at(28, _supersede(client)))
        scenes.create_task(_at(33, _miss_an_image_and_fix(client)))
        scenes.create_task(_at(48, _restart(client)))
        scenes.create_task(asyncio.sleep(62))


async def _release(client: Client, app: App, version: str) -> None:
    """A good rollout; its four pods become ready one after another, within 12 s."""
    await client.apply(app.namespace, app.manifest(version), manager=app.manager)


async def _crash_and_undo(client: Client) -> None:
    await _release(client, CHECKOUT, "2.15.0")
    await asyncio.sleep(13)
    await client.undo(CHECKOUT.namespace, CHECKOUT.name)


async def _scale_up(client: Client) -> None:
    """No rollout, and nothing is told."""
    await client.scale(CELERY.namespace, CELERY.name, 4)


async def _supersede(client: Client) -> None:
    """A fix comes before the version that it fixes is out."""
    await _release(client, CART, "1.9.0")
    await asyncio.sleep(8)
    await _release(client, CART, "1.9.1")


async def _miss_an_image_and_fix(client: Client) -> None:
    """The deadline passes before somebody deploys a version that exists."""
    await _release(client, NEXTJS, "2026.01.31.1")
    await asyncio.sleep(DEADLINE_SECONDS + 7)
    await _release(client, NEXTJS, "2026.01.31.2")


async def _restart(client: Client) -> None:
    await client.restart(SEARCH.namespace, SEARCH.name)


async def _at(second: float, scene: Awaitable[None]) -> None:
    await asyncio.sleep(second)
    await scene


async def _install(client: Client, app: App) -> None:
    for version in app.versions:
        await _release(client, app, version)
        await client.until_complete(app.namespace, app.name)


def _teach(kubelet: Kubelet) -> None:
    for name, behaviour in BEHAVIOURS.items():
        kubelet.teach(image(name), behaviour)


def image(name: str) -> str:
    return f"{REGISTRY}/{name}"
