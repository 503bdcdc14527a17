"""The words in which routing and rendering meet: which messages a rollout has, and how long they are."""

from enum import StrEnum


class Part(StrEnum):
    """One post of a delivery: the root message, or a reply in its thread. Each is posted at most once."""

    ROOT = "root"
    FAILING = "failing"
    FAILED = "failed"
    RECOVERED = "recovered"
    SUCCEEDED = "succeeded"
    DETAIL = "detail"


class Detail(StrEnum):
    """How much a message says: one line, or everything."""

    LINE = "line"
    FULL = "full"
