"""What kind of change a rollout is, told from the pod templates before and after."""

from collections.abc import Collection, Mapping
from dataclasses import replace

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


def renewed(rollout: Rollout, own: Collection[Pod], others: Collection[Pod]) -> tuple[ImageChange, ...]:
    """The images, with their digests where a name that stayed the same leads to another image; else none.

    Only where no image of the new pods is known from the old ones: a tag that was moved in the middle of an
    earlier rollout is not this one's doing.
    """
    images = tuple(_with_digests(image, own, others) for image in rollout.images)
    return images if images != rollout.images else ()


def _with_digests(image: ImageChange, own: Collection[Pod], others: Collection[Pod]) -> ImageChange:
    new, old = _digests(own, image.container), _digests(others, image.container)
    if image.old != image.new or not new or not old or not new.isdisjoint(old):
        return image
    return replace(image, old=f"{image.old}@{min(old)}", new=f"{image.new}@{min(new)}")


def _digests(pods: Collection[Pod], container: str) -> set[str]:
    """Without the repository before them, which runtimes spell in their own ways."""
    ids = (pod.image_ids.get(container, "") for pod in pods)
    return {id_.rpartition("@")[2] for id_ in ids if id_}


def _images(template: Template) -> dict[str, str]:
    return {container.name: container.image for container in template.containers}


def _changed_keys(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _same_but_annotations(old: Template, new: Template) -> bool:
    return old.spec_digest == new.spec_digest and dict(old.labels) == dict(new.labels)
