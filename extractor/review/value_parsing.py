"""Text that a person typed or pointed at, as a value of a field; and a value as the text that stands in its input."""

from __future__ import annotations

import json
import re
from typing import Any

from extractor.review.errors import unusable
from extractor.types import Field
from extractor.values import normalization
from extractor.values.characters import collapse_spaces

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d{1,3})?")
_WANTED = {"integer": "a whole number", "number": "a number", "boolean": "yes or no", "string": "a value of this field"}
_APART = re.compile(r"\s*[;；\n]\s*")


def value_of(field: Field, text: str, *, typed: bool = True, context: str = "") -> Any:
    """What the text means as a value of the field; None for blank text.

    What is typed is taken as it stands where it is a plain value already (`-114`, `1.234`, `true`), and free text is
    left alone; what comes from a page is read as the machine would read it there, `context` being the text around it.
    Raises ReviewError (`unusable`) where it is no value.
    """
    if not text.strip():
        return None
    if field.type in ("json", "array"):
        return _structured(field, text.strip())
    if typed:
        plain = _plain(field, text.strip())
        if plain is not None:
            return plain
    found = normalization.normalise_value(field, text, context)
    if found.value is None:
        message = (
            found.problems[0].message if found.problems else f"“{collapse_spaces(text)[:60]}” is no value of this field"
        )
        kind = found.problems[0].kind if found.problems else "not_normalised"
        raise unusable(f"{message}.", _hint(field), problem=kind, wanted=field.format or field.type)
    return text if typed and found.value == collapse_spaces(text) else found.value


def text_of(value: Any) -> str:
    """The value as an input shows it; `value_of` gives the value back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(field: Field, text: str) -> Any:
    """The value that is typed plainly, or None where it has to be read first."""
    if field.enum is not None:
        return next((option for option in field.enum if text_of(option) == text), None)
    if field.type in ("integer", "number") and _NUMBER.fullmatch(text):
        number = json.loads(text.lstrip("+")) if not re.match(r"[-+]?0\d", text) else float(text)
        if isinstance(number, float) and abs(number) <= 2**53 and number == int(number):
            number = int(number)
        if isinstance(number, float) and (field.type == "integer" or abs(number) == float("inf")):
            raise unusable(f"“{text}” is not {_WANTED[field.type]}.", problem="not_normalised", wanted=field.type)
        return number
    if field.type == "boolean" and text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    return None


def _structured(field: Field, text: str) -> Any:
    """A list or an object typed as JSON; a list of plain text also with a semicolon or a line for each element."""
    try:
        found = json.loads(text, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        found = text
    plain = field.items[0] if len(field.items) == 1 and not field.items[0].path else None
    if field.type == "array" and not isinstance(found, list) and plain is not None:
        return [value_of(plain, part) for part in _APART.split(text) if part]
    if isinstance(found, list if field.type == "array" else dict | list) or (field.type == "json" and found != text):
        return found
    raise unusable("This is no JSON, which a field of this kind is written in.", 'Such as ["a", "b"] or {"a": 1}.')


def _hint(field: Field) -> str:
    if field.enum is not None:
        return f"It is one of: {', '.join(text_of(option) for option in field.enum)[:300]}."
    if field.format == "date":
        return "Write it as 2020-01-31."
    return f"It is to be {_WANTED[field.type]}." if field.type in ("integer", "number", "boolean") else ""
