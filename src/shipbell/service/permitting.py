"""Whether Shipbell may do what it needs to, without asking the API server at every probe."""

from collections.abc import Awaitable, Callable

from shipbell.sources.kubernetes import access

REFUSED_FOR = 30.0
"""Seconds for which the API server's word is believed that one is missing; probes come more often."""

GRANTED_FOR = 300.0
"""Seconds for a permission that is there: with many namespaces there are hundreds of them to be asked for."""

IsGranted = Callable[[access.Permission], Awaitable[bool]]


class Permissions:
    """What was said of each permission, as long as it is believed."""

    def __init__(
        self,
        needed: tuple[access.Permission, ...],
        is_granted: IsGranted,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._needed = needed
        self._is_granted = is_granted
        self._monotonic = monotonic
        self._believed: dict[access.Permission, tuple[float, bool]] = {}

    async def missing(self) -> tuple[access.Permission, ...]:
        """Those that are not granted. Raises `SourceError` where the API server cannot be asked.

        Who gives up waiting has not asked in vain: the next one goes on from there.
        """
        return tuple([permission for permission in self._needed if not await self._look(permission)])

    async def _look(self, permission: access.Permission) -> bool:
        until, granted = self._believed.get(permission, (float("-inf"), False))
        if self._monotonic() >= until:
            granted = await self._is_granted(permission)
            believed_for = GRANTED_FOR if granted else REFUSED_FOR
            self._believed[permission] = (self._monotonic() + believed_for, granted)
        return granted
