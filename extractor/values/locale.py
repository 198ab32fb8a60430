"""Infer a document's conventions from what is printed in it: the order of day and month, the decimal mark.

For the order, legal forms of companies, postal codes, telephone numbers and names of territories each vote for the
territories that use them; CLDR says which of day and month those write first (`territories.day_month_order`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from extractor.settings import Settings, rule, threshold
from extractor.values.dates import find_dates
from extractor.values.legal_forms import find_legal_forms
from extractor.values.scripts import HANGUL, KANA
from extractor.values.territories import day_month_order, territory_names
from extractor.values.units import alternation


@dataclass(frozen=True)
class LocaleSettings(Settings):
    """What `infer_day_month_order` looks at."""

    default_order: str = threshold(
        "dmy",
        meaning="the order where nothing speaks for either: nine territories in ten of CLDR write the day first",
        others=("mdy",),
    )
    longest_text: int = threshold(
        200_000,
        unit="characters",
        meaning="how much of a document is looked at; names, addresses and totals stand near its beginning",
    )
    least_share_of_marks: float = threshold(
        0.9, meaning="So many of a document's clear numbers must have one decimal mark for it to be the document's."
    )
    use_legal_forms: bool = rule(
        True,
        meaning="a legal form of a company votes for the territories that have it",
        chosen="253 documents whose order is known: 210 right, 197 without it",
    )
    use_postal_codes: bool = rule(
        True,
        meaning="a postal code votes for the territory with codes of that form",
        chosen="253 documents whose order is known: 210 right, 184 without it",
    )
    use_telephone_numbers: bool = rule(
        True,
        meaning="a telephone number votes for North America or against it",
        chosen="253 documents whose order is known: 210 right, 207 without it",
    )
    use_territory_names: bool = rule(True, meaning="the English name of a territory votes for it")
    use_written_dates: bool = rule(
        True, meaning="dates with the month in words vote for their own order: `May 20, 2025` for the month first"
    )
    longest_text_for_written_dates: int = threshold(
        20_000, unit="characters", meaning="where dates with the month in words are looked for"
    )


_NORTH_AMERICA = frozenset({"US", "CA"})
"""The large members of the North American Numbering Plan; both write the month first in words and on forms."""
_ELSEWHERE = frozenset({"EU"})
"""Stands for the world without North America, which writes the day first with few exceptions."""

_FIGURES_DATE = re.compile(r"\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2}")
_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR"
)
_POSTAL_CODES: Mapping[str, re.Pattern[str]] = {
    "US": re.compile(rf"\b(?:{_US_STATES})\.?,?\s+\d{{5}}(?:-\d{{4}})?\b"),
    "CA": re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d\b"),
    "GB": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"),
    "BR": re.compile(r"(?<![\d-])\d{5}-\d{3}(?![\d-])"),
    "PL": re.compile(r"(?<![\d-])\d{2}-\d{3} [^\W\d_a-z]"),
    "PT": re.compile(r"(?<![\d-])\d{4}-\d{3} [^\W\d_a-z]"),
}
"""Postal codes that are unlike anything else, in the forms of the Universal Postal Union's addressing guides."""
_NORTH_AMERICAN_NUMBER = re.compile(r"(?<![\d+])(?:\+?1[-. ])?\(?[2-9]\d\d\)?[-. ]\d{3}[-.]\d{4}\b")
_INTERNATIONAL_NUMBER = re.compile(r"(?<!\d)(?:\+|00)(?!1\b)[2-9]\d{0,2}[ -]\d")
"""A number in the international form of ITU-T E.164 whose country code is not 1."""
_NAMES_WITH_OTHER_MEANINGS = frozenset({"GE", "JO", "TD", "JE", "MX"})
"""Georgia, Jordan, Chad, Jersey and Mexico, which are also states of the US, or persons, or parts of longer names."""


_DECIMAL_POINT = re.compile(
    r"(?<![\d.,'’])(?:\d{1,3}(?:[,'’]\d{3})+\.\d{1,4}|\d+\.\d\d|0\.\d+|\d{1,3}(?:,\d{3}){2,})(?![\d.,'’:/-])", re.ASCII
)
_DECIMAL_COMMA = re.compile(
    r"(?<![\d.,'’])(?:\d{1,3}(?:[.'’\u00a0\u202f]\d{3})+,\d{1,4}|\d+,\d{1,2}|0,\d+|\d{1,3}(?:\.\d{3}){2,})(?![\d.,'’:/-])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NumberConventions:
    """How a document writes numbers: its decimal mark, and whether a triangle is a minus sign; None where not known."""

    decimal_mark: str | None = None
    triangle_is_minus: bool | None = None


UNKNOWN_CONVENTIONS = NumberConventions()


def infer_number_conventions(text: str) -> NumberConventions:
    """Return how numbers are written in `text`."""
    return NumberConventions(infer_decimal_mark(text), infer_triangle_sign(text))


def infer_decimal_mark(text: str) -> str | None:
    """Return `.` or `,`, whichever divides the decimals of the clear numbers of `text`; None where they differ.

    Clear are numbers with both marks, with two decimals (`48,00`), below one, or with two groups of thousands
    (`1.234.567`); `1.234` is not, and dates are not.
    """
    settings = LocaleSettings.current()
    text = text[: settings.longest_text]
    points, commas = len(_DECIMAL_POINT.findall(text)), len(_DECIMAL_COMMA.findall(text))
    if max(points, commas) < settings.least_share_of_marks * (points + commas) or points == commas:
        return None
    return "." if points > commas else ","


def infer_triangle_sign(text: str) -> bool | None:
    """Return whether `▲` and `△` are minus signs in `text`: in Japanese and Korean accounts, not beside a `▼`.

    None where nothing tells.
    """
    if re.search("[▼▽]", text):
        return False
    return True if re.search(f"[{KANA}{HANGUL}円単営売]", text) else None  # the last are forms of Japan alone


def infer_day_month_order(text: str) -> str:
    """Return `mdy` where more in `text` speaks for territories that write the month first, else `dmy`.

    Every kind of evidence has one vote, however often it is printed: shared out among the different pieces of evidence
    found, and the share of each among the territories it speaks for.
    On a tie, without any evidence, and where the text has no date in figures that could need it, the answer is
    `LocaleSettings.default_order`.
    """
    settings = LocaleSettings.current()
    text = text[: settings.longest_text]
    if not _FIGURES_DATE.search(text):
        return settings.default_order
    kinds = [
        _legal_form_territories(text) if settings.use_legal_forms else set(),
        _postal_code_territories(text) if settings.use_postal_codes else set(),
        _telephone_territories(text) if settings.use_telephone_numbers else set(),
        _named_territories(text) if settings.use_territory_names else set(),
    ]
    votes: Counter[str | None] = Counter()
    for evidence in kinds:
        for territories in evidence:
            for territory in territories:
                votes[day_month_order(territory)] += 1 / len(evidence) / len(territories)
    if settings.use_written_dates:
        votes.update(_written_orders(text[: settings.longest_text_for_written_dates]))
    if abs(votes["mdy"] - votes["dmy"]) < 1e-9:
        return settings.default_order
    return "mdy" if votes["mdy"] > votes["dmy"] else "dmy"


def _written_orders(text: str) -> Counter[str | None]:
    """Return the orders of the whole dates of `text` that can be read in one way, each with one vote."""
    orders = {
        printed.readings[0].order
        for printed in find_dates(text)
        if len(printed.readings) == 1 and printed.readings[0].is_complete
    }
    orders &= {"mdy", "dmy"}
    return Counter({order: 1 for order in orders})


def _legal_form_territories(text: str) -> set[frozenset[str]]:
    """Return, for every legal form in `text`, the territories that have it."""
    return {form.territories for form in find_legal_forms(text) if form.territories}


def _postal_code_territories(text: str) -> set[frozenset[str]]:
    return {frozenset({territory}) for territory, pattern in _POSTAL_CODES.items() if pattern.search(text)}


def _telephone_territories(text: str) -> set[frozenset[str]]:
    found = set()
    if _NORTH_AMERICAN_NUMBER.search(text):
        found.add(_NORTH_AMERICA)
    if _INTERNATIONAL_NUMBER.search(text):
        found.add(_ELSEWHERE)
    return found


def _named_territories(text: str) -> set[frozenset[str]]:
    codes = _territory_codes()
    return {frozenset({codes[match[0].casefold()]}) for match in _territory_pattern().finditer(text)}


@cache
def _territory_codes() -> dict[str, str]:
    names = {name.casefold(): code for code, name in territory_names().items()}
    names |= {"usa": "US", "u.s.a": "US", "hong kong": "HK", "turkey": "TR"}
    return {name: code for name, code in names.items() if code not in _NAMES_WITH_OTHER_MEANINGS and len(name) > 2}


@cache
def _territory_pattern() -> re.Pattern[str]:
    """Return the pattern of names of territories, as names and in capitals."""
    names: Iterable[str] = [name for name in territory_names().values() if name.casefold() in _territory_codes()]
    names = {*names, *(name.upper() for name in names), "USA", "U.S.A", "Hong Kong", "HONG KONG", "Turkey", "TURKEY"}
    return re.compile(rf"(?<![\w.]){alternation(names)}(?!\w)")
