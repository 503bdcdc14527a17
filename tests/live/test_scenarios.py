"""Exactly one root message per rollout, its last state true, and no message otherwise."""

import pytest

from tests.live.scenarios import SCENARIOS
from tests.live.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_slack_tells_what_happened_and_nothing_else(scenario: str, stage: Stage) -> None:
    namespace, states = await stage.outcome(scenario)

    stage.account.check(namespace, states)
