"""Text that a person typed or pointed at, as a value of a field; refused where it is no such value."""

from __future__ import annotations

from typing import Any

from extractor.problems import ProblemKind
from extractor.review.errors import ReviewError, unusable
from extractor.types import Field
from extractor.values.characters import collapse_spaces
from extractor.values.normalisation import normalise_value
from extractor.values.normalised_value import NormalisedValue
from extractor.values.user_input import format_user_input as format_value
from extractor.values.user_input import parse_user_input

__all__ = ["check_text", "format_value", "parse_value"]

MAX_QUOTED = 60
"""Characters of a text that an error message repeats."""
MAX_HINT = 300
_DESCRIPTIONS = {"integer": "a whole number", "number": "a number", "boolean": "yes or no"}


def parse_value(field: Field, text: str, *, typed: bool = True, context: str = "") -> Any:
    """Return what the text means as a value of the field; None for blank text.

    Typed text is taken literally where it is a plain value already (`values.user_input`). Text from a page is read as
    the extraction would read it there, `context` being the text around it. Raises ReviewError (`unusable`) where the
    text is no value of the field.
    """
    return _parse(field, text, typed, context).value


def check_text(field: Field, text: str) -> dict[str, Any]:
    """Return what typed text would be stored as, as JSON data: `value`, the `text` that shows it, `problems`, `hint`.

    Text that is no value of the field has the value None and a problem that says why; blank text has None and none.
    """
    try:
        parsed = _parse(field, text, typed=True, context="")
    except ReviewError as error:
        problem = {"kind": error.details["problem"], "message": error.message}
        return {"value": None, "text": "", "problems": [problem], "hint": error.hint}
    problems = [{"kind": problem.kind, "message": problem.message} for problem in parsed.problems]
    return {"value": parsed.value, "text": format_value(parsed.value), "problems": problems, "hint": ""}


def _parse(field: Field, text: str, typed: bool, context: str) -> NormalisedValue:
    """Return the value and the problems that it has all the same; raises ReviewError for text that is no value."""
    if not text.strip():
        return NormalisedValue(None)
    if typed or field.type in ("json", "array"):
        parsed = parse_user_input(field, text, context)
        is_usable = parsed.value is not None or not parsed.problems
    else:
        parsed = normalise_value(field, text, context)
        is_usable = parsed.value is not None
    if is_usable:
        return parsed
    message, kind = f"“{collapse_spaces(text)[:MAX_QUOTED]}” is not a value of this field", ProblemKind.NOT_NORMALISED
    if parsed.problems:
        message, kind = parsed.problems[0].message, parsed.problems[0].kind
    raise unusable(f"{message}.", _hint(field), problem=kind, wanted=field.format or field.type)


def _hint(field: Field) -> str:
    if field.enum is not None:
        options = ", ".join(format_value(option) for option in field.enum)
        return f"It has to be one of: {options[:MAX_HINT]}."
    if field.format == "date":
        return "Write it as 2020-01-31."
    return f"Enter {_DESCRIPTIONS[field.type]}." if field.type in _DESCRIPTIONS else ""
