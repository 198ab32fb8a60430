"""Where values of a kind stand in a text: numbers, dates, times, addresses, yes and no."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from extractor.values import booleans, contacts, dates, numbers, times
from extractor.values.characters import fold

PARSED_KINDS = ("number", "integer", "date", "time", "date-time", "email", "phone", "uri", "boolean")
"""The kinds of value that `find_spans` finds; `schemas.kinds.VALUE_KINDS` has more, which are free text here."""

Span = tuple[int, int]

_YEAR = re.compile(r"(?:19|20)\d\d")


def find_spans(kind: str, text: str) -> list[Span]:
    """Return every stretch of `text` that a person would point at as a value of `kind`, in order of appearance.

    Liberal, because a stretch left out can never be the answer, yet typed: digits of an address, a telephone number or
    a date are no numbers, except the year. Less likely stretches (`2020` as a date, the 4 of `A4`) are returned only
    where `text` has no likely one. Stretches may overlap where the print allows two readings, the longer one first:
    `1 234`, `1，234`. Raises KeyError for a kind that is not one of `PARSED_KINDS`.
    """
    match kind:
        case "number":
            return _find_numbers(text)
        case "integer":
            return _find_numbers(text, only_integers=True)
        case "date":
            found = list(dates.find_dates(text))
            likely = [date for date in found if not date.weak]
            return [(date.start, date.end) for date in likely or found]
        case "time":
            return [(time.start, time.end) for time in times.find_times(text)]
        case "date-time":
            return [(date.start, time.end) for date, time in times.find_date_times(text)]
        case "phone":
            return _find_phones(text)
    finders = {"email": contacts.find_emails, "uri": contacts.find_uris, "boolean": booleans.find_booleans}
    return finders[kind](text)


def _find_numbers(text: str, only_integers: bool = False) -> list[Span]:
    found = [number for number in numbers.find_numbers(text) if not only_integers or _can_be_integer(number)]
    if not found:
        return []
    addresses = _MergedSpans(contacts.find_uris(text) + contacts.find_emails(text))
    taken = _MergedSpans(
        contacts.find_phones(text, certain_only=True)
        + _certain_dates(text)
        + [(time.start, time.end) for time in times.find_times(text)]
    )
    folded = fold(text)
    likely = []
    for number in found:
        span = (number.start, number.end)
        if number.weak or addresses.overlap(*span):
            continue
        if not taken.overlap(*span) or _YEAR.fullmatch(folded, number.start, number.end):
            likely.append(span)
    spans = set(likely or [(number.start, number.end) for number in found])
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _can_be_integer(number: numbers.Number) -> bool:
    """Return whether the number can be an integer: as it is, by its other reading, or in another unit."""
    if number.value == number.value.to_integral_value() or number.other is not None:
        return True
    return number.unit is not None and number.unit.dimensions != {"ratio"}


def _find_phones(text: str) -> list[Span]:
    taken = _MergedSpans(contacts.find_uris(text) + contacts.find_emails(text) + _certain_dates(text))
    return [span for span in contacts.find_phones(text) if not taken.overlap(*span)]


def _certain_dates(text: str) -> list[Span]:
    return [(date.start, date.end) for date in dates.find_dates(text) if date.certain]


class _MergedSpans:
    """Spans, merged where they touch, that can be asked whether another one overlaps them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def overlap(self, start: int, end: int) -> bool:
        """Return whether any of the spans shares a character with `start:end`."""
        last = bisect_right(self._starts, end - 1) - 1
        return last >= 0 and self._ends[last] > start
