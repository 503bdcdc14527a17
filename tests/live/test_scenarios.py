"""Exactly one root message per rollout, its last state true, and no message otherwise."""

import pytest

from tests.live.scenarios import SCENARIOS
from tests.live.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_slack_tells_what_happened_and_nothing_else(scenario: str, stage: Stage) -> None:
    namespace, states = await stage.outcome(scenario)

    stage.watching.check(namespace, states)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_kubewatch_alone_is_enough_for_what_could_be_seen(scenario: str, stage: Stage) -> None:
    namespace, states = await stage.outcome(scenario)

    stage.hinted.check_seen(namespace, states)
