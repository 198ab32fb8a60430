"""Layouts of dates and times that a field's description asks for: `YYYY-MM-DD HH:MM`, `24-hour HH:MM`, `MM/YYYY`.

A schema that says so in words rather than by a `format` wants the value written that way, whatever is printed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from extractor.types import Field
from extractor.values.dates import DateReading
from extractor.values.times import PrintedTime

_PART = "(?:YYYY|YY|MM|DD|HH|SS)"
_LAYOUT = re.compile(rf"(?<![A-Za-z]){_PART}(?:(?:[-/.: 年月]|T)?{_PART}){{1,5}}日?(?![A-Za-z])", re.IGNORECASE)
_PARTS = re.compile(_PART)
_MONTH_CODE = re.compile("YY(?:YY)?MM")
"""`202407` is a code that is copied as it is printed: no date is written so."""


def find_layout(field: Field) -> str | None:
    """Return the layout that the description of a text field asks for, its parts in capitals; None where none does."""
    return _find_layout(field.description) if field.type == "string" and field.description else None


@lru_cache(maxsize=4096)
def _find_layout(description: str) -> str | None:
    found = {match[0].upper() for match in _LAYOUT.finditer(description)}
    layout = found.pop() if len(found) == 1 else None
    return None if layout and _MONTH_CODE.fullmatch(layout) else layout


def kind_of_layout(layout: str) -> str:
    """Return which kind of value a layout writes: `date`, `time` or `date-time`."""
    parts = set(_PARTS.findall(layout))
    if "HH" not in parts:
        return "date"
    return "date-time" if parts & {"YYYY", "YY", "DD"} else "time"


def write_layout(layout: str, reading: DateReading | None, time: PrintedTime | None) -> str | None:
    """Return a date, a time or both as the layout has them; None where a part of it is not given.

    `MM` behind `HH` are minutes, elsewhere the month.
    """
    has_hour = False
    written: list[str] = []
    position = 0
    for match in _PARTS.finditer(layout):
        part = match[0]
        value = _part_value(part, has_hour, reading, time)
        if value is None:
            return None
        written += [layout[position : match.start()], f"{value % 100:02d}" if len(part) == 2 else f"{value:04d}"]
        position, has_hour = match.end(), has_hour or part == "HH"
    return "".join(written) + layout[position:]


def _part_value(part: str, has_hour: bool, reading: DateReading | None, time: PrintedTime | None) -> int | None:
    match part:
        case "HH":
            return time.hour if time else None
        case "SS":
            return int(float(time.second)) if time else None
        case "MM" if has_hour:
            return time.minute if time else None
        case "MM":
            return reading.month if reading else None
        case "DD":
            return reading.day if reading else None
    return reading.year if reading else None
