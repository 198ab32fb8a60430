"""Dates and times as printed, and what they can mean.

A printed date is a set of readings: `03/04/2020` is two, `2020年1月` is one without a day. Choosing is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from extractor.values.characters import fold
from extractor.values.numerals import parse_chinese_number

ORDERS = ("ymd", "dmy", "mdy")

_MONTH_NAMES = (
    *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
    *("september sept sep", "october oct", "november nov", "december dec"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_MONTH_TIGHT = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_CN = "[〇零○一二三四五六七八九十廿卅]"
_S = "[ \u00a0]"
_TH = r"(?:st|nd|rd|th)?"
_ENDS = r"(?:(?!\d|\.\d)|(?<=\d\d)(?=\d\d:\d\d(?!\d)))"
"""No digit follows, unless a time is set solid behind the date: OCR returns `19-03-201818:08:38`."""
_DAY_OR_MONTH = rf"\d{{1,2}}|{_CN}{{1,3}}"
_FIND = re.compile(
    rf"""
    (?P<cjk>(?<!\d)(?P<cy>(?:\d{{4}}|\d\d)|{_CN}{{4}}){_S}{{0,2}}年(?:度{_S}?)?
        (?:{_S}{{0,2}}(?P<cm>{_DAY_OR_MONTH}){_S}{{0,2}}月份?
            (?:{_S}{{0,2}}(?P<cd>{_DAY_OR_MONTH}){_S}{{0,2}}[日号號])?)?)
  | (?P<cjk_part>(?<!\d)(?P<pm>{_DAY_OR_MONTH}){_S}?月{_S}?(?P<pd>{_DAY_OR_MONTH}){_S}?[日号號])
  | (?P<iso>(?<![\d.])(?P<iy>\d{{4}}){_S}?(?P<is>[-/.]){_S}?(?P<im>\d{{1,2}}){_S}?(?P=is){_S}?
        (?P<id>\d{{1,2}}){_ENDS})
  | (?P<number>(?<![\d.])(?P<na>\d{{1,2}})(?P<sp>{_S}?)(?P<ns>[-/.])(?P=sp)(?P<nb>\d{{1,2}})(?P=sp)(?P=ns)(?P=sp)
        (?P<nc>\d{{4}}|\d\d){_ENDS})
  | (?P<day_month>(?<![\d.,])(?P<dd>\d{{1,2}}){_S}?{_TH}{_S}?(?:of{_S})?[-/.]?{_S}?(?P<dm>{_MONTH_TIGHT})(?![A-Za-z])
        (?:{_S}?[-/,.']?{_S}?'?(?P<dy>\d{{4}}|\d\d)(?![\d:]|{_S}?[ap]\.?m\b|[.,]\d))?)
  | (?P<month_day>(?<![A-Za-z])(?P<mm>{_MONTH_TIGHT}){_S}{{0,2}}[-/]?{_S}?(?P<md>\d{{1,2}})(?!\d|:\d){_TH}(?![A-Za-z])
        (?:{_S}?[-/,]?{_S}?'?(?P<my>\d{{4}}|(?<=[-/,']){_S}?'?\d\d|(?<=[-/,]{_S})\d\d)(?![\d:]))?)
  | (?P<month_year>(?<![A-Za-z])(?P<ym>{_MONTH_TIGHT}){_S}?[-/,']?{_S}?(?P<yy>\d{{4}}|'\d\d)(?!\d))
  | (?P<compact>(?<![\dA-Za-z.,])(?P<ky>(?:19|20)\d\d)(?P<km>0[1-9]|1[0-2])(?P<kd>0[1-9]|[12]\d|3[01])
        (?![\dA-Za-z]|[.,]\d))
  | (?P<solid>(?<![\dA-Za-z.,])(?P<za>\d\d)(?P<zb>\d\d)(?P<zc>(?:19|20)\d\d)(?![\dA-Za-z]|[.,]\d))
  | (?P<tight>(?<![\dA-Za-z])(?P<td>\d{{1,2}})(?P<tm>{_MONTH_TIGHT})(?P<ty>\d{{4}}|\d\d)(?![\dA-Za-z]))
  | (?P<year_month>(?<![\d./-])(?P<wy>(?:19|20)\d\d){_S}?[-/.]{_S}?(?P<wm>0?[1-9]|1[0-2])(?![\d]|[./-]\d))
  | (?P<slash_year>(?<![\d./-])(?P<sm>0?[1-9]|1[0-2])/(?P<sy>(?:19|20)\d\d)(?!\d))
  | (?P<year_only>(?<![\d.,])(?P<oy>(?:19|20)\d\d)(?![\d]|[.,]\d|[A-Za-z%]))
  | (?P<slash_part>(?<![\d./-])(?P<xa>\d{{1,2}})/(?P<xb>\d{{1,2}})(?![\d]|[./-]\d))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TIME = re.compile(
    rf"""
    (?P<half>(?:上午|下午|中午|凌晨|晚上|晚|早上|夜间){_S}?)?
    (?:(?<![\d:.])(?P<h>\d{{1,2}}){_S}?(?::{_S}?(?P<m>\d\d)(?::(?P<s>\d\d(?:\.\d{{1,9}})?))?(?!\d|:\d)
          |[时時点點]{_S}?(?:(?P<cm>\d{{1,2}}){_S}?分(?:{_S}?(?P<cs>\d{{1,2}}){_S}?秒)?|(?P<ch>半|整))?)
        (?:{_S}?(?P<ap>[ap]\.?{_S}?m\b\.?))?
      |(?<![\d:.])(?P<ah>\d{{1,2}})(?:\.(?P<am>\d\d))?{_S}?(?P<ap2>[ap]\.?m\b\.?))
    (?P<zone>{_S}?(?:Z(?![A-Za-z])|(?:UTC|GMT)(?:{_S}?[-+]\d{{1,2}}(?::?\d\d)?)?
        |(?<!{_S})[-+]\d\d:?\d\d(?!\d)|[-+]\d\d:\d\d(?!\d)))?
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateReading:
    """One meaning of a printed date: the parts it gives, and the order in which it was read."""

    year: int | None
    month: int | None
    day: int | None
    order: str = ""

    @property
    def complete(self) -> bool:
        return self.year is not None and self.month is not None and self.day is not None

    @property
    def iso(self) -> str:
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date in running text. `weak` ones (`2020`, `1/2`) are offered only where no better date stands.

    `sure` says the digits are nothing but a date, so that no number is to be looked for inside.
    """

    start: int
    end: int
    readings: tuple[DateReading, ...]
    weak: bool = False
    sure: bool = True


def find_dates(text: str) -> Iterator[PrintedDate]:
    """Every date of `text` in order of appearance, complete or not; impossible ones (`32/13/2020`) are left out."""
    folded = fold(text)
    place = 0
    while True:
        match = _FIND.search(folded, place)
        if match is None:
            return
        readings = _readings(match)
        if readings:
            form = next(name for name in _FORMS if match[name] is not None)
            weak = form in ("year_only", "slash_part", "solid") or (form == "cjk" and match["cm"] is None)
            full = any(reading.complete for reading in readings)
            two_digit = form == "number" and len(match["nc"]) == 2 and match["ns"] != "/"
            sure = (
                not weak and not two_digit and form not in ("compact", "year_month") and (full or form != "month_day")
            )
            yield PrintedDate(match.start(), match.end(), readings, weak, sure)
            place = match.end()
        else:
            place = match.start() + 1
            while place < len(folded) and folded[place].isdigit() and folded[place - 1].isdigit():
                place += 1


_FORMS = (
    *("cjk", "cjk_part", "iso", "number", "day_month", "month_day", "month_year", "compact", "solid", "tight"),
    *("year_month", "slash_year", "year_only", "slash_part"),
)


def _readings(match: re.Match[str]) -> tuple[DateReading, ...]:
    g = match.groupdict()
    if g["cjk"]:
        return _one(_year(g["cy"]), _small(g["cm"]), _small(g["cd"]), "ymd")
    if g["cjk_part"]:
        return _one(None, _small(g["pm"]), _small(g["pd"]), "ymd")
    if g["iso"]:
        return _one(int(g["iy"]), int(g["im"]), int(g["id"]), "ymd")
    if g["number"]:
        return read_numeric_date(g["na"], g["nb"], g["nc"])
    if "may" in (g["dm"], g["mm"]) and not (g["dy"] or g["my"]):
        return ()  # the verb
    if g["day_month"]:
        return _one(_year(g["dy"]), _month(g["dm"]), int(g["dd"]), "dmy")
    if g["month_day"]:
        return _one(_year(g["my"]), _month(g["mm"]), int(g["md"]), "mdy")
    if g["month_year"]:
        return _one(_year(g["yy"]), _month(g["ym"]), None, "mdy")
    if g["compact"]:
        return _one(int(g["ky"]), int(g["km"]), int(g["kd"]), "ymd")
    if g["solid"]:
        return read_numeric_date(g["za"], g["zb"], g["zc"])
    if g["tight"]:
        return _one(_year(g["ty"]), _month(g["tm"]), int(g["td"]), "dmy")
    if g["year_month"]:
        return _one(int(g["wy"]), int(g["wm"]), None, "ymd")
    if g["slash_year"]:
        return _one(int(g["sy"]), int(g["sm"]), None, "mdy")
    if g["year_only"]:
        return _one(int(g["oy"]), None, None, "")
    first, second = int(g["xa"]), int(g["xb"])
    return tuple(dict.fromkeys(_one(None, first, second, "mdy") + _one(None, second, first, "dmy")))


def read_numeric_date(first: str, second: str, last: str) -> tuple[DateReading, ...]:
    """The readings of three numbers; a two-digit year may stand first only where it cannot stand last."""
    year = _year(last)
    found = _one(year, int(second), int(first), "dmy") + _one(year, int(first), int(second), "mdy")
    if len(found) == 2 and (found[0].month, found[0].day) == (found[1].month, found[1].day):
        found = found[:1]
    if len(last) == 2 and len(first) == 2:
        year_first = _one(_year(first), int(second), int(last), "ymd")
        found = found + year_first if found else year_first
    return found


def _one(year: int | None, month: int | None, day: int | None, order: str) -> tuple[DateReading, ...]:
    if month is not None and not 1 <= month <= 12:
        return ()
    if day is not None:
        try:
            date(year or 2000, month or 1, day)
        except ValueError:
            return ()
    return (DateReading(year, month, day, order),) if year is None or 1 <= year <= 9999 else ()


def _year(text: str | None) -> int | None:
    if not text:
        return None
    text = text.strip(" \u00a0'")
    value = int(text) if text.isdigit() and text.isascii() else int(parse_chinese_number(text.replace("○", "〇")) or 0)
    if len(text) == 2 and text.isascii():
        return value + (2000 if value <= 68 else 1900)
    return value


def _small(text: str | None) -> int | None:
    if not text:
        return None
    if text.isdigit() and text.isascii():
        return int(text)
    value = parse_chinese_number(text)
    return int(value) if value is not None else 0


def _month(text: str) -> int:
    return _MONTHS[text.lower().rstrip(".")]


def parse_date(text: str) -> PrintedDate | None:
    """The date that `text` is, or the only one in it; None where there is none or several."""
    found = list(find_dates(text))
    strong = [printed for printed in found if not printed.weak] or found
    if len({printed.readings for printed in strong}) != 1:
        return None
    return strong[0]


def find_proven_order(texts: Iterable[str]) -> str | None:
    """The order, `dmy`, `mdy` or `ymd`, that the other dates of a document prove; None when they prove none or both."""
    seen = {reading.order for text in texts for reading in _proofs(text)}
    return seen.pop() if len(seen) == 1 else None


@lru_cache(maxsize=4096)
def _proofs(text: str) -> tuple[DateReading, ...]:
    proofs = []
    for match in _FIND.finditer(fold(text)):
        if match["number"]:
            readings = _readings(match)
            readings = tuple(r for r in readings if r.order != "ymd") or readings
            if len(readings) == 1 and readings[0].month != readings[0].day:
                proofs += readings
    return tuple(proofs)


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A time of day as printed; `zone` is `Z`, an offset `+08:00`, or empty."""

    start: int
    end: int
    hour: int
    minute: int
    second: str = "00"
    zone: str = ""

    @property
    def iso(self) -> str:
        return f"{self.hour:02d}:{self.minute:02d}:{self.second}{self.zone}"


def find_times(text: str) -> Iterator[PrintedTime]:
    """Every time of day of `text`, in order of appearance."""
    folded = fold(text)
    match = _TIME.search(folded)
    while match is not None:
        clock = _clock(match)
        if clock is not None:
            yield clock
        match = _TIME.search(folded, clock.end if clock else match.end())


def _clock(match: re.Match[str]) -> PrintedTime | None:
    g = match.groupdict()
    hour = int(g["h"] or g["ah"])
    minute = int(g["m"] or g["cm"] or g["am"] or (30 if g["ch"] == "半" else 0))
    second = g["s"] or (g["cs"] or "0")
    half = (g["half"] or "").strip()
    mark = (g["ap"] or g["ap2"] or "").lower()
    if (mark.startswith("p") or half in ("下午", "晚上", "晚")) and hour < 12:
        hour += 12
    elif (mark.startswith("a") or half in ("上午", "凌晨")) and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or float(second) >= 61:
        return None
    whole, dot, fraction = second.partition(".")
    end, zone = match.end(), g["zone"]
    if (zone or "").startswith("-") and not g["s"] and match.string[match.start() - 1 : match.start()] != "T":
        end, zone = match.start("zone"), None  # `10:00-10:35` is a stretch of time
    return PrintedTime(match.start(), end, hour, minute, f"{int(whole):02d}{dot}{fraction}", _zone(zone))


def _zone(text: str | None) -> str:
    text = (text or "").strip().upper()
    if text in ("", "Z", "UTC", "GMT"):
        return "Z" if text else ""
    digits = re.search(r"([-+])(\d{1,2}):?(\d\d)?", text)
    return f"{digits[1]}{int(digits[2]):02d}:{digits[3] or '00'}" if digits else ""


_BETWEEN = re.compile(r"[T,]?[ \u00a0]{0,3}(?:at |[(（][^()（）\d]{1,12}[)）] ?)?")


def find_date_times(text: str) -> Iterator[tuple[PrintedDate, PrintedTime]]:
    """Every date directly followed by a time of day."""
    folded = fold(text)
    times = {clock.start: clock for clock in find_times(text)}
    for printed in find_dates(text):
        between = _BETWEEN.match(folded, printed.end)
        clock = times.get(between.end() if between else printed.end)
        if clock is not None:
            yield printed, clock
