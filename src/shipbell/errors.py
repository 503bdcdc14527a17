"""Every error that Shipbell raises on purpose, in one tree.

    ShipbellError
    ├── ConfigError          the configuration cannot be used; carries every problem found
    ├── StoreError           the database refused or is away
    │   └── SchemaError      the database's schema is not the one this program knows
    ├── SourceError          the Kubernetes API could not be read
    │   ├── Unauthorized     401: the credentials are not accepted
    │   ├── Forbidden        403: the permission is missing; names verb and resource
    │   ├── Expired          410: the resourceVersion is too old, list again
    │   ├── Throttled        429: asks to come back later
    │   └── Unreachable      no connection, or it broke
    ├── HintError            a webhook's body that is no hint; says why
    └── RenderError          a message that would break Slack's limits

A class says what happened; its message says where, and what to do. Nothing from a third-party library
crosses the border of a package uncaught, and no secret ever reaches a message.
"""


class ShipbellError(Exception):
    """Something went wrong in Shipbell."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ConfigError(ShipbellError):
    """The configuration cannot be used."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(ShipbellError):
    """The store could not be read or written."""


class SchemaError(StoreError):
    """The schema of the store is not the one that this version of Shipbell knows."""


class SourceError(ShipbellError):
    """The Kubernetes API could not be read."""

    def __init__(
        self,
        message: str | None = None,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds that the server asked to wait, from its Retry-After header."""


class Unauthorized(SourceError):
    """The API server does not accept the credentials."""


class Forbidden(SourceError):
    """A permission is missing."""


class Expired(SourceError):
    """The resourceVersion or continue token is too old: list again."""


class Throttled(SourceError):
    """The API server asks to come back later."""


class Unreachable(SourceError):
    """The API server cannot be reached, or the connection broke."""


class HintError(ShipbellError):
    """The request is not a hint that Shipbell understands."""


class RenderError(ShipbellError):
    """The message would break Slack's limits."""
