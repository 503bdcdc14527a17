"""A pod is told apart by whose it is, by its revision, and by whether it still counts."""

import json
from typing import Any

import pytest

from shipbell.sources.kubernetes import pods
from tests.sources.apiobjects import Json, container, pod, pod_of
from tests.sources.test_decoding import NOW


def placed(thing: Json, *, deleted: bool = False) -> pods.PlacedPod:
    format_ = pods.format_()
    page = format_.page(json.dumps({"metadata": {}, "items": [thing]}).encode())
    return format_.build((page.items or [])[0], NOW, deleted)


def test_a_pod_is_of_the_deployment_that_its_replicaset_is_named_after() -> None:
    seen = placed(pod("web-eu-79fc7fd494-x7x2v"))

    assert seen.workload == ("Deployment", "web-eu")
    assert seen.pod is not None
    assert (seen.pod.hash, seen.pod.ready, seen.pod.trouble) == ("79fc7fd494", True, None)
    assert seen.pod.uid == "uid-shop-web-eu-79fc7fd494-x7x2v"


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_pod_of_a_set_bears_the_hash_of_its_controllerrevision(kind: str) -> None:
    seen = placed(pod_of(kind, "db", labels={"controller-revision-hash": "db-6c5b9f"}))

    assert seen.workload == (kind, "db")
    assert seen.pod is not None
    assert seen.pod.hash == "db-6c5b9f"


def test_a_pod_of_a_job_bears_the_jobs_uid() -> None:
    seen = placed(pod_of("Job", "migrate"))

    assert seen.workload == ("Job", "migrate")
    assert seen.pod is not None
    assert seen.pod.hash == "uid-shop-migrate"


def test_a_pod_without_an_owner_or_with_an_unknown_one_is_nobodys() -> None:
    single = pod()
    single["metadata"]["ownerReferences"] = None

    assert placed(single).workload == pods.NOBODY
    assert placed(pod_of("Rollout", "web")).workload == pods.NOBODY


def test_a_pod_of_a_replicaset_that_nobody_named_by_its_hash_is_nobodys() -> None:
    alone = pod("front-x7x2v")
    alone["metadata"]["labels"]["pod-template-hash"] = "79fc7fd494"

    assert placed(alone).workload == pods.NOBODY


@pytest.mark.parametrize("leaving", [{"deleting": True}, {"phase": "Failed"}, {"phase": "Succeeded"}])
def test_a_pod_that_is_leaving_does_not_count(leaving: dict[str, Any]) -> None:
    assert placed(pod(**leaving)).pod is None


def test_a_jobs_failed_pod_counts_and_one_that_succeeded_does_not() -> None:
    assert placed(pod_of("Job", "migrate", phase="Failed")).pod is not None
    assert placed(pod_of("Job", "migrate", phase="Succeeded")).pod is None


def test_a_deleted_pod_does_not_count() -> None:
    assert placed(pod(), deleted=True).pod is None


def test_a_pod_says_what_its_images_names_led_to() -> None:
    running = {**container(ready=True), "imageID": "reg.example/shop/web@sha256:abc"}
    starting = container(name="sidecar")
    seen = placed(pod(containers=[running, starting]))

    assert seen.pod is not None
    assert seen.pod.image_ids == {"web": "reg.example/shop/web@sha256:abc"}
