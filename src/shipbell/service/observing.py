"""What the service says of itself: is every part ready, and the numbers that only a look can tell."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shipbell import errors
from shipbell.metrics import Metrics
from shipbell.service import permitting
from shipbell.service.telling import Telling
from shipbell.service.watching import Watching
from shipbell.store import Store
from shipbell.web import health


@dataclass(kw_only=True)
class Observed:
    """A running service, seen from outside."""

    store: Store
    watching: Watching
    telling: Telling
    metrics: Metrics
    permissions: permitting.Permissions
    _counted: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def pings(self) -> Mapping[str, health.Ping]:
        """The parts by the names that `/readyz` says."""
        return {
            "store": self._store,
            "kubernetes": self._kubernetes,
            "permissions": self._permitted,
            "slack": self.telling.ping,
        }

    async def refresh(self) -> None:
        """Brings the gauges up to date, for a scrape."""
        now = datetime.now(UTC)
        self.metrics.rollouts_open.set(self.watching.open_rollouts)
        for follower in self.watching.health:
            if follower.heard_at is not None:
                age = (now - follower.heard_at).total_seconds()
                self.metrics.watch_age.labels(resource=follower.resource, scope=follower.scope).set(age)
            self._count(follower.resource, follower.scope, "relists", follower.relists)
            for reason, number in follower.reconnects.items():
                self._count(follower.resource, follower.scope, reason, number)
        try:
            counts = await self.store.counts(now)
        except errors.StoreError:
            return  # the scrape tells what it can; `/readyz` says that the store is away
        self.metrics.deliveries_due.set(counts.due)
        self.metrics.oldest_due.set(counts.oldest_due.total_seconds())
        self.metrics.deliveries_uncertain.set(counts.uncertain)

    def _count(self, resource: str, scope: str, what: str, number: int) -> None:
        """A counter that somebody else counts: only what has come since the last look is added."""
        key = (resource, scope, what)
        more = max(0, number - self._counted[key])
        self._counted[key] = number
        if what == "relists":
            self.metrics.relists.labels(resource=resource).inc(more)
        else:
            self.metrics.reconnects.labels(resource=resource, reason=what).inc(more)

    async def _store(self) -> str:
        await self.store.ping()
        return ""

    async def _kubernetes(self) -> str:
        wrong = [follower.error for follower in self.watching.health if follower.error]
        if wrong:
            return wrong[0]
        return "" if self.watching.listed.is_set() else "the first list is not complete yet"

    async def _permitted(self) -> str:
        """Which verbs are missing; unknown where the API server cannot be asked, which is said elsewhere."""
        missing = await self.permissions.missing()
        return f"missing: {', '.join(map(str, missing))}" if missing else ""
