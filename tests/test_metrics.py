"""What Prometheus is told."""

import re

import shipbell
from shipbell.metrics import Metrics


def test_every_metric_of_ours_has_our_prefix_and_a_help_text() -> None:
    page = Metrics().exposition().decode()

    names = re.findall(r"^# HELP (\S+) (.+)$", page, re.MULTILINE)
    assert len(names) > 12
    assert all(name.startswith(("shipbell_", "process_")) and text for name, text in names)


def test_times_are_in_seconds_and_counters_are_totals() -> None:
    metrics = Metrics()
    metrics.delivery_lag.labels(sink="slack").observe(0.02)
    metrics.transitions.labels(kind="started").inc()
    page = metrics.exposition().decode()

    assert 'shipbell_delivery_lag_seconds_bucket{le="0.025",sink="slack"} 1.0' in page
    assert 'shipbell_transitions_total{kind="started"} 1.0' in page
    assert "shipbell_deliveries_oldest_due_age_seconds 0.0" in page


def test_the_running_version_is_told() -> None:
    assert f'version="{shipbell.__version__}"' in Metrics().exposition().decode()


def test_two_of_them_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()

    one.relists.labels(resource="deployments").inc()

    assert 'resource="deployments"' in one.exposition().decode()
    assert 'resource="deployments"' not in other.exposition().decode()
