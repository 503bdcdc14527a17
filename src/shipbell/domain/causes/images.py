"""Images that do not come.

See https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff.
"""

from datetime import timedelta

from shipbell.domain.causes import cases

REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})

SECOND_TRY = frozenset({"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
"""The kubelet backs off only after it has tried: this is its word for "tried again"."""

MISSING = ("not found", "manifest unknown", "does not exist")
DENIED = ("denied", "unauthorized", "forbidden", "authentication required", "no basic auth credentials")
MALFORMED = ("invalid reference", "couldn't parse image")
HOPELESS = (*MISSING, *DENIED, *MALFORMED)
"""What registries say of an image that waiting will not bring; a time-out is not among them."""

FIRST_TRY_LASTS = timedelta(seconds=20)
HICCUP_LASTS = timedelta(minutes=3)
"""A registry that cannot be reached may be back soon."""


def find(case: cases.Case) -> cases.Finding:
    """What is wrong with the image, by the registry's own words."""
    trouble = case.trouble
    hopeless = trouble.reason == "InvalidImageName" or is_hopeless(trouble.message)
    what, advice = _told(trouble.reason, trouble.message.lower())
    wait = HICCUP_LASTS
    if hopeless:
        wait = timedelta(0) if trouble.reason in SECOND_TRY else FIRST_TRY_LASTS
    return cases.Finding(
        cause=f"{what}: {trouble.image} ({case.where})",
        words=trouble.message,
        next_step=cases.mend(advice, case.rollout),
        wait=wait,
        certain=hopeless,
    )


def is_hopeless(message: str) -> bool:
    """Whether the registry's words say that waiting will not bring the image."""
    return any(word in message.lower() for word in HOPELESS)


def _told(reason: str, words: str) -> tuple[str, str]:
    """What it is called, and what to do. A registry denies what it does not want to call missing."""
    if reason == "InvalidImageName" or any(word in words for word in MALFORMED):
        return "Image name is malformed", "Correct the image's name"
    if any(word in words for word in DENIED):
        return "Image denied by its registry", "Check the tag and the pull secret"
    if any(word in words for word in MISSING):
        return "Image not found", "Push the tag"
    if reason == "ErrImageNeverPull":
        return "Image is not on the node, and may not be pulled", "Change the imagePullPolicy"
    return "Image cannot be pulled", "Look at the registry"
