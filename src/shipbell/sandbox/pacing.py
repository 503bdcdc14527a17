"""Slack's rate limits: how long must this call wait? Counted in sliding windows.

The API asks before it carries a call out, per method in the workspace and, for whatever posts, per channel.
A refused call does not count. Slack promises one post per second and channel "with bursts" and publishes no
numbers for them: five within five seconds here. https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What Slack allows. A `time_factor` of 1/60 makes its minutes seconds, for drills."""

    posts: int = 5
    """Posts that a channel takes within `posts_window`."""
    posts_window: float = 5.0
    """Seconds."""
    posts_per_minute: int = 300
    """Posts in the whole workspace."""
    enforced: bool = True
    time_factor: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """At most `limit` calls in any `window` seconds."""

    limit: int
    window: float


class Pace:
    """Counts the calls that were let through."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self._passed: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def admit(self, method: str, *, per_minute: int, posts_to: str | None, now: float) -> float:
        """0 if the call may pass (and then it counts), else the seconds until it could."""
        if not self.rates.enforced:
            return 0.0
        rules = self._rules(method, per_minute, posts_to)
        wait = max(self._wait(key, rule, now) for key, rule in rules.items())
        if wait == 0.0:
            for key in rules:
                self._passed[key].append(now)
        return wait

    def _rules(self, method: str, per_minute: int, posts_to: str | None) -> dict[tuple[str, ...], Rule]:
        factor = self.rates.time_factor
        rules: dict[tuple[str, ...], Rule] = {(method,): Rule(limit=per_minute, window=60 * factor)}
        if posts_to is not None:
            rules["posts", posts_to] = Rule(limit=self.rates.posts, window=self.rates.posts_window * factor)
            rules["posts",] = Rule(limit=self.rates.posts_per_minute, window=60 * factor)
        return rules

    def _wait(self, key: tuple[str, ...], rule: Rule, now: float) -> float:
        passed = self._passed[key]
        while passed and passed[0] <= now - rule.window:
            passed.popleft()
        return 0.0 if len(passed) < rule.limit else passed[-rule.limit] + rule.window - now
