"""Where facts become rows: the end of the left half, in which nothing may be lost.

`taking` is the whole of it: one transaction per observation. `lookups` reads what the domain lacks for a
decision, `lists` knows what a complete list means.
"""

from shipbell.ingest.lists import FullList
from shipbell.ingest.lookups import Reader
from shipbell.ingest.taking import Ingest, Outcome

__all__ = ["Ingest", "Outcome", "FullList", "Reader"]
