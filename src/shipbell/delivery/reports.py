"""What came of an errand, gathered on the way: for the store, the log and the metrics."""

from dataclasses import dataclass, field
from datetime import datetime

from shipbell.delivery import answers, remedies
from shipbell.delivery.planning import Step
from shipbell.delivery.retry import Decision, Move

FAILED = frozenset({Move.RETRY, Move.RECONCILE, Move.REPEAT, Move.STOP_CHANNEL, Move.STOP_TOKEN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """One message that was sent, or not."""

    step: Step
    result: answers.Result
    decision: Decision


@dataclass(kw_only=True, slots=True)
class Report:
    """Grows while an errand goes on."""

    done: list[str] = field(default_factory=list)
    """In words, for the log."""
    sendings: list[Sending] = field(default_factory=list)
    left_at: datetime | None = None
    """When the first request was about to leave."""
    untold: bool = False
    """Whether something remains to be told."""
    failed: bool = False
    retry_at: datetime | None = None
    """Nothing before then."""
    edit_at: datetime | None = None
    """No mere progress before then."""
    error: str | None = None

    def later(self, at: datetime) -> None:
        """Something remains to be told, but not before `at`."""
        self.untold = True
        self.retry_at = at if self.retry_at is None else min(self.retry_at, at)

    def spaced(self, at: datetime) -> None:
        """No mere progress before `at`."""
        self.edit_at = at if self.edit_at is None else max(self.edit_at, at)

    def note(self, words: str) -> None:
        """Something that is no message was done."""
        self.done.append(words)

    def leaving(self, at: datetime) -> None:
        """A request is about to leave."""
        self.left_at = self.left_at or at

    def shut(self, problem: str, until: datetime) -> None:
        """Nothing was tried, because nothing can be sent."""
        self.error = problem
        self.later(until)

    def failing(self, failure: answers.Failure, again: datetime) -> None:
        """Something that is no message failed; the delivery waits for it."""
        self.failed = True
        self.error = remedies.told(failure)
        self.later(again)

    def judged(self, step: Step, result: answers.Result, decision: Decision) -> None:
        """A message was sent, or not, and this is what follows."""
        self.sendings.append(Sending(step=step, result=result, decision=decision))
        self.done.append(f"{'edit' if step.edit else 'post'} {step.part}: {decision.move}")
        if decision.at is not None:
            self.later(decision.at)
        if decision.move in FAILED:
            self.failed = True
        if isinstance(result, answers.FAILURES):
            self.error = remedies.told(result)
