"""What every message promises, for the golden ones and for whatever strings a cluster may hold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell import rendering
from shipbell.domain import (
    Diagnosis,
    ImageChange,
    JobStatus,
    Rollout,
    RolloutKind,
    State,
    TransitionKind,
    Workload,
)
from shipbell.routing import Detail, Part
from tests.rendering import checker, gallery, stories

STORIES = {story.name: story for story in gallery.all_stories()}
NOW = stories.STARTED + timedelta(hours=1)
NASTY = st.sampled_from(
    [
        *("<!channel>", "<!here|here>", "<@U1>", "<https://evil|ok>", "<#C1>", "<!subteam^S1>"),
        *("@here", "@channel", "#general", "https://x.y", "javascript:alert(1)", ":tada:", "> q"),
        *("`", "```", "*", "*b*", "_i_", "~s~", "&lt;", "&amp;lt;", "&", "<", ">", "|", ":", "/", "@sha256:"),
        *("\n", "\r\n", "\t", "\x00", "\u202e", "\u2066", "\u200b", "\ud800", "\u2028", "", " "),
        *("👩‍👩‍👧", "é", "中" * 40, "a" * 500, "&" * 300),
        *("Image not found: ", "Container ", "kubectl ", "revision ", "no progress "),
    ]
)
FOREIGN = st.one_of(
    st.text(max_size=60), st.lists(NASTY, max_size=12).map("".join), NASTY.map(lambda s: s * 400)
)
NAME = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
COUNT = st.integers(0, 5000)
JOBS = st.builds(
    JobStatus,
    completions=st.none() | COUNT,
    backoff_limit=COUNT,
    active=COUNT,
    succeeded=COUNT,
    failed=COUNT,
    failed_indexes=FOREIGN,
)
MOMENT = st.one_of(
    st.none(), st.timedeltas(timedelta(days=-40), timedelta(days=40)).map(lambda d: stories.STARTED + d)
)


@st.composite
def rollouts(draw: st.DrawFn, *, hostile_names: bool = True) -> Rollout:
    """Any rollout whatsoever, sensible or not."""
    name = FOREIGN if hostile_names else NAME
    kind = FOREIGN | st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
    workload = st.builds(Workload, cluster=FOREIGN, namespace=name, kind=kind, name=name, uid=FOREIGN)
    change = st.builds(ImageChange, container=FOREIGN, old=st.none() | FOREIGN, new=FOREIGN)
    diagnosis = st.builds(
        Diagnosis,
        reason=FOREIGN,
        cause=FOREIGN,
        words=FOREIGN,
        container=FOREIGN,
        log=FOREIGN,
        events=st.lists(FOREIGN, max_size=9).map(tuple),
        next_step=FOREIGN,
        since=MOMENT,
    )
    return replace(
        stories.START,
        workload=draw(workload),
        state=draw(st.sampled_from(State)),
        kind=draw(st.sampled_from(RolloutKind)),
        automatic=draw(st.booleans()),
        finished_at=draw(MOMENT),
        failed_at=draw(MOMENT),
        fixes_failure_of=draw(MOMENT),
        rollback_of=draw(MOMENT),
        rollback_to=draw(st.none() | COUNT),
        started_approximate=draw(st.booleans()),
        finished_approximate=draw(st.booleans()),
        images=tuple(draw(st.lists(change, max_size=9))),
        labels=draw(st.dictionaries(FOREIGN, FOREIGN, max_size=15)),
        by=draw(FOREIGN),
        change_cause=draw(FOREIGN),
        wanted=draw(COUNT),
        new_ready=draw(st.none() | COUNT),
        serving=draw(COUNT),
        old_serving=draw(st.none() | COUNT),
        old_images=tuple(draw(st.lists(FOREIGN, max_size=3))),
        deadline_seconds=draw(st.none() | COUNT),
        diagnosis=draw(st.none() | diagnosis),
        scaled_to_zero=draw(st.booleans()),
        unseen=draw(st.none() | st.tuples(COUNT, COUNT)),
        recreated=draw(st.booleans()),
        successor_version=draw(FOREIGN),
        outcome_seen=draw(st.booleans()),
        usual_seconds=draw(st.none() | st.floats(0, 1e6)),
        changes=tuple(draw(st.lists(FOREIGN, max_size=20))),
        job=draw(st.none() | JOBS),
        runs_failed=draw(COUNT),
        failed_by=draw(FOREIGN),
        on_delete=draw(st.booleans()),
        slow=draw(st.booleans()),
    )


OPTIONS = st.builds(
    rendering.Options,
    environment=FOREIGN,
    detail=st.sampled_from(Detail),
    show_registry=st.booleans(),
    successor_link=st.none() | FOREIGN | st.sampled_from([stories.SUCCESSOR_LINK, "https://" + "x" * 900]),
    history_link=st.none() | FOREIGN | st.just("https://" + "x" * 900),
    sample=st.booleans(),
)


def every_message(rollout: Rollout, options: rendering.Options) -> list[rendering.Message]:
    told = stories.transitions(rollout)
    return [
        rendering.root(rollout, told, options, NOW),
        rendering.plain(rollout, told, options, NOW),
        *(rendering.reply(rollout, part, told, options, NOW) for part in Part),
    ]


@given(rollouts(), OPTIONS)
def test_no_string_from_a_cluster_breaks_a_limit_or_comes_alive(
    rollout: Rollout, options: rendering.Options
) -> None:
    for message in every_message(rollout, options):
        assert checker.problems(message) == []


@given(rollouts(hostile_names=False), OPTIONS)
def test_the_text_always_names_workload_and_state(rollout: Rollout, options: rendering.Options) -> None:
    state = rollout.state.value.replace("_", " ")
    for message in every_message(rollout, options):
        assert rollout.workload.path in message.text
        assert f" {state}" in message.text


@pytest.mark.parametrize("name", [name for name in STORIES if name != "reply-failed-mention"])
def test_every_golden_message_holds_what_is_promised(name: str) -> None:
    assert checker.problems(STORIES[name].message()) == []


@pytest.mark.parametrize("name", STORIES)
def test_nothing_unknown_is_shown_as_a_value(name: str) -> None:
    said = f"{STORIES[name].message()}"
    assert "None/" not in said
    assert "/None" not in said
    assert "0/0" not in said
    assert "None " not in said.replace("None: ", "")


def test_the_checker_finds_what_it_is_there_to_find() -> None:
    body = "*bold* _i_ ~s~ `open & <!channel> @here :tada:\n&gt; q \u202e"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": body}}
    found = checker.problems(rendering.Message(text="a\nb", blocks=(section,)))
    for name in ("not verbatim", "unseen characters", "more than one line", *checker.LIVE):
        assert any(name in problem for problem in found), name


def test_a_mention_from_the_configuration_is_the_one_thing_that_rings() -> None:
    first = STORIES["reply-failed-mention"].message().blocks[0]["text"]["text"]
    assert first.startswith("<!subteam^S0PLATFORM> ❌ ")


def test_every_kind_of_transition_has_a_word_in_the_timeline() -> None:
    told = stories.transitions(stories.FAILED)
    every = tuple(replace(told[0], kind=kind, version=n) for n, kind in enumerate(TransitionKind))
    for options in (stories.PRODUCTION, stories.CI):
        message = rendering.reply(stories.FAILED, Part.DETAIL, every, options, NOW)
        assert checker.problems(message) == []
