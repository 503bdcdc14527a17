"""What else changed between two revisions, besides images: often the likely culprit of a failure.

A source writes a pod template's `outline`: a line per setting, with a short digest where the value might be
a secret. Here two outlines are compared and told in words: names, never values, but for those that hold no
secrets (a memory limit). Kept in one string because every workload's template is remembered: a line costs 30
bytes, an object per setting seven times as much.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from shipbell.domain.observation import Template

DIGEST = "#"
"""Begins a value that is a digest: it can be told apart from others, not shown."""
NAMES = 8
"""Names told of one sort of change; the others are counted."""

_HEAD = "outline"
"""The first line, so that one without settings can be told from one that nobody wrote."""
_TAB = "\t"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    container: str
    topic: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    key: _Key
    verb: str
    """`added`, `removed`, `changed`, or `256Mi → 128Mi`."""


def setting(*, container: str = "", topic: str, name: str = "", value: str) -> str:
    """One line of an outline: whose it is (empty for the pod's own), what (`env`), which (`LOG_LEVEL`).

    The value is shown as it is, unless it is a digest.
    """
    row = (container, topic, name, value)
    line = _TAB.join(row)
    clean = line.count(_TAB) == len(row) - 1 and "\n" not in line
    return line if clean else _TAB.join(" ".join(part.split()) for part in row)


def outline(settings: Iterable[str]) -> str:
    """All settings in one string, as a template keeps them."""
    return "\n".join((_HEAD, *settings))


def between(old: Template | None, new: Template, *, ignored: Collection[str] = ()) -> tuple[str, ...]:
    """What differs, in phrases such as `env LOG_LEVEL changed`; nothing where it is not known.

    `ignored` are annotations whose change means something else: a restart.
    """
    if old is None:
        return ()
    several = len(new.containers) > 1
    found = (*_containers(old, new), *_settings(old, new), *_metadata(old, new, ignored))
    return tuple(_phrases(found, several=several))


def _containers(old: Template, new: Template) -> Iterator[_Change]:
    before, after = (dict.fromkeys((c.name for c in t.containers), "") for t in (old, new))
    return _compare("container", before, after)


def _settings(old: Template, new: Template) -> Iterator[_Change]:
    """Of the pod and of the containers that both have; an old memory has no outline and tells nothing."""
    if not old.outline or not new.outline:
        return
    kept = {c.name for c in old.containers} & {c.name for c in new.containers}
    before, after = _parse(old.outline), _parse(new.outline)
    for key in sorted({*before, *after}, key=lambda k: (k.container, k.topic, k.name)):
        if not key.container or key.container in kept:
            yield from _change(key, before.get(key), after.get(key))


def _metadata(old: Template, new: Template, ignored: Collection[str]) -> Iterator[_Change]:
    before, after = ({k: v for k, v in t.annotations.items() if k not in ignored} for t in (old, new))
    yield from _compare("annotation", before, after)
    yield from _compare("label", old.labels, new.labels)


def _compare(topic: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[_Change]:
    """Of values that are never shown."""
    for name in sorted({*before, *after}):
        key = _Key(container="", topic=topic, name=name)
        yield from _change(key, *(DIGEST + side[name] if name in side else None for side in (before, after)))


def _change(key: _Key, before: str | None, after: str | None) -> Iterator[_Change]:
    if before == after:
        return
    if after is None:
        verb = "removed"
    elif before is None:
        verb = "added" if key.name or after.startswith(DIGEST) else f"set to {after}"
    else:
        verb = "changed" if DIGEST in {before[:1], after[:1]} else f"{before} → {after}"
    yield _Change(key=key, verb=verb)


def _parse(text: str) -> dict[_Key, str]:
    rows = (line.split(_TAB) for line in text.split("\n")[1:])
    whole = (row for row in rows if len(row) == 4)
    return {_Key(container=of, topic=topic, name=name): value for of, topic, name, value in whole}


def _phrases(found: Iterable[_Change], *, several: bool) -> Iterator[str]:
    """One phrase for all changes of a sort; the container is named where there is more than one."""
    sorts: dict[tuple[str, str, str], list[str]] = {}
    for change in found:
        sorts.setdefault((change.key.topic, change.key.container, change.verb), []).append(change.key.name)
    for (topic, container, verb), names in sorts.items():
        of = f"of {container}" if container and several else ""
        yield " ".join(filter(None, (topic, _listed(names), of, verb)))


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else "")
