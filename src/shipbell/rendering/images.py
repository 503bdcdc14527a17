"""Image references as people say them: `mitlearn-app 2026.01.31.1`, without registry and endless digest.

The grammar is that of https://github.com/distribution/reference: `[host[:port]/]path[:tag][@digest]`.
Everything here is raw text; escaping is the business of whoever puts it into a message.
"""

from dataclasses import dataclass

from shipbell.domain import ImageChange, Rollout, RolloutKind

DIGEST = 12
"""Hexadecimal digits that tell digests apart, as in `docker images`."""
MOST = 6
"""Images told one by one; the others are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A reference, taken apart."""

    host: str
    path: str
    tag: str
    digest: str
    """Shortened, without its algorithm."""

    @property
    def version(self) -> str:
        """The tag, else the digest; empty where the reference has neither."""
        return self.tag or self.digest

    @property
    def full_path(self) -> str:
        """The path with its registry."""
        return f"{self.host}/{self.path}" if self.host else self.path


def parse(reference: str) -> Image:
    """Takes any string apart; what is no reference becomes a path."""
    name, _, digest = reference.partition("@")
    first, slash, rest = name.partition("/")
    hosted = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    host, path = (first, rest) if hosted else ("", name)
    path, _, tag = path.partition(":")
    short = digest.partition(":")[2][:DIGEST]
    return Image(host=host, path=path.removeprefix("library/"), tag=tag, digest=short)


def changes(rollout: Rollout, *, show_registry: bool) -> tuple[str, ...]:
    """One phrase per image that changed, `name old → new`; where none changed, the images as they are."""
    phrases = dict.fromkeys(_change(image, show_registry) for image in rollout.images)
    told = tuple(phrases)
    more = len(told) - MOST
    return told if more <= 0 else (*told[:MOST], f"and {more} more")


def current(rollout: Rollout, *, show_registry: bool) -> tuple[str, ...]:
    """The images that run now, `name version` each, changed or not."""
    references = [parse(image.new) for image in rollout.images]
    phrases = (_phrase(image, image.version, show_registry) for image in references)
    return tuple(dict.fromkeys(phrases))[:MOST]


def version(rollout: Rollout) -> str:
    """What was rolled out, in a word or two: the new tag, or the revision where no image changed.

    A run has no revision before it, so all its images count.
    """
    whole = rollout.kind is RolloutKind.RUN
    changed = [image for image in rollout.images if whole or image.new != image.old]
    fresh = [parse(image.new) for image in changed]
    versions = tuple(dict.fromkeys(_apart(image) for image in changed))
    if whole and not any(versions):
        return fresh[0].path if fresh else ""
    if not versions or not versions[0]:
        return f"revision {rollout.identity.number}"
    if len(versions) == 1:
        return versions[0]
    return f"{fresh[0].path} {versions[0]} and {len(versions) - 1} more"


def tag(rollout: Rollout) -> str:
    """The tag that all images share; empty where there is no single one."""
    tags = {parse(image.new).tag for image in rollout.images}
    return tags.pop() if len(tags) == 1 else ""


def old_version(rollout: Rollout) -> str:
    """The tag that the new one replaces; empty where there is no single one."""
    replaced = [image for image in rollout.images if image.new != image.old]
    versions = {_version(parse(image.old), parse(image.new)) for image in replaced if image.old}
    return versions.pop() if len(versions) == 1 else ""


def successor(rollout: Rollout) -> str:
    """The version that came after, in a word."""
    said = rollout.successor_version
    if not said or said.startswith("revision "):
        return said
    return parse(said).version or said


def shorten(sentence: str, rollout: Rollout, *, show_registry: bool) -> str:
    """The sentence with this rollout's images as people say them."""
    if show_registry:
        return sentence
    for image in rollout.images:
        sentence = sentence.replace(image.new, short(image.new))
    return sentence


def short(reference: str) -> str:
    """The reference without its registry, still one word: `mitlearn-app:2026.01.31.1`."""
    image = parse(reference)
    tag = f":{image.tag}" if image.tag else ""
    digest = f"@{image.digest}" if image.digest and not image.tag else ""
    return f"{image.path}{tag}{digest}"


def _change(change: ImageChange, show_registry: bool) -> str:
    new = parse(change.new)
    if change.old is None or change.old == change.new:
        return _phrase(new, _version(new, None), show_registry)
    old = parse(change.old)
    moved = show_registry or (old.path == new.path and old.version == new.version and old.host != new.host)
    before, after = _version(old, new), _version(new, old)
    if _name(old, show_registry=moved) == _name(new, show_registry=moved):
        return f"{_name(new, show_registry=moved)} {before} → {after}"
    return f"{_phrase(old, before, moved)} → {_phrase(new, after, moved)}"


def _apart(change: ImageChange) -> str:
    """The new version, told apart from the old one; empty where the reference has none."""
    new = parse(change.new)
    return _version(new, parse(change.old) if change.old else None) if new.version else ""


def _version(image: Image, other: Image | None) -> str:
    """The version, with the digest where the same tag stands for another image than before."""
    same_tag = other is not None and image.tag == other.tag
    if image.tag and image.digest and same_tag:
        return f"{image.tag}@{image.digest}"
    return image.version or "untagged"


def _phrase(image: Image, version: str, show_registry: bool) -> str:
    name = _name(image, show_registry=show_registry)
    return f"{name} {version}" if image.version else name


def _name(image: Image, *, show_registry: bool) -> str:
    return image.full_path if show_registry else image.path
