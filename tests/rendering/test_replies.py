"""What the thread says of a failure that the root has no room for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipbell import rendering
from shipbell.domain import Diagnosis, Rollout, State
from shipbell.routing import Part
from tests.rendering import kinds, stories

NOW = stories.STARTED + timedelta(minutes=20)
FAILED = replace(stories.FAILED, diagnosis=kinds.KILLED, changes=kinds.CHANGED)


def thread(rollout: Rollout, part: Part = Part.FAILED) -> list[str]:
    """The texts of a reply, block by block."""
    message = rendering.reply(rollout, part, (), stories.PRODUCTION, NOW)
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"]


def with_diagnosis(**fields: object) -> Rollout:
    diagnosis = replace(kinds.KILLED, **fields)  # type: ignore[arg-type]  # names and types are the test's
    return replace(FAILED, diagnosis=diagnosis)


def test_a_failure_brings_words_log_warnings_changes_and_the_next_step_in_this_order() -> None:
    beginnings = [text.split("*")[1] if text.startswith("*") else text[:3] for text in thread(FAILED)[1:]]
    assert beginnings == ["```", "Log", "Warnings", "Image", "What changed", "Next"]


def test_the_log_names_its_container_and_is_a_code_block() -> None:
    log = next(text for text in thread(FAILED) if text.startswith("*Log*"))
    assert log.splitlines()[:3] == ["*Log*  last lines of app", "```", "booting 8 workers"]
    assert log.endswith("\n```")


def test_a_log_that_is_too_long_keeps_its_end() -> None:
    lines = [f"line {n} {'.' * 80}" for n in range(100)]
    log = next(text for text in thread(with_diagnosis(log="\n".join(lines))) if text.startswith("*Log*"))
    told = log.splitlines()[2:-1]
    assert told[0] == "…"
    assert told[1:] == lines[-len(told[1:]) :]
    assert len(told) > 20


def test_a_log_cannot_leave_its_code_block() -> None:
    log = next(t for t in thread(with_diagnosis(log="a\n```\n<!channel> *b*")) if t.startswith("*Log*"))
    assert log == "*Log*  last lines of app\n```\na\nˋˋˋ\n&lt;!channel&gt; *b*\n```"


def test_a_container_that_nobody_named_has_a_log_all_the_same() -> None:
    log = next(text for text in thread(with_diagnosis(container="", log="x")) if text.startswith("*Log*"))
    assert log == "*Log*  last lines\n```\nx\n```"


def test_the_newest_warnings_are_told() -> None:
    events = tuple(f"Reason{n}: words" for n in range(9))
    warnings = next(t for t in thread(with_diagnosis(events=events)) if t.startswith("*Warnings*"))
    assert warnings.splitlines()[1:] == [f"• Reason{n}: words" for n in range(4, 9)]


def test_all_that_changed_is_told_a_line_each() -> None:
    changed = next(text for text in thread(FAILED) if text.startswith("*What changed*"))
    assert changed.splitlines()[1:] == [f"• {phrase}" for phrase in kinds.CHANGED]


def test_what_is_not_known_has_no_label() -> None:
    bare = replace(FAILED, diagnosis=Diagnosis(reason="x", cause="y"), changes=(), images=())
    assert len(thread(bare)) == 1


@pytest.mark.parametrize("part", [Part.SUCCEEDED, Part.RECOVERED])
def test_a_good_ending_is_one_line(part: Part) -> None:
    ended = replace(stories.RECOVERED, diagnosis=kinds.KILLED, changes=kinds.CHANGED)
    assert len(thread(ended, part)) == 1


def test_details_of_what_the_root_has_told_do_not_repeat_its_sentence() -> None:
    assert thread(FAILED, Part.DETAIL)[0] == "*Details*"


def test_a_stall_is_told_by_its_sentence() -> None:
    stalled = replace(stories.EVERY_STATE["stalled"], state=State.STALLED)
    assert thread(stalled, Part.DETAIL)[0].startswith("⚠️ mitlearn/mitlearn-app → production: stalled")


def test_a_post_without_a_thread_brings_the_evidence_itself() -> None:
    message = rendering.plain(FAILED, (), stories.PRODUCTION, NOW)
    assert "booting 8 workers" in f"{message.blocks}"
    assert "Readiness probe failed" in f"{message.blocks}"
