"""The frame: a kind of workload is one module of rules and one row, and nothing else knows it by name."""

import inspect
from dataclasses import replace
from types import ModuleType

import pytest

from shipbell.domain import beginning, blaming, judging, kinds, rules, stepping
from shipbell.domain.rules import Rules
from tests.domain.deployments import WEB

QUESTIONS = {name: asked for name, asked in inspect.getmembers(Rules, inspect.isfunction) if name[0] != "_"}


@pytest.mark.parametrize("kind", list(rules.RULES))
@pytest.mark.parametrize("question", list(QUESTIONS))
def test_every_kind_answers_every_question(kind: str, question: str) -> None:
    answer = getattr(rules.of(kind), question)

    asked = [name for name in inspect.signature(QUESTIONS[question]).parameters if name != "self"]
    assert list(inspect.signature(answer).parameters) == asked


@pytest.mark.parametrize("kind", list(rules.RULES))
@pytest.mark.parametrize("module", [stepping, beginning, judging, blaming, kinds])
def test_the_frame_knows_no_kind_by_name(module: ModuleType, kind: str) -> None:
    source = inspect.getsource(module)

    assert f'"{kind}"' not in source
    assert f"import {kind.lower()}" not in source


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("Deployment", "kubectl -n shop rollout undo deployment/web"),
        ("StatefulSet", "kubectl -n shop rollout undo statefulset/web"),
        ("DaemonSet", "kubectl -n shop rollout undo daemonset/web"),
        ("Job", "kubectl -n shop logs job/web"),
    ],
)
def test_what_to_begin_with_after_a_failure_is_a_command_to_paste(kind: str, command: str) -> None:
    assert rules.of(kind).remedy(replace(WEB, kind=kind)) == command


def test_a_kind_that_is_not_observed_has_no_rules() -> None:
    with pytest.raises(KeyError):
        rules.of("ReplicaSet")
