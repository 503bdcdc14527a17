"""What the bench makes of what it saw: its figures are only as good as this arithmetic."""

import json
import os
from typing import Any

from shipbell.sandbox import SHIPBELL, Content, Message, Metadata
from shipbell.sandbox.workspace import Version
from tests.bench import delays, memory


def event(at: float, *, revision: int, generation: int, observed: int, available: int = 0) -> str:
    """A line of the witness: a Deployment that wants one pod."""
    deployment = {
        "metadata": {
            "name": "web",
            "generation": generation,
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        },
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": observed,
            "replicas": 1,
            "updatedReplicas": 1,
            "availableReplicas": available,
        },
    }
    return f"{at:.6f} {json.dumps({'type': 'MODIFIED', 'object': deployment})}"


def root(*states: tuple[float, str], name: str = "web", thread_ts: str | None = None) -> Message:
    """A message that was posted with the first state and edited to the others."""
    return Message(
        channel="C1",
        ts="1.1",
        author=SHIPBELL,
        versions=tuple(Version(at=at, content=_content(name, state)) for at, state in states),
        thread_ts=thread_ts,
    )


def _content(name: str, state: str) -> Content:
    payload: dict[str, Any] = {"name": name, "state": state}
    return Content(metadata=Metadata(event_type="shipbell_rollout", event_payload=payload))


def test_a_start_is_said_by_the_first_event_whose_number_can_be_believed() -> None:
    journal = "\n".join(
        [
            event(1.0, revision=1, generation=2, observed=1, available=1),
            event(2.0, revision=2, generation=2, observed=1),
            event(3.0, revision=2, generation=2, observed=2),
            event(4.0, revision=2, generation=2, observed=2, available=1),
            event(5.0, revision=2, generation=2, observed=2, available=1),
        ]
    )

    assert delays.said(journal, "web") == {2: delays.Moments(started=3.0, succeeded=4.0)}


def test_a_message_tells_the_start_when_it_is_posted_and_the_success_when_it_is_edited() -> None:
    messages = [
        root((1.0, "started"), (2.0, "progressing"), (3.0, "succeeded"), (4.0, "succeeded")),
        root((5.0, "succeeded")),
        root((6.0, "started")),
        root((7.0, "started"), name="api"),
        root((8.0, "succeeded"), thread_ts="1.1"),
    ]

    assert delays.told(messages, "web") == [
        delays.Moments(started=1.0, succeeded=3.0),
        delays.Moments(succeeded=5.0),
        delays.Moments(started=6.0),
    ]


def test_figures_are_milliseconds_and_p99_is_one_that_occurred() -> None:
    found = delays.figures([number / 1000 for number in range(1, 101)])

    assert (found.count, found.median, round(found.p99), round(found.longest)) == (100, 50.5, 99, 100)
    assert delays.figures([0.5]).p99 == 500.0


def test_imports_are_read_between_the_lines_of_a_log() -> None:
    log = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       816 |     164573 |               sqlalchemy.dialects.postgresql\n"
        '{"event": "ready", "level": "info"}\n'
        "import time:       100 |        100 | shipbell.service\n"
    )

    assert memory.imported(log) == ("sqlalchemy.dialects.postgresql", "shipbell.service")
    assert memory.needless(memory.imported(log)) == ("sqlalchemy.dialects.postgresql",)


def test_the_usage_of_a_process_is_what_the_kernel_says() -> None:
    used = memory.usage(os.getpid())

    assert 5 < used.resident <= used.peak < 2000
    assert used.threads >= 1
    assert used.seconds > 0
