"""The one table of symbols and words: what each state and kind is called, everywhere the same."""

from collections.abc import Mapping

from shipbell.domain import Rollout, RolloutKind, State

SYMBOLS: Mapping[State, str] = {
    State.STARTED: "🔄",
    State.PROGRESSING: "🔄",
    State.PAUSED: "⏸️",
    State.STALLED: "⚠️",
    State.FAILING: "⚠️",
    State.SUCCEEDED: "✅",
    State.FAILED: "❌",
    State.RECOVERED: "💚",
    State.SUPERSEDED: "⏭️",
    State.ROLLED_BACK: "↩️",
    State.CANCELLED: "🚫",
    State.UNKNOWN: "❔",
}

TITLES: Mapping[State, str] = {
    State.STARTED: "Rolling out",
    State.PROGRESSING: "Rolling out",
    State.PAUSED: "Paused",
    State.STALLED: "Stalled",
    State.FAILING: "Failing",
    State.SUCCEEDED: "Successfully deployed",
    State.FAILED: "Failed",
    State.RECOVERED: "Recovered",
    State.SUPERSEDED: "Superseded",
    State.ROLLED_BACK: "Rolled back",
    State.CANCELLED: "Cancelled",
    State.UNKNOWN: "Outcome not seen",
}

RUN_TITLES: Mapping[State, str] = {
    **TITLES,
    State.STARTED: "Running",
    State.PROGRESSING: "Running",
    State.SUCCEEDED: "Succeeded",
}
"""A run is not deployed: its work is done, or not."""

RESTART_TITLES: Mapping[State, str] = {
    State.STARTED: "Restarting",
    State.PROGRESSING: "Restarting",
    State.SUCCEEDED: "Restarted",
}

KINDS: Mapping[RolloutKind, str] = {
    RolloutKind.FIRST: "First deployment",
    RolloutKind.NEW_VERSION: "New version",
    RolloutKind.CONFIG_CHANGE: "Config change",
    RolloutKind.RESTART: "Restart",
    RolloutKind.ROLLBACK: "Rollback",
    RolloutKind.NEW_DIGEST: "Same tag, new image",
    RolloutKind.RUN: "Run",
}


def state(state: State) -> str:
    """The word of the message's contract, as it stands in a sentence: `rolled back`."""
    return state.value.replace("_", " ")


def title(rollout: Rollout) -> str:
    """What a header calls the state: `Rolling out`, `Job failed`."""
    if rollout.kind is RolloutKind.RUN:
        return f"{noun(rollout)} {status(rollout).lower()}"
    titles = RESTART_TITLES if rollout.kind is RolloutKind.RESTART else {}
    return titles.get(rollout.state, TITLES[rollout.state])


def status(rollout: Rollout) -> str:
    """What the field "Status" calls the state."""
    titles = RUN_TITLES if rollout.kind is RolloutKind.RUN else TITLES
    return titles[rollout.state]


def back_up(rollout: Rollout) -> str:
    """What the field "Status" says after a recovery."""
    if rollout.kind is RolloutKind.RUN:
        return "Succeeded again"
    return f"{TITLES[State.SUCCEEDED]}, late"


def noun(rollout: Rollout) -> str:
    """What a run is a run of."""
    return "CronJob" if rollout.workload.kind == "CronJob" else "Job"
