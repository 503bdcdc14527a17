"""The `SHIPBELL_...` variables: which setting each one sets, and which ones are not ours.

An empty variable counts as not set, so that a chart may leave one blank. Kubernetes puts variables for
every Service into a pod, and a Service named `shipbell` makes them look like settings, see
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables: they are passed over.
"""

import re
from collections.abc import Mapping

from shipbell.config import fields

NOT_SETTINGS = frozenset({"SHIPBELL_CONFIG", "SHIPBELL_CACHE", "SHIPBELL_GO", "SHIPBELL_GOLDEN"})
"""Where the settings are, and what those who build and test Shipbell may have set."""

_SERVICE_NAME = re.compile(
    r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$"
)
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def given(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that are meant for Shipbell, by name."""
    return {
        name: value
        for name, value in sorted(env.items())
        if name.startswith(fields.PREFIX) and value and name not in NOT_SETTINGS and not _service(name, value)
    }


def _service(name: str, value: str) -> bool:
    by_address = name.endswith("_PORT") and _SERVICE_ADDRESS.match(value) is not None
    return by_address or _SERVICE_NAME.search(name) is not None


def parse(field: fields.Field, text: str) -> str | list[str]:
    """A variable's text as a value of the file: lists are separated by commas."""
    if not field.many:
        return text
    return [entry for part in text.split(",") if (entry := part.strip())]
