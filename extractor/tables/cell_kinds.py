"""Tell values from labels by how a cell's text reads: numbers, dates and marks for "nothing" against words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from extractor.settings import Settings, threshold
from extractor.values.years import is_year


@dataclass(frozen=True)
class CellKindSettings(Settings):
    """What still passes for a value."""

    longest_value: int = threshold(60, unit="characters", meaning="A longer text is prose, however it begins.")
    shortest_count: int = threshold(
        3, unit="cells", meaning="So many numbers that go up by one are a count, as of columns or months."
    )


# A value: a number with at most a sign word before it and a unit behind, a date, a range, or a mark for "nothing".
_NUMBER = r"\d+(?:[,.' ]\d+)*"  # matches in one way only: no catastrophic backtracking on long runs of digits and dots
_SIGN_WORDS = "约近共计增减升降涨跌盈亏正负合"
"""Chinese words of one character that stand before a number as a sign or a qualifier: about, total, up, down, loss."""
_CURRENCY_SIGNS = "$€£¥₩₹"
_VALUE = re.compile(
    rf"""
      [(\[<>≤≥≈~±+\-−–—*#{_SIGN_WORDS}]{{0,3}}\s*
      (?:[^\W\d_]{{0,3}}[{_CURRENCY_SIGNS}]|[A-Z]{{3}}(?=\s?\d))?\s*[+\-−]?   # a currency
      (?:{_NUMBER})
      (?:\s*[-–—~/:×xX*年月日时分秒至到]\s*[$€£¥]?\s*[+\-−]?{_NUMBER})*         # ranges, dates, times, ratios
      \s*(?:%|‰|[^\W\d_]{{1,4}}(?:[/·.][^\W\d_]{{1,5}}\d?)?[²³]?|°[CF]?|[$€£¥])?  # a unit
      [)\]*†‡+\-]{{0,3}}
    """,
    re.VERBOSE,
)
_MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?[\s\-/.]*{_MONTH_NAME}|{_MONTH_NAME}[\s\-/.]*\d{{1,2}}(?:st|nd|rd|th)?)"
    r"(?:[\s\-/,.]*\d{2,4})?",
    re.IGNORECASE,
)
_DATE_IN_DIGITS = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})")
_NOTHING = re.compile(r"[-–—−―/\\.·*√✓✔×✗○●■□☑☐]{1,4}|n\.?/?a\.?|nil|无|null", re.IGNORECASE)
_NUMBERED_LABEL = re.compile(r"\d{1,3}(?:[.、．)）]\s*[^\W\d_]|\s+[^\W\d_]{4})")
_NUMBER_IN_TEXT = re.compile(r"(\D{0,4})(\d{1,2})(\D{0,4})")


def is_value(text: str) -> bool:
    """Return whether a cell's text reads as a measured or counted value rather than as a label or prose."""
    return 0 < len(text) <= CellKindSettings.current().longest_value and _reads_as_value(text)


@lru_cache(maxsize=1 << 16)
def _reads_as_value(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).strip()
    if _NUMBERED_LABEL.match(plain):
        return False
    return bool(_VALUE.fullmatch(plain) or _DATE.fullmatch(plain) or _NOTHING.fullmatch(plain))


def value_format(text: str) -> str:
    """Return how a value is written: `money`, `percent`, `date` or `number`."""
    if any(sign in text for sign in _CURRENCY_SIGNS):
        return "money"
    if text.endswith(("%", "‰", "％")):
        return "percent"
    if _DATE.fullmatch(text) or sum(text.count(sign) for sign in "-/.年月日:：") > 1:
        return "date"
    return "number"


def is_period(text: str) -> bool:
    """Return whether the text is a year, or the date of a balance, as over a column of figures: `31.12.2022`."""
    plain = unicodedata.normalize("NFKC", text)
    return is_year(text) or bool(_DATE.fullmatch(plain) or _DATE_IN_DIGITS.fullmatch(plain))


def counts_up(texts: list[str]) -> bool:
    """Return whether three texts or more go up by one and are else equal: `1 2 3`, `1月 2月 3月`, `(4) (5) (6)`."""
    if len(texts) < CellKindSettings.current().shortest_count:
        return False
    matches = [_NUMBER_IN_TEXT.fullmatch(unicodedata.normalize("NFKC", text)) for text in texts]
    if not all(matches) or len({(match[1], match[3]) for match in matches}) > 1:
        return False
    numbers = [int(match[2]) for match in matches]
    return all(after == before + 1 for before, after in pairwise(numbers))
