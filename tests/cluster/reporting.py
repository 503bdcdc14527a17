"""What a kubelet tells the API server, again and again until it is heard.

The played kubelet shares a real one's stubbornness: while the API server is away its pods live on, and their
statuses arrive later.
"""

import asyncio
import contextlib
import uuid
from datetime import datetime

from tests.cluster import connection, scenes, statuses
from tests.cluster.connection import Connection, Object

RETRY_SECONDS = 0.2


class Gone(Exception):
    """The pod is not there any more, or another pod bears its name."""


class Reporter:
    """Writes about pods through one connection."""

    def __init__(self, api: Connection, *, is_talkative: bool = False) -> None:
        self._api = api
        self._is_talkative = is_talkative
        """Whether Normal Events are posted too. Warnings always are; the rest costs three writes a pod."""
        self._told: dict[tuple[str, str, str, str], Object] = {}
        """The Events of each pod, container, reason and message, to be counted up."""

    async def tell_status(self, pod: Object, status: Object) -> Object:
        """The pod as it is after the write. Raises `Gone`."""
        # The uid makes the API server refuse the patch for a later pod of the same name.
        patch = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        return await self._persist(
            "PATCH", f"{path(pod)}/status", patch, content_type=connection.STRATEGIC_PATCH
        )

    async def delete(self, pod: Object) -> None:
        """The last act for a terminating pod. Raises `Gone`."""
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        await self._persist("DELETE", path(pod), options)

    async def tell_news(self, pod: Object, container: str, news: scenes.News, now: datetime) -> None:
        """Posts an Event, or counts up the one that says the same already, as kubelets do.

        A namespace that ends takes none, and that is no harm.
        """
        if news.type == "Normal" and not self._is_talkative:
            return
        key = (pod["metadata"]["uid"], container, news.reason, news.message)
        with contextlib.suppress(Gone):
            if known := self._told.get(key):
                self._told[key] = await self._count_up(known, now)
            else:
                where = f"/api/v1/namespaces/{pod['metadata']['namespace']}/events"
                self._told[key] = await self._persist("POST", where, _event(pod, container, news, now))

    def forget(self, pod: Object) -> None:
        """Its Events remain in the cluster; another pod's are counted anew."""
        uid = pod["metadata"]["uid"]
        self._told = {key: event for key, event in self._told.items() if key[0] != uid}

    async def _count_up(self, event: Object, now: datetime) -> Object:
        metadata = event["metadata"]
        where = f"/api/v1/namespaces/{metadata['namespace']}/events/{metadata['name']}"
        change = {"count": event["count"] + 1, "lastTimestamp": statuses.stamp(now)}
        return await self._persist("PATCH", where, change, content_type=connection.MERGE_PATCH)

    async def _persist(
        self, method: str, where: str, body: Object, *, content_type: str = connection.JSON
    ) -> Object:
        params = {"fieldManager": "kubelet"} if method != "DELETE" else {}
        while True:
            try:
                return await self._api.request(
                    method, where, params=params, body=body, content_type=content_type
                )
            except connection.Away:
                await asyncio.sleep(RETRY_SECONDS)
            except connection.Refused as error:
                if error.status in (403, 404, 409):
                    raise Gone(str(error)) from error
                raise


def path(pod: Object) -> str:
    metadata = pod["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"


def _event(pod: Object, container: str, news: scenes.News, now: datetime) -> Object:
    metadata = pod["metadata"]
    field_path = {"fieldPath": _field_path(pod, container)} if container and not news.is_of_pod else {}
    reference = {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        **field_path,
    }
    source = news.source or {"component": "kubelet", "host": pod["spec"]["nodeName"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}"},
        "involvedObject": reference,
        "type": news.type,
        "reason": news.reason,
        "message": news.message,
        "source": source,
        "reportingComponent": source["component"],
        "reportingInstance": source.get("host", ""),
        "firstTimestamp": statuses.stamp(now),
        "lastTimestamp": statuses.stamp(now),
        "count": 1,
    }


def _field_path(pod: Object, container: str) -> str:
    """How an Event's object names a container."""
    init = any(each["name"] == container for each in pod["spec"].get("initContainers") or [])
    return f"spec.{'initContainers' if init else 'containers'}{{{container}}}"
