"""Shipbell tells the owners of a workload how its rollout goes, and why."""

__version__ = "0.1.0"
