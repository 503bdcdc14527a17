"""The settings, one by one: path, environment twin, and what kind of value it takes.

The environment, the reference and the messages about mistakes all walk this one list, so that a new field
in `settings` is at once settable everywhere, documented and checked.
"""

import types
import typing
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shipbell.config.settings import Section, Settings

PREFIX = "SHIPBELL_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One setting."""

    path: tuple[str, ...]
    info: FieldInfo
    section: type[Section]
    """The section that it stands in."""

    @property
    def dotted(self) -> str:
        """`web.hook.user`, as messages and flags name it."""
        return ".".join(self.path)

    @property
    def twin(self) -> str:
        """The environment variable that sets it: `SHIPBELL_WEB_HOOK_USER`."""
        return PREFIX + "_".join(self.path).upper()

    @property
    def kind(self) -> type:
        """Its type, without `| None`: `str`, `int`, `tuple`, `SecretStr`, `Path`, an enum, ..."""
        return _bare(self.info.annotation)

    @property
    def secret(self) -> bool:
        """Whether it may come from a file of its own or the environment only."""
        return self.kind is SecretStr

    @property
    def many(self) -> bool:
        """Whether it is a list."""
        return self.kind is tuple

    @property
    def names_file(self) -> bool:
        """Whether its value is a path."""
        return self.kind is Path

    @property
    def file_path(self) -> tuple[str, ...]:
        """For a secret: the setting that names its file."""
        return (*self.path[:-1], f"{self.path[-1]}_file")


def every(section: type[Section] = Settings, path: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """All settings in the order of the file; sections themselves are none."""
    found: list[Field] = []
    for name, info in section.model_fields.items():
        inner = _bare(info.annotation)
        if issubclass(inner, Section):
            found.extend(every(inner, (*path, name)))
        else:
            found.append(Field(path=(*path, name), info=info, section=section))
    return tuple(found)


def section_at(path: tuple[str | int, ...]) -> type[Section] | None:
    """The section at that place of the file, if there is one."""
    section: type[Section] = Settings
    for name in path:
        info = section.model_fields.get(str(name))
        inner = _bare(info.annotation) if info else None
        if inner is None or not issubclass(inner, Section):
            return None
        section = inner
    return section


def _bare(annotation: object) -> type:
    """The class inside of `X | None`, `Annotated[X, ...]` and `tuple[X, ...]`."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _bare(next(a for a in typing.get_args(annotation) if a is not type(None)))
    if origin is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    bare = origin or annotation
    assert isinstance(bare, type), annotation  # noqa: S101  a type of ours, not input
    return bare
