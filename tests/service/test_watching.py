"""The left half as a whole: from an API server to the store, for all kinds that are chosen."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shipbell.config import Settings
from shipbell.domain import Rollout
from shipbell.metrics import Metrics
from shipbell.service.watching import Watching
from shipbell.sources.hints import Hint
from shipbell.sources.kubernetes import limiting, transport
from shipbell.store import Store, upgrading
from shipbell.web import hooks
from tests.fakes.api_server import ApiServer
from tests.service.test_feeding import until
from tests.sources.apiobjects import (
    CREATED,
    Json,
    controllerrevision,
    daemonset,
    deployment,
    job,
    pod,
    replicaset,
    statefulset,
)
from tests.sources.following import Token

EVERY_KIND = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
NUMBER = "deployment.kubernetes.io/revision"
FAILED = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": CREATED}
COMPLETE = {"type": "Complete", "status": "True", "lastTransitionTime": CREATED}


@dataclass
class Bench:
    """A left half that runs."""

    watching: Watching
    store: Store
    hints: hooks.HintQueue

    async def told(self) -> dict[tuple[str, str], str]:
        """The states of all rollouts, by kind and name of their workloads."""
        return {(r.workload.kind, r.workload.name): r.state.value for r in await self.rollouts()}

    async def rollouts(self) -> list[Rollout]:
        return list(await self.store.rollouts())


class _EnoughError(Exception):
    """Ends a task group that would run for ever."""


@asynccontextmanager
async def watching(
    directory: Path,
    server: ApiServer,
    *kinds: str,
    limit: limiting.Bucket | None = None,
    by_itself: bool = True,
    stall_after: str = "10m",
) -> AsyncIterator[Bench]:
    """Yields when the baselines stand."""
    url = f"sqlite:///{directory / 'shipbell.db'}"
    await upgrading.upgrade(url)
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(await Store.open(url))
            connection = await stack.enter_async_context(transport.Transport(Token(server.url), limit=limit))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            document = {
                "cluster": "apps",
                "kubernetes": {"kinds": kinds or EVERY_KIND, "watch": by_itself},
                "verdict": {"stall_after": stall_after},
            }
            hints = hooks.HintQueue()
            left = _left_half(Settings.model_validate(document), store, connection, hints)
            group.create_task(left.run(), name="left half")
            async with asyncio.timeout(10):
                await left.listed.wait()
            yield Bench(watching=left, store=store, hints=hints)
            raise _EnoughError
    except* _EnoughError:
        pass


def _left_half(
    settings: Settings, store: Store, connection: transport.Transport, hints: hooks.HintQueue
) -> Watching:
    return Watching(
        settings,
        store,
        connection,
        hints,
        announce=lambda _: None,
        now=lambda: datetime.now(UTC),
        metrics=Metrics(),
    )


def begin_deployment(server: ApiServer, number: str = "2") -> None:
    """A new image: the controller has made its ReplicaSet, and no pod yet."""
    server.put(replicaset("web-67d494f549", revision=number))
    changed = deployment(
        image="reg.example/shop/web:1.5.0",
        generation=2,
        annotations={NUMBER: number},
        status={"updatedReplicas": 0, "readyReplicas": 2, "availableReplicas": 2},
    )
    server.put(changed)


def move_deployment(server: ApiServer, *, updated: int, total: int, available: int) -> None:
    """The controller gets on; with `available` as wanted and none over, it is done."""
    counts = {"updatedReplicas": updated, "replicas": total}
    server.put(
        deployment(
            image="reg.example/shop/web:1.5.0",
            generation=2,
            annotations={NUMBER: "2"},
            status={**counts, "readyReplicas": available, "availableReplicas": available},
        )
    )


def begin_statefulset(server: ApiServer) -> None:
    made = statefulset(image="reg.example/shop/db:16.2", generation=2, revision="db-7d8c")
    made["status"] |= {"updatedReplicas": 0, "currentRevision": "db-6c5b9f"}
    server.put(controllerrevision(made, "7d8c", revision=2))
    server.put(made)


def begin_daemonset(server: ApiServer) -> None:
    counts = {"updatedNumberScheduled": 0, "numberAvailable": 2}
    made = daemonset(image="reg.example/shop/agent:2.1", generation=2, template_generation="2", status=counts)
    server.put(controllerrevision(made, "7d8c", revision=2))
    server.put(made)


def put_all_at_rest(server: ApiServer) -> None:
    """One of each kind, with its history."""
    ready = {"readyReplicas": 2, "availableReplicas": 2}
    for thing in (
        deployment(status=ready),
        replicaset(),
        (at_rest := statefulset()),
        controllerrevision(at_rest),
        (agent := daemonset()),
        controllerrevision(agent),
        job("seed", status={"active": 0, "succeeded": 1, "conditions": [COMPLETE]}),
    ):
        server.put(thing)


async def test_a_rollout_of_every_kind_is_seen(tmp_path: Path) -> None:
    async with ApiServer() as server:
        put_all_at_rest(server)
        async with watching(tmp_path, server) as bench:
            begin_deployment(server)
            begin_statefulset(server)
            begin_daemonset(server)
            server.put(fresh(job("migrate")))
            expected = {
                ("Deployment", "web"),
                ("StatefulSet", "db"),
                ("DaemonSet", "agent"),
                ("Job", "migrate"),
            }

            async def are_told() -> bool:
                return set(await bench.told()) == expected

            await until(are_told)


def fresh(thing: Json) -> Json:
    """Made just now, so that it is no old news."""
    now = datetime.now(UTC).replace(microsecond=0)
    thing["metadata"]["creationTimestamp"] = now.isoformat()
    thing["status"]["startTime"] = now.isoformat()
    for condition in thing["status"].get("conditions", ()):
        condition["lastTransitionTime"] = (now + timedelta(seconds=1)).isoformat()
    return thing


def end_run(server: ApiServer, minute: int, condition: Json) -> None:
    run = f"nightly-{minute}"
    server.put(fresh(job(run, owner="nightly")))
    ended = {"active": 0, "failed": 7, "conditions": [dict(condition)]}
    server.put(fresh(job(run, owner="nightly", status=ended)))


async def test_runs_of_a_cronjob_are_told_under_its_name(tmp_path: Path) -> None:
    async with ApiServer() as server, watching(tmp_path, server) as bench:
        end_run(server, 29482100, FAILED)
        end_run(server, 29482101, FAILED)

        async def has_failed_twice() -> bool:
            streaks = [r for r in await bench.rollouts() if r.workload.kind == "CronJob"]
            return [(r.workload.name, r.runs_failed) for r in streaks] == [("nightly", 2)]

        await until(has_failed_twice)


async def test_runs_of_a_cronjob_are_not_seen_where_only_jobs_are_chosen(tmp_path: Path) -> None:
    async with ApiServer() as server, watching(tmp_path, server, "Job") as bench:
        end_run(server, 29482100, FAILED)
        server.put(fresh(job("migrate")))

        async def migrates() -> bool:
            return ("Job", "migrate") in await bench.told()

        await until(migrates)

        assert set(await bench.told()) == {("Job", "migrate")}


async def test_choosing_cronjobs_later_brings_no_old_news(tmp_path: Path) -> None:
    async with ApiServer() as server:
        async with watching(tmp_path, server, "Job"):
            end_run(server, 29482100, FAILED)
        async with watching(tmp_path, server, "Job", "CronJob") as bench:
            server.put(fresh(job("migrate")))

            async def migrates() -> bool:
                return ("Job", "migrate") in await bench.told()

            await until(migrates)

            assert set(await bench.told()) == {("Job", "migrate")}


async def test_hints_alone_are_enough_where_nothing_is_watched(tmp_path: Path) -> None:
    async with ApiServer() as server:
        put_all_at_rest(server)
        async with watching(tmp_path, server, by_itself=False) as bench:
            begin_statefulset(server)
            server.put(fresh(job("migrate")))
            bench.hints.put(Hint(kind="StatefulSet", namespace="shop", name="db"))
            bench.hints.put(Hint(kind="Job", namespace="shop", name="migrate"))

            async def are_told() -> bool:
                return set(await bench.told()) == {("StatefulSet", "db"), ("Job", "migrate")}

            await until(are_told)

        assert server.count("watch") == 0


async def test_a_set_without_progress_is_read_once_more_and_stalls_by_our_own_clock(tmp_path: Path) -> None:
    async with ApiServer() as server:
        put_all_at_rest(server)
        async with watching(tmp_path, server, "StatefulSet", stall_after="1s") as bench:
            begin_statefulset(server)

            async def is_stalled() -> bool:
                return await bench.told() == {("StatefulSet", "db"): "stalled"}

            await until(is_stalled)
        looked_at = [request for request in server.asked if "metadata.name=db" in str(request.query)]

    assert looked_at


async def test_a_clean_rollout_of_a_deployment_costs_at_most_four_requests(tmp_path: Path) -> None:
    async with ApiServer() as server:
        put_all_at_rest(server)
        async with watching(tmp_path, server, "Deployment") as bench:
            await server.until_asked("watch", 1)
            before = server.count("list")
            begin_deployment(server)

            async def has_begun() -> bool:
                return await bench.told() == {("Deployment", "web"): "progressing"}

            await until(has_begun)
            server.put(pod("web-67d494f549-aaaaa"))
            move_deployment(server, updated=1, total=3, available=2)
            server.put(pod("web-67d494f549-bbbbb"))
            move_deployment(server, updated=2, total=2, available=2)

            async def has_succeeded() -> bool:
                return await bench.told() == {("Deployment", "web"): "succeeded"}

            await until(has_succeeded)

        # The lists that open the watches of pods and Events are among them, where there was time for them.
        assert server.count("list") - before <= 4


async def test_a_storm_of_rollouts_is_seen_whole_below_the_limit(tmp_path: Path) -> None:
    rate, burst, storm = 50, 10, 100
    async with ApiServer() as server:
        limit = limiting.Bucket(rate, burst)
        async with watching(tmp_path, server, "Deployment", limit=limit) as bench:
            await server.until_asked("watch", 1)
            before, began = server.count("list"), time.monotonic()
            for number in range(storm):
                server.put(replicaset(f"web-{number}-79fc7fd494", owner=f"web-{number}"))
                server.put(fresh(deployment(f"web-{number}", status={"replicas": 0, "updatedReplicas": 0})))

            async def are_all_told() -> bool:
                return len(await bench.store.rollouts(limit=storm)) == storm

            await until(are_all_told)
            took = time.monotonic() - began

    assert took >= (server.count("list") - before - burst) / rate
    assert server.count("list") - before < storm * 1.5
