"""How long rollouts of a workload usually take, and that a slow one says so while it goes on."""

from dataclasses import replace
from datetime import timedelta

from shipbell.domain import Policy, usual
from shipbell.domain.stepping import Setting, tick
from tests.domain.deployments import at, seen, upgrading


def minutes(*each: float) -> list[timedelta]:
    return [timedelta(minutes=one) for one in each]


def test_what_is_usual_is_the_median_of_what_was() -> None:
    assert usual.duration(minutes(1, 2, 30)) == timedelta(minutes=2)
    assert usual.duration(minutes(1, 2)) == timedelta(seconds=90)
    assert usual.duration([]) is None


def test_a_rollout_says_that_it_is_slow_when_three_times_the_usual_has_passed() -> None:
    story = upgrading().sees(seen(6, gen=(2, 2), rev=2, counts=(1, 3, 2, 2)))
    rollout = replace(story.newest, usual_seconds=40.0)
    assert story.memory is not None
    memory = replace(story.memory, rollout=rollout)
    settled = tick(memory, Setting(now=at(20), policy=Policy())).memory

    assert settled.rollout is not None
    assert settled.rollout.wake_at == rollout.started_at + timedelta(seconds=120)
    early = tick(settled, Setting(now=rollout.started_at + timedelta(seconds=119), policy=Policy()))
    late = tick(settled, Setting(now=rollout.started_at + timedelta(seconds=120), policy=Policy()))

    assert early.rollouts == ()
    assert [r.slow for r in late.rollouts] == [True]
    assert late.transitions == ()
    assert late.memory.rollout is not None
    assert late.memory.rollout.wake_at != settled.rollout.wake_at
