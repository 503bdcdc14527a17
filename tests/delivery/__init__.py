"""Tests of delivery: decisions as tables, everything else against a sandbox Slack and a real store."""
