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
}


def state(state: State) -> str:
    """The word of the message's contract, as it stands in a sentence: `rolled back`."""
    return state.value.replace("_", " ")


def title(rollout: Rollout) -> str:
    """What a header calls the state."""
    titles = RESTART_TITLES if rollout.kind is RolloutKind.RESTART else {}
    return titles.get(rollout.state, TITLES[rollout.state])
