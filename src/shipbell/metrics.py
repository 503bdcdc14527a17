"""What Prometheus is told: is the source seen, is everything told, and how late.

Names are `shipbell_*` with their unit, as https://prometheus.io/docs/practices/naming/ asks. Each `Metrics`
has a registry of its own, so that two of them in one process (tests) do not meet. What only the store knows
(the gauges of deliveries) is set by whoever serves the scrape, right before it.
"""

import platform

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

import shipbell

CONTENT_TYPE = CONTENT_TYPE_LATEST

LAG_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0)
"""From the limit that an idle Shipbell is measured against to an outage of Slack."""


class Metrics:
    """All metrics of one running Shipbell."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(registry=registry)
        build = Info("shipbell_build", "The running program", registry=registry)
        build.info({"version": shipbell.__version__, "python": platform.python_version()})
        self.observations = Counter(
            "shipbell_observations_total", "Observations taken in", ["kind"], registry=registry
        )
        self.transitions = Counter(
            "shipbell_transitions_total", "Changes of rollouts worth telling", ["kind"], registry=registry
        )
        self.hints = Counter(
            "shipbell_hints_total",
            "Webhook requests: accepted, known already, overflowed or refused",
            ["result"],
            registry=registry,
        )
        self.watch_age = Gauge(
            "shipbell_watch_age_seconds",
            "Time since the API server was last heard on this watch",
            ["resource", "scope"],
            registry=registry,
        )
        self.relists = Counter(
            "shipbell_relists_total", "Complete lists read", ["resource"], registry=registry
        )
        self.reconnects = Counter(
            "shipbell_watch_reconnects_total",
            "Watches opened again, by what ended the last one",
            ["resource", "reason"],
            registry=registry,
        )
        self.rollouts_open = Gauge(
            "shipbell_rollouts_open", "Rollouts that wait for their ending", registry=registry
        )
        self.deliveries = Counter(
            "shipbell_deliveries_total",
            "Attempts to tell, by what became of them: sent, edited, retried, refused or uncertain",
            ["sink", "result"],
            registry=registry,
        )
        self.deliveries_due = Gauge(
            "shipbell_deliveries_due", "Deliveries with something still to tell", registry=registry
        )
        self.deliveries_uncertain = Gauge(
            "shipbell_deliveries_uncertain",
            "Deliveries with a post or edit whose answer was lost",
            registry=registry,
        )
        self.oldest_due = Gauge(
            "shipbell_deliveries_oldest_due_age_seconds",
            "How long the oldest delivery with something to tell has waited",
            registry=registry,
        )
        self.delivery_lag = Histogram(
            "shipbell_delivery_lag_seconds",
            "From a rollout's change to the clean answer that it was told",
            ["sink"],
            buckets=LAG_SECONDS,
            registry=registry,
        )
        self.web_refused = Counter(
            "shipbell_web_refused_total", "HTTP requests refused", ["status"], registry=registry
        )

    def exposition(self) -> bytes:
        """All of it in the format of `CONTENT_TYPE`."""
        return generate_latest(self._registry)
