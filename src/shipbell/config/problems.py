"""Says what is wrong with a setting: where, which, what, and what to do about it.

One line each: `shipbell.yaml:7: slack.chanel: is no setting; did you mean "channel"?`. No value of a secret
is ever in it.
"""

import difflib
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from shipbell.config import fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a value came from."""

    name: str
    """The file, the environment variable, or the flag; empty where there is none of them."""
    line: int = 0
    """The line in a file, from 1; 0 where there is no line."""

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One mistake."""

    origin: Origin
    setting: str
    """`slack.channel`; empty where it concerns no setting."""
    text: str
    """What is wrong, then `;` and the remedy."""

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.origin), self.setting, self.text) if part)


EXAMPLES = {
    "cluster": 'name it, for example "cluster: production", or set SHIPBELL_CLUSTER',
}
"""Remedies for what has no default."""


def explain(error: ErrorDetails) -> str:
    """What is wrong with a value, and the remedy, from what pydantic found."""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "missing":
            return f"is required; {EXAMPLES.get(str(error['loc'][-1]), 'set it')}"
        case "value_error":
            return str(context["error"])
        case "enum":
            return _choice(str(error["input"]), str(context["expected"]))
        case "string_type":
            return "must be text; put the value in quotes"
        case "string_too_short":
            return "must not be empty; write a value or leave the setting out"
    unforeseen = f"cannot be used ({error['msg']}); see docs/configuration.md"
    return _number(kind, context) or _shape(kind) or unforeseen


def _number(kind: str, context: dict[str, Any]) -> str:
    match kind:
        case "int_type" | "int_parsing" | "int_from_float":
            return "must be a whole number; write digits only"
        case "float_type" | "float_parsing" | "finite_number":
            return "must be a number; write it like 0.5 or 2"
        case "greater_than_equal":
            return f"must be at least {context['ge']}; write a larger value"
        case "less_than_equal":
            return f"must be at most {context['le']}; write a smaller value"
        case "greater_than":
            return "must be more than nothing; write a larger value"
    return ""


def _shape(kind: str) -> str:
    match kind:
        case "bool_type" | "bool_parsing":
            return "must be true or false; write one of the two"
        case "tuple_type":
            return "must be a list; write [one, two], or one entry a line after a dash"
        case "model_type" | "model_attributes_type":
            return "must be a section; indent its settings below it"
        case "path_type":
            return "must be a path of a file; put it in quotes"
    return ""


def _choice(value: str, expected: str) -> str:
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    near = difflib.get_close_matches(value.lower(), choices, n=1)
    meant = f'did you mean "{near[0]}"?' if near else "write one of them"
    return f"must be one of {', '.join(choices)}; {meant}"


def unknown_key(place: tuple[str | int, ...]) -> str:
    """That there is no such setting, and which one was probably meant."""
    section = fields.section_at(place[:-1])
    siblings = list(section.model_fields) if section else []
    name = str(place[-1])
    if near := difflib.get_close_matches(name, siblings, n=1):
        return f'is no setting; did you mean "{near[0]}"?'
    elsewhere = [field.dotted for field in fields.every() if field.path[-1] == name]
    if elsewhere:
        return f'is no setting here; did you mean "{elsewhere[0]}"?'
    return f"is no setting; here are known: {', '.join(siblings)}"


def unknown_variable(name: str) -> str:
    """That no setting has such a twin, and which one was probably meant."""
    near = difflib.get_close_matches(name, [field.twin for field in fields.every()], n=1)
    meant = f"did you mean {near[0]}?" if near else "remove it, or see docs/configuration.md"
    return f"belongs to no setting; {meant}"


def inline_secret(field: fields.Field) -> str:
    """That a secret stands in a file that people share."""
    file = ".".join(field.file_path)
    return f"is a secret and does not belong here; put it in a file that {file} names, or in {field.twin}"
