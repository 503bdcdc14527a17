"""The API server is asked for permissions only as often as its answers may have changed."""

import pytest

from shipbell import errors
from shipbell.service import permitting
from shipbell.sources.kubernetes import access

NEEDED = access.needed(["Deployment"])


class Roles:
    """What is granted now, and what was asked."""

    def __init__(self) -> None:
        self.refused: set[access.Permission] = set()
        self.asked = 0
        self.unreachable_after: int | None = None
        self.now = 0.0

    async def is_granted(self, permission: access.Permission) -> bool:
        if self.asked == self.unreachable_after:
            raise errors.Unreachable("nobody there")
        self.asked += 1
        return permission not in self.refused

    def permissions(self) -> permitting.Permissions:
        return permitting.Permissions(NEEDED, self.is_granted, monotonic=lambda: self.now)


async def test_what_is_refused_is_named() -> None:
    roles = Roles()
    roles.refused = {NEEDED[2]}

    assert await roles.permissions().missing() == (NEEDED[2],)


async def test_probes_in_a_row_ask_once() -> None:
    roles = Roles()
    permissions = roles.permissions()
    for _ in range(5):
        await permissions.missing()

    assert roles.asked == len(NEEDED)


async def test_only_what_was_refused_is_asked_for_again_soon() -> None:
    roles = Roles()
    roles.refused = {NEEDED[0]}
    permissions = roles.permissions()
    await permissions.missing()
    roles.refused = set()
    roles.now = permitting.REFUSED_FOR

    assert await permissions.missing() == ()
    assert roles.asked == len(NEEDED) + 1


async def test_what_is_taken_away_is_noticed_after_a_while() -> None:
    roles = Roles()
    permissions = roles.permissions()
    await permissions.missing()
    roles.refused = {NEEDED[1]}
    roles.now = permitting.GRANTED_FOR

    assert await permissions.missing() == (NEEDED[1],)


async def test_what_was_answered_before_trouble_is_not_asked_again() -> None:
    roles = Roles()
    roles.unreachable_after = 3
    permissions = roles.permissions()
    with pytest.raises(errors.Unreachable):
        await permissions.missing()
    roles.unreachable_after = None
    await permissions.missing()

    assert roles.asked == len(NEEDED)
