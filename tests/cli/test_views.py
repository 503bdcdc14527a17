"""Cells of a table: images and counts, short enough to stand in a row."""

from datetime import timedelta

import pytest
from tests.cli.remembered import rollout

from shipbell.cli import views
from shipbell.domain import ImageChange, State

DIGEST = "sha256:0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("images", "shown"),
    [
        ([], "-"),
        (["ghcr.io/shop/web:1.2"], "web:1.2"),
        (["registry:5000/web"], "web"),
        ([f"ghcr.io/shop/web:1.2@{DIGEST}"], "web:1.2"),
        ([f"ghcr.io/shop/web@{DIGEST}"], "web@0123456789ab"),
        (["web:1.2", "proxy:3", "sidecar:4"], "web:1.2 +2"),
    ],
)
def test_images_are_shown_without_their_registry(images: list[str], shown: str) -> None:
    changes = tuple(ImageChange(container="app", old=None, new=image) for image in images)

    assert views.images(rollout("web", State.STARTED, ago=timedelta(0), images=changes)) == shown


def test_pods_that_nobody_could_count_are_no_zero() -> None:
    assert views.ready(rollout("web", State.STARTED, ago=timedelta(0), new_ready=None)) == "?/4"
