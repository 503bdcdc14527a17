"""Reads the YAML file into plain values, and remembers the line of each, so that a mistake has a place.

It walks the parser's node tree instead of asking for finished objects: those have no lines, and a key
written twice is gone from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shipbell import errors

Place = tuple[str | int, ...]
"""Where a value stands: keys and list indexes from the top."""

DEEPEST = 10
"""No setting stands deeper than four levels; an alias that contains itself has no bottom at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What a file says."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Place, int] = field(default_factory=dict)
    """The line (from 1) where each key or list entry begins."""
    problems: tuple[tuple[Place, int, str], ...] = ()
    """Mistakes that are YAML's, not a setting's: place, line, what and remedy."""


def read(path: Path) -> Document:
    """The file's values and lines. Raises `ConfigError` where it cannot be read as YAML at all."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise errors.ConfigError((f"{path}: cannot be read: {reason}; check the path",)) from error
    except UnicodeDecodeError as error:
        raise errors.ConfigError((f"{path}: is not UTF-8; save it in that encoding",)) from error
    node = _compose(path, text)
    if node is not None and not isinstance(node, MappingNode):
        what = "is no mapping of settings; write them as name: value"
        raise errors.ConfigError((f"{path}:{node.start_mark.line + 1}: {what}",))
    return _Walk().document(node)


def _compose(path: Path, text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = " ".join(", ".join(filter(None, (error.context, error.problem))).split())
        remedy = "check the indentation, and put values that hold : or # in quotes"
        raise errors.ConfigError((f"{path}:{line}: is no valid YAML: {what}; {remedy}",)) from error
    except (YAMLError, RecursionError) as error:
        what = "it holds characters that YAML forbids, or is nested too deeply"
        raise errors.ConfigError((f"{path}: is no valid YAML: {what}",)) from error
    return node


class _Walk:
    """One walk over a node tree: gathers lines and problems while it converts."""

    def __init__(self) -> None:
        self._constructor = SafeConstructor(loader=YAML(typ="safe", pure=True))
        self._lines: dict[Place, int] = {}
        self._problems: list[tuple[Place, int, str]] = []

    def document(self, node: MappingNode | None) -> Document:
        values = self._mapping(node, ()) if node is not None else {}
        return Document(values=values, lines=self._lines, problems=tuple(self._problems))

    def _convert(self, node: Node, place: Place) -> Any:
        if len(place) > DEEPEST:
            self._complain(place[:1], node, "is nested too deeply; no setting is")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self._entry(entry, (*place, index)) for index, entry in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._complain(place, key_node, "has a key that is no word; write name: value")
                continue
            key = str(key_node.value)
            inner = (*place, key)
            if key in result:
                remedy = f"is written twice, first in line {self._lines[inner]}; keep one of them"
                self._complain(inner, key_node, remedy)
                continue
            self._lines[inner] = key_node.start_mark.line + 1
            result[key] = self._convert(value_node, inner)
        return result

    def _entry(self, node: Node, place: Place) -> Any:
        self._lines[place] = node.start_mark.line + 1
        return self._convert(node, place)

    def _scalar(self, node: Node, place: Place) -> Any:
        try:
            return self._constructor.construct_object(node)
        except (YAMLError, ValueError):
            self._complain(place, node, "is a kind of value that no setting takes; put it in quotes")
            return None

    def _complain(self, place: Place, node: Node, text: str) -> None:
        self._problems.append((place, node.start_mark.line + 1, text))
