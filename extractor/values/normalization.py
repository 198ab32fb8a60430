"""From a stretch of the source to a value of the schema: deterministic, and never an invention.

Problem kinds: `not_normalised` (no such value in the text, or several), `unit`, `ambiguous_number`, `ambiguous_date`,
`ambiguous_boolean`, `incomplete_date`, `inferred_year`, `missing_zone`, `assumed_scheme`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from extractor.types import Field, Problem
from extractor.values import booleans, contacts, dates, numbers, units
from extractor.values.characters import collapse_spaces, comparison_key, fold

CALENDAR_NUMBER = re.compile(r"(?:(?:19|20)\d\d|[01]?\d|[23]\d)\s*[年月日号]")
"""A year, month or day by its number."""
NUMERIC_TYPES = ("integer", "number")
PARSED_KINDS = ("number", "integer", "date", "time", "date-time", "email", "phone", "uri", "boolean")

_FORMATS = {
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

Span = tuple[int, int]

_VALID_URI = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:|[A-Za-z0-9.-]+:\d+)"
    r"(?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{0,5})?(?=[/?#]|$)|(?!//))"
    r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


@dataclass(frozen=True, slots=True)
class NormalisedValue:
    """A value that fits the field's type, or None with a Problem that says why; a kept value may have Problems too."""

    value: Any
    problems: tuple[Problem, ...] = ()


def value_kind(field: Field) -> str | None:
    """The kind of stretch that answers `field`: from `x-kind`, its type, its format or its name; None for free text.

    Fields with an `enum` or a `const`, and fields that are judged rather than copied, are None.
    """
    schema = field.schema
    if not field.copied or field.enum is not None or "const" in schema:
        return None
    named = schema.get("x-kind")
    if named in PARSED_KINDS:
        return named
    if field.type in ("number", "integer", "boolean"):
        return field.type
    if field.type != "string":
        return None
    return _FORMATS.get(field.format or schema.get("format") or "") or ("date" if _named_a_date(field) else None)


def _named_a_date(field: Field) -> bool:
    """Whether a field of plain text is a date by its name or title: `invoice_date`, `dateOfIssue`, `开票日期`."""
    if "pattern" in field.schema or "maxLength" in field.schema:
        return False
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_|-", " ", field.name).casefold().split()
    return "date" in (words[:1] + words[-1:]) or field.title.casefold().endswith((" date", "日期"))


def find_spans(kind: str, text: str) -> list[Span]:
    """Every stretch of `text` that a person would point at as a value of `kind`, in order of appearance.

    Liberal, because a stretch left out can never be the answer, yet typed: digits of an address, a telephone number or
    a date are no numbers, except the year. Less likely stretches (`2020` as a date, the 4 of `A4`) are returned only
    where `text` has no likely one. Stretches may overlap where the print allows two readings, the longer one first:
    `1 234`, `1，234`.
    """
    if kind in ("number", "integer"):
        return _find_numbers(text, whole=kind == "integer")
    if kind == "date":
        found = list(dates.find_dates(text))
        return [(p.start, p.end) for p in [p for p in found if not p.weak] or found]
    if kind == "time":
        return [(clock.start, clock.end) for clock in dates.find_times(text)]
    if kind == "date-time":
        return [(printed.start, clock.end) for printed, clock in dates.find_date_times(text)]
    finders = {
        "email": contacts.find_emails,
        "uri": contacts.find_uris,
        "phone": _find_phones,
        "boolean": booleans.find_booleans,
    }
    return finders[kind](text)


def _find_numbers(text: str, whole: bool) -> list[Span]:
    found = [n for n in numbers.find_numbers(text) if not whole or _may_be_whole(n)]
    if not found:
        return []
    addresses = _Spans(contacts.find_uris(text) + contacts.find_emails(text))
    taken = _Spans(
        contacts.find_phones(text, sure=True)
        + [(p.start, p.end) for p in dates.find_dates(text) if p.sure]
        + [(c.start, c.end) for c in dates.find_times(text)]
    )
    folded = fold(text)
    likely = []
    for number in found:
        span = (number.start, number.end)
        if number.weak or addresses.meets(*span):
            continue
        year = re.fullmatch(r"(?:19|20)\d\d", folded[number.start : number.end])
        if not taken.meets(*span) or year:
            likely.append(span)
    spans = set(likely or [(number.start, number.end) for number in found])
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _may_be_whole(number: numbers.Number) -> bool:
    """Whether the number can be an integer: as it is, by its other reading, or in another unit."""
    if number.value == number.value.to_integral_value() or number.other is not None:
        return True
    return number.unit is not None and number.unit.dimensions != {"ratio"}


def _find_phones(text: str) -> list[Span]:
    taken = _Spans(
        contacts.find_uris(text)
        + contacts.find_emails(text)
        + [(p.start, p.end) for p in dates.find_dates(text) if p.sure]
    )
    return [span for span in contacts.find_phones(text) if not taken.meets(*span)]


class _Spans:
    """Stretches that can be asked whether another one meets them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def meets(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, end - 1) - 1
        return place >= 0 and self._ends[place] > start


def normalise_value(
    field: Field, text: str, context: str = "", *, other_dates: Sequence[str] = (), date_order: str | None = None
) -> NormalisedValue:
    """What `text` means as a value of `field`; the value fits the schema's type, or is None with a Problem.

    `context` is what governs the text in the document (a caption, then the column header, the innermost last): it may
    declare the unit (`金额（万元）`) and settle how numbers and dates are written. `other_dates` are the other dates of
    the document, which may prove the order of day and month; where they do not, `date_order` (`dmy` or `mdy`) is
    followed, with a Problem, and without it an ambiguous date is None. Lengths, patterns and bounds are left to
    validation.
    """
    schema = field.schema
    if (printed := _printed_as(field, text)) is not None:
        return NormalisedValue(printed)
    if not text.strip():
        return NormalisedValue(None)
    if field.enum is not None or "const" in schema or _labelled_options(schema):
        return _option(field, text)
    kind = schema.get("x-kind") if schema.get("x-kind") in PARSED_KINDS else None
    match field.type:
        case "integer" | "number":
            return _number(field, text, context)
        case "boolean":
            return _boolean(field, text, context)
        case "string":
            kind = kind or _FORMATS.get(field.format or schema.get("format") or "")
            return _string(field, kind, text, context, other_dates, date_order)
    try:
        return NormalisedValue(json.loads(text))
    except ValueError:
        return _nothing(field, text, f"a value of type {field.type}")


def _printed_as(field: Field, text: str) -> Any:
    """The value that `x-values` says is printed as `text`: `{"high": ["H", "↑"]}`; blank text may stand for one too."""
    printed = field.schema.get("x-values")
    if not isinstance(printed, Mapping):
        return None
    wanted = collapse_spaces(text).casefold()
    for name, forms in printed.items():
        if wanted in {collapse_spaces(form).casefold() for form in forms}:
            return (
                {"true": True, "false": False}[name] if field.type == "boolean" and name in ("true", "false") else name
            )
    return None


def _problem(field: Field, kind: str, message: str) -> Problem:
    return Problem(field.path, kind, message)


def _nothing(field: Field, text: str, wanted: str) -> NormalisedValue:
    shown = collapse_spaces(text)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return NormalisedValue(None, (_problem(field, "not_normalised", f"“{shown}” could not be read as {wanted}"),))


# Numbers.


def _number(field: Field, text: str, context: str) -> NormalisedValue:
    number = numbers.parse_number(text)
    if number is None:
        zero = comparison_key(text) in {"nil", "zero", "零"}
        return NormalisedValue(0) if zero else _nothing(field, text, "one number")
    problems: list[Problem] = []
    if number.other is not None:
        number, settled = _settle_point(number, context, field.type)
        if not settled:
            problems.append(
                _problem(
                    field, "ambiguous_number", f"“{collapse_spaces(text)}” may be {number.value} or {number.other:f}"
                )
            )
    amount = number.value
    if number.worded and amount < 0 and numbers.trend_direction(" ".join((*field.labels, field.title, field.name))) < 0:
        amount = -amount  # `下降5%` under a field that is itself the fall
    if field.unit:
        amount, problem = _in_unit(field, replace(number, value=amount), text, context)
        problems += [problem] if problem else []
    plain = _plain(amount)
    if plain is None:
        return _nothing(field, text, "a number of usable size")
    if field.type == "integer" and not isinstance(plain, int):
        problem = _problem(
            field, "not_normalised", f"“{collapse_spaces(text)}” is {plain}, which is not a whole number"
        )
        return NormalisedValue(None, (*problems, problem))
    return NormalisedValue(plain, tuple(problems))


def _plain(amount: Decimal) -> int | float | None:
    if not amount.is_finite() or amount.adjusted() > 300:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _settle_point(number: numbers.Number, context: str, type_: str) -> tuple[numbers.Number, bool]:
    """Whether the point of `1.234` groups or divides, by the field's type or the other numbers around it."""
    grouped = replace(number, value=number.other, other=number.value) if number.other is not None else number
    if type_ == "integer" and number.unit is None:
        return grouped, True
    folded = fold(context)
    divides = re.search(r"(?<![\d.,])\d+\.(?:\d{1,2}|\d{4,})(?![\d.,])|\d,\d{3}(?!\d)|(?<![\d.,])0\.\d", folded)
    groups = re.search(r"\d\.\d{3},\d|(?<!\d)\d{1,3}(?:\.\d{3}){2,}(?!\d)|(?<![\d.,])\d+,\d{1,2}(?![\d.,])", folded)
    if bool(divides) == bool(groups):
        return number, False
    return (number if divides else grouped), True


def _in_unit(field: Field, number: numbers.Number, text: str, context: str) -> tuple[Decimal, Problem | None]:
    """The amount in the field's unit, by the unit printed beside it or else declared in `context`."""
    wanted = units.parse_unit(field.unit or "")
    if wanted is None:
        return number.value, None
    declared = units.find_declared_units(context)
    given = number.unit
    if given is None:
        behind = fold(text)[number.end :].strip()
        base = units.parse_unit(behind) if behind else None
        fitting = [unit for unit in declared if not unit.dimensions or unit.dimensions & wanted.dimensions]
        if base is not None and base.dimensions & wanted.dimensions:
            given = base
        elif fitting:
            given = replace(fitting[-1], magnitude=Decimal(1)) if number.scaled else fitting[-1]
            if not given.dimensions and not number.scaled:
                given = replace(wanted, magnitude=given.magnitude, scale=wanted.scale)
        elif declared:
            problem = f"the number stands under the unit {declared[-1].text}, the field asks for {field.unit}"
            return number.value, _problem(field, "unit", problem)
        elif number.scaled:
            given = units.Unit()
        else:
            return number.value, None
    elif number.prefixed and not number.scaled:
        scales = [u.magnitude for u in declared if not u.dimensions or u.dimensions & given.dimensions]
        given = replace(given, magnitude=scales[-1]) if scales else given
    converted = units.convert_amount(number.value, given, wanted)
    if converted is None:
        problem = f"“{collapse_spaces(text)}” is in {given.text}, which cannot be turned into {field.unit}"
        return number.value, _problem(field, "unit", problem)
    return converted, None


# Yes and no, and closed lists.


def _boolean(field: Field, text: str, context: str) -> NormalisedValue:
    answer = booleans.parse_boolean(text, context)
    if answer is not None:
        return NormalisedValue(answer)
    if any(mark in text for mark in "☒☐"):
        message = f"“{collapse_spaces(text)}” does not say which of the boxes counts"
        return NormalisedValue(None, (_problem(field, "ambiguous_boolean", message),))
    return _nothing(field, text, "yes or no")


def _labelled_options(schema) -> list[tuple[Any, str]]:
    """The constants of a `oneOf` or `anyOf` list with their titles."""
    branches = schema.get("oneOf") or schema.get("anyOf") or ()
    constants = [b for b in branches if hasattr(b, "get") and "const" in b]
    return [(b["const"], str(b.get("title", ""))) for b in constants] if constants else []


def _option(field: Field, text: str) -> NormalisedValue:
    labelled = _labelled_options(field.schema)
    options: list[tuple[Any, str]] = [(option, "") for option in field.enum or ()] or labelled
    if "const" in field.schema:
        options = [(field.schema["const"], "")]
    wanted = comparison_key(text)
    for option, _ in options:
        if isinstance(option, str) and collapse_spaces(option) == collapse_spaces(text):
            return NormalisedValue(option)
    equal = [
        option
        for option, label in options
        if wanted and wanted in {comparison_key(_shown(option)), comparison_key(label)}
    ]
    if len(equal) == 1:
        return NormalisedValue(equal[0])
    number = numbers.parse_number(text)
    for option, _ in options:
        if isinstance(option, bool):
            if booleans.parse_boolean(text) is option:
                return NormalisedValue(option)
        elif isinstance(option, (int, float)) and number is not None and number.value == Decimal(str(option)):
            return NormalisedValue(option)
    inside = [(option, comparison_key(name)) for option, label in options for name in (_shown(option), label)]
    inside = [(option, name) for option, name in inside if len(name) > 1 and name in wanted]
    longest = [option for option, name in inside if not any(name != other and name in other for _, other in inside)]
    if longest and all(option == longest[0] for option in longest):
        return NormalisedValue(longest[0])
    return _nothing(field, text, "one of the allowed values")


def _shown(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


# Strings.


def _string(
    field: Field, kind: str | None, text: str, context: str, around: Sequence[str], date_order: str | None
) -> NormalisedValue:
    match kind:
        case "date":
            return _date(field, text, context, around, date_order)
        case "time":
            return _time(field, text)
        case "date-time":
            return _moment(field, text, context, around, date_order)
        case "email":
            return _email(field, text)
        case "uri":
            return _uri(field, text)
        case "phone":
            return _phone(field, text)
    return NormalisedValue(collapse_spaces(text))


def _date(field: Field, text: str, context: str, around: Sequence[str], date_order: str | None) -> NormalisedValue:
    printed = dates.parse_date(text)
    if printed is None:
        return _nothing(field, text, "one date")
    reading, problems = _settle_date(field, printed, text, context, around, date_order)
    return NormalisedValue(reading.iso if reading else None, problems)


def _settle_date(
    field: Field, printed: dates.PrintedDate, text: str, context: str, around: Sequence[str], date_order: str | None
) -> tuple[dates.DateReading | None, tuple[Problem, ...]]:
    readings = printed.readings
    proven = dates.find_proven_order((context, *around)) if len(readings) > 1 else None
    if proven and any(reading.order == proven for reading in readings):
        readings = tuple(reading for reading in readings if reading.order == proven)
    shown = collapse_spaces(text)
    usual = tuple(reading for reading in readings if reading.order != "ymd") or readings
    doubts: tuple[Problem, ...] = ()
    if len(readings) > len(usual) == 1 and proven is None:
        other = next(reading for reading in readings if reading.order == "ymd")
        message = f"“{shown}” was read as {usual[0].iso}; with the year first it is {other.iso}"
        doubts = (_problem(field, "ambiguous_date", message),)
    readings = usual
    if len(readings) > 1 and readings[0].year is not None:
        meanings = " or ".join(reading.iso for reading in readings)
        message = f"“{shown}” may be {meanings}; no other date of the document settles the order"
        chosen = next((reading for reading in readings if reading.order == date_order), None)
        return chosen, (_problem(field, "ambiguous_date", message),)
    reading = readings[0]
    if reading.year is None and reading.day is not None and len(readings) == 1:
        years = {r.year for source in (context, *around) for p in dates.find_dates(source) for r in p.readings} - {None}
        if len(years) == 1:
            reading = replace(reading, year=years.pop())
            message = f"“{shown}” has no year; {reading.year} was taken from the text around it"
            return reading, (_problem(field, "inferred_year", message),)
    if not reading.complete:
        missing = [name for name in ("year", "month", "day") if getattr(reading, name) is None]
        message = f"“{shown}” is not a whole date: the {' and '.join(missing)} is missing"
        return None, (_problem(field, "incomplete_date", message),)
    return reading, doubts


def _time(field: Field, text: str) -> NormalisedValue:
    clocks = list(dates.find_times(text))
    if len({clock.iso for clock in clocks}) != 1:
        return _nothing(field, text, "one time of day")
    return _zoned(field, text, clocks[0].iso, clocks[0])


def _moment(field: Field, text: str, context: str, around: Sequence[str], date_order: str | None) -> NormalisedValue:
    moments = list(dates.find_date_times(text))
    if len({(printed.readings, clock.iso) for printed, clock in moments}) != 1:
        if not moments and dates.parse_date(text):
            message = f"“{collapse_spaces(text)}” has no time of day"
            return NormalisedValue(None, (_problem(field, "incomplete_date", message),))
        return _nothing(field, text, "one date with a time")
    printed, clock = moments[0]
    reading, problems = _settle_date(field, printed, text, context, around, date_order)
    if reading is None:
        return NormalisedValue(None, problems)
    zoned = _zoned(field, text, f"{reading.iso}T{clock.iso}", clock)
    return NormalisedValue(zoned.value, problems + zoned.problems)


def _zoned(field: Field, text: str, iso: str, clock: dates.PrintedTime) -> NormalisedValue:
    """RFC 3339 wants the offset from UTC; without one the value would not be valid, so it is not made up."""
    if clock.zone and _is_format(field, ("time", "date-time")):
        return NormalisedValue(iso)
    if not _is_format(field, ("time", "date-time")):
        return NormalisedValue(collapse_spaces(text))  # only its kind is wanted, so it stays as printed
    message = f"“{collapse_spaces(text)}” does not say its time zone, which the format asks for"
    return NormalisedValue(None, (_problem(field, "missing_zone", message),))


def _is_format(field: Field, formats: Sequence[str]) -> bool:
    return (field.format or field.schema.get("format")) in formats


def _email(field: Field, text: str) -> NormalisedValue:
    for attempt in (fold(text), re.sub(r"\s+", "", fold(text))):
        spans = contacts.find_emails(attempt)
        if len({attempt[a:b] for a, b in spans}) == 1:
            return NormalisedValue(attempt[spans[0][0] : spans[0][1]])
    return _nothing(field, text, "one e-mail address")


def _uri(field: Field, text: str) -> NormalisedValue:
    for attempt in (text, re.sub(r"\s+", "", text)):
        spans = contacts.find_uris(attempt)
        if len({attempt[a:b] for a, b in spans}) == 1:
            uri = fold(attempt[spans[0][0] : spans[0][1]])
            if not _VALID_URI.fullmatch(uri if ":" in uri else f"http://{uri}"):
                break
            if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) and not re.match(r"[^/]*:\d", uri):
                return NormalisedValue(uri)
            if (field.format or field.schema.get("format") or "").endswith("reference"):
                return NormalisedValue(uri)
            message = f"“{uri}” is printed without http:// or https://; http:// was put in front"
            return NormalisedValue(f"http://{uri}", (_problem(field, "assumed_scheme", message),))
    return _nothing(field, text, "one web address")


def _phone(field: Field, text: str) -> NormalisedValue:
    spans = contacts.find_phones(text)
    if len(spans) == 1:
        return NormalisedValue(contacts.normalise_phone(text[spans[0][0] : spans[0][1]]))
    cleaned = contacts.normalise_phone(text)
    if not spans and re.fullmatch(r"[\d ()+./-]{3,24}(?:(?:ext|x|转)\.? ?\d{1,6})?", cleaned, re.IGNORECASE):
        return NormalisedValue(cleaned)
    return _nothing(field, text, "one telephone number")
