"""Every errand leaves one line in the log, and its figures in the metrics."""

import structlog

from shipbell.delivery import answers
from shipbell.delivery.hand import Hand
from shipbell.delivery.reports import Sending
from shipbell.metrics import Metrics

log = structlog.get_logger(__name__)


def account(hand: Hand, metrics: Metrics) -> None:
    """Counts what was sent and writes it down; an errand without anything to do leaves no trace."""
    report, rollout = hand.report, hand.claim.rollout
    sink = hand.claim.destination.sink.value
    for sending in report.sendings:
        metrics.deliveries.labels(sink=sink, result=result(sending)).inc()
    news = hand.claim.told_version < rollout.version
    if news and any(isinstance(sending.result, answers.Sent) for sending in report.sendings):
        lag = hand.now() - rollout.changed_at
        metrics.delivery_lag.labels(sink=sink).observe(max(0.0, lag.total_seconds()))
    if report.done:
        write = log.warning if report.failed else log.info
        write("delivery", **_line(hand))


def result(sending: Sending) -> str:
    """What became of a message, in the metric's words."""
    match sending.result:
        case answers.Sent():
            return "edited" if sending.step.edit else "sent"
        case answers.Uncertain():
            return "uncertain"
        case answers.Refused():
            return "refused"
        case _:
            return "retried"


def _line(hand: Hand) -> dict[str, object]:
    report, rollout = hand.report, hand.claim.rollout
    line: dict[str, object] = {
        "workload": rollout.workload.path,
        "rollout": str(rollout.id),
        "destination": hand.claim.destination.key,
        "state": rollout.state.value,
        "version": rollout.version,
        "did": ", ".join(report.done),
    }
    if report.left_at is not None:
        line["lag_ms"] = round((report.left_at - rollout.changed_at).total_seconds() * 1000)
    if report.error is not None:
        line["reason"] = report.error
    if report.retry_at is not None:
        line["again_at"] = report.retry_at.isoformat(timespec="milliseconds")
    return line
