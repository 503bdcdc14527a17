"""Each kind's objects become observations in the words that all kinds share."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shipbell.domain import JobStatus, Observation, Owner, Revision
from shipbell.sources.kubernetes import kinds, revisions
from tests.sources.apiobjects import (
    Json,
    controllerrevision,
    daemonset,
    deployment,
    job,
    replicaset,
    statefulset,
)
from tests.sources.test_decoding import NOW

CREATED_AT = datetime(2026, 1, 30, 14, 2, 11, tzinfo=UTC)


def observed(thing: Json, *, deleted: bool = False) -> Observation:
    format_ = kinds.ALL[thing["kind"]].format_("prod")
    event = format_.event(json.dumps({"type": "MODIFIED", "object": thing}).encode())
    assert event.object is not None
    return format_.build(event.object, NOW, deleted)


def bears(seen: Observation, newest: Revision) -> bool:
    history = kinds.ALL[seen.workload.kind].history
    return history is not None and history.bears(seen, newest)


def kept(thing: Json) -> Revision:
    format_ = revisions.controller_revisions()
    page = format_.page(json.dumps({"metadata": {}, "items": [thing]}).encode())
    return format_.build((page.items or [])[0], NOW, False)


@pytest.mark.parametrize("thing", [deployment(), statefulset(), daemonset(), job()], ids=lambda t: t["kind"])
def test_every_kind_says_what_it_is_when_it_was_made_and_whether_it_is_gone(thing: Json) -> None:
    seen = observed(thing, deleted=True)

    assert (seen.workload.cluster, seen.workload.kind) == ("prod", thing["kind"])
    assert seen.workload.path == f"shop/{thing['metadata']['name']}"
    assert (seen.created_at, seen.at, seen.resource_version) == (CREATED_AT, NOW, 1)
    assert seen.settled
    assert seen.deleted


@pytest.mark.parametrize("kind", kinds.ALL)
def test_every_kind_bears_a_bookmark_and_a_status_in_an_objects_place(kind: str) -> None:
    format_ = kinds.ALL[kind].format_("prod")
    bare: Json = {"metadata": {"resourceVersion": "7", "creationTimestamp": None}, "spec": {}, "status": {}}
    bookmark = {**bare, "spec": {"selector": None, "template": {"spec": {"containers": None}}}}
    status = {"kind": "Status", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired"}
    events = [
        format_.event(json.dumps({"type": type_, "object": thing}).encode())
        for type_, thing in [("BOOKMARK", bookmark), ("BOOKMARK", bare), ("ERROR", status)]
    ]

    assert [event.object.code if event.object else None for event in events] == [None, None, 410]


def test_a_statefulset_names_its_revisions_and_leaves_the_number_to_them() -> None:
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    counts = {"replicas": 3, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 1}
    revision = {"updateRevision": "db-7d8c", "currentRevision": "db-6c5b9f"}
    seen = observed(statefulset(spec={"updateStrategy": update}, status={**counts, **revision}))

    assert (seen.revision, seen.update_revision, seen.current_revision) == (None, "db-7d8c", "db-6c5b9f")
    assert (seen.strategy, seen.partition) == ("RollingUpdate", 2)
    assert (seen.wanted, seen.updated, seen.total, seen.ready, seen.available) == (3, 1, 3, 2, 1)
    assert seen.deadline is None


def test_a_daemonset_counts_nodes_and_numbers_its_templates() -> None:
    counts = {
        "desiredNumberScheduled": 5,
        "currentNumberScheduled": 4,
        "updatedNumberScheduled": 3,
        "numberReady": 2,
        "numberAvailable": 1,
    }
    spec = {"updateStrategy": {"type": "OnDelete"}}
    seen = observed(daemonset(template_generation="9", spec=spec, status=counts))

    assert (seen.revision, seen.strategy) == (9, "OnDelete")
    assert (seen.wanted, seen.total, seen.updated, seen.ready, seen.available) == (5, 4, 3, 2, 1)


def test_a_deployment_says_how_it_replaces_pods() -> None:
    assert observed(deployment(spec={"strategy": {"type": "Recreate"}})).strategy == "Recreate"
    assert observed(deployment()).strategy == "RollingUpdate"


def test_a_job_says_how_far_it_is() -> None:
    spec = {
        "completions": 5,
        "parallelism": 2,
        "backoffLimit": 3,
        "activeDeadlineSeconds": 90,
        "completionMode": "Indexed",
    }
    status = {
        "active": 2,
        "ready": 1,
        "succeeded": 1,
        "failed": 2,
        "failedIndexes": "1,3-5",
        "completionTime": "2026-01-30T14:04:00Z",
    }
    seen = observed(job(spec=spec, status=status))

    assert seen.job == JobStatus(
        completions=5,
        parallelism=2,
        backoff_limit=3,
        active_deadline=timedelta(seconds=90),
        started_at=CREATED_AT,
        finished_at=datetime(2026, 1, 30, 14, 4, tzinfo=UTC),
        active=2,
        succeeded=1,
        failed=2,
        failed_indexes="1,3-5",
    )
    assert (seen.revision, seen.wanted, seen.total, seen.ready, seen.available) == (1, 5, 2, 1, 1)


def test_a_work_queue_has_no_number_of_completions() -> None:
    seen = observed(job(spec={"completions": None, "parallelism": 4}))

    assert seen.job is not None
    assert (seen.job.completions, seen.wanted) == (None, 4)


def test_a_suspended_job_is_paused() -> None:
    assert observed(job(spec={"suspend": True})).paused
    assert not observed(job()).paused


def test_a_job_names_the_cronjob_that_made_it() -> None:
    assert observed(job(owner="nightly")).owner == Owner(
        kind="CronJob", name="nightly", uid="uid-shop-nightly"
    )
    assert observed(job()).owner is None


def test_labels_that_tell_every_job_from_every_other_are_no_part_of_its_template() -> None:
    assert observed(job()).template.labels == {"app": "migrate"}


def test_a_condition_that_only_says_when_it_turned_has_that_time() -> None:
    failed = {"type": "Failed", "status": "True", "lastTransitionTime": "2026-01-30T14:05:00Z"}
    (condition,) = observed(job(status={"conditions": [failed]})).conditions

    assert condition.last_update == datetime(2026, 1, 30, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize("owner", [statefulset(), daemonset()], ids=lambda owner: str(owner["kind"]))
def test_a_controllerrevision_has_the_template_of_its_workload(owner: Json) -> None:
    assert kept(controllerrevision(owner)).template == observed(owner).template


def test_a_controllerrevision_bears_what_pods_are_known_by() -> None:
    of_set = kept(controllerrevision(statefulset(), "6c5b9f", revision=3))
    of_daemons = kept(controllerrevision(daemonset(), "6c5b9f", revision=4))

    assert (of_set.number, of_set.name, of_set.hash) == (3, "db-6c5b9f", "db-6c5b9f")
    assert (of_daemons.number, of_daemons.name, of_daemons.hash) == (4, "agent-6c5b9f", "6c5b9f")
    assert (of_set.uid, of_set.created_at) == ("uid-shop-db-6c5b9f", CREATED_AT)


def test_another_template_has_another_digest_in_either_place() -> None:
    old, new = statefulset(), statefulset(image="reg.example/shop/db:16.2")

    assert observed(old).template.spec_digest != observed(new).template.spec_digest
    assert kept(controllerrevision(old)).template != observed(new).template


@pytest.mark.parametrize(
    ("owner", "revision", "expected"),
    [
        (statefulset(revision="db-6c5b9f"), controllerrevision(statefulset(), "6c5b9f"), True),
        (statefulset(revision="db-7d8c"), controllerrevision(statefulset(), "6c5b9f"), False),
        (daemonset(), controllerrevision(daemonset()), True),
        (daemonset(image="agent:3"), controllerrevision(daemonset()), False),
    ],
)
def test_a_revision_is_told_from_those_before_it(owner: Json, revision: Json, expected: bool) -> None:
    assert bears(observed(owner), kept(revision)) is expected


def test_a_replicaset_is_told_from_those_before_it_by_its_number() -> None:
    format_ = revisions.replicasets()
    page = format_.page(json.dumps({"items": [replicaset(revision="1")]}).encode())
    found = format_.build((page.items or [])[0], NOW, False)
    later = deployment(annotations={"deployment.kubernetes.io/revision": "2"})

    assert bears(observed(deployment()), found)
    assert not bears(observed(later), found)
