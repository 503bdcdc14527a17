"""Between values and the JSON in the tables' bodies.

Decoding is lenient in one direction: a field that the stored text does not have yet takes its default, one
that the program does not know any more is passed over. Anything else that does not fit is a StoreError.
"""

from typing import TypeVar

import msgspec

from shipbell import errors, routing
from shipbell.domain import Memory, Rollout

_MEMORY = msgspec.json.Decoder(Memory)
_ROLLOUT = msgspec.json.Decoder(Rollout)
_DESTINATION = msgspec.json.Decoder(routing.Destination)
_ENCODER = msgspec.json.Encoder()

T = TypeVar("T")


def encode(value: Memory | Rollout | routing.Destination) -> str:
    """The value as compact JSON."""
    return _ENCODER.encode(value).decode()


def memory(body: str) -> Memory:
    """A workload's memory as it was encoded."""
    return _decode(_MEMORY, body)


def rollout(body: str) -> Rollout:
    """A rollout as it was encoded."""
    return _decode(_ROLLOUT, body)


def destination(body: str) -> routing.Destination:
    """A destination as it was encoded."""
    return _decode(_DESTINATION, body)


def _decode(decoder: msgspec.json.Decoder[T], body: str) -> T:
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise errors.StoreError(f"a row of the store cannot be read: {error}") from error
