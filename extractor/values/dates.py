"""Dates as printed, and what they can mean.

A printed date is a set of readings: `03/04/2020` is two, `2020年1月` is one without a day. Choosing between them is the
caller's task (`normalise_dates`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from extractor.values import calendars
from extractor.values.characters import fold
from extractor.values.chinese_numerals import parse_chinese_number
from extractor.values.scripts import HAN

_MONTH_NAMES = (
    *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
    *("september sept sep", "october oct", "november nov", "december dec"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_MONTHS_OF_ALL_LANGUAGES = _MONTHS | {
    name: number for number, names in enumerate(calendars.MONTHS_IN_OTHER_LANGUAGES, start=1) for name in names.split()
}
_ANY_MONTH = "(?:" + "|".join(sorted(_MONTHS_OF_ALL_LANGUAGES, key=len, reverse=True)) + r")\.?"
_OF = "(?:of|de|del|di)"
"""What stands between the day, the month and the year, as in `4 de octubre de 2024`."""
_CHINESE_DIGIT = "[〇零○一二三四五六七八九十廿卅]"
_CHINESE_NUMERAL = "[〇零○一二三四五六七八九十百廿卅]"
_DAY_OR_MONTH = rf"\d{{1,2}}|{_CHINESE_DIGIT}{{1,3}}"
_S = "[ \u00a0]"
_G = rf"(?:{_S}{{0,2}}|\t)"
"""Between a figure and the word for year, month or day, which a form may print at some distance."""
_ORDINAL = r"(?:st|nd|rd|th|er|º)?"
_NO_DIGIT_FOLLOWS = r"(?:(?!\d|\.\d)|(?<=\d\d)(?=\d\d:\d\d(?!\d)))"
"""Unless a time stands against the date without a space: OCR returns `19-03-201818:08:38`."""
_BRACKETED_YEAR = rf"(?:{_S}?[(（]{_S}?(?:\d{{4}}|(?:{calendars.ERA})(?:\d{{1,3}}|元)){_S}?年?{_S}?[)）])?"
"""The same year once more, in the other calendar: `令和6年（2024年）6月6日`."""
_THAI_MONTH = "(?:" + "|".join(map(re.escape, sorted(calendars.THAI_MONTHS, key=len, reverse=True))) + ")"
_PIVOT_YEAR = 68
"""The last two-digit year of this century, as in POSIX strptime: `68` is 2068, `69` is 1969."""


@dataclass(frozen=True, slots=True)
class DateReading:
    """One meaning of a printed date: the parts it gives, and the order (`ymd`, `dmy`, `mdy`) in which it was read.

    `year` is of the common era. `assumed_calendar` names the calendar of a year whose own is not printed beside it:
    `republic` for `113年`, `buddhist` for 2567, `unknown` for one before the Gregorian calendar, and `short` for
    `98年`, which may be of an era as well as of a century.
    """

    year: int | None
    month: int | None
    day: int | None
    order: str = ""
    assumed_calendar: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether year, month and day are all given."""
        return self.year is not None and self.month is not None and self.day is not None

    @property
    def iso(self) -> str:
        """The complete date by ISO 8601: `2020-01-31`."""
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date at `text[start:end]`, with every reading it allows.

    A `weak` one (`2020`, `1/2`) is more often something else, to be offered only where no better date stands. The
    digits of a `certain` one are nothing but a date, so that no number is looked for inside.
    """

    start: int
    end: int
    readings: tuple[DateReading, ...]
    weak: bool = False
    certain: bool = True


# Every form of a date: its pattern, whose groups begin with the name of the form, and what its groups mean.

_INITIALS = f"[{''.join(calendars.ERA_LETTERS)}]"

_FORM_PATTERNS: Mapping[str, str] = {
    "era": rf"""(?P<era_name>{calendars.ERA}){_S}{{0,2}}(?P<era_year>元|\d{{1,3}}|{_CHINESE_NUMERAL}{{1,5}}){_G}
        {_BRACKETED_YEAR}{_S}?年(?:度{_S}?)?{_BRACKETED_YEAR}
        (?:{_S}{{0,2}}(?P<era_month>{_DAY_OR_MONTH}){_G}月份?
            (?:{_S}{{0,2}}(?P<era_day>{_DAY_OR_MONTH}){_G}[日号號])?)?""",
    "era_figures": rf"""(?P<era_figures_name>{calendars.ERA}){_S}{{0,2}}(?P<era_figures_year>元|\d{{1,3}}){_S}?
        (?P<era_figures_mark>[-/.]){_S}?(?P<era_figures_month>\d{{1,2}}){_S}?(?P=era_figures_mark)
        {_S}?(?P<era_figures_day>\d{{1,2}}){_NO_DIGIT_FOLLOWS}""",
    "initial": rf"""(?<![A-Za-z0-9{HAN}])(?-i:(?P<initial_name>{_INITIALS}))\.?{_S}?(?P<initial_year>\d{{1,2}}){_S}?
        (?P<initial_mark>[-/.]){_S}?(?P<initial_month>\d{{1,2}}){_S}?(?P=initial_mark)
        {_S}?(?P<initial_day>\d{{1,2}}){_NO_DIGIT_FOLLOWS}""",
    "initial_in_words": rf"""(?<![A-Za-z0-9{HAN}])(?-i:(?P<words_name>{_INITIALS})){_S}?
        (?P<words_year>\d{{1,2}}){_S}?年{_S}?(?P<words_month>\d{{1,2}}){_S}?月{_S}?(?P<words_day>\d{{1,2}}){_S}?日""",
    "thai": rf"""(?<![\d.,])(?P<thai_day>\d{{1,2}}){_S}?(?:เดือน)?{_S}?(?P<thai_month>{_THAI_MONTH}){_S}?
        (?P<thai_era>{calendars.BUDDHIST_ERA}|ค\.?{_S}?ศ\.?)?{_S}?(?P<thai_year>\d{{4}}|\d\d)(?!\d)""",
    "buddhist": rf"""(?:{calendars.BUDDHIST_ERA}){_S}?(?P<buddhist_year>2[4-6]\d\d){_S}?年
        {_S}?(?P<buddhist_month>{_DAY_OR_MONTH}){_S}?月{_S}?(?P<buddhist_day>{_DAY_OR_MONTH}){_S}?[日号號]""",
    "republic": rf"""(?<![\d.])(?P<republic_year>1[0-4]\d){_S}?年{_S}?
        (?P<republic_month>\d{{1,2}}){_S}?月{_S}?(?P<republic_day>\d{{1,2}}){_S}?[日号號]""",
    "republic_figures": r"""(?<![\d./-])(?P<republic_figures_year>1[0-4]\d)(?P<republic_figures_mark>[-/.])
        (?P<republic_figures_month>\d{1,2})(?P=republic_figures_mark)(?P<republic_figures_day>\d{1,2})(?![\d./-])""",
    "chinese": rf"""(?<!\d)(?P<chinese_year>(?:\d{{4}}|\d\d)|{_CHINESE_DIGIT}{{4}}){_BRACKETED_YEAR}{_G}年
        (?:度{_S}?)?{_BRACKETED_YEAR}
        (?:{_S}{{0,2}}(?P<chinese_month>{_DAY_OR_MONTH}){_G}月份?
            (?:{_S}{{0,2}}(?P<chinese_day>{_DAY_OR_MONTH}){_G}[日号號])?)?""",
    "chinese_month_day": rf"""(?<!\d)(?P<chinese_month_day_month>{_DAY_OR_MONTH}){_S}?月
        {_S}?(?P<chinese_month_day_day>{_DAY_OR_MONTH}){_S}?[日号號]""",
    "year_first": rf"""(?<![\d.])(?P<year_first_year>\d{{4}}){_S}?(?P<year_first_mark>[-/.])
        {_S}?(?P<year_first_month>\d{{1,2}}){_S}?(?P=year_first_mark){_S}?(?P<year_first_day>\d{{1,2}})
        {_NO_DIGIT_FOLLOWS}""",
    "figures": rf"""(?<![\d.])(?P<figures_first>\d{{1,2}})(?P<figures_space>{_S}?)(?P<figures_mark>[-/.])
        (?P=figures_space)(?P<figures_second>\d{{1,2}})(?P=figures_space)(?P=figures_mark)(?P=figures_space)
        (?P<figures_last>\d{{4}}|\d\d){_NO_DIGIT_FOLLOWS}""",
    "day_of_month": rf"""(?<![\d.,])(?P<day_of_day>\d{{1,2}}){_S}?{_ORDINAL}\s{{0,3}}day\s{{1,3}}of\s{{1,3}}
        (?P<day_of_month_name>{_MONTH})(?![A-Za-z])(?:,?\s{{1,3}}(?P<day_of_year>\d{{4}})(?!\d))?""",
    "day_month": rf"""(?<![\d.,])(?P<day_month_day>\d{{1,2}}){_S}?{_ORDINAL}{_S}?(?:{_OF}{_S})?[-/.]?
        {_S}?(?P<day_month_month>{_ANY_MONTH})(?![^\W\d_])
        (?:{_S}?(?:[-/,.']|{_OF}{_S})?{_S}?'?(?P<day_month_year>\d{{4}}|\d\d(?!:\d))(?!\d|{_S}?[ap]\.?m\b|[.,]\d))?""",
    "month_day": rf"""(?<![A-Za-z])(?P<month_day_month>{_MONTH}){_S}{{0,2}}[-/]?
        {_S}?(?P<month_day_day>\d{{1,2}})(?!\d|:\d){_ORDINAL}(?![A-Za-z])
        (?:{_S}?[-/,]?{_S}?'?(?P<month_day_year>\d{{4}}|(?:(?<=[-/,']){_S}?'?|(?<=[-/,]{_S}))\d\d(?!:\d))(?!\d))?""",
    "month_year": rf"""(?<![^\W\d_])(?P<month_year_month>{_ANY_MONTH}){_S}?(?:[-/,']|{_OF}{_S})?
        {_S}?(?P<month_year_year>\d{{4}}|'\d\d)(?!\d)""",
    "compact_year_first": r"""(?<![\dA-Za-z.,])(?P<compact_year>(?:19|20)\d\d)(?P<compact_month>0[1-9]|1[0-2])
        (?P<compact_day>0[1-9]|[12]\d|3[01])(?![\dA-Za-z]|[.,]\d)""",
    "compact_year_last": r"""(?<![\dA-Za-z.,])(?P<compact_first>\d\d)(?P<compact_second>\d\d)
        (?P<compact_last>(?:19|20)\d\d)(?![\dA-Za-z]|[.,]\d)""",
    "compact_month_name": rf"""(?<![\dA-Za-z])(?P<compact_name_day>\d{{1,2}})(?P<compact_name_month>{_MONTH})
        (?P<compact_name_year>\d{{4}}|\d\d)(?![\dA-Za-z])""",
    "year_month": rf"""(?<![\d./-])(?P<year_month_year>(?:19|20)\d\d){_S}?[-/.]
        {_S}?(?P<year_month_month>0?[1-9]|1[0-2])(?![\d]|[./-]\d)""",
    "month_slash_year": r"""(?<![\d./-])(?P<slash_month>0?[1-9]|1[0-2])/
        (?P<slash_year>(?:19|20)\d\d)(?!\d)""",
    "year": r"(?<![\d.,])(?P<year_alone>(?:19|20)\d\d)(?![\d]|[.,]\d|[A-Za-z%])",
    "day_or_month_first": r"(?<![\d./-])(?P<part_first>\d{1,2})/(?P<part_second>\d{1,2})(?![\d]|[./-]\d)",
}
_DATE = re.compile(
    "|".join(f"(?P<{form}>{pattern})" for form, pattern in _FORM_PATTERNS.items()), re.VERBOSE | re.IGNORECASE
)
_WEAK_FORMS = frozenset({"year", "day_or_month_first", "compact_year_last", "initial", "republic_figures"})
_UNCERTAIN_FORMS = frozenset({"compact_year_first", "year_month"})
"""Forms that a number can have as well."""

_Readings = tuple[DateReading, ...]
_FORM_READERS: Mapping[str, Callable[[re.Match[str]], _Readings]] = {
    "era": lambda m: _read_era(m["era_name"], m["era_year"], m["era_month"], m["era_day"]),
    "era_figures": lambda m: _read_era(
        m["era_figures_name"], m["era_figures_year"], m["era_figures_month"], m["era_figures_day"]
    ),
    "initial": lambda m: _read_era(m["initial_name"], m["initial_year"], m["initial_month"], m["initial_day"]),
    "initial_in_words": lambda m: _read_era(m["words_name"], m["words_year"], m["words_month"], m["words_day"]),
    "thai": lambda m: _one_reading(
        _thai_year(m["thai_year"], m["thai_era"]), calendars.THAI_MONTHS[m["thai_month"]], int(m["thai_day"]), "dmy"
    ),
    "buddhist": lambda m: _read_era("", m["buddhist_year"], m["buddhist_month"], m["buddhist_day"]),
    "republic": lambda m: _assume(
        "republic", _read_era("民國", m["republic_year"], m["republic_month"], m["republic_day"])
    ),
    "republic_figures": lambda m: _assume(
        "republic",
        _read_era("民國", m["republic_figures_year"], m["republic_figures_month"], m["republic_figures_day"]),
    ),
    "chinese": lambda m: _assume(
        "short" if re.fullmatch(r"\d\d", m["chinese_year"]) else "",
        _one_reading(
            _year(m["chinese_year"]), _day_or_month(m["chinese_month"]), _day_or_month(m["chinese_day"]), "ymd"
        ),
    ),
    "chinese_month_day": lambda m: _one_reading(
        None, _day_or_month(m["chinese_month_day_month"]), _day_or_month(m["chinese_month_day_day"]), "ymd"
    ),
    "year_first": lambda m: _one_reading(
        int(m["year_first_year"]), int(m["year_first_month"]), int(m["year_first_day"]), "ymd"
    ),
    "figures": lambda m: read_numeric_date(m["figures_first"], m["figures_second"], m["figures_last"]),
    "day_of_month": lambda m: _read_month_name(m["day_of_year"], m["day_of_month_name"], m["day_of_day"], "dmy"),
    "day_month": lambda m: _read_month_name(m["day_month_year"], m["day_month_month"], m["day_month_day"], "dmy"),
    "month_day": lambda m: _read_month_name(m["month_day_year"], m["month_day_month"], m["month_day_day"], "mdy"),
    "month_year": lambda m: _one_reading(
        _year(m["month_year_year"]), _month_number(m["month_year_month"]), None, "mdy"
    ),
    "compact_year_first": lambda m: _one_reading(
        int(m["compact_year"]), int(m["compact_month"]), int(m["compact_day"]), "ymd"
    ),
    "compact_year_last": lambda m: read_numeric_date(m["compact_first"], m["compact_second"], m["compact_last"]),
    "compact_month_name": lambda m: _one_reading(
        _year(m["compact_name_year"]), _month_number(m["compact_name_month"]), int(m["compact_name_day"]), "dmy"
    ),
    "year_month": lambda m: _one_reading(int(m["year_month_year"]), int(m["year_month_month"]), None, "ymd"),
    "month_slash_year": lambda m: _one_reading(int(m["slash_year"]), int(m["slash_month"]), None, "mdy"),
    "year": lambda m: _one_reading(int(m["year_alone"]), None, None, ""),
    "day_or_month_first": lambda m: _read_day_and_month(int(m["part_first"]), int(m["part_second"])),
}


def find_dates(text: str) -> Iterator[PrintedDate]:
    """Yield every date of `text` in order of appearance, complete or not; without impossible ones (`32/13/2020`)."""
    folded = fold(text)
    position = 0
    while True:
        match = _DATE.search(folded, position)
        if match is None:
            return
        form = _form_of(match)
        readings = _FORM_READERS[form](match)
        if readings:
            lacks_month = form in ("chinese", "era") and match[f"{form}_month"] is None
            weak = form in _WEAK_FORMS or lacks_month
            certain = not weak and _is_certain(form, match, readings)
            yield PrintedDate(match.start(), match.end(), readings, weak, certain)
            position = match.end()
        else:
            position = match.start() + 1
            while position < len(folded) and folded[position].isdigit() and folded[position - 1].isdigit():
                position += 1


def _form_of(match: re.Match[str]) -> str:
    return next(form for form in _FORM_PATTERNS if match[form] is not None)


def _is_certain(form: str, match: re.Match[str], readings: _Readings) -> bool:
    if form in _UNCERTAIN_FORMS:
        return False
    if form == "figures" and len(match["figures_last"]) == 2 and match["figures_mark"] != "/":
        return False  # `1-2-20` and `1.2.20` number sections too
    return form != "month_day" or any(reading.is_complete for reading in readings)


def _read_month_name(year: str | None, month: str, day: str, order: str) -> _Readings:
    if month == "may" and not year:
        return ()  # the verb
    return _one_reading(_year(year), _month_number(month), int(day), order)


def read_numeric_date(first: str, second: str, last: str) -> _Readings:
    """Return the readings of a date of three numbers, the year last.

    A two-digit year may stand first too, but that is the only reading only where the year cannot stand last.
    """
    year = _year(last)
    found = _one_reading(year, int(second), int(first), "dmy") + _one_reading(year, int(first), int(second), "mdy")
    if len(found) == 2 and (found[0].month, found[0].day) == (found[1].month, found[1].day):
        found = found[:1]
    if len(last) == 2 and len(first) == 2:
        found += _one_reading(_year(first), int(second), int(last), "ymd")
    return found


def _read_day_and_month(first: int, second: int) -> _Readings:
    readings = _one_reading(None, first, second, "mdy") + _one_reading(None, second, first, "dmy")
    return tuple(dict.fromkeys(readings))


def _read_era(era: str, year: str, month: str | None, day: str | None) -> _Readings:
    """Return the reading of a date whose year is counted from the beginning of an era; `元` is its first."""
    number = 1 if year == "元" else _day_or_month(year)
    if not number:
        return ()
    return _one_reading(calendars.common_year(era, number), _day_or_month(month), _day_or_month(day), "ymd")


def _thai_year(year: str, era: str | None) -> int:
    """Return the year of a date with a Thai month: Buddhist, with or without its first two digits, or named common."""
    if era and era.startswith("ค"):
        return int(year)
    number = int(year) + (2500 if len(year) == 2 else 0)
    return calendars.common_year("", number) if calendars.is_buddhist_year(number) else number


def _assume(calendar: str, readings: _Readings) -> _Readings:
    return tuple(replace(reading, assumed_calendar=calendar) for reading in readings) if calendar else readings


def _one_reading(year: int | None, month: int | None, day: int | None, order: str) -> _Readings:
    """Return the reading of these parts, none where there is no such day.

    A year that is Buddhist or older than the Gregorian calendar by its number is marked as such.
    """
    calendar = ""
    if year is not None and calendars.is_buddhist_year(year):
        year, calendar = calendars.common_year("", year), "buddhist"
    elif year is not None and year < calendars.FIRST_GREGORIAN_YEAR:
        calendar = "unknown"
    if month is not None and not 1 <= month <= 12:
        return ()
    if day is not None:
        try:
            date(year or 2000, month or 1, day)
        except ValueError:
            return ()
    return (DateReading(year, month, day, order, calendar),) if year is None or 1 <= year <= 9999 else ()


def _year(text: str | None) -> int | None:
    if not text:
        return None
    text = text.strip(" \u00a0'")
    if not (text.isdigit() and text.isascii()):
        return int(parse_chinese_number(text.replace("○", "〇")) or 0)
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year <= _PIVOT_YEAR else 1900)
    return year


def _day_or_month(text: str | None) -> int | None:
    """Return the number of a day or a month, 0 for Chinese numerals that are no number."""
    if not text:
        return None
    if text.isdigit() and text.isascii():
        return int(text)
    return int(parse_chinese_number(text) or 0)


def _month_number(name: str) -> int:
    return _MONTHS_OF_ALL_LANGUAGES[name.lower().rstrip(".")]


def parse_date(text: str) -> PrintedDate | None:
    """Return the date that `text` is, or the only one in it; None where there is none or several."""
    found = list(find_dates(text))
    likely = [printed for printed in found if not printed.weak] or found
    if len({printed.readings for printed in likely}) != 1:
        return None
    return likely[0]


def find_proven_order(texts: Iterable[str]) -> str | None:
    """Return the order, `dmy`, `mdy` or `ymd`, that dates in figures prove; None when they prove none or several.

    A date proves the order in which alone it is possible, `27/10/2020` the day first.
    """
    orders = {order for text in texts for order in _proven_orders(text)}
    return orders.pop() if len(orders) == 1 else None


@lru_cache(maxsize=4096)
def _proven_orders(text: str) -> frozenset[str]:
    orders = set()
    for match in _DATE.finditer(fold(text)):
        if not match["figures"]:
            continue
        readings = _FORM_READERS["figures"](match)
        readings = tuple(reading for reading in readings if reading.order != "ymd") or readings
        if len(readings) == 1 and readings[0].month != readings[0].day:
            orders.add(readings[0].order)
    return frozenset(orders)
