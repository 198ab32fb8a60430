"""Printed numbers as values of a field: which point groups and which divides, and the field's unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.problems import ProblemKind
from extractor.settings import Settings, rule
from extractor.types import Field, Problem
from extractor.values import numbers, units
from extractor.values.characters import collapse_spaces, comparison_key, fold
from extractor.values.locale import UNKNOWN_CONVENTIONS, NumberConventions
from extractor.values.normalised_value import NormalisedValue, not_normalised, problem


@dataclass(frozen=True)
class NumberSettings(Settings):
    """How the parts of a printed number that can be read two ways are settled."""

    integers_have_grouping_points: bool = rule(
        True, meaning="the point of `1.234` groups thousands where the field is an integer"
    )
    points_follow_context: bool = rule(
        True, meaning="the point of `1.234` is read as in the other numbers around it, where those are clear"
    )
    marks_follow_document: bool = rule(
        True, meaning="where the context is silent, `1.234` and `1,234` are read by the document's decimal mark"
    )
    falls_are_positive_under_a_fall: bool = rule(
        True, meaning="`fell by 5%` is 5, not -5, in a field that is itself a fall (`Decrease`)"
    )
    obey_said_signs: bool = rule(
        True, meaning="`-5` is 5 in a field whose description asks for a positive number, or none with a sign"
    )


_SAID_POSITIVE = re.compile(
    r"\bas an? (?:absolute|positive|unsigned)\b|\babsolute (?:value|amount|number)\b|"
    r"\b(?:drop|omit|remove|strip|ignore|without)\b[^.;,]{0,20}\b(?:minus|negative|sign)\b|绝对值|(?:记为|写成|取)正数",
    re.IGNORECASE,
)
_ZERO_WORDS = frozenset({"nil", "zero", "零"})
_LARGEST_EXPONENT = 300
"""Larger numbers do not fit a double."""
_POINT_DIVIDES = re.compile(r"(?<![\d.,])\d+\.(?:\d{1,2}|\d{4,})(?![\d.,])|\d,\d{3}(?!\d)|(?<![\d.,])0\.\d")
_DATE = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d{2})?(?![\d.])")
"""`31.12.2022`, whose points divide nothing."""
_ONE_COMMA = re.compile(r"(?<![\d.,])(?<!\d[ \u00a0\u2009\u202f])[1-9]\d{0,2},\d{3}(?![\d.,])")
_POINT_GROUPS = re.compile(r"\d\.\d{3},\d|(?<!\d)\d{1,3}(?:\.\d{3}){2,}(?!\d)|(?<![\d.,])\d+,\d{1,2}(?![\d.,])")


def normalise_number(
    field: Field, text: str, context: str, conventions: NumberConventions = UNKNOWN_CONVENTIONS
) -> NormalisedValue:
    """Return the number in `text`, in the field's unit; None with a Problem where it is not one number.

    `conventions` are those of the document that the text is from.
    """
    number = numbers.parse_number(text)
    if number is None:
        is_zero = comparison_key(text) in _ZERO_WORDS
        return NormalisedValue(0) if is_zero else not_normalised(field, text, "one number")
    problems: list[Problem] = []
    if number.other is not None:
        number, is_settled = _settle_point(number, text, context, field.type, conventions.decimal_mark)
        if not is_settled:
            message = f"“{collapse_spaces(text)}” may be {number.value} or {number.other:f}"
            problems.append(problem(field, ProblemKind.AMBIGUOUS_NUMBER, message))
    elif conventions.decimal_mark == "," and NumberSettings.current().marks_follow_document:
        number = _settle_comma(number, text, context, field.type)
    if number.ambiguous_sign:
        number, sign_problem = _settle_sign(field, number, text, conventions.triangle_is_minus)
        problems += [sign_problem] if sign_problem else []
    amount = number.value
    if number.worded and amount < 0 and _is_itself_a_fall(field):
        amount = -amount
    if NumberSettings.current().obey_said_signs and _SAID_POSITIVE.search(field.description):
        amount = abs(amount)
    if field.unit:
        amount, unit_problem = _convert_to_field_unit(field, replace(number, value=amount), text, context)
        problems += [unit_problem] if unit_problem else []
    plain = _plain_number(amount)
    if plain is None:
        return not_normalised(field, text, "a number of usable size")
    if field.type == "integer" and not isinstance(plain, int):
        message = f"“{collapse_spaces(text)}” is {plain}, which is not a whole number"
        return NormalisedValue(None, (*problems, problem(field, ProblemKind.NOT_NORMALISED, message)))
    return NormalisedValue(plain, tuple(problems))


def _is_itself_a_fall(field: Field) -> bool:
    names = " ".join((*field.labels, field.title, field.name))
    return NumberSettings.current().falls_are_positive_under_a_fall and numbers.trend_direction(names) < 0


def _plain_number(amount: Decimal) -> int | float | None:
    if not amount.is_finite() or amount.adjusted() > _LARGEST_EXPONENT:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _settle_point(
    number: numbers.Number, text: str, context: str, field_type: str, decimal_mark: str | None
) -> tuple[numbers.Number, bool]:
    """Return the reading of `1.234`, and whether the field's type, the numbers around it or the document settle it."""
    settings = NumberSettings.current()
    grouped = replace(number, value=number.other, other=number.value) if number.other is not None else number
    if field_type == "integer" and number.unit is None and settings.integers_have_grouping_points:
        return grouped, True
    if re.match(r",[-–—]", text[number.end :]):
        return grouped, True  # `1.200,-`: the comma divides
    folded = _DATE.sub(" ", fold(context)) if settings.points_follow_context else ""
    divides, groups = _POINT_DIVIDES.search(folded), _POINT_GROUPS.search(folded)
    if bool(divides) == bool(groups):
        if decimal_mark is None or not settings.marks_follow_document:
            return number, False
        return (number if decimal_mark == "." else grouped), True
    return (number if divides else grouped), True


def _settle_sign(
    field: Field, number: numbers.Number, text: str, triangle_is_minus: bool | None
) -> tuple[numbers.Number, Problem | None]:
    """Return the number with the sign that `▲`, `CR`, `-(` or the like means here, and a problem where that is open."""
    shown = collapse_spaces(text)
    if number.ambiguous_sign in ("CR", "DR"):
        message = f"“{shown}” was read as {number.value}; some accounts mean the opposite by {number.ambiguous_sign}"
        return number, problem(field, ProblemKind.AMBIGUOUS_NUMBER, message)
    if number.ambiguous_sign == "-(":
        message = f"“{shown}” was read as {number.value}; a minus before a bracket may also undo it"
        return number, problem(field, ProblemKind.AMBIGUOUS_NUMBER, message)
    if number.ambiguous_sign == "- ":
        message = f"“{shown}” was read as {number.value}; the dash beside the number may be no minus"
        return number, problem(field, ProblemKind.AMBIGUOUS_NUMBER, message)
    if triangle_is_minus:
        return number, None
    if triangle_is_minus is False:
        number = replace(number, value=abs(number.value))
    message = f"“{shown}” was read as {number.value}; the triangle may be a minus sign or mark a rise"
    return number, problem(field, ProblemKind.AMBIGUOUS_NUMBER, message)


def _settle_comma(number: numbers.Number, text: str, context: str, field_type: str) -> numbers.Number:
    """Return the number whose one comma, as in `1,234`, divides in a document of decimal commas."""
    printed = fold(text)[number.start : number.end]
    if (
        not _ONE_COMMA.search(printed)
        or field_type == "integer"
        or _POINT_DIVIDES.search(_DATE.sub(" ", fold(context)))
    ):
        return number
    return replace(number, value=number.value / 1000)


def _convert_to_field_unit(
    field: Field, number: numbers.Number, text: str, context: str
) -> tuple[Decimal, Problem | None]:
    """Return the amount in the field's unit, and a problem where its own unit does not fit.

    The number is in the unit printed beside it, or else in the one that `context` declares, or else in the field's own.
    """
    wanted = units.parse_unit(field.unit or "")
    if wanted is None:
        return number.value, None
    declared = units.find_declared_units(context)
    given = number.unit
    if given is None:
        given = _unit_behind(number, text, wanted)
        fitting = [unit for unit in declared if not unit.dimensions or unit.dimensions & wanted.dimensions]
        if given is None and fitting:
            nearest = _with_magnitude(fitting)
            given = replace(nearest, magnitude=Decimal(1)) if number.scaled else nearest
            if not given.dimensions and not number.scaled:
                given = replace(wanted, magnitude=given.magnitude, scale=wanted.scale)
        elif given is None and declared:
            message = f"the number stands under the unit {declared[-1].text}, the field asks for {field.unit}"
            return number.value, problem(field, ProblemKind.UNIT, message)
        elif given is None and number.scaled:
            given = units.Unit()
        elif given is None:
            return number.value, None
    elif number.prefixed and not number.scaled:
        magnitudes = [u.magnitude for u in declared if not u.dimensions or u.dimensions & given.dimensions]
        given = replace(given, magnitude=magnitudes[-1]) if magnitudes else given
    converted = units.convert_amount(number.value, given, wanted)
    if converted is None:
        message = f"“{collapse_spaces(text)}” is in {given.text}, which cannot be turned into {field.unit}"
        return number.value, problem(field, ProblemKind.UNIT, message)
    return converted, None


def _with_magnitude(declared: Sequence[units.Unit]) -> units.Unit:
    """Return the last of the units; a bare one takes the magnitude of an earlier `(in thousands)` without a unit."""
    last = declared[-1]
    if not last.dimensions or last.factor != 1:
        return last
    magnitudes = [unit.magnitude for unit in declared if not unit.dimensions]
    return replace(last, magnitude=magnitudes[-1]) if magnitudes else last


def _unit_behind(number: numbers.Number, text: str, wanted: units.Unit) -> units.Unit | None:
    """Return the unit that the rest of `text` behind the number is, where it measures what is wanted."""
    behind = fold(text)[number.end :].strip()
    unit = units.parse_unit(behind) if behind else None
    return unit if unit is not None and unit.dimensions & wanted.dimensions else None
