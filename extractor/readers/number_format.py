"""A spreadsheet's number formats: a stored number as the sheet shows it.

Of the format language (ECMA-376 part 1, 18.8.31) this knows sections, conditions, digits, thousands, scaling, percent,
exponents, literals, dates, times and elapsed times; fractions are shown as decimals, and colours are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_TOKEN = re.compile(
    r"""
      (?P<literal>"[^"]*"|\\.|_.|\*.)
    | (?P<bracket>\[[^\]]*\])
    | (?P<half>am/pm|a/p|上午/下午)
    | (?P<general>general)
    | (?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+(?![+-])|g+|aaaa?|b{2,4})
    | (?P<exponent>e[+-]0+)
    | (?P<digits>[0\#?](?:[0\#?,.]*[0\#?])?,*\.?|\.[0\#?]+|\.)
    | (?P<text>@)
    | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HAN_WEEKDAYS = "一二三四五六日"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

Tokens = tuple[tuple[str, str], ...]


def shown(number: float | int, code: str, *, since_1904: bool = False) -> str:
    """The number as a cell with the format `code` shows it; dates are days since 1900 (or 1904).

    A date of three numerals is always put with the year first (`_year_first`); one out of range is shown as the number.
    """
    sections = _sections(code)
    if not abs(number) < 1e21:
        return f"{number:.6g}".upper()
    section, unsigned = _section_for(number, sections)
    if section is None:
        return ""
    if any(kind == "date" for kind, _ in section) or any(kind == "elapsed" for kind, _ in section):
        try:
            return _date(float(number), section, since_1904)
        except (OverflowError, ValueError):
            return general(number)
    return _number(abs(number) if unsigned else number, section)


def general(number: float | int) -> str:
    """A number as a cell without a format shows it: up to eleven digits, no exponent unless it is very large."""
    if isinstance(number, int) or float(number).is_integer():
        return str(int(number)) if abs(number) < 10**15 else f"{number:.6g}".upper()
    text = f"{number:.15g}"
    if "e" in text:
        return text.upper()
    return _plain(round(Decimal(text), max(0, 10 - len(str(int(abs(number)))) + 1)))


def is_date(code: str) -> bool:
    """Whether numbers in this format are dates or times."""
    return any(kind in ("date", "elapsed") for section in _sections(code) for kind, _ in section)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[Tokens, ...]:
    sections: list[list[tuple[str, str]]] = [[]]
    for match in _TOKEN.finditer(code[:500]):
        kind, text = match.lastgroup, match.group()
        if kind == "other" and text == ";":
            sections.append([])
            continue
        if kind == "literal":
            # `_x` leaves the width of x free, `*x` fills the cell with x.
            text = {"_": " ", "*": "", "\\": text[1:]}.get(text[0], text[1:-1])
        elif kind == "bracket":
            if re.fullmatch(r"\[(?:h+|m+|s+)\]", text, re.IGNORECASE):
                kind = "elapsed"
            elif _CONDITION.fullmatch(text):
                kind = "condition"
            else:
                # [$€-407] is a currency and a locale; [Red] and [DBNum1] change only the looks.
                kind, text = "literal", text[2:-1].split("-")[0] if text.startswith("[$") else ""
        sections[-1].append((kind, text))
    return tuple(_year_first(_minutes(tuple(section))) for section in sections[:4])


def _minutes(section: Tokens) -> Tokens:
    """Minutes told from months: an `m` beside hours or seconds counts minutes."""
    dates = [position for position, (kind, _) in enumerate(section) if kind in ("date", "elapsed")]
    result = list(section)
    for at, position in enumerate(dates):
        kind, text = section[position]
        if kind != "date" or text[0] not in "mM" or len(text) > 2:
            continue
        before = section[dates[at - 1]][1].strip("[]")[0].lower() if at else ""
        after = section[dates[at + 1]][1].strip("[]")[0].lower() if at + 1 < len(dates) else ""
        if before == "h" or after == "s":
            result[position] = ("date", "n" * len(text))
    return tuple(result)


_ISO: Tokens = (("date", "yyyy"), ("literal", "-"), ("date", "mm"), ("literal", "-"), ("date", "dd"))


def _year_first(section: Tokens) -> Tokens:
    """The section with a date of three numerals put as year, month, day, unless it begins with the year.

    The sheet knows which date it is; `3/4/2021` would not. The formats that follow the machine's settings are such too.
    """
    places = [n for n, (kind, text) in enumerate(section) if kind == "date" and text[0] in "yYmMdD"]
    parts = [section[place][1].lower() for place in places]
    numerals = sorted(part[0] for part in parts) == ["d", "m", "y"] and all(
        len(part) < 3 for part in parts if part[0] != "y"
    )
    if not numerals or parts[0][0] == "y":
        return section
    return (*section[: places[0]], *_ISO, *section[places[-1] + 1 :])


def _section_for(number: float | int, sections: tuple[Tokens, ...]) -> tuple[Tokens | None, bool]:
    """The section that shows the number, and whether it shows the number without its sign; None shows nothing."""
    numeric = [section for section in sections[:3] if not any(kind == "text" for kind, _ in section)]
    if not numeric:
        return (("general", "General"),), False
    conditions = [_condition(section) for section in numeric]
    if any(conditions):
        for section, condition in zip(numeric, conditions, strict=True):
            if condition is None or _holds(number, *condition):
                return section, False
        return numeric[-1], False
    if number < 0 and len(numeric) > 1:
        return (numeric[1], True) if numeric[1] else (None, True)
    if number == 0 and len(numeric) > 2:
        return (numeric[2], False) if numeric[2] else (None, False)
    return (numeric[0] or (None if len(numeric) > 1 else (("general", "General"),))), False


def _condition(section: Tokens) -> tuple[str, float] | None:
    for kind, text in section:
        if kind == "condition":
            found = _CONDITION.fullmatch(text)
            return found[1], float(found[2])
    return None


def _holds(number: float, sign: str, bound: float) -> bool:
    return {
        "<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound,
        "=": number == bound, "<>": number != bound,
    }[sign]  # fmt: skip


def _number(number: float | int, section: Tokens) -> str:
    runs = [text for kind, text in section if kind == "digits"]
    picture = "".join(runs)
    if any("?" in run for run in runs) and ("other", "/") in section:
        return general(number)
    value = Decimal(repr(number))
    for kind, text in section:
        if kind == "other" and text in "%‰":
            value *= 100 if text == "%" else 1000
    exponent = next((text for kind, text in section if kind == "exponent"), None)
    if picture:
        # Commas behind the last digit scale by a thousand each.
        trailing = re.search(r"[0#?](,+)(?=\.|$)", picture)
        if trailing:
            value /= Decimal(1000) ** len(trailing[1])
    if exponent:
        places = len(re.sub(r"[^0#?]", "", picture.partition(".")[2]))
        mantissa, _, power = f"{value:.{places}E}".partition("E")
        sign = "-" if power[0] == "-" else "+" if exponent[1] == "+" else ""
        digits = f"{mantissa}E{sign}{power[1:].zfill(len(exponent) - 2)}"
    else:
        digits = _digits(abs(value), picture) if picture else ""
    whole = any(kind == "general" for kind, _ in section)
    negative = value < 0 and (whole or any(character in "123456789" for character in digits))
    out = "-" if negative and not exponent else ""
    spread = _spread(digits, runs)
    for kind, text in section:
        if kind == "digits":
            out += next(spread)
        elif kind == "general":
            out += general(abs(number))
        elif kind in ("literal", "other"):
            out += text
    return out.strip()


def _spread(digits: str, runs: list[str]) -> Iterator[str]:
    """The digits on the runs of a picture such as `000-0000`: from the right, what is too many on the first."""
    if "." in "".join(runs):
        return iter([digits, *("" for _ in runs[1:])])
    pieces = []
    for run in reversed(runs[1:]):
        pieces.append(digits[-len(run) :])
        digits = digits[: -len(run)]
    return iter([digits, *reversed(pieces)])


def _digits(value: Decimal, picture: str) -> str:
    whole, _, fraction = picture.partition(".")
    places, needed = len(re.sub(r"[^0#?]", "", fraction)), fraction.rstrip("#?").count("0")
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    while len(right) > needed and right.endswith("0"):
        right = right[:-1]
    left = left.lstrip("0").rjust(whole.count("0"), "0")
    if re.search(r"[0#?],+[0#?]", whole):
        left = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", left)
    return f"{left}.{right}" if right or (places and needed) else left


def _date(days: float, section: Tokens, since_1904: bool) -> str:
    if days < 0:
        raise ValueError("no dates before the first")
    halves = any(kind == "half" for kind, _ in section)
    precision = max((len(text.partition(".")[2]) for kind, text in section if text[:1] in "sS"), default=0)
    # A time is stored as a part of a day, which no float holds exactly.
    seconds = round(days * 86400, precision)
    # The first sixty days: 1900 counts as a leap year there.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
    moment = start + timedelta(seconds=seconds)
    out = ""
    for kind, text in section:
        if kind == "date":
            out += _part_of_date(moment, text.lower(), halves)
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[1].lower()]
            out += str(int(seconds // unit)).zfill(len(text) - 2)
        elif kind == "half":
            morning, evening = text.split("/")
            out += morning if moment.hour < 12 else evening
        elif kind in ("literal", "other", "digits"):
            out += text
    return out.strip()


def _part_of_date(moment: datetime, text: str, halves: bool) -> str:
    letter, length = text[0], len(text)
    if letter == "y" or letter == "e":
        return f"{moment.year % 100:02}" if letter == "y" and length < 3 else str(moment.year)
    if letter == "m" and length > 2:
        name = _MONTHS[moment.month - 1]
        return name[:3] if length == 3 else name[0] if length == 5 else name
    if letter == "d" and length > 2:
        name = _WEEKDAYS[moment.weekday()]
        return name[:3] if length == 3 else name
    if letter == "a":
        return ("星期" if length == 4 else "") + _HAN_WEEKDAYS[moment.weekday()]
    if letter == "s":
        whole, _, parts = text.partition(".")
        shown = str(moment.second).zfill(len(whole))
        return f"{shown}.{moment.microsecond:06}"[: len(shown) + 1 + len(parts)] if parts else shown
    if letter in "gb":
        return ""
    number = {"m": moment.month, "d": moment.day, "h": moment.hour, "n": moment.minute}[letter]
    if letter == "h" and halves:
        number = number % 12 or 12
    return str(number).zfill(min(length, 2))
