"""The reflector against a server that misbehaves as real ones and real networks do."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

from shipbell.sources.kubernetes import kinds, pacing, reflector, transport
from tests.fakes.api_server import ApiServer, Fault
from tests.sources.apiobjects import deployment
from tests.sources.following import QUICK, Token, following


async def test_the_first_list_gives_every_object_and_its_version() -> None:
    async with ApiServer(version=100) as server:
        server.put(deployment("web"))
        server.put(deployment("api"))
        async with following(server) as seen:
            listed = await seen.listed()

    assert {o.workload.name for o in listed.observations} == {"web", "api"}
    assert listed.present == {"uid-shop-web", "uid-shop-api"}
    assert (listed.resource, listed.scope, listed.resource_version) == ("deployments.apps", "", 102)
    assert not listed.restored


async def test_a_long_list_is_read_in_pages_of_one_moment() -> None:
    async with ApiServer() as server:
        for number in range(7):
            server.put(deployment(f"web-{number}"))
        async with following(server, pace=replace(QUICK, page=3)) as seen:
            listed = await seen.listed()

    assert len(listed.observations) == 7
    assert [asked.query["limit"] for asked in server.asked if asked.verb == "list"] == ["3", "3", "3"]


async def test_a_page_that_has_expired_starts_the_list_again() -> None:
    async with ApiServer() as server:
        for number in range(4):
            server.put(deployment(f"web-{number}"))
        server.fail("page", Fault(status=410))
        async with following(server, pace=replace(QUICK, page=3)) as seen:
            listed = await seen.listed()
            health = seen.follower.health

    assert len(listed.observations) == 4
    assert server.count("list") == 4
    assert health.reconnects == {"expired": 1}


async def test_changes_follow_in_order_and_a_deletion_carries_its_own_version() -> None:
    async with ApiServer() as server, following(server) as seen:
        await seen.listed()
        server.put(deployment("web"))
        server.put(deployment("web", generation=2))
        gone = server.remove("uid-shop-web")
        added, modified, deleted = [await seen.changed() for _ in range(3)]

    assert (added.generation, modified.generation) == (1, 2)
    assert not modified.deleted
    assert deleted.deleted
    assert deleted.resource_version == gone


async def test_one_namespace_alone_is_listed_and_watched() -> None:
    async with ApiServer() as server:
        server.put(deployment("web", namespace="other"))
        async with following(server, scope="shop") as seen:
            listed = await seen.listed()
            await server.until_asked("watch", 1)

    assert listed.scope == "shop"
    assert listed.observations == ()
    assert {asked.path for asked in server.asked} == {"/apis/apps/v1/namespaces/shop/deployments"}


async def test_a_watch_asks_for_bookmarks_and_ends_between_240_and_290_seconds() -> None:
    async with ApiServer() as server, following(server, random=lambda: 0.5) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)

    query = server.asked[-1].query
    assert query["allowWatchBookmarks"] == "true"
    assert query["timeoutSeconds"] == "265"
    assert server.asked[-1].headers["Accept-Encoding"] == "identity"


async def test_an_orderly_end_is_followed_by_a_watch_from_the_last_version() -> None:
    async with ApiServer() as server, following(server) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)
        last = server.put(deployment("web"))
        await seen.changed()
        server.end_watches()
        await server.until_asked("watch", 2)
        server.put(deployment("web", generation=2))
        changed = await seen.changed()
        health = seen.follower.health

    assert changed.generation == 2
    assert server.asked[-1].query["resourceVersion"] == str(last)
    assert health.reconnects == {"ended": 1}
    assert server.count("list") == 1


async def test_an_abort_in_the_middle_of_a_line_loses_nothing() -> None:
    async with ApiServer() as server, following(server) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)
        server.abort_watches()
        server.put(deployment("web"))
        changed = await seen.changed()

    assert changed.workload.name == "web"
    assert server.count("list") == 1


async def test_an_expired_watch_lists_again_and_gives_only_what_changed() -> None:
    async with ApiServer() as server:
        for name in ("same", "edited", "removed"):
            server.put(deployment(name))
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 1)
            server.break_off()
            server.put(deployment("edited", generation=2))
            server.put(deployment("new"))
            server.remove("uid-shop-removed")
            server.compact()
            again = await seen.listed()
            health = seen.follower.health

    assert {o.workload.name for o in again.observations} == {"edited", "new"}
    assert again.present == {"uid-shop-same", "uid-shop-edited", "uid-shop-new"}
    assert not again.restored
    assert health.relists == 1
    assert health.reconnects["expired"] == 1


async def test_a_410_status_on_the_watch_lists_again() -> None:
    async with ApiServer() as server:
        server.fail("watch", Fault(status=410))
        async with following(server) as seen:
            first = await seen.listed()
            second = await seen.listed()

    assert first.resource_version == second.resource_version


async def test_an_error_event_that_is_no_410_keeps_the_position() -> None:
    async with ApiServer() as server, following(server) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)
        last = server.put(deployment("web"))
        await seen.changed()
        server.error_watches({"kind": "Status", "status": "Failure", "code": 504, "message": "too large"})
        await server.until_asked("watch", 2)

    assert server.count("list") == 1
    assert server.asked[-1].query["resourceVersion"] == str(last)


async def test_a_bookmark_moves_the_position_past_a_compaction() -> None:
    async with ApiServer() as server, following(server) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)
        server.skip_versions(1000)
        server.bookmark()
        server.compact()
        server.end_watches()
        await server.until_asked("watch", 2)

    assert server.count("list") == 1
    assert server.asked[-1].query["resourceVersion"] == "1100"


async def test_a_silent_connection_is_given_up_and_resumed() -> None:
    async with ApiServer() as server, following(server, pace=replace(QUICK, silence=0.2)) as seen:
        await seen.listed()
        await server.until_asked("watch", 1)
        server.forsake_watches()
        server.put(deployment("web"))
        changed = await seen.changed()
        error = seen.follower.health

    assert changed.workload.name == "web"
    assert server.count("list") == 1
    assert error.reconnects["unreachable"] >= 1


async def test_a_server_that_asks_for_time_is_given_it() -> None:
    async with ApiServer() as server:
        server.fail("list", Fault(status=429, headers={"Retry-After": "2"}))
        server.fail("watch", Fault(status=429, headers={"Retry-After": "7"}))
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 2)

    assert seen.delays == [2.0, 7.0]


async def test_a_server_that_asks_for_a_day_is_asked_again_within_minutes() -> None:
    async with ApiServer() as server:
        server.fail("list", Fault(status=429, headers={"Retry-After": "86400"}))
        async with following(server) as seen:
            await seen.listed()

    assert seen.delays == [QUICK.longest_retry_after]


async def test_failures_in_a_row_are_met_with_growing_patience_up_to_half_a_minute() -> None:
    async with ApiServer() as server:
        server.fail("watch", *[Fault(status=503) for _ in range(8)])
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 9)

    assert seen.delays == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert server.count("list") == 1


async def test_lists_that_end_in_expired_watches_are_not_repeated_in_a_hurry() -> None:
    async with ApiServer() as server:
        server.fail("watch", *[Fault(status=410) for _ in range(4)])
        async with following(server) as seen:
            await server.until_asked("watch", 5)

    assert seen.delays == [1.0, 2.0, 4.0, 8.0]


async def test_watches_that_end_before_they_say_anything_are_opened_ever_less_often() -> None:
    async with ApiServer() as server, following(server) as seen:
        for opened in range(1, 4):
            await server.until_asked("watch", opened)
            server.end_watches()
        await server.until_asked("watch", 4)

    assert seen.delays == [1.0, 2.0, 4.0]


async def test_a_server_that_is_down_is_said_to_be_down() -> None:
    async with ApiServer() as server:
        url = server.url
    async with following(server, identity=Token(url)) as seen:
        await seen.paused()
        health = seen.follower.health

    assert not health.connected
    assert not health.listed
    assert health.error is not None
    assert health.error.startswith("cannot connect to 127.0.0.1:")
    assert health.error.endswith("Connection refused")


async def test_a_rotated_token_is_read_at_once() -> None:
    async with ApiServer() as server:
        server.tokens = {"new"}
        async with following(server, identity=Token(server.url, "old", "new")) as seen:
            await seen.listed()

    assert seen.delays == []


async def test_a_token_that_stays_refused_is_tried_at_least_every_ten_seconds() -> None:
    async with ApiServer() as server:
        server.tokens = {"other"}
        identity = Token(server.url, "wrong")
        async with following(server, identity=identity) as seen:
            delays = [await seen.paused() for _ in range(6)]
            health = seen.follower.health

    assert max(delays) == QUICK.longest_unauthorized
    assert identity.renewals == 1, "credentials are read anew at most once a second"
    assert health.error is not None
    assert "401" in health.error
    assert "wrong" not in health.error


async def test_a_missing_permission_is_said_in_the_servers_words() -> None:
    words = 'deployments.apps is forbidden: User "bell" cannot list resource "deployments"'
    async with ApiServer() as server:
        server.fail("list", Fault(status=403, message=words))
        async with following(server) as seen:
            await server.until_asked("list", 1)
            await seen.paused()
            error = seen.follower.health.error
            await seen.listed()
            health = seen.follower.health

    assert error is not None
    assert words in error
    assert health.error is None


async def test_a_cluster_that_came_back_from_a_backup_is_noticed_by_its_list() -> None:
    async with ApiServer(version=5000) as server:
        server.put(deployment("web"))
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 1)
            server.restore(3000)
            server.bookmark()
            again = await seen.listed()

    assert again.restored
    assert again.resource_version == 3000
    assert [o.workload.name for o in again.observations] == ["web"]


async def test_what_a_consumer_failed_to_take_in_comes_again() -> None:
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.put(deployment("web"))
        follower = reflector.Reflector(connection, kinds.DEPLOYMENT.format_("testing"))
        for _ in range(2):
            async with aclosing(follower.stream()) as stream:
                refused = await anext(stream)
        async with aclosing(follower.stream()) as stream:
            await anext(stream)
            await server.until_asked("list", 3)
            server.put(deployment("web", generation=2))
            changed = await anext(stream)
        async with aclosing(follower.stream()) as stream:
            again = await anext(stream)

    assert isinstance(refused, reflector.Listed)
    assert [o.workload.name for o in refused.observations] == ["web"]
    assert isinstance(changed, reflector.Changed)
    assert changed.observation.generation == 2
    assert isinstance(again, reflector.Changed)
    assert again.observation.generation == 2


async def test_a_resync_gives_every_object_again() -> None:
    async with ApiServer() as server:
        server.put(deployment("web"))
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 1)
            seen.follower.relist()
            server.bookmark()
            again = await seen.listed()

    assert [o.workload.name for o in again.observations] == ["web"]


async def test_without_watching_it_lists_at_every_resync() -> None:
    async with ApiServer() as server:
        server.put(deployment("web"))
        async with following(server, watch=False, pace=replace(QUICK, resync=0.05)) as seen:
            lists = [await seen.listed() for _ in range(3)]

    assert [len(listed.observations) for listed in lists] == [1, 1, 1]
    assert server.count("watch") == 0


async def test_without_watching_a_list_can_be_asked_for() -> None:
    async with ApiServer() as server, following(server, watch=False) as seen:
        await seen.listed()
        server.put(deployment("web"))
        seen.follower.relist()
        again = await seen.listed()

    assert [o.workload.name for o in again.observations] == ["web"]


async def test_health_tells_when_the_server_was_last_heard() -> None:
    async with ApiServer() as server:
        server.put(deployment("web"))
        async with following(server) as seen:
            await seen.listed()
            await server.until_asked("watch", 1)
            before = seen.follower.health
            server.put(deployment("web", generation=2))
            await seen.changed()
            after = seen.follower.health

    assert before.connected
    assert before.listed
    assert before.objects == 1
    assert before.heard_at is not None
    assert after.heard_at is not None
    assert after.heard_at > before.heard_at


def test_our_own_waits_are_scaled_and_what_goes_by_the_servers_clock_is_not() -> None:
    slow, quick = pacing.Pace(), pacing.Pace().scaled(0.5)

    assert (quick.first, quick.longest, quick.resync) == (slow.first / 2, slow.longest / 2, slow.resync / 2)
    assert (quick.page, quick.silence, quick.watch_least) == (slow.page, slow.silence, slow.watch_least)


async def test_lists_that_share_a_turn_come_one_after_another() -> None:
    turn = asyncio.Semaphore()
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        first, second = (
            reflector.Reflector(connection, kinds.DEPLOYMENT.format_("testing"), turn=turn) for _ in range(2)
        )
        async with aclosing(first.stream()) as ahead, aclosing(second.stream()) as behind:
            await anext(ahead)
            waiting = asyncio.ensure_future(anext(behind))
            too_early, _ = await asyncio.wait([waiting], timeout=0.05)
            going_on = asyncio.ensure_future(anext(ahead))
            listed = await waiting
            going_on.cancel()
            await asyncio.wait([going_on])

    assert not too_early
    assert isinstance(listed, reflector.Listed)


async def test_a_list_that_is_refused_leaves_its_turn_to_others() -> None:
    turn = asyncio.Semaphore()
    async with ApiServer() as server, transport.Transport(Token(server.url)) as connection:
        server.refused.add("statefulsets")
        refused = reflector.Reflector(connection, kinds.STATEFULSET.format_("testing"), turn=turn)
        granted = reflector.Reflector(connection, kinds.DEPLOYMENT.format_("testing"), turn=turn)
        async with aclosing(refused.stream()) as ahead, aclosing(granted.stream()) as behind:
            trying = asyncio.ensure_future(anext(ahead))
            await server.until_asked("list", 1)
            async with asyncio.timeout(5):
                listed = await anext(behind)
            trying.cancel()
            await asyncio.wait([trying])

    assert isinstance(listed, reflector.Listed)
