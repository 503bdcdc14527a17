"""What goes wrong at the database, in words that may be shown: without statements, values and passwords."""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from shipbell import errors


@contextlib.contextmanager
def translated(
    name: str, what: str, kinds: tuple[type[Exception], ...] = (sa.exc.SQLAlchemyError,)
) -> Iterator[None]:
    """Lets errors of these kinds leave as an `errors.StoreError` about the store of that name."""
    try:
        yield
    except kinds as error:
        raise errors.StoreError(f"the store {name} {what}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's around them hold statements and links."""
    cause = getattr(error, "orig", None) or error
    # The adapter of an async driver puts the class of the driver's error before the words.
    words = str(cause.__cause__ or cause) if isinstance(cause, sa.exc.DBAPIError | Exception) else str(cause)
    return words.partition("\n")[0] or type(cause).__name__
