"""Puts the values of all sources into one tree and remembers where each came from.

Later sources win: file, then environment, then flags. Mistakes are collected on the way instead of raised,
because the person who fixes them wants to see all of them at once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipbell.config import environment, fields, problems, yamls


class Gathering:
    """The values so far, with their origins and the mistakes found so far."""

    def __init__(self, file: str = "") -> None:
        self.values: dict[str, Any] = {}
        self.problems: list[problems.Problem] = []
        self._file = file
        self._origins: dict[yamls.Place, problems.Origin] = {}
        self._refused: set[tuple[str, ...]] = set()

    def complain(self, place: yamls.Place, text: str, *, origin: problems.Origin | None = None) -> None:
        """Notes a mistake at that place of the tree."""
        setting = ".".join(str(part) for part in place)
        self.problems.append(
            problems.Problem(origin=origin or self._origin(place), setting=setting, text=text)
        )

    def complaints(self) -> tuple[str, ...]:
        """The mistakes in the order of the file, then those of other sources; each said once."""
        in_order = sorted(self.problems, key=lambda p: (p.origin.name != self._file, p.origin.line))
        return tuple(dict.fromkeys(str(problem) for problem in in_order))

    def add_document(self, document: yamls.Document, folder: Path) -> None:
        """What the file says; its relative paths start at the file's own folder."""
        self.values = _without_blanks(document.values)
        self._origins.update({place: self._at(line) for place, line in document.lines.items()})
        for place, line, text in document.problems:
            self.complain(place, text, origin=self._at(line))
        for field in fields.every():
            value = self.get(field.path)
            if field.secret and value is not None:
                self.complain(field.path, problems.inline_secret(field))
                self._refuse(field)
            elif field.names_file and isinstance(value, str):
                self._put(field.path, str(folder / value))

    def add_environment(self, env: Mapping[str, str]) -> None:
        """What the variables say; one that belongs to no setting is a mistake."""
        twins = {field.twin: field for field in fields.every()}
        for name, text in environment.given(env).items():
            origin = problems.Origin(name=name)
            if (field := twins.get(name)) is None:
                self.complain((), problems.unknown_variable(name), origin=origin)
            else:
                self._set(field, environment.parse(field, text), origin)

    def add_flags(self, flags: tuple[str, ...]) -> None:
        """What `--set name=value` says. Secrets are refused: everybody can read a command line."""
        by_name = {field.dotted: field for field in fields.every()}
        origin = problems.Origin(name="--set")
        for flag in flags:
            name, equals, text = flag.partition("=")
            field = by_name.get(name)
            if not equals:
                self.complain((), "must have the form name=value; like log.level=debug", origin=origin)
            elif field is None:
                place = tuple(name.split("."))
                self.complain(place, problems.unknown_key(place), origin=origin)
            elif field.secret:
                self.complain(field.path, problems.inline_secret(field), origin=origin)
            else:
                self._set(field, environment.parse(field, text), origin)

    def read_secret_files(self) -> None:
        """Fills the secrets that have a file; of one that was given directly, the file is forgotten."""
        for field in fields.every():
            file = self.get(field.file_path) if field.secret else None
            if isinstance(file, str) and self.get(field.path) is None:
                self._read_secret(field, Path(file))
            elif isinstance(file, str):
                del self.get(field.file_path[:-1])[field.file_path[-1]]

    def _read_secret(self, field: fields.Field, file: Path) -> None:
        try:
            text = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.complain(field.file_path, f"{file} cannot be read: {reason}; check path and permissions")
        except UnicodeDecodeError:
            self.complain(field.file_path, f"{file} is not text; write the secret alone into it")
        else:
            if text:
                self._set(field, text, self._origin(field.file_path))
            else:
                self.complain(field.file_path, f"{file} is empty; write the secret into it")

    def has_secret(self, *path: str) -> bool:
        """Whether somebody meant to give that secret: directly, as a file, or where it was refused."""
        file = (*path[:-1], f"{path[-1]}_file")
        return path in self._refused or self.get(path) is not None or self.get(file) is not None

    def get(self, path: tuple[str, ...]) -> Any:
        """The value at that place; None where there is none, or something else is in the way."""
        value: Any = self.values
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _set(self, field: fields.Field, value: Any, origin: problems.Origin) -> None:
        self._put(field.path, value)
        depth = len(field.path)
        self._origins = {place: o for place, o in self._origins.items() if place[:depth] != field.path}
        self._origins[field.path] = origin

    def _put(self, path: tuple[str, ...], value: Any) -> None:
        """Sets the value. Something in the way that is no section stays: that will be told."""
        section = self.values
        for name in path[:-1]:
            inner = section.setdefault(name, {})
            if not isinstance(inner, dict):
                return
            section = inner
        section[path[-1]] = value

    def _refuse(self, field: fields.Field) -> None:
        self._refused.add(field.path)
        del self.get(field.path[:-1])[field.path[-1]]

    def _origin(self, place: yamls.Place) -> problems.Origin:
        """Where the value came from, or the nearest thing around it that did; else the file."""
        for length in range(len(place), 0, -1):
            if (found := self._origins.get(place[:length])) is not None:
                return found
        return problems.Origin(name=self._file)

    def _at(self, line: int) -> problems.Origin:
        return problems.Origin(name=self._file, line=line)


def _without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """A key without a value counts as not written, so that one may comment a section's content out."""
    return {
        key: _without_blanks(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }
