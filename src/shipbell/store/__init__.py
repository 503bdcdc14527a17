"""What Shipbell remembers, in a database: the only place where its two halves meet.

`Store` is the whole of it. `Store.take()` is the left half's transaction, `claim` begins everything that
the right half does, and `deliveries` has the values that it works with. Tables are in `schema`, and each
module beside it holds the statements for one purpose. Migrations are `upgrading`'s.
"""

from shipbell.store.deliveries import Claim, Counts, Delivery, OpenIntent, Post, PostStatus
from shipbell.store.intake import Intake
from shipbell.store.store import Store

__all__ = ["Store", "Intake", "Claim", "Post", "PostStatus", "Delivery", "OpenIntent", "Counts"]
