"""What kubewatch sends becomes a hint; what anyone else sends becomes one line that says why not."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell import errors
from shipbell.sources import webhooks
from shipbell.sources.hints import Hint

SAMPLES = Path(__file__).parent.parent / "samples" / "kubewatch"
RECORDINGS = Path(__file__).parents[3] / "shared" / "kubewatch"


@pytest.mark.parametrize(
    ("sample", "hint"),
    [
        ("webhook-deployment", Hint(kind="Deployment", namespace="store", name="checkout")),
        ("webhook-replicaset", Hint(kind="ReplicaSet", namespace="store", name="checkout-5d9c7b8f6")),
        ("cloudevent-update", Hint(kind="Deployment", namespace="store", name="checkout")),
        ("cloudevent-delete", Hint(kind="Job", namespace="store", name="migrate")),
    ],
)
def test_both_bodies_of_kubewatch_name_their_object(sample: str, hint: Hint) -> None:
    body = (SAMPLES / f"{sample}.json").read_bytes()

    assert webhooks.parse_kubewatch("application/json", body) == hint


@pytest.mark.parametrize("recording", ["webhook", "cloudevent"])
def test_every_recorded_request_gives_the_object_that_its_text_names(recording: str) -> None:
    path = RECORDINGS / f"{recording}.jsonl"
    if not path.is_file():
        pytest.skip(f"no recordings of kubewatch at {path}")
    requests = [json.loads(line) for line in path.read_text().splitlines()]

    assert len(requests) == 91
    for request in requests:
        body = json.loads(request["body"])
        words = re.findall(r"`(.+?)`", body.get("text") or body["data"]["description"])
        kind, namespace, name = words[0], words[1], words[3]
        hint = webhooks.parse_kubewatch(dict(request["headers"])["Content-Type"], request["body"].encode())
        assert hint == Hint(kind=kind, namespace=namespace, name=name)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b"x" * (webhooks.LIMIT_BYTES + 1), "more than 1048576"),
        (b"kind=Deployment", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b'{"eventmeta": {"kind": "Depl', "the body is not JSON"),
        (b"null", "the body is not kubewatch's"),
        (b'["Deployment"]', "Expected `object`, got `array`"),
        (b"{}", 'neither "eventmeta" nor "data"'),
        (b'{"eventmeta": 7}', "$.eventmeta"),
        (b'{"eventmeta": {"kind": ["Deployment"]}}', "$.eventmeta.kind"),
        (b'{"data": {"kind": "Deployment"}}', "the object's namespace is missing"),
        (b'{"data": {"kind": "Pod", "obj": {"metadata": null}}}', "the object's namespace is missing"),
        (b'{"eventmeta": {"namespace": "shop", "name": "web"}}', "the object's kind is missing"),
        (b'{"data": {"obj": {"spec": ' + b"[" * 10_000, "nested too deeply"),
        (b'{"a": ' * 10_000, "nested too deeply"),
    ],
)
def test_a_body_that_is_not_kubewatchs_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(errors.HintError, match=re.escape(reason)):
        webhooks.parse_kubewatch("application/json", body)


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "what"),
    [
        ("deployment", "shop", "web", "kind"),
        ("Deploy/ment", "shop", "web", "kind"),
        ("Deployment", "Shop", "web", "namespace"),
        ("Deployment", "shop.eu", "web", "namespace"),
        ("Deployment", "s" * 64, "web", "namespace"),
        ("Deployment", "shop", "Web", "name"),
        ("Deployment", "shop", "-web", "name"),
        ("Deployment", "shop", "web..api", "name"),
        ("Deployment", "shop", "../../api/v1/secrets", "name"),
        ("Deployment", "shop", "web\n", "name"),
        ("Deployment", "shop", "web?watch=1", "name"),
        ("Deployment", "shop", "w" * 254, "name"),
        ("Deployment", "shop", "wéb", "name"),
    ],
)
def test_names_that_kubernetes_would_not_take_are_refused(
    kind: str, namespace: str, name: str, what: str
) -> None:
    body = json.dumps({"eventmeta": {"kind": kind, "namespace": namespace, "name": name}}).encode()

    with pytest.raises(errors.HintError, match=f"is no Kubernetes {what}$"):
        webhooks.parse_kubewatch("application/json", body)


@pytest.mark.parametrize("name", ["w", "web", "web-79fc7fd494-x7x2v", "web.v2", "0", "w" * 253])
def test_names_that_kubernetes_takes_are_taken(name: str) -> None:
    body = json.dumps({"eventmeta": {"kind": "Deployment", "namespace": "shop", "name": name}}).encode()

    assert webhooks.parse_kubewatch("application/json", body).name == name


@pytest.mark.parametrize("content_type", ["application/cloudevents+json", "Application/JSON; charset=utf-8"])
def test_json_is_taken_by_any_of_its_names(content_type: str) -> None:
    body = (SAMPLES / "cloudevent-update.json").read_bytes()

    assert webhooks.parse_kubewatch(content_type, body).name == "checkout"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused(content_type: str) -> None:
    with pytest.raises(errors.HintError, match="not application/json"):
        webhooks.parse_kubewatch(content_type, b"{}")


@given(content_type=st.text(), body=st.binary() | st.text().map(str.encode))
def test_whatever_comes_is_a_hint_or_one_line_that_says_why_not(content_type: str, body: bytes) -> None:
    for given_type in (content_type, "application/json"):
        with pytest.raises(errors.HintError) as refused:
            webhooks.parse_kubewatch(given_type, body)
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 200


@given(kind=st.text(), namespace=st.text(), name=st.text())
def test_a_name_is_taken_as_it_is_or_quoted_on_one_line(kind: str, namespace: str, name: str) -> None:
    answer = _answer(kind, namespace, name)

    assert answer == Hint(kind=kind, namespace=namespace, name=name) or str(answer).isprintable()
    assert isinstance(answer, Hint) or len(str(answer)) < 200


def _answer(kind: str, namespace: str, name: str) -> Hint | errors.HintError:
    body = json.dumps({"eventmeta": {"kind": kind, "namespace": namespace, "name": name}}).encode()
    try:
        return webhooks.parse_kubewatch("application/json", body)
    except errors.HintError as error:
        return error
