"""Text that a person typed or selected on a page, as a value of a field; refused where it is no such value."""

from __future__ import annotations

from typing import Any

from extractor.problems import ProblemKind
from extractor.review.errors import unusable
from extractor.types import Field
from extractor.values.characters import collapse_spaces
from extractor.values.normalization import normalise_value
from extractor.values.user_input import format_user_input as text_of
from extractor.values.user_input import parse_user_input

__all__ = ["text_of", "value_of"]

_WANTED = {"integer": "a whole number", "number": "a number", "boolean": "yes or no"}


def value_of(field: Field, text: str, *, typed: bool = True, context: str = "") -> Any:
    """Return what the text means as a value of the field; None for blank text.

    What is typed is taken as it stands where it is a plain value already (`values.user_input`); what comes from a page
    is read as the machine would read it there, `context` being the text around it. Raises ReviewError (`unusable`)
    where it is no value.
    """
    if not text.strip():
        return None
    if typed or field.type in ("json", "array"):
        read = parse_user_input(field, text, context)
        is_usable = read.value is not None or not read.problems
    else:
        read = normalise_value(field, text, context)
        is_usable = read.value is not None
    if is_usable:
        return read.value
    shown = f"“{collapse_spaces(text)[:60]}” is no value of this field"
    message, kind = (read.problems[0].message, read.problems[0].kind) if read.problems else (shown, None)
    raise unusable(
        f"{message}.",
        _hint(field),
        problem=kind or ProblemKind.NOT_NORMALISED,
        wanted=field.format or field.type,
    )


def _hint(field: Field) -> str:
    if field.enum is not None:
        return f"It is one of: {', '.join(text_of(option) for option in field.enum)[:300]}."
    if field.format == "date":
        return "Write it as 2020-01-31."
    return f"Enter {_WANTED[field.type]}." if field.type in _WANTED else ""
