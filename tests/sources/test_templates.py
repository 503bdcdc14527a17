"""Pod templates as the API server writes them: what of them is kept, and what is not."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain import Template, changes
from shipbell.sources.kubernetes import objects, templates
from tests.sources.apiobjects import Json

CONTAINER: Json = {
    "name": "app",
    "image": "reg.example/shop/web:1.4.1",
    "env": [
        {"name": "DATABASE_PASSWORD", "value": "hunter2"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web", "key": "token"}}},
    ],
    "envFrom": [{"configMapRef": {"name": "web-config"}}],
    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
    "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m"}},
    "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10},
    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    "command": ["/bin/web", "--password=hunter2"],
    "terminationMessagePath": "/dev/termination-log",
}
SPEC: Json = {
    "containers": [CONTAINER],
    "volumes": [{"name": "data", "emptyDir": {}}],
    "serviceAccountName": "web",
    "serviceAccount": "web",
    "dnsPolicy": "ClusterFirst",
    "terminationGracePeriodSeconds": 30,
}


def decoded(spec: Json) -> Template:
    return templates.template(objects.PodTemplate(spec=msgspec.Raw(json.dumps(spec).encode())))


def with_container(**fields: object) -> Json:
    """The spec with fields of its container changed; None takes one away."""
    container = {key: value for key, value in {**CONTAINER, **fields}.items() if value is not None}
    return {**SPEC, "containers": [container]}


def with_pod(**fields: object) -> Json:
    return {key: value for key, value in {**SPEC, **fields}.items() if value is not None}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            with_container(env=[{"name": "DATABASE_PASSWORD", "value": "hunter3"}]),
            ("env DATABASE_PASSWORD changed", "env TOKEN removed"),
        ),
        (
            with_container(envFrom=[{"secretRef": {"name": "web"}}]),
            ("env from ConfigMap web-config removed", "env from Secret web added"),
        ),
        (
            with_container(resources={"limits": {"memory": "128Mi"}}),
            ("cpu request removed", "memory limit 256Mi → 128Mi"),
        ),
        (with_container(livenessProbe=None), ("liveness probe removed",)),
        (with_container(readinessProbe={"exec": {}}), ("readiness probe added",)),
        (with_container(command=["/bin/web"], args=["-v"]), ("args added", "command changed")),
        (
            with_container(ports=[{"containerPort": 9090}]),
            ("port 8080/TCP removed", "port 9090/TCP added"),
        ),
        (with_container(volumeMounts=None), ("mount /data removed",)),
        (with_container(imagePullPolicy="Always"), ("image pull policy set to Always",)),
        (with_pod(volumes=[{"name": "data", "hostPath": {"path": "/x"}}]), ("volume data changed",)),
        (with_pod(serviceAccountName="api", serviceAccount="api"), ("service account web → api",)),
        (with_pod(nodeSelector={"disk": "ssd"}), ("node selector added",)),
        (with_pod(tolerations=[{"key": "gpu"}]), ("tolerations added",)),
        (with_pod(terminationGracePeriodSeconds=60), ("termination grace period seconds set to 60",)),
        (with_pod(hostNetwork=True), ("host network set to true",)),
    ],
)
def test_each_setting_that_differs_is_found(spec: Json, said: tuple[str, ...]) -> None:
    assert changes.between(decoded(SPEC), decoded(spec)) == said


def test_what_the_api_server_fills_in_is_no_change() -> None:
    bare = with_container(terminationMessagePath=None)
    assert changes.between(decoded(SPEC), decoded(bare)) == ()
    assert changes.between(decoded(SPEC), decoded(with_pod(dnsPolicy=None, securityContext={}))) == ()


def test_the_order_of_fields_and_of_env_is_no_change() -> None:
    shuffled = dict(reversed(with_container(env=CONTAINER["env"][::-1]).items()))
    assert changes.between(decoded(SPEC), decoded(shuffled)) == ()


def test_no_value_that_may_be_a_secret_is_kept() -> None:
    assert "hunter2" not in f"{decoded(SPEC)}"


@given(st.text(alphabet="abcXYZ0189-_:/@", min_size=10, max_size=60))
def test_whatever_the_value_of_a_variable_a_command_or_a_volume_it_is_not_kept(secret: str) -> None:
    spec = with_container(env=[{"name": "A", "value": secret}], args=[secret], livenessProbe={"exec": secret})
    made = decoded({**spec, "volumes": [{"name": "data", "csi": {"key": secret}}], "hostname": secret})
    assert secret not in f"{made}"


def test_the_same_value_in_two_places_looks_different() -> None:
    twice = decoded(with_container(env=[{"name": name, "value": "hunter2"} for name in "AB"]))
    digests = [line.rpartition("\t")[2] for line in twice.outline.split("\n") if "\tenv\t" in line]
    assert len(set(digests)) == 2


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"containers": None},
        {"containers": [{"name": "app", "image": "x", "env": None, "ports": None, "resources": None}]},
        {"containers": [], "volumes": {"not": "a list"}, "tolerations": "odd"},
    ],
)
def test_what_is_absent_null_or_odd_is_passed_over(spec: Json) -> None:
    assert changes.between(decoded(SPEC), decoded(spec))


def test_a_template_without_a_spec_has_an_outline_without_settings() -> None:
    assert templates.template(objects.PodTemplate()).outline == "outline"


def test_a_template_without_its_outline_is_the_same_template() -> None:
    raw = objects.PodTemplate(spec=msgspec.Raw(json.dumps(SPEC).encode()))
    bare = templates.template(raw, outlined=False)
    assert bare == templates.template(raw)
    assert bare.outline == ""
