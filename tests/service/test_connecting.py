"""What is set becomes what is opened and asked for."""

import pytest

from shipbell import errors
from shipbell.config import Settings
from shipbell.service import connecting


def settings(**kubernetes: object) -> Settings:
    return Settings.model_validate({"cluster": "apps", "kubernetes": kubernetes})


def test_all_kinds_are_chosen_unless_some_are() -> None:
    assert connecting.choice(settings()).observed_kinds == ("Deployment", "StatefulSet", "DaemonSet", "Job")
    assert connecting.choice(settings(kinds=["CronJob"])).observed_kinds == ("Job",)


def test_namespaces_are_scopes_and_none_is_the_whole_cluster() -> None:
    assert connecting.choice(settings(namespaces=["a", "b"])).scopes == ("a", "b")
    assert connecting.choice(settings()).scopes == ("",)


def test_only_permissions_for_the_chosen_kinds_are_needed() -> None:
    needed = connecting.needed(settings(kinds=["StatefulSet"], namespaces=["shop"], watch=False))

    assert [str(permission) for permission in needed] == [
        "list statefulsets.apps in namespace shop",
        "list pods in namespace shop",
        "list controllerrevisions.apps in namespace shop",
    ]


def test_logs_are_useful_only_where_they_are_read() -> None:
    assert "pods/log" not in {p.resource.name for p in connecting.useful(settings())}
    assert "pods/log" in {p.resource.name for p in connecting.useful(settings(read_logs=True))}


def test_outside_of_a_pod_a_cluster_must_be_named() -> None:
    with pytest.raises(errors.ConfigError, match="not in a pod"):
        connecting.cluster_credentials(settings(), {})
