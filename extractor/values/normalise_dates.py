"""Printed dates and times as values of a field: which reading is meant, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Problem
from extractor.values import calendars, dates, times
from extractor.values.characters import collapse_spaces
from extractor.values.described_layouts import kind_of_layout, write_layout
from extractor.values.normalised_value import NormalisedValue, field_format, not_normalised, problem


@dataclass(frozen=True)
class DateSettings(Settings):
    """What settles a date that can be read in several ways or lacks its year."""

    other_dates_prove_order: bool = rule(
        True, meaning="`27/10/2020` elsewhere in the document proves that its `03/04/2020` has the day first"
    )
    order_follows_territory: bool = rule(
        True, meaning="where nothing proves the order, that of the document's territory is followed, with a problem"
    )
    missing_year_is_inferred: bool = rule(
        True, meaning="a date without a year takes the only year of the dates around it, with a problem"
    )
    days_away: int = threshold(
        62, unit="days", meaning="of several years around it, a date takes that of a date at most so far away"
    )
    days_nearer: int = threshold(28, unit="days", meaning="by how much it is nearer to that one than with other years")


_FORMATS_WITH_ZONE = ("time", "date-time")


def normalise_date(
    field: Field, text: str, context: str, other_dates: Sequence[str], day_month_order: str | None
) -> NormalisedValue:
    """Return the date in `text` as `2020-01-31`; None with a Problem where it is not one whole date."""
    printed = dates.parse_date(text)
    if printed is None:
        return not_normalised(field, text, "one date")
    reading, problems = _choose_reading(field, printed, text, (context, *other_dates), day_month_order)
    return NormalisedValue(reading.iso if reading else None, problems)


def _choose_reading(
    field: Field, printed: dates.PrintedDate, text: str, around: Sequence[str], day_month_order: str | None
) -> tuple[dates.DateReading | None, tuple[Problem, ...]]:
    """Return the reading that is meant, None where it is open or incomplete, and what a person should know of it.

    `around` are the texts whose dates may prove the order of day and month, or have the year that is missing.
    """
    settings = DateSettings.current()
    shown = collapse_spaces(text)
    readings = printed.readings
    proven = dates.find_proven_order(around) if len(readings) > 1 and settings.other_dates_prove_order else None
    if proven and any(reading.order == proven for reading in readings):
        readings = tuple(reading for reading in readings if reading.order == proven)
    year_last = tuple(reading for reading in readings if reading.order != "ymd") or readings
    problems: tuple[Problem, ...] = ()
    if len(readings) > len(year_last) == 1 and proven is None:
        year_first = next(reading for reading in readings if reading.order == "ymd")
        message = f"“{shown}” was read as {year_last[0].iso}; with the year first it is {year_first.iso}"
        problems = (problem(field, ProblemKind.AMBIGUOUS_DATE, message),)
    if len(year_last) > 1 and year_last[0].year is not None:
        meanings = " or ".join(reading.iso for reading in year_last)
        message = f"“{shown}” may be {meanings}; no other date of the document settles the order"
        order = day_month_order if settings.order_follows_territory else None
        chosen = next((reading for reading in year_last if reading.order == order), None)
        return chosen, (problem(field, ProblemKind.AMBIGUOUS_DATE, message),)
    reading = year_last[0]
    lacks_year = reading.year is None and reading.day is not None and len(year_last) == 1
    if lacks_year and settings.missing_year_is_inferred and (year := _year_around(reading, around)) is not None:
        message = f"“{shown}” has no year; {year} was taken from the text around it"
        return replace(reading, year=year), (problem(field, ProblemKind.INFERRED_YEAR, message),)
    if not reading.is_complete:
        missing = [name for name in ("year", "month", "day") if getattr(reading, name) is None]
        message = f"“{shown}” is not a whole date: the {' and '.join(missing)} is missing"
        return None, (problem(field, ProblemKind.INCOMPLETE_DATE, message),)
    reading, calendar_problems = _settle_calendar(field, reading, text, around)
    return reading, (*problems, *calendar_problems)


def _year_around(reading: dates.DateReading, around: Sequence[str]) -> int | None:
    """Return the year that the dates of some texts give one without: the only one, or that of the nearest date."""
    whole = [r for source in around for found in dates.find_dates(source) for r in found.readings if r.year is not None]
    years = {r.year for r in whole if r.year is not None}
    if len(years) < 2:
        return next(iter(years), None)
    settings = DateSettings.current()
    known = [day for r in whole if (day := _as_day(r)) is not None]
    days = {year: day for year in years if (day := _as_day(replace(reading, year=year))) is not None}
    away = (
        sorted((min(abs((day - other).days) for other in known), year) for year, day in days.items()) if known else []
    )
    is_near = len(away) > 1 and away[0][0] <= settings.days_away and away[1][0] - away[0][0] >= settings.days_nearer
    return away[0][1] if is_near else None


def _as_day(reading: dates.DateReading) -> date | None:
    """Return a whole reading as a day of the calendar."""
    try:
        return date(reading.year, reading.month, reading.day) if reading.is_complete else None  # type: ignore[arg-type]
    except ValueError:
        return None


def _settle_calendar(
    field: Field, reading: dates.DateReading, text: str, around: Sequence[str]
) -> tuple[dates.DateReading, tuple[Problem, ...]]:
    """Return the reading by the calendar that the text or what stands around it names, and a problem where none does.

    `98年` is a year of the Republic of China where another date names the Republic, and of the common era elsewhere.
    """
    texts = (text, *around)
    match reading.assumed_calendar:
        case "":
            return reading, ()
        case "short":
            if not any(map(calendars.names_era, texts)):
                return reading, ()
            of_century = reading
            short = (reading.year or 0) % 100
            if any(map(calendars.names_republic, texts)):
                reading = replace(reading, year=calendars.common_year("民國", short))
            message = f"“{collapse_spaces(text)}” may count its year from an era, or be {of_century.iso}"
        case "republic":
            if any(map(calendars.names_republic, texts)):
                return reading, ()
            message = f"“{collapse_spaces(text)}” was read as a year of the Republic of China (民國)"
        case "buddhist":
            if any(map(calendars.names_buddhist_years, texts)):
                return reading, ()
            message = f"“{collapse_spaces(text)}” was read as a Buddhist year, {reading.year} of the common era"
        case _:
            message = f"“{collapse_spaces(text)}” may count its year by another calendar"
    return reading, (problem(field, ProblemKind.AMBIGUOUS_DATE, message),)


def normalise_to_layout(
    field: Field, layout: str, text: str, context: str, other_dates: Sequence[str], day_month_order: str | None
) -> NormalisedValue:
    """Return the date or time in `text` written as the field's description asks, as printed where it has other parts.

    A layout without a day (`YYYY-MM`) is content with a month.
    """
    printed = NormalisedValue(collapse_spaces(text))
    if kind_of_layout(layout) == "time":
        found = {time.iso: time for time in times.find_times(text)}
        written = write_layout(layout, None, next(iter(found.values()))) if len(found) == 1 else None
        return NormalisedValue(written) if written else printed
    date_time = list(times.find_date_times(text))
    date_alone = dates.parse_date(text)
    if len(date_time) == 1:
        date_alone, time = date_time[0]
    else:
        time = None
    if date_alone is None:
        return printed
    reading, problems = _choose_reading(field, date_alone, text, (context, *other_dates), day_month_order)
    if reading is None and len(date_alone.readings) == 1:
        reading, problems = date_alone.readings[0], ()
    written = write_layout(layout, reading, time)
    if written is None and not problems:
        message = f"“{collapse_spaces(text)}” does not give all that {layout} asks for"
        problems = (problem(field, ProblemKind.INCOMPLETE_DATE, message),)
    return NormalisedValue(written or printed.value, problems)


def normalise_time(field: Field, text: str) -> NormalisedValue:
    """Return the time of day in `text`, with its offset from UTC where the field has the format `time`."""
    found = list(times.find_times(text))
    if len({time.iso for time in found}) != 1:
        return not_normalised(field, text, "one time of day")
    return _with_zone(field, text, found[0].iso, found[0])


def normalise_date_time(
    field: Field, text: str, context: str, other_dates: Sequence[str], day_month_order: str | None
) -> NormalisedValue:
    """Return the date with a time in `text`, by RFC 3339 where the field has the format `date-time`."""
    found = list(times.find_date_times(text))
    if len({(printed.readings, time.iso) for printed, time in found}) != 1:
        if not found and dates.parse_date(text):
            message = f"“{collapse_spaces(text)}” has no time of day"
            return NormalisedValue(None, (problem(field, ProblemKind.INCOMPLETE_DATE, message),))
        return not_normalised(field, text, "one date with a time")
    printed, time = found[0]
    reading, problems = _choose_reading(field, printed, text, (context, *other_dates), day_month_order)
    if reading is None:
        return NormalisedValue(None, problems)
    zoned = _with_zone(field, text, f"{reading.iso}T{time.iso}", time)
    return NormalisedValue(zoned.value, problems + zoned.problems)


def _with_zone(field: Field, text: str, iso: str, time: times.PrintedTime) -> NormalisedValue:
    """Return `iso` where it is valid by RFC 3339, which asks for the offset from UTC: it is never made up.

    Where the field asks for no such format, only for the kind, the value stays as printed.
    """
    if field_format(field) not in _FORMATS_WITH_ZONE:
        return NormalisedValue(collapse_spaces(text))
    if time.zone:
        return NormalisedValue(iso)
    message = f"“{collapse_spaces(text)}” does not say its time zone, which the format asks for"
    return NormalisedValue(None, (problem(field, ProblemKind.MISSING_ZONE, message),))
