"""How long a reflector waits for what: every constant in one value, so that tests can shrink time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shipbell import errors


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """All in seconds, but for `page`."""

    page: int = 500
    """Objects per page of a list: about 5 MB of Deployments."""
    watch_least: float = 240.0
    watch_most: float = 290.0
    """A watch is asked to end between these, at random, so that replicas do not reconnect together."""
    silence: float = 75.0
    """A watch that says nothing for so long is dead: bookmarks come about once a minute."""
    begin: float = 0.5
    """After a rollout has begun: its pods say nothing yet, and its start can be told undisturbed."""
    unready: float = 20.0
    """Pods that are not ready are looked at again this often, for their causes come of age while nothing
    happens. Costs no request."""
    between: float = 0.1
    """Between the orderly end of a watch and the next, so that no loop is without a rest."""
    first: float = 0.5
    """The first wait after a failure; it doubles with each that follows."""
    longest: float = 30.0
    longest_unauthorized: float = 10.0
    """Rotated credentials are usually there within seconds."""
    longest_retry_after: float = 300.0
    """A server that asks for more patience than this is asked again all the same."""
    resync: float = 3600.0
    """A full list is compared anew this often, whatever the watch said."""

    def scaled(self, factor: float) -> "Pace":
        """The same with our own waits multiplied.

        How long a watch lasts and may be silent stays: the API server's bookmarks come by its own clock.
        """
        return replace(
            self,
            begin=self.begin * factor,
            unready=self.unready * factor,
            between=self.between * factor,
            first=self.first * factor,
            longest=self.longest * factor,
            longest_unauthorized=self.longest_unauthorized * factor,
            longest_retry_after=self.longest_retry_after * factor,
            resync=self.resync * factor,
        )

    def watch_seconds(self, random: Callable[[], float]) -> int:
        """The `timeoutSeconds` of a watch; the API server takes whole seconds, and 0 for its own default."""
        return max(1, round(self.watch_least + (self.watch_most - self.watch_least) * random()))

    def delay(
        self, failures: int, random: Callable[[], float], error: errors.SourceError | None = None
    ) -> float:
        """How long to wait before the next try, after so many `failures` and then `error`."""
        if error is not None and error.retry_after is not None:
            return min(error.retry_after, self.longest_retry_after)
        longest = self.longest_unauthorized if isinstance(error, errors.Unauthorized) else self.longest
        # 2**30 is beyond every limit; a year of failures must not become an overflow.
        return min(longest, self.first * 2.0 ** min(failures, 30)) * (0.5 + random() / 2)
