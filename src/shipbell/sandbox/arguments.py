"""The arguments of a Web API call, whatever way they came: query, form or JSON.

In a form every value is text, and lists and objects are JSON within that text; in a JSON body they are
themselves. Reading one here hides the difference, and refuses with Slack's code what cannot be read.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shipbell.sandbox.answers import Refusal

_TRUE = frozenset({"true", "1", "yes"})


class Arguments:
    """Typed access to the arguments of one call."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """As text; numbers are written out."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    def required(self, name: str) -> str:
        """As text; refused if it is absent or empty."""
        value = self.text(name)
        if not value:
            raise Refusal("invalid_arguments", messages=[f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """Whether it is switched on."""
        value = self._values.get(name)
        return value is True or value == 1 or (isinstance(value, str) and value.lower() in _TRUE)

    def whole(self, name: str, default: int) -> int:
        """As a number; refused if it is none."""
        value = self._values.get(name, default)
        try:
            return int(value)  # type: ignore[call-overload,no-any-return]  # a wrong type is the TypeError below
        except (TypeError, ValueError, OverflowError):
            raise Refusal(
                "invalid_arguments", messages=[f"[ERROR] must be a number [json-pointer:/{name}]"]
            ) from None

    def array(self, name: str, *, wrong: str) -> list[Any] | None:
        """As a list, None if absent; refused with the code `wrong` if it is none."""
        value = self._decoded(name, wrong)
        if value is None or isinstance(value, list):
            return value
        raise Refusal(wrong, messages=[f"[ERROR] must provide an array [json-pointer:/{name}]"])

    def mapping(self, name: str, *, wrong: str) -> dict[str, Any] | None:
        """As an object, None if absent; refused with the code `wrong` if it is none."""
        value = self._decoded(name, wrong)
        if value is None or isinstance(value, dict):
            return value
        raise Refusal(wrong, messages=[f"[ERROR] must provide an object [json-pointer:/{name}]"])

    def _decoded(self, name: str, wrong: str) -> Any:
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return msgspec.json.decode(value) if value else None
        except (msgspec.DecodeError, RecursionError):
            raise Refusal(wrong, messages=[f"[ERROR] invalid JSON [json-pointer:/{name}]"]) from None
