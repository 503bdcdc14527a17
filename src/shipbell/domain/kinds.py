"""What kind of change a rollout is, told from the pod templates before and after."""

from collections.abc import Collection, Mapping

from shipbell.domain.observation import Template
from shipbell.domain.pods import Pod
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import ImageChange, Rollout, RolloutKind


def classify(
    old: Template | None, new: Template, policy: Policy, *, reused: bool = False
) -> tuple[RolloutKind, bool]:
    """The kind, and whether no person asked for it (a restart by an operator).

    `reused`: the revision was rolled out before.
    """
    if old is None:
        return RolloutKind.FIRST, False
    if reused:
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


def new_digest(rollout: Rollout, own: Collection[Pod], others: Collection[Pod]) -> bool:
    """Whether an image whose name stayed the same leads the new pods to another image than the old ones.

    Only where no image of the new pods is known from the old ones: a tag that was moved in the middle of an
    earlier rollout is not this one's doing.
    """
    same = (image.container for image in rollout.images if image.old == image.new)
    ids = ((_ids(own, name), _ids(others, name)) for name in same)
    return any(new and old and new.isdisjoint(old) for new, old in ids)


def _ids(pods: Collection[Pod], container: str) -> set[str]:
    return {pod.image_ids[container] for pod in pods if pod.image_ids.get(container)}


def _images(template: Template) -> dict[str, str]:
    return {container.name: container.image for container in template.containers}


def _changed_keys(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _same_but_annotations(old: Template, new: Template) -> bool:
    return old.spec_digest == new.spec_digest and dict(old.labels) == dict(new.labels)
