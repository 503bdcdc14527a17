"""What is missing is named before it is missed."""

from shipbell.sources.kubernetes import access, transport
from tests.fakes.api_server import ApiServer
from tests.sources.following import Token


async def test_missing_permissions_are_named_with_verb_resource_and_place() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.reviews = {"watch deployments.apps": False, "list pods": False}
        missing = await access.missing(connection, access.needed(("shop",)))

    assert [str(permission) for permission in missing] == [
        "watch deployments.apps in namespace shop",
        "list pods in namespace shop",
    ]


async def test_with_every_permission_nothing_is_missing() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        assert await access.missing(connection, access.needed()) == ()

    assert server.count("create") == 5


def test_each_namespace_is_asked_for_by_itself_and_none_means_all() -> None:
    assert {p.namespace for p in access.needed(("a", "b"))} == {"a", "b"}
    assert str(access.needed()[0]) == "list deployments.apps in all namespaces"


def test_without_watching_no_permission_to_watch_is_needed() -> None:
    assert {p.verb for p in access.needed(watch=False)} == {"list"}
