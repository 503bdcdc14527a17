"""Pods in words, and who is affected."""

from dataclasses import replace

import pytest

from shipbell.domain import Identity, Rollout, RolloutKind
from shipbell.rendering import replicas
from tests.rendering import kinds, stories


def failed(**counts: object) -> Rollout:
    return replace(stories.FAILED, **counts)  # type: ignore[arg-type]  # names and types are the test's own


@pytest.mark.parametrize(
    ("ready", "wanted", "bar"),
    [
        (0, 4, "▱▱▱▱"),
        (1, 4, "▰▱▱▱"),
        (4, 4, "▰▰▰▰"),
        (5, 4, "▰▰▰▰"),
        (0, 0, ""),
        (1, 240, "▱▱▱▱▱▱▱▱▱▱"),
        (239, 240, "▰▰▰▰▰▰▰▰▰▱"),
        (240, 240, "▰▰▰▰▰▰▰▰▰▰"),
    ],
)
def test_a_bar_is_full_only_when_all_are_ready(ready: int, wanted: int, bar: str) -> None:
    assert replicas.bar(ready, wanted) == bar


def test_a_rolling_update_tells_new_pods_apart_from_those_that_serve() -> None:
    assert replicas.told(stories.PROGRESS) == ("New pods", "▰▱▱▱ 1/4 ready · 4 serving")


def test_what_nobody_counted_is_not_told() -> None:
    uncounted = replace(stories.PROGRESS, new_ready=None, old_serving=None)
    assert replicas.told(uncounted) == ("Serving", "4 of 4 wanted")


@pytest.mark.parametrize(
    ("rollout", "impact"),
    [
        (failed(serving=4, old_serving=4), "None: 2026.01.30.2 still serves, 4/4 ready"),
        (failed(serving=4, old_serving=None), "None: 4/4 serving"),
        (failed(serving=3, old_serving=3), "DEGRADED: 3/4 serving (old version)"),
        (failed(serving=3, old_serving=2), "DEGRADED: 3/4 serving (2 old)"),
        (failed(serving=1, old_serving=0), "DEGRADED: 1/4 serving (new version)"),
        (failed(serving=3, old_serving=None), "DEGRADED: 3/4 serving"),
        (failed(serving=0, old_serving=0), "DOWN: 0/4 serving"),
        (failed(wanted=0, serving=0, old_serving=0), "None: no replicas wanted"),
    ],
)
def test_the_impact_says_what_still_serves(rollout: Rollout, impact: str) -> None:
    assert replicas.impact(rollout) == impact


def test_a_first_deployment_that_fails_takes_nothing_away() -> None:
    first = replace(failed(serving=0, old_serving=0), kind=RolloutKind.FIRST)
    assert replicas.impact(first) == "Not up yet: 0/4 serving, this is the first deployment"


def test_a_recreated_workload_that_fails_is_down() -> None:
    again = replace(failed(serving=0, old_serving=0), kind=RolloutKind.FIRST, recreated=True)
    assert replicas.impact(again) == "DOWN: 0/4 serving"


def test_the_old_version_is_named_only_where_it_is_surely_the_one_that_serves() -> None:
    older = replace(failed(serving=4, old_serving=4), old_images=("registry/other:0.9",))
    assert replicas.impact(older) == "None: the old version still serves, 4/4 ready"


def test_a_daemonset_is_counted_in_nodes() -> None:
    daemon = replace(stories.PROGRESS, workload=kinds.DAEMON)
    assert replicas.told(daemon) == ("New pods", "▰▱▱▱ 1/4 nodes ready · 4 serving")
    assert replicas.told(replace(stories.SUCCESS, workload=kinds.DAEMON)) == ("Nodes", "▰▰▰▰ 4/4 ready")
    assert replicas.impact(failed(workload=kinds.DAEMON)) == "DEGRADED: 3/4 nodes serving (old version)"


def test_a_daemonset_without_a_node_lacks_nothing() -> None:
    daemon = replace(stories.SUCCESS, workload=kinds.DAEMON, wanted=0)
    assert replicas.told(daemon) == ("Nodes", "none matches")
    assert replicas.impact(daemon) == "None: no node matches"


def test_a_partition_keeps_pods_back_and_the_others_are_counted() -> None:
    half = replace(stories.PROGRESS, workload=kinds.DATABASE, identity=Identity(number=7, partition=2))
    assert replicas.told(half) == ("New pods", "▰▱ 1/2 ready · 4 serving · 2 kept back by the partition")


def test_a_partition_that_keeps_all_pods_back_leaves_none_to_count() -> None:
    staged = replace(stories.PROGRESS, workload=kinds.DATABASE, identity=Identity(number=7, partition=9))
    assert replicas.told(staged) == ("Serving", "4 of 4 wanted · 4 kept back by the partition")
    assert replicas.all_ready(staged) == ""
