"""One sentence per rollout, word by word: the drafts that people agreed on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell import rendering
from shipbell.domain import Diagnosis, Rollout, RolloutKind, State
from shipbell.rendering import phrases, sentences
from tests.rendering import stories

NOW = stories.STARTED + timedelta(minutes=40)
PROGRESSING = (
    "rolling out 2026.01.31.1 (was 2026.01.30.2), progressing, 1/4 new pods ready, started 14:02 UTC"
)
CRASHED = "app exits 1, 5 restarts (3 of 4 new pods)"
SAID = {
    "started": "rolling out 2026.01.31.1 (was 2026.01.30.2), started 14:02 UTC",
    "progressing": PROGRESSING,
    "failing": "failing, image 2026.01.31.1 not found; old version serves 4/4, started 14:02 UTC",
    "succeeded": "succeeded, deployed 2026.01.31.1 in 2 min 9 s, started 14:02 UTC, 4/4 ready",
    "failed": f"failed after 10 min, {CRASHED}; 3/4 serving, started 14:02 UTC",
    "recovered": "recovered, 2026.01.31.1 is up after 19 min of failure (started 14:02 UTC)",
    "superseded": "2026.01.31.1 superseded by 2026.01.31.2 after 40 s",
    "rolled-back": "2026.01.31.1 rolled back to 2026.01.30.2 after 2 min (started 14:02 UTC)",
    "cancelled": "2026.01.31.1 cancelled after 40 s, the Deployment was deleted (started 14:02 UTC)",
    "unknown": "outcome of 2026.01.31.1 unknown, the Deployment is gone (started 14:02 UTC)",
}


def told(rollout: Rollout, options: rendering.Options = stories.PRODUCTION) -> str:
    """The sentence behind the workload's name."""
    return sentences.fallback(rollout, options, NOW).removeprefix("mitlearn/mitlearn-app → production: ")


@pytest.mark.parametrize("state", SAID)
def test_a_state_is_told_in_one_sentence(state: str) -> None:
    assert told(stories.EVERY_STATE[state]) == SAID[state]


@pytest.mark.parametrize("state", [state for state in SAID if state != "succeeded"])
def test_the_line_is_the_same_sentence_with_a_symbol_and_the_readers_own_time(state: str) -> None:
    line = rendering.line(stories.EVERY_STATE[state], stories.PRODUCTION, NOW)
    symbol, _, rest = line.partition(" ")
    assert not symbol.isascii()
    plain = rest.replace("<!date^1769868131^{time}|14:02 UTC>", "14:02 UTC")
    assert plain == f"mitlearn/mitlearn-app → production: {SAID[state]}"


@pytest.mark.parametrize(
    ("kind", "open_", "ended"),
    [
        (RolloutKind.FIRST, "rolling out 2026.01.31.1", "deployed 2026.01.31.1 for the first time in"),
        (RolloutKind.NEW_VERSION, "rolling out 2026.01.31.1", "deployed 2026.01.31.1 in"),
        (RolloutKind.CONFIG_CHANGE, "rolling out a config change,", "deployed a config change in"),
        (RolloutKind.RESTART, "restarting,", "restarted in"),
        (
            RolloutKind.ROLLBACK,
            "rolling out 2026.01.31.1 again",
            "deployed 2026.01.31.1 again (back to revision 7)",
        ),
    ],
)
def test_each_kind_has_its_verb(kind: RolloutKind, open_: str, ended: str) -> None:
    started = replace(stories.START, kind=kind, rollback_to=7)
    succeeded = replace(stories.SUCCESS, kind=kind, rollback_to=7)
    assert told(started).startswith(open_)
    assert told(succeeded).startswith(f"succeeded, {ended}")


def test_without_an_environment_the_cluster_is_named() -> None:
    said = sentences.fallback(stories.START, rendering.Options(), NOW)
    assert said.startswith("mitlearn/mitlearn-app → applications-production: ")


def test_a_success_that_mends_a_failure_says_which() -> None:
    fixed = replace(stories.SUCCESS, fixes_failure_of=stories.STARTED - timedelta(minutes=50))
    assert told(fixed).endswith(", fixes the failure of 13:12 UTC")


def test_times_that_are_not_sure_are_marked() -> None:
    late = replace(stories.SUCCESS, started_approximate=True, finished_approximate=True)
    assert told(late) == (
        "succeeded, deployed 2026.01.31.1 in about 2 min 9 s, started about 14:02 UTC, 4/4 ready"
    )


def test_no_replicas_are_no_zero_of_zero() -> None:
    assert told(replace(stories.SUCCESS, wanted=0, new_ready=0)).endswith(", no replicas wanted")


def test_a_pause_by_scaling_to_zero_says_so() -> None:
    paused = replace(stories.PROGRESS, state=State.PAUSED, scaled_to_zero=True, wanted=0)
    assert told(paused).startswith("paused (scaled to zero) while rolling out 2026.01.31.1")


@pytest.mark.parametrize(
    ("cause", "brief"),
    [
        ("Image not found: r.io/web:1.3 (container app, 1 of 1 new pods)", "image 1.3 not found"),
        (
            "Image cannot be pulled: r.io/web (container app, 1 of 1 new pods)",
            "image r.io/web cannot be pulled",
        ),
        ("Container app exits 1, 2 restarts (1 of 3 new pods)", "app exits 1, 2 restarts (1 of 3 new pods)"),
        (
            "Image denied by its registry: r.io/web:1.3 (container app, 1 of 1 new pods)",
            "image 1.3 denied by its registry",
        ),
        (
            "Image name is malformed: web::1 (container app, 1 of 1 pods)",
            "image name is malformed: web::1 (container app, 1 of 1 pods)",
        ),
        ("Init container db is killed", "db is killed"),
        ("Pods refused", "pods refused"),
        ("OOM everywhere", "OOM everywhere"),
    ],
)
def test_a_cause_is_shortened_for_the_sentence(cause: str, brief: str) -> None:
    failing = replace(stories.FAILING, diagnosis=Diagnosis(reason="x", cause=cause))
    assert phrases.brief(cause, failing, stories.PRODUCTION) == brief


def test_a_failure_without_a_cause_is_still_told() -> None:
    assert told(replace(stories.FAILED, diagnosis=None)) == (
        "failed after 10 min; 3/4 serving, started 14:02 UTC"
    )
