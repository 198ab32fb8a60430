"""The result of normalising a printed text, and the problems that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from extractor.problems import ProblemKind
from extractor.types import Field, Problem
from extractor.values.characters import collapse_spaces

_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class NormalisedValue:
    """A value that fits the field's type, or None with a Problem that says why; a kept value may have Problems too."""

    value: Any
    problems: tuple[Problem, ...] = ()


def problem(field: Field, kind: ProblemKind, message: str) -> Problem:
    """Return a problem of `field`, with its path in the record."""
    return Problem(field.path, kind, message)


def not_normalised(field: Field, text: str, wanted: str) -> NormalisedValue:
    """Return no value, with the problem that `text` could not be read as `wanted` (a noun phrase)."""
    quoted = collapse_spaces(text)
    quoted = quoted if len(quoted) <= _LONGEST_QUOTE else quoted[: _LONGEST_QUOTE - 3] + "..."
    message = f"“{quoted}” could not be read as {wanted}"
    return NormalisedValue(None, (problem(field, ProblemKind.NOT_NORMALISED, message),))


def field_format(field: Field) -> str:
    """Return the JSON Schema `format` of `field`, empty where it has none."""
    return field.format or field.schema.get("format") or ""
