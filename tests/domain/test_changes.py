"""What else changed between two revisions: names and what may be shown, never values of env."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain import Container, Template, changes
from shipbell.domain.changes import setting

APP = Container(name="app", image="r/app:1")
PROXY = Container(name="proxy", image="nginx:1")


def template(
    *settings: str,
    containers: tuple[Container, ...] = (APP,),
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Template:
    return Template(
        containers=containers,
        annotations=annotations or {},
        labels=labels or {},
        outline=changes.outline(settings),
    )


def env(name: str, digest: str, container: str = "app") -> str:
    return setting(container=container, topic="env", name=name, value=f"#{digest}")


def limit(value: str, container: str = "app") -> str:
    return setting(container=container, topic="memory limit", value=value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (env("LOG_LEVEL", "1"), env("LOG_LEVEL", "2"), "env LOG_LEVEL changed"),
        (None, env("DEBUG", "1"), "env DEBUG added"),
        (env("DEBUG", "1"), None, "env DEBUG removed"),
        (limit("256Mi"), limit("128Mi"), "memory limit 256Mi → 128Mi"),
        (None, limit("128Mi"), "memory limit set to 128Mi"),
        (limit("256Mi"), None, "memory limit removed"),
        (
            setting(topic="service account", value="web"),
            setting(topic="service account", value="api"),
            "service account web → api",
        ),
        (None, setting(topic="node selector", value="#1"), "node selector added"),
        (
            setting(container="app", topic="liveness probe", value="#1"),
            setting(container="app", topic="liveness probe", value="#2"),
            "liveness probe changed",
        ),
    ],
)
def test_a_setting_that_differs_is_told_in_a_phrase(old: str | None, new: str | None, said: str) -> None:
    before, after = (template(*filter(None, [setting])) for setting in (old, new))
    assert changes.between(before, after) == (said,)


def test_the_container_is_named_where_there_are_several() -> None:
    both = (APP, PROXY)
    before = template(limit("1Gi", "proxy"), env("A", "1"), containers=both)
    after = template(limit("2Gi", "proxy"), env("A", "2"), containers=both)
    assert changes.between(before, after) == ("env A of app changed", "memory limit of proxy 1Gi → 2Gi")


def test_changes_of_one_sort_share_a_phrase() -> None:
    before = template(*(env(name, "1") for name in "ABC"))
    after = template(*(env(name, "2") for name in "ABC"), env("D", "1"))
    assert changes.between(before, after) == ("env A, B, C changed", "env D added")


def test_a_long_list_of_names_ends_with_a_count() -> None:
    before, after = (template(*(env(f"V{n:02}", digest) for n in range(40))) for digest in ("1", "2"))
    (said,) = changes.between(before, after)
    assert said == "env V00, V01, V02, V03, V04, V05, V06, V07 and 32 more changed"


def test_a_container_that_came_or_went_is_told_without_its_settings() -> None:
    small, large = template(), template(env("A", "1", "proxy"), containers=(APP, PROXY))
    assert changes.between(small, large) == ("container proxy added",)
    assert changes.between(large, small) == ("container proxy removed",)


def test_another_image_is_not_told_here() -> None:
    newer = Container(name="app", image="r/app:2")
    assert changes.between(template(), template(containers=(newer,))) == ()


def test_annotations_and_labels_are_told_by_their_keys() -> None:
    before = template(annotations={"checksum/config": "a"}, labels={"tier": "web"})
    after = template(annotations={"checksum/config": "b", "new": ""}, labels={})
    assert changes.between(before, after) == (
        "annotation checksum/config changed",
        "annotation new added",
        "label tier removed",
    )


def test_an_annotation_that_restarts_is_no_change() -> None:
    restarted = template(annotations={"restartedAt": "now"})
    assert changes.between(template(), restarted, ignored={"restartedAt"}) == ()


def test_the_order_of_settings_is_no_change() -> None:
    one, other = env("A", "1"), env("B", "2")
    assert changes.between(template(one, other), template(other, one)) == ()


def test_a_template_without_an_outline_tells_nothing_false() -> None:
    old = Template(containers=(APP,))
    assert changes.between(old, template(env("A", "1"))) == ()
    assert changes.between(template(env("A", "1")), old) == ()


def test_a_first_revision_has_no_changes() -> None:
    assert changes.between(None, template(env("A", "1"))) == ()


def test_names_that_hold_breaks_do_not_break_an_outline() -> None:
    odd = setting(container="app", topic="env", name="A\tB\nC", value="#1")
    assert changes.between(template(), template(odd)) == ("env A B C added",)


def test_templates_are_told_apart_by_their_digest_and_not_by_their_outline() -> None:
    assert template(env("A", "1")) == template(env("A", "2"))


SETTINGS = st.lists(
    st.builds(
        setting,
        container=st.sampled_from(["", "app", "proxy"]),
        topic=st.sampled_from(["env", "memory limit", "volume"]),
        name=st.text(max_size=20),
        value=st.sampled_from(["#1", "#2", "256Mi"]),
    ),
    max_size=12,
)


@given(SETTINGS)
def test_a_template_does_not_differ_from_itself(settings: list[str]) -> None:
    one = template(*settings, containers=(APP, PROXY))
    assert changes.between(one, one) == ()


@given(SETTINGS, SETTINGS)
def test_every_difference_is_told_the_other_way_round_too(one: list[str], other: list[str]) -> None:
    before, after = (template(*settings, containers=(APP, PROXY)) for settings in (one, other))
    assert bool(changes.between(before, after)) == bool(changes.between(after, before))
