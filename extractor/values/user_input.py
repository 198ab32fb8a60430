"""What a person typed into a field, as a value of the field; and a value as the text that stands in its input."""

from __future__ import annotations

import json
import re
from typing import Any

from extractor.problems import ProblemKind
from extractor.types import Field
from extractor.values.characters import collapse_spaces
from extractor.values.normalisation import normalise_value
from extractor.values.normalised_value import NormalisedValue, not_normalised, problem

_PLAIN_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d{1,3})?")
_LEADING_ZERO = re.compile(r"[-+]?0\d")
_LARGEST_EXACT = 2**53
"""Up to here a double holds every whole number."""
_BETWEEN_ELEMENTS = re.compile(r"\s*[;；\n]\s*")


def parse_user_input(field: Field, text: str, context: str = "") -> NormalisedValue:
    """Return the value of `field` that a person typed as `text`; None with a Problem where it is no such value.

    What is a plain value already is taken as it stands (`-114`, `1.234`, `true`, `2020-01-31`), and free text keeps its
    white space; anything else is read as it would be in a document (`减114`, `31 Jan 2020`), `context` being the text
    that governs it. Blank text is None without a Problem. Lists and objects are typed as JSON; a list of plain values
    also with a semicolon or a line break between its elements.
    """
    if not text.strip():
        return NormalisedValue(None)
    if field.type in ("json", "array"):
        return _parse_structure(field, text.strip())
    plain = _parse_plain(field, text.strip())
    if plain is not None:
        return plain
    read = normalise_value(field, text, context)
    if read.value is None and not read.problems:
        return not_normalised(field, text, "a value of this field")
    if read.value == collapse_spaces(text):
        return NormalisedValue(text, read.problems)
    return read


def format_user_input(value: Any) -> str:
    """Return the text that stands in the input of a field with `value`; `parse_user_input` gives the value back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parse_plain(field: Field, text: str) -> NormalisedValue | None:
    """Return the value that is typed plainly, or None where it has to be read first."""
    if field.enum is not None:
        for option in field.enum:
            if format_user_input(option) == text:
                return NormalisedValue(option)
        return None
    if field.type in ("integer", "number") and _PLAIN_NUMBER.fullmatch(text):
        return _parse_plain_number(field, text)
    if field.type == "boolean" and text.casefold() in ("true", "false"):
        return NormalisedValue(text.casefold() == "true")
    return None


def _parse_plain_number(field: Field, text: str) -> NormalisedValue:
    number = float(text) if _LEADING_ZERO.match(text) else json.loads(text.lstrip("+"))
    if isinstance(number, float) and abs(number) <= _LARGEST_EXACT and number == int(number):
        number = int(number)
    if isinstance(number, float) and (field.type == "integer" or abs(number) == float("inf")):
        return not_normalised(field, text, "a whole number" if field.type == "integer" else "a number of usable size")
    return NormalisedValue(number)


def _parse_structure(field: Field, text: str) -> NormalisedValue:
    try:
        found = json.loads(text, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        found = text
    element = field.items[0] if len(field.items) == 1 and not field.items[0].path else None
    if field.type == "array" and not isinstance(found, list) and element is not None:
        parts = [parse_user_input(element, part) for part in _BETWEEN_ELEMENTS.split(text) if part]
        problems = tuple(found_problem for part in parts for found_problem in part.problems)
        has_failed = any(part.value is None for part in parts)
        return NormalisedValue(None if has_failed else [part.value for part in parts], problems)
    if isinstance(found, list if field.type == "array" else dict | list) or (field.type == "json" and found != text):
        return NormalisedValue(found)
    message = 'This field holds a list or an object, which is written as JSON, such as ["a", "b"] or {"a": 1}'
    return NormalisedValue(None, (problem(field, ProblemKind.NOT_NORMALISED, message),))
