"""What stands in a full message, and what is left out of it."""

from dataclasses import replace
from datetime import timedelta

from shipbell import rendering
from shipbell.domain import Diagnosis, Rollout, RolloutKind, State
from shipbell.rendering import blocks
from tests.rendering import stories

NOW = stories.STARTED + timedelta(minutes=5)


def facts(rollout: Rollout, options: rendering.Options = stories.PRODUCTION) -> dict[str, str]:
    """The labels and values of a full root message."""
    message = rendering.root(rollout, stories.transitions(rollout), options, NOW)
    lines = [line for text in texts(message) for line in text.split("\n")]
    pairs = [line.removeprefix("*").split("*", 1) for line in lines if line.startswith("*")]
    return {label: value.strip() for label, value in pairs}


def texts(message: rendering.Message) -> list[str]:
    objects = [
        o for b in message.blocks for o in (b.get("text"), *b.get("fields", ()), *b.get("elements", ()))
    ]
    return [o["text"] for o in objects if o]


def test_a_failure_tells_cause_and_impact_before_everything_else() -> None:
    assert list(facts(stories.FAILED))[:2] == ["Cause", "Impact"]


def test_what_is_unknown_has_no_label() -> None:
    bare = replace(stories.START, by="", new_ready=None, old_serving=None, images=(), usual_seconds=None)
    assert list(facts(bare, rendering.Options())) == ["Status", "Serving", "Started"]


def test_a_diagnosis_that_may_not_be_said_yet_is_not_said() -> None:
    patient = replace(stories.PROGRESS, diagnosis=stories.CRASH)
    assert "Cause" not in facts(patient)
    assert "exits 1" not in str(rendering.root(patient, (), stories.PRODUCTION, NOW))


def test_a_chance_to_heal_is_told_only_while_it_lasts() -> None:
    assert facts(stories.FAILING)["Status"].startswith("Failing, may heal until <!date")
    late = replace(stories.FAILING, deadline_seconds=60)
    assert facts(late)["Status"] == "Failing"
    endless = replace(stories.FAILING, deadline_seconds=None)
    assert facts(endless)["Status"] == "Failing"


def test_a_missing_image_asks_for_the_tag() -> None:
    assert facts(stories.FAILING)["Next"].startswith("Push the tag, or: `kubectl -n mitlearn rollout undo")


def test_a_first_deployment_cannot_be_undone() -> None:
    first = replace(stories.FAILED, kind=RolloutKind.FIRST)
    assert "Next" not in facts(first)
    assert facts(replace(first, diagnosis=stories.IMAGE_MISSING))["Next"] == "Push the tag"


def test_advice_stands_before_its_command() -> None:
    advice = Diagnosis(
        reason="x", cause="Pods refused", next_step="Raise the quota, or: kubectl -n a get quota"
    )
    told = facts(replace(stories.FAILED, diagnosis=advice))
    assert told["Next"] == "Raise the quota, or: `kubectl -n a get quota`"


def test_a_recovery_of_unknown_times_names_none() -> None:
    recovered = replace(stories.RECOVERED, failed_at=None, diagnosis=None)
    assert facts(recovered)["Was"] == "Failed"


def test_labels_are_told_without_their_prefix_and_counted_beyond_a_dozen() -> None:
    labels = {f"example.com/key{n}": f"value{n}" for n in range(15)}
    message = rendering.root(replace(stories.START, labels=labels), (), stories.PRODUCTION, NOW)
    told = next(text for text in texts(message) if "key0" in text)
    assert told.startswith("key0 value0 · key1 value1")
    assert told.endswith("key11 value11 · and 3 more labels")


def test_an_ending_that_does_not_matter_any_more_is_two_lines() -> None:
    for state in (State.SUPERSEDED, State.ROLLED_BACK, State.CANCELLED, State.UNKNOWN):
        message = rendering.root(replace(stories.SUPERSEDED, state=state), (), stories.PRODUCTION, NOW)
        assert [block["type"] for block in message.blocks] == ["header", "section"]


def test_a_section_leaves_out_lines_that_do_not_fit() -> None:
    kept = blocks.section("a" * 2000, "", "b" * 2000, "c")
    assert kept[0]["text"]["text"] == "a" * 2000


def test_the_same_rollout_gives_the_same_message() -> None:
    one, other = (stories.Story(name="x", rollout=stories.FAILED).message() for _ in range(2))
    assert one == other


def test_a_failure_tells_some_of_what_changed_right_behind_the_image() -> None:
    changed = replace(
        stories.FAILED, changes=("env A changed", "env B added", "args changed", "port 1 added")
    )
    assert list(facts(changed))[:4] == ["Cause", "Impact", "Image", "What changed"]
    assert facts(changed)["What changed"] == "env A changed · env B added · args changed · and 1 more"


def test_a_new_version_that_goes_well_does_not_list_what_changed() -> None:
    assert "What changed" not in facts(replace(stories.SUCCESS, changes=("env A changed",)))


def test_a_config_change_says_what_it_is() -> None:
    config = replace(stories.PROGRESS, kind=RolloutKind.CONFIG_CHANGE, changes=("env A changed",))
    assert facts(config)["What changed"] == "env A changed"


def test_more_than_three_times_the_usual_is_slower_than_usual() -> None:
    usual = replace(stories.SUCCESS, finished_at=stories.STARTED + timedelta(minutes=6))
    slow = replace(usual, finished_at=stories.STARTED + timedelta(minutes=6, seconds=1))
    assert facts(usual)["Took"] == "6 min (usually 2 min)"
    assert facts(slow)["Took"] == "6 min 1 s, slower than usual (2 min)"


def test_what_has_no_usual_duration_is_never_slow() -> None:
    new = replace(stories.SUCCESS, usual_seconds=None, finished_at=stories.STARTED + timedelta(hours=9))
    assert facts(new)["Took"] == "9 h"


def test_what_is_still_open_after_three_times_the_usual_says_so() -> None:
    assert facts(stories.PROGRESS)["Usually"] == "2 min"
    assert facts(replace(stories.PROGRESS, slow=True))["Usually"] == "2 min (slower than usual)"
    assert facts(replace(stories.FAILING, slow=True))["Usually"] == "2 min"


def test_what_does_not_fit_into_a_message_is_left_out_whole() -> None:
    every = [block for n in range(9) for block in blocks.section(f"{n}" * 1500)]
    assert blocks.fitting([*every, *blocks.section("x")]) == (*every[:5], *blocks.section("x"))


def test_an_ending_of_unknown_time_is_told_without_one() -> None:
    told = facts(replace(stories.SUCCESS, finished_at=None))
    assert "Ended" not in told
    assert "Took" not in told
