"""Times of day as printed, alone and behind a date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.values.characters import fold
from extractor.values.dates import PrintedDate, find_dates

_S = "[ \u00a0]"
_TIME = re.compile(
    rf"""
    (?P<half_day>(?:上午|下午|中午|凌晨|晚上|晚|早上|夜间){_S}?)?
    (?:(?<![\d:.])(?P<hour>\d{{1,2}}){_S}?
         (?::{_S}?(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d{{1,9}})?))?(?!\d|:\d)
          |[时時点點]{_S}?(?:(?P<chinese_minute>\d{{1,2}}){_S}?分(?:{_S}?(?P<chinese_second>\d{{1,2}}){_S}?秒)?
             |(?P<half_or_full>半|整))?)
        (?:{_S}?(?P<meridiem>[ap]\.?{_S}?m\b\.?))?
      |(?<![\d:.])(?P<hour_alone>\d{{1,2}})(?:\.(?P<minute_behind_point>\d\d))?{_S}?(?P<meridiem_alone>[ap]\.?m\b\.?))
    (?P<zone>{_S}?(?:Z(?![A-Za-z])|(?:UTC|GMT)(?:{_S}?[-+]\d{{1,2}}(?::?\d\d)?)?
        |(?<!{_S})[-+]\d\d:?\d\d(?!\d)|[-+]\d\d:\d\d(?!\d)))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_AFTERNOON = ("下午", "晚上", "晚")
_MORNING = ("上午", "凌晨")
_BETWEEN_DATE_AND_TIME = re.compile(r"[T,]?[ \u00a0]{0,3}(?:at |[(（][^()（）\d]{1,12}[)）] ?)?")


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A time of day at `text[start:end]`; `zone` is `Z`, an offset such as `+08:00`, or empty."""

    start: int
    end: int
    hour: int
    minute: int
    second: str = "00"
    zone: str = ""

    @property
    def iso(self) -> str:
        """The time by ISO 8601, with its zone where it has one: `18:08:38+08:00`."""
        return f"{self.hour:02d}:{self.minute:02d}:{self.second}{self.zone}"


def find_times(text: str) -> Iterator[PrintedTime]:
    """Yield every time of day of `text`, in order of appearance; impossible ones (`25:00`) are left out."""
    folded = fold(text)
    match = _TIME.search(folded)
    while match is not None:
        time = _read_time(match)
        if time is not None:
            yield time
        match = _TIME.search(folded, time.end if time else match.end())


def _read_time(match: re.Match[str]) -> PrintedTime | None:
    hour = int(match["hour"] or match["hour_alone"])
    half_hour = 30 if match["half_or_full"] == "半" else 0
    minute = int(match["minute"] or match["chinese_minute"] or match["minute_behind_point"] or half_hour)
    second = match["second"] or match["chinese_second"] or "0"
    half_day = (match["half_day"] or "").strip()
    meridiem = (match["meridiem"] or match["meridiem_alone"] or "").lower()
    if (meridiem.startswith("p") or half_day in _AFTERNOON) and hour < 12:
        hour += 12
    elif (meridiem.startswith("a") or half_day in _MORNING) and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or float(second) >= 61:
        return None
    whole, point, fraction = second.partition(".")
    end, zone = match.end(), match["zone"]
    behind_date = match.string[match.start() - 1 : match.start()] == "T"
    if (zone or "").startswith("-") and not match["second"] and not behind_date:
        end, zone = match.start("zone"), None  # `10:00-10:35` is a stretch of time
    return PrintedTime(match.start(), end, hour, minute, f"{int(whole):02d}{point}{fraction}", _read_zone(zone))


def _read_zone(text: str | None) -> str:
    text = (text or "").strip().upper()
    if text in ("", "Z", "UTC", "GMT"):
        return "Z" if text else ""
    digits = re.search(r"([-+])(\d{1,2}):?(\d\d)?", text)
    return f"{digits[1]}{int(digits[2]):02d}:{digits[3] or '00'}" if digits else ""


def find_date_times(text: str) -> Iterator[tuple[PrintedDate, PrintedTime]]:
    """Yield every date directly followed by a time of day."""
    folded = fold(text)
    times = {time.start: time for time in find_times(text)}
    for printed in find_dates(text):
        between = _BETWEEN_DATE_AND_TIME.match(folded, printed.end)
        time = times.get(between.end() if between else printed.end)
        if time is not None:
            yield printed, time
