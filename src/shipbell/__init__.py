"""Shipbell tells the owners of a workload, in Slack, how its rollout goes, and why.

The left half turns what the API server says into committed rows: `sources` -> `ingest` -> `store`, with every
decision in `domain`. The right half turns rows into messages: `store` -> `delivery` -> Slack, with who hears
it in `routing` and what it looks like in `rendering`. Left of the store nothing may be lost; right of it
everything may be repeated. Read `domain.rollout` next.
"""

__version__ = "0.1.0"
