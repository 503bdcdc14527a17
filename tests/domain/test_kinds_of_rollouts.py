"""What kind of change a rollout is: told from the templates, and from what the image names led to."""

from dataclasses import replace

import pytest

from shipbell.domain import ImageChange, Pod, Policy, RolloutKind, Template, kinds
from tests.domain.deployments import A, B, pod, upgrading

ROLLING = upgrading().newest
RESTARTED = "kubectl.kubernetes.io/restartedAt"
ROTATED = "vso.secrets.hashicorp.com/restartedAt"


@pytest.mark.parametrize(
    ("old", "new", "reused", "kind", "automatic"),
    [
        (None, A.template, False, RolloutKind.FIRST, False),
        (None, A.template, True, RolloutKind.FIRST, False),
        (A.template, B.template, False, RolloutKind.NEW_VERSION, False),
        (B.template, A.template, True, RolloutKind.ROLLBACK, False),
        (A.template, replace(A.template, spec_digest="other"), False, RolloutKind.CONFIG_CHANGE, False),
        (A.template, replace(A.template, labels={"a": "b"}), False, RolloutKind.CONFIG_CHANGE, False),
        (A.template, replace(A.template, annotations={"a": "b"}), False, RolloutKind.CONFIG_CHANGE, False),
        (A.template, replace(A.template, annotations={RESTARTED: "1"}), False, RolloutKind.RESTART, False),
        (A.template, replace(A.template, annotations={ROTATED: "1"}), False, RolloutKind.RESTART, True),
        (
            A.template,
            replace(A.template, annotations={RESTARTED: "1", ROTATED: "1"}),
            False,
            RolloutKind.RESTART,
            False,
        ),
        (
            A.template,
            replace(A.template, annotations={RESTARTED: "1"}, spec_digest="other"),
            False,
            RolloutKind.CONFIG_CHANGE,
            False,
        ),
        (A.template, A.template, False, RolloutKind.CONFIG_CHANGE, False),
    ],
)
def test_a_kind_follows_from_the_two_templates(
    old: Template | None, new: Template, reused: bool, kind: RolloutKind, automatic: bool
) -> None:
    assert kinds.classify(old, new, Policy(), reused=reused) == (kind, automatic)


def pods(*digests: str) -> list[Pod]:
    """Pods whose image led to these; an empty one is not known yet."""
    return [
        replace(pod(str(n), "x"), image_ids={"web": f"web@sha256:{digest}"} if digest else {})
        for n, digest in enumerate(digests)
    ]


@pytest.mark.parametrize(
    ("own", "others", "renewed"),
    [
        (("2",), ("1",), True),
        (("2", "2"), ("1", "1"), True),
        (("2", ""), ("1",), True),
        (("1",), ("1",), False),
        (("1", "2"), ("1",), False),
        (("2",), ("1", "2"), False),
        ((), ("1",), False),
        (("",), ("1",), False),
        (("2",), (), False),
        (("2",), ("",), False),
    ],
)
def test_a_digest_is_new_when_no_old_pod_has_it(
    own: tuple[str, ...], others: tuple[str, ...], renewed: bool
) -> None:
    rollout = replace(ROLLING, images=(ImageChange(container="web", old="web:1", new="web:1"),))

    images = kinds.renewed(rollout, pods(*own), pods(*others))

    told = ImageChange(container="web", old="web:1@sha256:1", new="web:1@sha256:2")
    assert images == ((told,) if renewed else ())


def test_an_image_whose_name_changed_is_a_new_version_whatever_it_leads_to() -> None:
    changed = replace(ROLLING, images=(ImageChange(container="web", old="web:1", new="web:2"),))

    assert not kinds.renewed(changed, pods("2"), pods("1"))
