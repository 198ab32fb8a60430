"""Years as they stand over columns of figures, and which of them a field is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20|21)\d\d(?:\s?[-/–]\s?\d{2,4})?(?:年|年度|E|A|F)?")


def is_year(text: str) -> bool:
    """Return whether the text is a year or a span of years, as over a column of figures: `2020`, `FY 2019-20`."""
    return bool(_YEAR.fullmatch(unicodedata.normalize("NFKC", text)))


_YEAR_WITHIN = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PREVIOUS = re.compile(
    r"\b(?:prior|preceding|comparative|last year\w*)\b|previous|prior(?=year|period|amount|_)|vorjahr|"
    r"上年|上期|上次|前次|去年|期初|年初",
    re.IGNORECASE,
)
_CURRENT = re.compile(r"current|this year|reporting (?:year|period|date)|本年|本期|期末|年末", re.IGNORECASE)


def find_years(text: str) -> list[int]:
    """Return the years of the 20th and 21st century that a text has, in order."""
    return list(map(int, _YEAR_WITHIN.findall(text)))


def is_of_previous_period(description: str) -> bool:
    """Decide whether words say that a figure is that of the period before the current one."""
    return _PREVIOUS.search(description) is not None


def is_of_current_period(description: str) -> bool:
    """Decide whether words say that a figure is that of the current period."""
    return _CURRENT.search(description) is not None


def latest_periods(headers: Mapping[int, Iterable[str]]) -> list[int]:
    """Return the columns from the one headed by the latest year to the earliest; none where a year heads two.

    `headers` are the names over each column that is headed by a year or a date.
    """
    latest = {column: max(years) for column, names in headers.items() if (years := find_years(" ".join(names)))}
    return sorted(latest, key=lambda column: -latest[column]) if len(set(latest.values())) == len(latest) else []
