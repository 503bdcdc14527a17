"""Lets the tests of this folder run as long as tests/conftest.py does not name the plugin `fixtures`."""

from tests.cluster.fixtures import cluster, namespace

__all__ = ["cluster", "namespace"]
