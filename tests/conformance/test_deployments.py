"""Shipbell's verdicts beside those of other projects. Deployments only: other kinds have no rules yet.

The cases lie beside the checkout and are no part of the project. Where the projects and `kubectl rollout
status` agree, Shipbell must agree with them; on the contested ones it sides with kubectl, and must not crash.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import adapter

CASES = Path(__file__).parents[3] / "shared" / "conformance" / "cases.jsonl"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not CASES.exists(), reason=f"there are no conformance cases at {CASES}"),
]

ANSWERS = {"expected", "accept", "not_expected", "reason", "original", "steps", "ref"}


def cases(*tiers: str) -> list[dict[str, Any]]:
    """The cases of Deployments in these tiers, answers included."""
    every = map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    return [case for case in every if case["kind"] == "Deployment" and case["tier"] in tiers]


def judged(case: dict[str, Any]) -> dict[str, object]:
    """What Shipbell says of a case that does not show its answers."""
    return adapter.judge({key: value for key, value in case.items() if key not in ANSWERS})


def is_right(case: dict[str, Any], verdict: object) -> bool:
    """Accepted, and not ruled out."""
    accepted = verdict in case["accept"] if case["accept"] else True
    return accepted and verdict not in (case.get("not_expected") or ())


def test_where_projects_and_kubectl_agree_shipbell_agrees() -> None:
    wrong = {
        case["id"]: judged(case)["verdict"]
        for case in cases("agreed", "kubectl")
        if not is_right(case, judged(case)["verdict"])
    }

    assert cases("agreed", "kubectl")
    assert wrong == {}


def test_every_agreed_failure_is_given_the_api_s_reason() -> None:
    failures = [c for c in cases("agreed", "kubectl") if c["expected"] == "failed" and c["reason"]]
    unnamed = {
        case["id"]: judged(case)["reason"]
        for case in failures
        if case["reason"].lower() not in str(judged(case)["reason"]).lower()
    }

    assert unnamed == {}


def test_every_agreed_step_of_a_sequence_is_judged_right() -> None:
    wrong = [
        (case["id"], expected["after"])
        for case in cases("agreed", "kubectl")
        for expected in case.get("steps") or ()
        if judged({**case, "sequence": case["sequence"][: expected["after"]]})["verdict"]
        not in expected.get("accept", [expected["expected"]])
    ]

    assert wrong == []


def test_what_nobody_agrees_on_is_judged_all_the_same() -> None:
    verdicts = {judged(case)["verdict"] for case in cases("contested", "informative", "pod-fault")}

    assert verdicts <= {"progressing", "succeeded", "failed", "paused", "unknown"}
