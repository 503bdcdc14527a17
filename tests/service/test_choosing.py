"""What people choose is what is listed, told, and put in order."""

from dataclasses import replace

import pytest

from shipbell.config import settings as config
from shipbell.domain import Observation, rules
from shipbell.service import choosing
from shipbell.sources.kubernetes import kinds, reflector
from tests.sources.apiobjects import Json, deployment, job
from tests.sources.test_kinds import observed

EVERY_KIND = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})
MIGRATE, NIGHTLY = job("migrate"), job("nightly-29482100", owner="nightly")


def choice(*chosen: str) -> choosing.Choice:
    return choosing.Choice(cluster="prod", kinds=frozenset(chosen))


def listed(*things: Json) -> reflector.Listed[Observation]:
    return reflector.Listed(
        resource="jobs.batch",
        scope="",
        resource_version=7,
        observations=tuple(observed(thing) for thing in things),
        present=frozenset(thing["metadata"]["uid"] for thing in things),
    )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (("Deployment",), ("Deployment",)),
        (("CronJob",), ("Job",)),
        (("Job", "CronJob"), ("Job",)),
        (tuple(EVERY_KIND), ("Deployment", "StatefulSet", "DaemonSet", "Job")),
    ],
)
def test_cronjobs_are_observed_by_their_jobs(chosen: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert choice(*chosen).observed_kinds == expected


@pytest.mark.parametrize(
    ("chosen", "told"), [("Job", ["migrate"]), ("CronJob", ["nightly-29482100"]), ("Deployment", [])]
)
def test_a_job_is_told_if_its_own_sort_is_chosen(chosen: str, told: list[str]) -> None:
    seen = [observed(MIGRATE), observed(NIGHTLY)]

    assert [o.workload.name for o in seen if choice(chosen).includes(o)] == told


def test_a_list_of_jobs_has_two_parts_that_both_know_all_that_is_there() -> None:
    item = listed(MIGRATE, NIGHTLY)
    parts = list(choosing.full_lists(item, "Job", choice("Job", "CronJob")))

    assert [[o.workload.name for o in part.observations] for part in parts] == [
        ["migrate"],
        ["nightly-29482100"],
    ]
    assert [part.resource for part in parts] == ["jobs.batch", "jobs.batch of cronjobs.batch"]
    assert {part.present for part in parts} == {item.present}
    assert {part.kind for part in parts} == {"Job"}


def test_a_part_that_is_empty_has_a_baseline_all_the_same() -> None:
    assert len(list(choosing.full_lists(listed(), "Job", choice("Job", "CronJob")))) == 2


def test_a_part_that_nobody_chose_has_none() -> None:
    (part,) = choosing.full_lists(listed(MIGRATE, NIGHTLY), "Job", choice("CronJob"))

    assert part.resource == "jobs.batch of cronjobs.batch"


def test_a_list_of_another_kind_is_one() -> None:
    item = replace(listed(deployment()), resource="deployments.apps")
    (full,) = choosing.full_lists(item, "Deployment", choice(*EVERY_KIND))

    assert (full.kind, full.resource, len(full.observations)) == ("Deployment", "deployments.apps", 1)


def test_all_runs_of_a_cronjob_go_in_one_lane() -> None:
    runs = [observed(job(f"nightly-{minute}", owner="nightly")) for minute in (29482100, 29482101)]

    assert len({choosing.lane(run.workload) for run in runs}) == 1


def test_what_bears_the_same_name_but_is_of_another_kind_goes_beside_it() -> None:
    lanes = {choosing.lane_of(kind, "shop", "web") for kind in kinds.ALL}

    assert len(lanes) == len(kinds.ALL)
    assert choosing.lane_of("Deployment", "shop", "web-1") != choosing.lane_of("Deployment", "shop", "web")


def test_a_cronjob_itself_is_never_read() -> None:
    workload = observed(MIGRATE).workload

    assert choosing.is_read(workload)
    assert not choosing.is_read(replace(workload, kind="CronJob"))


def test_every_kind_that_can_be_chosen_is_observed_and_has_rules() -> None:
    chosen = choosing.Choice(cluster="prod", kinds=frozenset(kind.value for kind in config.Kind))

    assert set(chosen.observed_kinds) == set(kinds.ALL) == set(rules.RULES)
