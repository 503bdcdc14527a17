"""The API server's bytes become exactly what the domain asks for, whatever else is in them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shipbell import errors
from shipbell.domain import Condition, Container, Observation, Revision
from shipbell.sources.kubernetes import decoding, kinds, objects, revisions
from tests.sources.apiobjects import Json, deployment, replicaset

NOW = datetime(2026, 1, 30, 14, 3, tzinfo=UTC)


def observed(thing: Json, *, kind: str = "MODIFIED") -> Observation:
    format_ = kinds.DEPLOYMENT.format_("prod")
    event = format_.event(json.dumps({"type": kind, "object": thing}).encode())
    assert event.object is not None
    return format_.build(event.object, NOW, kind == "DELETED")


def revised(thing: Json) -> Revision:
    format_ = revisions.replicasets()
    page = format_.page(json.dumps({"metadata": {}, "items": [thing]}).encode())
    return format_.build((page.items or [])[0], NOW, False)


def with_managers(*entries: tuple[str, str, str, Json]) -> Json:
    thing = deployment()
    thing["metadata"]["managedFields"] = [
        {"manager": manager, "operation": "Update", "subresource": part, "time": time, "fieldsV1": fields}
        for manager, part, time, fields in entries
    ]
    return thing


def test_a_deployment_becomes_an_observation_of_its_own_words() -> None:
    status = {
        "replicas": 3,
        "updatedReplicas": 1,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "conditions": [
            {
                "type": "Progressing",
                "status": "True",
                "reason": "ReplicaSetUpdated",
                "message": 'ReplicaSet "web-79fc7fd494" is progressing.',
                "lastUpdateTime": "2026-01-30T14:02:12Z",
                "lastTransitionTime": "2026-01-30T14:02:11Z",
            }
        ],
    }
    seen = observed(deployment(generation=4, spec={"replicas": 3}, status=status))

    assert seen.workload.cluster == "prod"
    assert seen.workload.path == "shop/web"
    assert seen.workload.kind == "Deployment"
    assert (seen.generation, seen.observed_generation, seen.revision) == (4, 4, 1)
    assert (seen.wanted, seen.updated, seen.total, seen.ready, seen.available) == (3, 1, 3, 2, 2)
    assert seen.deadline == timedelta(seconds=600)
    assert seen.created_at == datetime(2026, 1, 30, 14, 2, 11, tzinfo=UTC)
    assert seen.at == NOW
    assert seen.conditions == (
        Condition(
            type="Progressing",
            status="True",
            reason="ReplicaSetUpdated",
            message='ReplicaSet "web-79fc7fd494" is progressing.',
            last_update=datetime(2026, 1, 30, 14, 2, 12, tzinfo=UTC),
        ),
    )
    assert seen.template.containers == (Container(name="web", image="reg.example/shop/web:1.4.1"),)
    assert not seen.deleted


def test_a_count_that_is_absent_is_zero() -> None:
    thing = deployment()
    thing["status"] = {"observedGeneration": 1}

    seen = observed(thing)

    assert (seen.updated, seen.total, seen.ready, seen.available) == (0, 0, 0, 0)


@pytest.mark.parametrize("seconds", [None, 2147483647])
def test_a_deadline_that_is_absent_or_at_its_maximum_is_none(seconds: int | None) -> None:
    assert observed(deployment(spec={"progressDeadlineSeconds": seconds})).deadline is None


@pytest.mark.parametrize("text", ["", "seven", "-1", "1.0", "٧", "9" * 30])
def test_a_revision_that_is_no_number_is_none(text: str) -> None:
    seen = observed(deployment(annotations={"deployment.kubernetes.io/revision": text}))

    assert seen.revision is None


def test_annotations_come_without_kubectls_copy_of_the_object() -> None:
    seen = observed(
        deployment(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "shop"})
    )

    assert seen.annotations == {"deployment.kubernetes.io/revision": "1", "team": "shop"}


def test_a_deployment_and_its_replicaset_have_equal_templates() -> None:
    assert observed(deployment()).template == revised(replicaset()).template


def test_any_change_of_the_pod_spec_changes_the_digest_and_one_of_annotations_does_not() -> None:
    plain, other, restarted = deployment(), deployment(), deployment()
    other["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    restarted["spec"]["template"]["metadata"]["annotations"] = {"restartedAt": "now"}
    digests = [observed(thing).template.spec_digest for thing in (plain, other, restarted)]

    assert digests[0] != digests[1]
    assert digests[0] == digests[2]


def test_the_manager_is_who_wrote_the_template_last() -> None:
    template: Json = {"f:spec": {"f:template": {"f:spec": {}}}}
    labels: Json = {"f:metadata": {"f:labels": {"f:template": {}}}}
    thing = with_managers(
        ("kubectl-client-side-apply", "", "2026-01-30T14:00:00Z", template),
        ("pulumi-resource-kubernetes", "", "2026-01-30T14:02:00Z", template),
        ("labeller", "", "2026-01-30T14:03:00Z", labels),
        ("kube-controller-manager", "status", "2026-01-30T14:04:00Z", {"f:status": {}}),
        ("odd-controller", "status", "2026-01-30T14:05:00Z", template),
    )

    assert observed(thing).manager == "pulumi-resource-kubernetes"


def test_without_managed_fields_nobody_is_the_manager() -> None:
    assert observed(deployment()).manager is None


def test_a_deleted_event_is_an_observation_of_a_deletion() -> None:
    thing = deployment()
    thing["metadata"]["deletionTimestamp"] = "2026-01-30T14:02:59Z"

    seen = observed(thing, kind="DELETED")

    assert seen.deleted
    assert seen.deletion_timestamp == datetime(2026, 1, 30, 14, 2, 59, tzinfo=UTC)


def test_a_replicaset_becomes_a_revision() -> None:
    revision = revised(replicaset(revision="7", history="1,3,x, 5"))

    assert (revision.number, revision.earlier_numbers) == (7, (1, 3, 5))
    assert (revision.name, revision.hash) == ("web-79fc7fd494", "79fc7fd494")
    assert (revision.wanted, revision.total, revision.ready, revision.available) == (2, 2, 1, 1)
    assert revision.template.labels == {"app": "web"}


def test_init_containers_come_first_and_are_said_to_be_so() -> None:
    thing = deployment()
    thing["spec"]["template"]["spec"]["initContainers"] = [{"name": "migrate", "image": "migrate:1"}]

    assert [(c.name, c.init) for c in observed(thing).template.containers] == [
        ("migrate", True),
        ("web", False),
    ]


def test_a_bookmark_with_nulls_in_it_is_an_object_with_a_version() -> None:
    line = (
        b'{"type":"BOOKMARK","object":{"kind":"Deployment","metadata":{"resourceVersion":"12746",'
        b'"creationTimestamp":null,"annotations":null},"spec":{"selector":null,"template":{"metadata":'
        b'{"creationTimestamp":null},"spec":{"containers":null}},"strategy":{}},"status":{}}}'
    )
    event = kinds.DEPLOYMENT.format_("prod").event(line)

    assert event.type == "BOOKMARK"
    assert event.object is not None
    assert decoding.version(event.object.metadata.resource_version) == 12746


def test_a_status_in_the_place_of_an_object_keeps_its_code_and_message() -> None:
    line = (
        b'{"type":"ERROR","object":{"kind":"Status","metadata":{},"status":"Failure",'
        b'"message":"too old","code":410}}'
    )
    event = kinds.DEPLOYMENT.format_("prod").event(line)

    assert event.object is not None
    assert (event.object.code, event.object.message) == (410, "too old")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"items": 7}', b'{"items": [{"spec": []}]}', b"\xff"])
def test_an_answer_that_makes_no_sense_is_an_error_of_the_source(body: bytes) -> None:
    with pytest.raises(errors.SourceError, match="not understood"):
        kinds.DEPLOYMENT.format_("prod").page(body)


def test_a_selector_is_written_as_the_api_reads_it() -> None:
    requirement = objects.LabelSelectorRequirement
    wanted = objects.LabelSelector(
        match_labels={"b": "2", "a": "1"},
        match_expressions=[
            requirement(key="tier", operator="In", values=["x", "y"]),
            requirement(key="track", operator="NotIn", values=["canary"]),
            requirement(key="app", operator="Exists"),
            requirement(key="old", operator="DoesNotExist"),
        ],
    )

    assert decoding.selector(wanted) == "a=1,b=2,tier in (x,y),track notin (canary),app,!old"
