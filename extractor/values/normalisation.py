"""From a stretch of the source to a value of the schema: deterministic, and never an invention.

`value_kind` says what is looked for, `find_spans` where it stands in a text, `normalise_value` what it means. Each type
has a module of its own: `normalise_numbers`, `normalise_dates`, `normalise_choices` and `normalise_contacts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from extractor.types import Field
from extractor.values.characters import collapse_spaces, strip_note_marks, unify_characters
from extractor.values.described_layouts import find_layout, kind_of_layout
from extractor.values.locale import UNKNOWN_CONVENTIONS, NumberConventions
from extractor.values.normalise_choices import find_printed_option, has_options, normalise_boolean, normalise_option
from extractor.values.normalise_contacts import normalise_email, normalise_phone, normalise_uri
from extractor.values.normalise_dates import (
    normalise_date,
    normalise_date_time,
    normalise_time,
    normalise_to_layout,
)
from extractor.values.normalise_numbers import normalise_number
from extractor.values.normalised_value import NormalisedValue, field_format, not_normalised
from extractor.values.spans import PARSED_KINDS, Span, find_spans

__all__ = [
    "CALENDAR_NUMBER",
    "NUMERIC_TYPES",
    "PARSED_KINDS",
    "TEMPORAL_KINDS",
    "NormalisedValue",
    "Span",
    "find_spans",
    "normalise_value",
    "value_kind",
]

CALENDAR_NUMBER = re.compile(r"(?:(?:19|20)\d\d|[01]?\d|[23]\d)\s*[年月日号]")
"""A year, month or day by its number."""
NUMERIC_TYPES = ("integer", "number")
TEMPORAL_KINDS = ("date", "date-time", "time")

_KIND_OF_FORMAT = {
    "date": "date",
    "time": "time",
    "date-time": "date-time",
    "email": "email",
    "idn-email": "email",
    "uri": "uri",
    "url": "uri",
    "iri": "uri",
    "uri-reference": "uri",
    "iri-reference": "uri",
    "phone": "phone",
    "tel": "phone",
    "telephone": "phone",
}


def is_any_text(field: Field) -> bool:
    """Decide whether a field is any text that is copied: of no closed list, and of no kind that code can tell."""
    return field.type == "string" and field.copied and field.enum is None and value_kind(field) is None


def value_kind(field: Field) -> str | None:
    """Return the kind of stretch that answers `field`, by its `x-kind`, type, format or name; None for free text.

    None too for fields with an `enum` or a `const`, and for fields that are judged rather than copied.
    """
    schema = field.schema
    if not field.copied or field.enum is not None or "const" in schema:
        return None
    declared = schema.get("x-kind")
    if declared in PARSED_KINDS:
        return declared
    if field.type in ("number", "integer", "boolean"):
        return field.type
    if field.type != "string":
        return None
    kind = _KIND_OF_FORMAT.get(field_format(field))
    if kind is None and (layout := find_layout(field)) and "pattern" not in schema:
        return kind_of_layout(layout)
    return kind or ("date" if _is_named_a_date(field) else None)


def _is_named_a_date(field: Field) -> bool:
    """Return whether a field of plain text is a date by name or title: `invoice_date`, `dateOfIssue`, `开票日期`."""
    if "pattern" in field.schema or "maxLength" in field.schema:
        return False
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_|-", " ", field.name).casefold().split()
    return "date" in (words[:1] + words[-1:]) or field.title.casefold().endswith((" date", "日期"))


def normalise_value(
    field: Field,
    text: str,
    context: str = "",
    *,
    other_dates: Sequence[str] = (),
    day_month_order: str | None = None,
    conventions: NumberConventions = UNKNOWN_CONVENTIONS,
) -> NormalisedValue:
    """Return what `text` means as a value of `field`: a value of the schema's type, or None with a Problem.

    `context` is what governs the text in the document (a caption, then the column header, the innermost last): it may
    declare the unit (`金额（万元）`) and settle how numbers and dates are written. `other_dates` are the other dates of
    the document, which may prove the order of day and month; where they do not, `day_month_order` (`dmy` or `mdy`) is
    followed, with a Problem, and without it an ambiguous date is None. `conventions` are those of the
    document, which say what `1.234` and `▲5` are where the context does not. Blank text is None without a Problem.
    Lengths, patterns and bounds are left to validation.
    """
    printed_option = find_printed_option(field, text)
    if printed_option is not None:
        return NormalisedValue(printed_option)
    if not text.strip():
        return NormalisedValue(None)
    if has_options(field):
        return normalise_option(field, text)
    match field.type:
        case "integer" | "number":
            return normalise_number(field, text, context, conventions)
        case "boolean":
            return normalise_boolean(field, text, context)
        case "string":
            return _normalise_string(field, text, context, other_dates, day_month_order)
    try:
        return NormalisedValue(json.loads(text))
    except ValueError:
        return not_normalised(field, text, f"a value of type {field.type}")


def _normalise_string(
    field: Field, text: str, context: str, other_dates: Sequence[str], day_month_order: str | None
) -> NormalisedValue:
    declared = field.schema.get("x-kind")
    kind = declared if declared in PARSED_KINDS else _KIND_OF_FORMAT.get(field_format(field))
    if kind is None and (layout := find_layout(field)) and value_kind(field) in TEMPORAL_KINDS:
        return normalise_to_layout(field, layout, text, context, other_dates, day_month_order)
    match kind:
        case "date":
            return normalise_date(field, text, context, other_dates, day_month_order)
        case "time":
            return normalise_time(field, text)
        case "date-time":
            return normalise_date_time(field, text, context, other_dates, day_month_order)
        case "email":
            return normalise_email(field, text)
        case "uri":
            return normalise_uri(field, text)
        case "phone":
            return normalise_phone(field, text)
    return NormalisedValue(unify_characters(collapse_spaces(strip_note_marks(text))))
