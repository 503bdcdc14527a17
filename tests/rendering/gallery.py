"""All stories in one place: what is rendered for the golden files, the promises and the pictures."""

from collections.abc import Iterator

from tests.rendering import kinds, stories


def all_stories() -> Iterator[stories.Story]:
    """Every golden message."""
    yield from stories.all_stories()
    yield from kinds.all_stories()
