"""What is missing is named before it is missed."""

from shipbell.sources.kubernetes import access, transport
from tests.fakes.api_server import ApiServer
from tests.sources.following import Token

DEPLOYMENTS = ("Deployment",)
EVERY_KIND = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


async def test_missing_permissions_are_named_with_verb_resource_and_place() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.reviews = {"watch deployments.apps": False, "list pods": False}
        missing = await access.missing(connection, access.needed(DEPLOYMENTS, ("shop",)))

    assert [str(permission) for permission in missing] == [
        "watch deployments.apps in namespace shop",
        "list pods in namespace shop",
    ]


async def test_with_every_permission_nothing_is_missing() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        assert await access.missing(connection, access.needed(DEPLOYMENTS)) == ()

    assert server.count("create") == 5


async def test_a_subresource_is_asked_for_as_such() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.reviews = {"get pods/log": False}
        missing = await access.missing(connection, access.useful(logs=True))

    assert [str(permission) for permission in missing] == ["get pods/log in all namespaces"]


def test_every_kind_needs_itself_its_revisions_and_pods() -> None:
    assert [f"{p.verb} {p.resource.name}" for p in access.needed(EVERY_KIND) if p.verb == "list"] == [
        "list deployments.apps",
        "list statefulsets.apps",
        "list daemonsets.apps",
        "list jobs.batch",
        "list pods",
        "list replicasets.apps",
        "list controllerrevisions.apps",
    ]


def test_cronjobs_are_seen_by_their_jobs() -> None:
    assert access.needed(["CronJob"]) == access.needed(["Job"])


def test_jobs_alone_need_no_revisions() -> None:
    assert {p.resource.name for p in access.needed(["Job"])} == {"jobs.batch", "pods"}


def test_logs_are_asked_for_only_where_they_are_told() -> None:
    assert [str(p) for p in access.useful(("shop",))] == [
        "list events in namespace shop",
        "watch events in namespace shop",
    ]
    assert "get pods/log in namespace shop" in [str(p) for p in access.useful(("shop",), logs=True)]


def test_each_namespace_is_asked_for_by_itself_and_none_means_all() -> None:
    assert {p.namespace for p in access.needed(DEPLOYMENTS, ("a", "b"))} == {"a", "b"}
    assert str(access.needed(DEPLOYMENTS)[0]) == "list deployments.apps in all namespaces"


def test_without_watching_no_permission_to_watch_is_needed() -> None:
    assert {p.verb for p in access.needed(DEPLOYMENTS, watch=False)} == {"list"}
