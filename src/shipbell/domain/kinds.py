"""What kind of change a rollout is, told from the pod templates before and after."""

from collections.abc import Mapping

from shipbell.domain.observation import Revision, Template
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import ImageChange, RolloutKind


def classify(
    old: Template | None, new: Template, bearer: Revision, policy: Policy
) -> tuple[RolloutKind, bool]:
    """The kind, and whether no person asked for it (a restart by an operator)."""
    if old is None:
        return RolloutKind.FIRST, False
    if bearer.earlier_numbers:
        return RolloutKind.ROLLBACK, False
    if _images(old) != _images(new):
        return RolloutKind.NEW_VERSION, False
    changed = _changed_keys(old.annotations, new.annotations)
    if changed and changed <= restart_annotations(policy) and _same_but_annotations(old, new):
        return RolloutKind.RESTART, changed <= set(policy.automatic_restart_annotations)
    return RolloutKind.CONFIG_CHANGE, False


def restart_annotations(policy: Policy) -> frozenset[str]:
    """Template annotations whose change restarts the pods and means nothing else."""
    return frozenset({*policy.restart_annotations, *policy.automatic_restart_annotations})


def image_changes(old: Template | None, new: Template) -> tuple[ImageChange, ...]:
    """Containers whose image changed; where none did, all of them, so that a message can name the image."""
    before = _images(old) if old else {}
    every = tuple(ImageChange(container=c.name, old=before.get(c.name), new=c.image) for c in new.containers)
    return tuple(c for c in every if c.old != c.new) or every


def _images(template: Template) -> dict[str, str]:
    return {container.name: container.image for container in template.containers}


def _changed_keys(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _same_but_annotations(old: Template, new: Template) -> bool:
    return old.spec_digest == new.spec_digest and dict(old.labels) == dict(new.labels)
