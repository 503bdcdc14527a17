"""What goes wrong at the database, in words that may be shown: without statements, values and passwords."""

import contextlib
import os
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
    cause = cause.__cause__ or cause  # what an async driver raised; its adapter repeats it with its class
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)
    return str(cause).partition("\n")[0] or type(cause).__name__
