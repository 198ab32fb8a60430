"""Printed answers as values of a field that has few of them: yes and no, and closed lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from extractor.problems import ProblemKind
from extractor.types import Field
from extractor.values import booleans, numbers
from extractor.values.characters import collapse_spaces, comparison_key
from extractor.values.marks import mark_kind, parse_mark
from extractor.values.normalised_value import NormalisedValue, not_normalised, problem


def find_printed_option(field: Field, text: str) -> Any:
    """Return the value that `x-values` says is printed as `text`, such as `high` for `{"high": ["H", "↑"]}`, or None.

    Blank text may stand for a value too.
    """
    printed = field.schema.get("x-values")
    if not isinstance(printed, Mapping):
        return None
    wanted = collapse_spaces(text).casefold()
    for name, forms in printed.items():
        if wanted in {collapse_spaces(form).casefold() for form in forms}:
            is_boolean = field.type == "boolean" and name in ("true", "false")
            return name == "true" if is_boolean else name
    return None


def normalise_boolean(field: Field, text: str, context: str) -> NormalisedValue:
    """Return yes or no; None with a Problem where `text` is neither, or boxes leave it open."""
    mark = mark_kind(field)
    answer = booleans.parse_boolean(text, context) if mark is None else parse_mark(field, text, mark)
    if answer is not None:
        return NormalisedValue(answer)
    if any(mark in text for mark in "☒☐"):
        message = f"“{collapse_spaces(text)}” does not say which of the boxes counts"
        return NormalisedValue(None, (problem(field, ProblemKind.AMBIGUOUS_BOOLEAN, message),))
    return not_normalised(field, text, "yes or no")


def has_options(field: Field) -> bool:
    """Return whether the field's value is one of a closed list: an `enum`, a `const`, or a `oneOf` of constants."""
    return field.enum is not None or "const" in field.schema or bool(_titled_constants(field.schema))


def _titled_constants(schema: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return the constants of a `oneOf` or `anyOf` list with their titles."""
    branches = schema.get("oneOf") or schema.get("anyOf") or ()
    constants = [branch for branch in branches if hasattr(branch, "get") and "const" in branch]
    return [(branch["const"], str(branch.get("title", ""))) for branch in constants]


def ticks_choice(field: Field, text: str) -> bool:
    """Decide whether boxes in `text` answer a field of choices or of yes and no: one option is ticked."""
    if field.type == "boolean" and not has_options(field):
        return booleans.has_box(text) and booleans.parse_boolean(text, text) is not None
    return has_options(field) and bool(booleans.ticked_labels(text)) and normalise_option(field, text).value is not None


def normalise_option(field: Field, text: str) -> NormalisedValue:
    """Return the one allowed value that `text` is or names; None with a Problem where it is none or several."""
    options = _options_with_titles(field)
    ticked = booleans.ticked_labels(text)
    if ticked is not None:
        if len(ticked) != 1:
            return not_normalised(field, text, "one ticked box")
        text = ticked[0]
    for option, _ in options:
        if isinstance(option, str) and collapse_spaces(option) == collapse_spaces(text):
            return NormalisedValue(option)
    wanted = comparison_key(text)
    equal = [option for option, title in options if wanted and wanted in _comparison_keys(option, title)]
    if len(equal) == 1:
        return NormalisedValue(equal[0])
    begun = [option for option, _ in options if _abbreviates(text, option)]
    if len(begun) == 1:
        return NormalisedValue(begun[0])
    number = numbers.parse_number(text)
    for option, _ in options:
        if isinstance(option, bool):
            if booleans.parse_boolean(text) is option:
                return NormalisedValue(option)
        elif isinstance(option, (int, float)) and number is not None and number.value == Decimal(str(option)):
            return NormalisedValue(option)
    named = [(option, name) for option, title in options for name in _comparison_keys(option, title)]
    named = [(option, name) for option, name in named if len(name) > 1 and name in wanted]
    longest = [option for option, name in named if not any(name != other and name in other for _, other in named)]
    if longest and all(option == longest[0] for option in longest):
        return NormalisedValue(longest[0])
    return not_normalised(field, text, "one of the allowed values")


_LONGEST_ABBREVIATION = 3
"""Letters of a printed code that stands for an option which begins with them."""


def _abbreviates(text: str, option: Any) -> bool:
    """Decide whether a text is one code in capitals that an option begins with: `F` for `female`."""
    code = text.strip(" .()（）")
    is_code = code.isascii() and code.isalpha() and code.isupper() and len(code) <= _LONGEST_ABBREVIATION
    return is_code and isinstance(option, str) and option.casefold().startswith(code.casefold())


def _options_with_titles(field: Field) -> list[tuple[Any, str]]:
    if "const" in field.schema:
        return [(field.schema["const"], "")]
    return [(option, "") for option in field.enum or ()] or _titled_constants(field.schema)


def _comparison_keys(option: Any, title: str) -> tuple[str, str]:
    written = option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)
    return comparison_key(written), comparison_key(title)
