"""Image references as people say them."""

from dataclasses import replace

import pytest

from shipbell.domain import ImageChange, Rollout
from shipbell.rendering import images
from tests.rendering import stories

SHA = "sha256:4a1c4b21597c1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108"
OTHER = "sha256:9b2cf7a4c3d1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108"


def rolling_out(*changes: tuple[str | None, str]) -> Rollout:
    images = tuple(ImageChange(container=f"c{n}", old=old, new=new) for n, (old, new) in enumerate(changes))
    return replace(stories.START, images=images)


@pytest.mark.parametrize(
    ("reference", "host", "path", "tag", "digest"),
    [
        ("nginx", "", "nginx", "", ""),
        ("nginx:1.29", "", "nginx", "1.29", ""),
        ("library/nginx:1", "", "nginx", "1", ""),
        ("docker.io/library/nginx:1", "docker.io", "nginx", "1", ""),
        ("acme/web:1", "", "acme/web", "1", ""),
        ("localhost/web:1", "localhost", "web", "1", ""),
        ("host:5000/team/web:1", "host:5000", "team/web", "1", ""),
        (f"ghcr.io/acme/web@{SHA}", "ghcr.io", "acme/web", "", "4a1c4b21597c"),
        (f"ghcr.io/acme/web:1@{SHA}", "ghcr.io", "acme/web", "1", "4a1c4b21597c"),
        ("", "", "", "", ""),
    ],
)
def test_a_reference_is_taken_apart(reference: str, host: str, path: str, tag: str, digest: str) -> None:
    assert images.parse(reference) == images.Image(host=host, path=path, tag=tag, digest=digest)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("r.io/web:1", "r.io/web:2", "web 1 → 2"),
        (None, "r.io/web:2", "web 2"),
        ("r.io/web:1", "r.io/site:2", "web 1 → site 2"),
        ("a.io/web:1", "b.io/web:1", "a.io/web 1 → b.io/web 1"),
        ("a.io/web:1", "b.io/web:2", "web 1 → 2"),
        (f"web:main@{SHA}", f"web:main@{OTHER}", "web main@4a1c4b21597c → main@9b2cf7a4c3d1"),
        (f"web:1@{SHA}", f"web:2@{OTHER}", "web 1 → 2"),
        (f"web@{SHA}", f"web@{OTHER}", "web 4a1c4b21597c → 9b2cf7a4c3d1"),
        ("web", "web:2", "web untagged → 2"),
        ("web:1", "web:1", "web 1"),
    ],
)
def test_a_change_says_the_name_once_and_both_versions(old: str | None, new: str, said: str) -> None:
    assert images.changes(rolling_out((old, new)), show_registry=False) == (said,)


def test_the_registry_is_shown_on_request() -> None:
    changed = rolling_out(("r.io/web:1", "r.io/web:2"))
    assert images.changes(changed, show_registry=True) == ("r.io/web 1 → 2",)


def test_the_same_change_in_two_containers_is_said_once() -> None:
    changed = rolling_out(("web:1", "web:2"), ("web:1", "web:2"))
    assert images.changes(changed, show_registry=False) == ("web 1 → 2",)


def test_a_dozen_images_are_counted_beyond_the_sixth() -> None:
    changed = rolling_out(*((f"part{n}:1", f"part{n}:2") for n in range(12)))
    assert images.changes(changed, show_registry=False)[-2:] == ("part5 1 → 2", "and 6 more")


@pytest.mark.parametrize(
    ("changes", "version", "before"),
    [
        ([("web:1", "web:2")], "2", "1"),
        ([("web:1", "web:2"), ("job:1", "job:2")], "2", "1"),
        ([("web:1", "web:2"), ("job:7", "job:8")], "web 2 and 1 more", ""),
        ([("web:1", "web:1")], "revision 42", ""),
        ([(None, "web:2")], "2", ""),
        ([("web:1", "web")], "revision 42", "1"),
        ([], "revision 42", ""),
    ],
)
def test_a_version_is_the_new_tag_where_there_is_one(
    changes: list[tuple[str | None, str]], version: str, before: str
) -> None:
    rollout = rolling_out(*changes)
    assert (images.version(rollout), images.old_version(rollout)) == (version, before)


@pytest.mark.parametrize(
    ("recorded", "said"), [("r.io/web:3", "3"), ("revision 43", "revision 43"), ("web", "web"), ("", "")]
)
def test_a_successor_is_named_by_its_version(recorded: str, said: str) -> None:
    assert images.successor(replace(stories.SUPERSEDED, successor_version=recorded)) == said
