"""A spreadsheet's number formats: a stored number becomes the text that the sheet shows.

Of the format language (ECMA-376 part 1, 18.8.31) sections, conditions, digits, thousands, scaling, percent, exponents,
literals, dates, times and elapsed times are known; fractions are shown as decimals, and colours are left out.
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


def format_number(number: float | int, code: str, *, since_1904: bool = False) -> str:
    """Return the number as a cell with the format `code` shows it; dates are days since 1900 (or 1904).

    A date of three numerals always has the year first (`_put_year_first`); a date out of range is shown as the number.
    """
    if not abs(number) < 1e21:
        return f"{number:.6g}".upper()
    if code == "General":  # most cells of a sheet that may have hundreds of thousands
        return "-" * (number < 0) + format_general(abs(number))
    sections = _parse_sections(code)
    section, unsigned = _choose_section(number, sections)
    if section is None:
        return ""
    if any(kind == "date" for kind, _ in section) or any(kind == "elapsed" for kind, _ in section):
        try:
            return _format_date(float(number), section, since_1904)
        except (OverflowError, ValueError):
            return format_general(number)
    return _format_plain_number(abs(number) if unsigned else number, section)


def format_general(number: float | int) -> str:
    """Return a number as a cell without a format shows it: up to eleven digits, no exponent unless it is very large."""
    if isinstance(number, int) or float(number).is_integer():
        return str(int(number)) if abs(number) < 10**15 else f"{number:.6g}".upper()
    text = f"{number:.15g}"
    if "e" in text:
        return text.upper()
    return _strip_zeros(round(Decimal(text), max(0, 10 - len(str(int(abs(number)))) + 1)))


def _strip_zeros(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1024)
def _parse_sections(code: str) -> tuple[Tokens, ...]:
    """Return the sections of a format, each as its tokens with their kinds."""
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
                # [$€-407] is a currency and a locale; [Red] and [DBNum1] only change the appearance.
                kind, text = "literal", text[2:-1].split("-")[0] if text.startswith("[$") else ""
        sections[-1].append((kind, text))
    return tuple(_put_year_first(_mark_minutes(tuple(section))) for section in sections[:4])


def _mark_minutes(section: Tokens) -> Tokens:
    """Return the section with `n` in place of each `m` that counts minutes: one beside hours or seconds."""
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


def _put_year_first(section: Tokens) -> Tokens:
    """Return the section with a date of three numerals put as year, month, day, unless it begins with the year.

    The sheet knows which date it is, but the text `3/4/2021` does not say so. Formats that follow the settings of the
    machine are of this kind too.
    """
    places = [n for n, (kind, text) in enumerate(section) if kind == "date" and text[0] in "yYmMdD"]
    parts = [section[place][1].lower() for place in places]
    numerals = sorted(part[0] for part in parts) == ["d", "m", "y"] and all(
        len(part) < 3 for part in parts if part[0] != "y"
    )
    if not numerals or parts[0][0] == "y":
        return section
    return (*section[: places[0]], *_ISO, *section[places[-1] + 1 :])


def _choose_section(number: float | int, sections: tuple[Tokens, ...]) -> tuple[Tokens | None, bool]:
    """Return the section for the number, None for one that shows nothing, and whether the sign is left out."""
    numeric = [section for section in sections[:3] if not any(kind == "text" for kind, _ in section)]
    if not numeric:
        return (("general", "General"),), False
    conditions = [_find_condition(section) for section in numeric]
    if any(conditions):
        for section, condition in zip(numeric, conditions, strict=True):
            if condition is None or _fulfils(number, *condition):
                return section, False
        return numeric[-1], False
    if number < 0 and len(numeric) > 1:
        return (numeric[1], True) if numeric[1] else (None, True)
    if number == 0 and len(numeric) > 2:
        return (numeric[2], False) if numeric[2] else (None, False)
    return (numeric[0] or (None if len(numeric) > 1 else (("general", "General"),))), False


def _find_condition(section: Tokens) -> tuple[str, float] | None:
    for kind, text in section:
        if kind == "condition":
            found = _CONDITION.fullmatch(text)
            return found[1], float(found[2])
    return None


def _fulfils(number: float, sign: str, bound: float) -> bool:
    return {
        "<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound,
        "=": number == bound, "<>": number != bound,
    }[sign]  # fmt: skip


def _format_plain_number(number: float | int, section: Tokens) -> str:
    """Return a number that is no date as a section shows it."""
    runs = [text for kind, text in section if kind == "digits"]
    pattern = "".join(runs)
    if any("?" in run for run in runs) and ("other", "/") in section:
        return format_general(number)  # a fraction
    value = Decimal(repr(number))
    for kind, text in section:
        if kind == "other" and text in "%‰":
            value *= 100 if text == "%" else 1000
    exponent = next((text for kind, text in section if kind == "exponent"), None)
    if pattern:
        # Commas behind the last digit divide by a thousand each.
        trailing = re.search(r"[0#?](,+)(?=\.|$)", pattern)
        if trailing:
            value /= Decimal(1000) ** len(trailing[1])
    if exponent:
        places = len(re.sub(r"[^0#?]", "", pattern.partition(".")[2]))
        mantissa, _, power = f"{value:.{places}E}".partition("E")
        sign = "-" if power[0] == "-" else "+" if exponent[1] == "+" else ""
        digits = f"{mantissa}E{sign}{power[1:].zfill(len(exponent) - 2)}"
    else:
        digits = _format_digits(abs(value), pattern) if pattern else ""
    whole = any(kind == "general" for kind, _ in section)
    negative = value < 0 and (whole or any(character in "123456789" for character in digits))
    out = "-" if negative and not exponent else ""
    pieces = _distribute_digits(digits, runs)
    for kind, text in section:
        if kind == "digits":
            out += next(pieces)
        elif kind == "general":
            out += format_general(abs(number))
        elif kind in ("literal", "other"):
            out += text
    return out.strip()


def _distribute_digits(digits: str, runs: list[str]) -> Iterator[str]:
    """Return the digits for each run of a pattern such as `000-0000`, from the right; the first run gets the rest."""
    if "." in "".join(runs):
        return iter([digits, *("" for _ in runs[1:])])
    pieces = []
    for run in reversed(runs[1:]):
        pieces.append(digits[-len(run) :])
        digits = digits[: -len(run)]
    return iter([digits, *reversed(pieces)])


def _format_digits(value: Decimal, pattern: str) -> str:
    """Return a number that is not negative in a pattern of digits such as `#,##0.00`."""
    whole, _, fraction = pattern.partition(".")
    places, needed = len(re.sub(r"[^0#?]", "", fraction)), fraction.rstrip("#?").count("0")
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    while len(right) > needed and right.endswith("0"):
        right = right[:-1]
    left = left.lstrip("0").rjust(whole.count("0"), "0")
    if re.search(r"[0#?],+[0#?]", whole):
        left = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", left)
    return f"{left}.{right}" if right or (places and needed) else left


def _format_date(days: float, section: Tokens, since_1904: bool) -> str:
    """Return a date or time, stored in days; raise ValueError or OverflowError for one out of range."""
    if days < 0:
        raise ValueError("a date before the first")
    twelve_hours = any(kind == "half" for kind, _ in section)
    precision = max((len(text.partition(".")[2]) for kind, text in section if text[:1] in "sS"), default=0)
    # A time is stored as a fraction of a day, which a float does not hold exactly.
    seconds = round(days * 86400, precision)
    # Spreadsheets count 1900 as a leap year, so its first sixty days are off by one.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
    moment = start + timedelta(seconds=seconds)
    out = ""
    for kind, text in section:
        if kind == "date":
            out += _format_date_part(moment, text.lower(), twelve_hours)
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[1].lower()]
            out += str(int(seconds // unit)).zfill(len(text) - 2)
        elif kind == "half":
            morning, evening = text.split("/")
            out += morning if moment.hour < 12 else evening
        elif kind in ("literal", "other", "digits"):
            out += text
    return out.strip()


def _format_date_part(moment: datetime, text: str, twelve_hours: bool) -> str:
    """Return a part of a date by its code in lower case: `yyyy`, `mmm`, `hh`; `n` stands for minutes."""
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
    if letter == "h" and twelve_hours:
        number = number % 12 or 12
    return str(number).zfill(min(length, 2))
