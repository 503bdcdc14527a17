"""Shipbell's verdicts beside those of other projects, on all kinds that it tells and on what these own.

The cases lie beside the checkout and are no part of the project. Where the projects and `kubectl rollout
status` agree, Shipbell must agree with them; where one project stands alone, each deviation has its reason.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import adapter
from tests.conformance.deviations import DEVIATIONS

PROJECT = Path(__file__).parents[2]
CASES = PROJECT.parent / "shared" / "conformance" / "cases.jsonl"
ARGUED = PROJECT / "docs" / "decisions" / "0006-contested-cases.md"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not CASES.exists(), reason=f"there are no conformance cases at {CASES}"),
]

ANSWERS = {"expected", "accept", "not_expected", "reason", "original", "steps", "ref"}
VERDICTS = {"progressing", "succeeded", "failed", "paused", "unknown"}


def cases(*tiers: str) -> list[dict[str, Any]]:
    """The cases in these tiers, answers included."""
    every = map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    return [case for case in every if case["tier"] in tiers]


def judged(case: dict[str, Any]) -> dict[str, object]:
    """What Shipbell says of a case that does not show its answers."""
    return adapter.judge({key: value for key, value in case.items() if key not in ANSWERS})


def is_right(case: dict[str, Any], verdict: object) -> bool:
    """Accepted, and not ruled out."""
    accepted = verdict in case["accept"] if case["accept"] else True
    return accepted and verdict not in (case.get("not_expected") or ())


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "Pod"])
def test_where_projects_and_kubectl_agree_shipbell_agrees(kind: str) -> None:
    agreed = [case for case in cases("agreed", "kubectl") if case["kind"] == kind]

    verdicts = {case["id"]: judged(case)["verdict"] for case in agreed}

    assert agreed
    assert [case["id"] for case in agreed if not is_right(case, verdicts[case["id"]])] == []


def test_every_agreed_failure_of_a_workload_is_given_the_api_s_reason() -> None:
    failures = [c for c in cases("agreed", "kubectl") if c["expected"] == "failed" and c["reason"]]
    workloads = [case for case in failures if case["kind"] in {"Deployment", "Job"}]
    unnamed = {
        case["id"]: judged(case)["reason"]
        for case in workloads
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


def test_what_a_single_project_says_is_said_too_unless_there_is_a_reason_not_to() -> None:
    contested = cases("contested", "pod-fault")

    deviating = {case["id"] for case in contested if not is_right(case, judged(case)["verdict"])}

    assert deviating == {case for group in DEVIATIONS.values() for case in group}


def test_every_kind_of_reason_is_argued() -> None:
    argued = ARGUED.read_text(encoding="utf-8").lower()

    assert [reason for reason in DEVIATIONS if reason.lower() not in argued] == []


def test_no_faulty_pod_is_said_to_have_succeeded() -> None:
    succeeded = [case["id"] for case in cases("pod-fault") if judged(case)["verdict"] == "succeeded"]

    assert succeeded == []


def test_what_gives_no_verdict_is_judged_all_the_same() -> None:
    verdicts = {judged(case)["verdict"] for case in cases("contested", "informative", "pod-fault")}

    assert verdicts <= VERDICTS
