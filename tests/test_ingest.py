"""Ingest on a real store: what is committed, what is told, and what a restart makes of it."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shipbell import errors, routing
from shipbell.domain import (
    Condition,
    Event,
    JobStatus,
    LogRequest,
    Observation,
    Owner,
    Pod,
    PodsObservation,
    PodTrouble,
    Policy,
    Revision,
    Rollout,
    Workload,
)
from shipbell.ingest import FullList, Ingest, Outcome
from shipbell.metrics import Metrics
from shipbell.store import Store, upgrading
from tests.domain.deployments import NOON, WEB, A, B, at, seen

POLICY = Policy()
CHANNEL = routing.Destination(sink=routing.Sink.SLACK, channel="#deployments")


@dataclass
class Bench:
    """An ingest with its surroundings: a cluster that answers with what is at hand here, and a clock."""

    ingest: Ingest
    store: Store
    cluster: "Cluster"
    told: list[tuple[Rollout, ...]] = field(default_factory=list)
    now: datetime = NOON

    @property
    def revisions(self) -> tuple[Revision, ...] | errors.SourceError:
        """What the cluster answers when it is asked for ReplicaSets."""
        return self.cluster.history

    @revisions.setter
    def revisions(self, history: tuple[Revision, ...] | errors.SourceError) -> None:
        self.cluster.history = history

    async def states(self) -> list[str]:
        """The state of every rollout that is stored, oldest first."""
        return [rollout.state.value for rollout in reversed(await self.store.rollouts())]


@dataclass
class Cluster:
    """What can be looked up."""

    history: tuple[Revision, ...] | errors.SourceError = (A, B)
    log_text: str = ""
    told: tuple[Event, ...] | errors.SourceError = ()
    found: PodsObservation | None = None
    asked: list[LogRequest] = field(default_factory=list)

    async def pods(self, _workload: Workload) -> PodsObservation | None:
        """The same for every workload."""
        return self.found

    async def revisions(self, _observation: Observation) -> tuple[Revision, ...]:
        """The ReplicaSets of the one Deployment."""
        if isinstance(self.history, errors.SourceError):
            raise self.history
        return self.history

    async def log(self, request: LogRequest, _namespace: str) -> str:
        """The same for every container."""
        self.asked.append(request)
        return self.log_text

    async def events(self, _namespace: str, _uid: str) -> tuple[Event, ...]:
        """The same for every object."""
        if isinstance(self.told, errors.SourceError):
            raise self.told
        return self.told


@asynccontextmanager
async def bench(directory: Path, policy: Policy = POLICY) -> AsyncIterator[Bench]:
    url = f"sqlite:///{directory / 'shipbell.db'}"
    await upgrading.upgrade(url)
    async with await Store.open(url) as store:
        cluster = Cluster()
        ingest = Ingest(
            store,
            policy=policy,
            destinations=(CHANNEL,),
            reader=cluster,
            announce=lambda rollouts: made.told.append(rollouts),
            now=lambda: made.now,
            metrics=Metrics(),
        )
        made = Bench(ingest=ingest, store=store, cluster=cluster)
        yield made


def listed(*observations: Observation, version: int = 1000) -> FullList:
    return FullList(
        cluster=WEB.cluster,
        kind="Deployment",
        resource="deployments.apps",
        scope="",
        resource_version=version,
        observations=observations,
        present=frozenset(o.workload.uid for o in observations),
    )


UNDER_WAY = seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2))


async def test_the_first_list_is_a_baseline_and_tells_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))

        assert await b.states() == []
        assert b.told == []


async def test_what_is_in_flight_in_the_first_list_is_told(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))

        assert await b.states() == ["started"]


async def test_a_first_list_that_fails_in_the_middle_floods_nobody_later(tmp_path: Path) -> None:
    other = replace(seen(0), workload=replace(WEB, name="api", uid="uid-2"))
    async with bench(tmp_path) as b:
        b.revisions = errors.Unreachable("gone")
        with pytest.raises(errors.Unreachable):
            await b.ingest.take_list(listed(other, UNDER_WAY))

    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(other, UNDER_WAY))

        assert await b.states() == ["started"]


async def test_a_change_reads_its_replica_sets_and_is_addressed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))
        outcome = await b.ingest.observe(UNDER_WAY, continuous=True)

        assert outcome is Outcome.TAKEN
        assert len(b.told) == 1
        rollout = (await b.store.rollouts())[0]
        assert [d.destination for d in await b.store.deliveries_of(rollout.id)] == [CHANNEL]


async def test_a_change_that_cannot_be_decided_yet_is_said_to_be_so(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))
        b.revisions = (A,)

        assert await b.ingest.observe(UNDER_WAY, continuous=True) is Outcome.UNDECIDED
        b.revisions = (A, B)
        assert await b.ingest.observe(UNDER_WAY, continuous=True) is Outcome.TAKEN


async def test_an_observation_without_news_writes_and_tells_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))

        assert await b.ingest.observe(seen(3), continuous=True) is Outcome.IDLE


async def test_a_restart_tells_what_happened_meanwhile_once_and_with_its_true_time(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))

    async with bench(tmp_path) as b:
        b.now = at(600)
        done = seen(600, gen=(2, 2), rev=2)
        undecided = await b.ingest.take_list(listed(done, version=9000))
        for observation in undecided:
            await b.ingest.observe(observation, continuous=False)
        await b.ingest.take_list(listed(done, version=9001))

        assert await b.states() == ["succeeded"]
        assert (await b.store.rollouts())[0].started_at == at(5)
        assert len(b.told) == 1


async def test_a_uid_that_is_not_in_the_baseline_is_news(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed())
        new = replace(A, created_at=at(10))
        b.revisions = (new,)
        await b.ingest.observe(seen(10, created_at=at(10), counts=(0, 0, 0, 0)), continuous=True)

        assert await b.states() == ["started"]


async def test_another_object_of_a_known_name_is_said_to_be_re_created(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))
        await b.ingest.observe(seen(5, deleted=True), continuous=True)
        b.revisions = (replace(A, created_at=at(10)),)
        again = seen(10, created_at=at(10), workload=replace(WEB, uid="uid-2"))
        await b.ingest.observe(again, continuous=True)

        assert (await b.store.rollouts())[0].recreated


async def test_absence_from_a_full_list_ends_what_was_open(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        await b.ingest.take_list(listed(version=9000))

        assert await b.states() == ["unknown"]


async def test_what_is_present_but_unchanged_is_not_absent(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        await b.ingest.take_list(replace(listed(version=9000), present=frozenset({WEB.uid})))

        assert await b.states() == ["started"]


async def test_a_list_of_one_name_says_nothing_of_others(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        await b.ingest.take_list(replace(listed(version=9000), scope="shop", name="api"))

        assert await b.states() == ["started"]


async def test_a_cluster_that_was_restored_while_nobody_looked_is_believed_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))

    async with bench(tmp_path) as b:
        done = replace(seen(9, gen=(2, 2), rev=2), resource_version=20)
        await b.ingest.take_list(listed(done, version=30))

        assert await b.states() == ["succeeded"]


async def test_after_a_restore_what_had_not_changed_is_heard_again_as_well(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(replace(seen(0), resource_version=5000), version=5000))
        restored = replace(listed(replace(seen(0), resource_version=20), version=30), restored=True)
        await b.ingest.take_list(restored)

        await b.ingest.observe(replace(UNDER_WAY, resource_version=40), continuous=True)

        assert await b.states() == ["started"]


async def test_a_restore_brings_back_what_was_deleted_since_the_backup(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(seen(0)))
        await b.ingest.observe(seen(4, deleted=True), continuous=True)
        restored = replace(listed(replace(seen(0), resource_version=20), version=30), restored=True)
        await b.ingest.take_list(restored)
        assert await b.states() == []

        await b.ingest.observe(replace(UNDER_WAY, resource_version=40), continuous=True)

        assert await b.states() == ["started"]


async def test_after_a_restore_what_is_undecided_is_still_heard(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(replace(seen(0), resource_version=5000), version=5000))
        restored = replace(UNDER_WAY, resource_version=20)
        undecided = await b.ingest.take_list(replace(listed(restored, version=30), restored=True))
        for observation in undecided:
            await b.ingest.observe(observation, continuous=False)

        assert await b.states() == ["started"]


async def test_a_restore_is_noticed_although_the_store_was_away_at_first(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))

    done = listed(replace(seen(9, gen=(2, 2), rev=2), resource_version=20), version=30)
    async with bench(tmp_path) as b:
        with without_transitions(tmp_path), pytest.raises(errors.StoreError):
            await b.ingest.take_list(done)
        await b.ingest.take_list(done)

        assert await b.states() == ["succeeded"]


@contextmanager
def without_transitions(directory: Path) -> Iterator[None]:
    """A database that refuses to write what happened."""
    path = directory / "shipbell.db"
    for old, new in (("transitions", "elsewhere"), ("elsewhere", "transitions")):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        if new == "elsewhere":
            yield


async def test_a_list_that_was_overtaken_on_its_way_is_no_restored_cluster(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        await b.ingest.observe(seen(9, gen=(2, 2), rev=2, counts=(1, 3, 2, 2)), continuous=True)
        await b.ingest.take_list(listed(replace(seen(0), resource_version=20), version=30))

        assert await b.states() == ["started"]
        assert (await b.store.rollouts())[0].updated == 1


async def test_time_alone_ends_what_exceeds_its_deadline(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        b.now = at(620)

        assert await b.ingest.waking() == (WEB,)
        assert await b.ingest.tick(WEB) is Outcome.TAKEN
        assert await b.states() == ["failed"]
        assert await b.ingest.waking() == ()


async def test_the_dead_are_forgotten_after_a_day_and_their_rollouts_are_not(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed(UNDER_WAY))
        await b.ingest.observe(seen(9, gen=(2, 2), rev=2, counts=(1, 3, 2, 2), deleted=True), continuous=True)
        b.now = NOON + timedelta(hours=23)
        assert await b.ingest.forget() == 0

        b.now = NOON + timedelta(hours=25)

        assert await b.ingest.forget() == 1
        assert await b.states() == ["cancelled"]


def job(
    version: int, seconds: float, *, ended: str = "", of: str = "nightly", number: int = 1
) -> Observation:
    """A run of a CronJob, as it is after so many seconds; `ended` is the condition that ends it."""
    workload = Workload(
        cluster=WEB.cluster, namespace="shop", kind="Job", name=f"{of}-{number}", uid=f"job-{number}"
    )
    condition = Condition(type=ended, status="True", reason="BackoffLimitExceeded", last_update=at(seconds))
    return Observation(
        workload=workload,
        resource_version=version,
        at=at(seconds),
        created_at=at(1),
        generation=1,
        observed_generation=0,
        revision=1,
        wanted=1,
        total=0 if ended else 1,
        conditions=(condition,) if ended else (),
        job=JobStatus(completions=1, started_at=at(1), failed=7 if ended == "Failed" else 0),
        owner=Owner(kind="CronJob", name=of, uid="cron-1") if of else None,
    )


def jobs(*observations: Observation, version: int = 1000) -> FullList:
    return replace(listed(*observations, version=version), kind="Job", resource="jobs.batch")


async def _run(b: Bench, number: int, ended: str) -> None:
    """A run that is seen to begin and to end."""
    await b.ingest.observe(job(100 * number, 10 * number, number=number), continuous=True)
    await b.ingest.observe(
        job(100 * number + 1, 10 * number + 5, ended=ended, number=number), continuous=True
    )


async def test_a_cronjobs_failed_runs_are_one_rollout_and_its_runs_are_told_to_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        for number, ended in enumerate(("Complete", "Failed", "Failed", "Complete"), start=1):
            await _run(b, number, ended)

        told = [r for r in await b.store.rollouts() if await b.store.deliveries_of(r.id)]
        assert [(r.workload.kind, r.workload.name) for r in told] == [("CronJob", "nightly")]
        assert (told[0].state.value, told[0].runs_failed) == ("recovered", 2)


async def test_a_run_that_is_seen_to_end_twice_counts_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        await _run(b, 1, "Failed")
        await b.ingest.observe(job(900, 900, ended="Failed"), continuous=False)
        await b.ingest.take_list(jobs(job(900, 900, ended="Failed")))

        streak = next(r for r in await b.store.rollouts() if r.workload.kind == "CronJob")
        assert streak.runs_failed == 1


@pytest.mark.parametrize(
    ("reason", "state"), [("Completed", "succeeded"), ("BackoffLimitExceeded", "failed"), ("", "unknown")]
)
async def test_a_job_that_is_gone_is_judged_by_the_events_it_left(
    tmp_path: Path, reason: str, state: str
) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        await b.ingest.observe(job(100, 10, of=""), continuous=True)
        event = Event(kind="Job", name="-1", uid="job-1", reason=reason, message="", last_at=at(20))
        b.cluster.told = (event,) if reason else ()
        await b.ingest.take_list(jobs(version=2000))

        assert await b.states() == [state]


async def test_without_leave_to_read_events_nobody_knows_how_a_job_ended(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        await b.ingest.observe(job(100, 10, of=""), continuous=True)
        b.cluster.told = errors.Forbidden("no")
        await b.ingest.take_list(jobs(version=2000))

        assert await b.states() == ["unknown"]


async def test_a_rollout_is_recorded_with_what_is_usual_for_its_workload(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(listed())
        b.revisions = (replace(A, created_at=at(10)),)
        await b.ingest.observe(seen(10, created_at=at(10), counts=(0, 0, 0, 0)), continuous=True)
        await b.ingest.observe(seen(70, created_at=at(10)), continuous=True)
        b.revisions = (A, replace(B, created_at=at(100)))
        await b.ingest.observe(replace(UNDER_WAY, resource_version=9000, at=at(100)), continuous=True)

        second, first = await b.store.rollouts()
        assert first.usual_seconds is None
        assert second.usual_seconds == 60


async def test_a_job_that_failed_before_its_pods_were_seen_is_told_with_their_cause_and_log(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, Policy(read_logs=True)) as b:
        await b.ingest.take_list(jobs())
        trouble = PodTrouble(reason="Error", container="migrate", exit_code=3, ended=True)
        pod = Pod(name="migrate-1", hash="job-1", ready=False, created_at=at(2), trouble=trouble)
        failed = job(100, 10, ended="Failed", of="")
        b.cluster.found = PodsObservation(
            workload=failed.workload, resource_version=99, at=at(9), pods=(pod,)
        )
        b.cluster.log_text = "no such table\npassword=hunter2secret"
        await b.ingest.observe(failed, continuous=True)

        rollout = (await b.store.rollouts())[0]
        assert rollout.state.value == "failed"
        assert rollout.diagnosis is not None
        assert "Container migrate exited 3" in rollout.diagnosis.cause
        assert rollout.diagnosis.log.startswith("no such table")
        assert "hunter2secret" not in rollout.diagnosis.log
        assert [request.container for request in b.cluster.asked] == ["migrate"]


async def test_runs_that_ended_while_nobody_looked_make_a_streak_in_the_order_of_their_ends(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        later = job(500, 50, ended="Complete", number=1)
        earlier = job(300, 30, ended="Failed", number=2)
        await b.ingest.take_list(jobs(later, earlier, version=2000))
        for observation in await b.ingest.take_list(jobs(later, earlier, version=2001)):
            await b.ingest.observe(observation, continuous=False)

        streak = next(r for r in await b.store.rollouts() if r.workload.kind == "CronJob")
        assert streak.state.value == "recovered"


async def test_a_job_that_is_run_again_mends_the_failure_of_the_one_before(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ingest.take_list(jobs())
        failed = job(100, 10, ended="Failed", of="migrate")
        named = replace(failed.workload, name="migrate")
        await b.ingest.observe(replace(failed, owner=None, workload=named), continuous=True)
        again = job(200, 20, ended="Complete", of="migrate", number=2)
        workload = replace(again.workload, name="migrate")
        await b.ingest.observe(replace(again, owner=None, workload=workload), continuous=True)

        by_state = {rollout.state.value: rollout for rollout in await b.store.rollouts()}
        assert set(by_state) == {"failed", "succeeded"}
        assert by_state["succeeded"].fixes_failure_of == by_state["failed"].failed_at
