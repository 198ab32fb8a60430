"""What CLDR knows about territories: their names, currencies, and which of day and month they write first.

The data are those of the Unicode Common Locale Data Repository as packaged by Babel (https://babel.pocoo.org, BSD).
Babel is imported where first used: with its root locale that takes some tens of milliseconds, once per process.
Territories are named by their ISO 3166-1 codes, currencies by their ISO 4217 codes.
"""

from __future__ import annotations

from functools import cache

MONTH_FIRST = frozenset(["AS", "CA", "ER", "GU", "MH", "MP", "PA", "PH", "PR", "UM", "US", "VI"])
YEAR_FIRST = frozenset(["BT", "CN", "HT", "HU", "JP", "KP", "KR", "LK", "LS", "LT", "MN", "NP", "PY", "RW", "TW", "ZW"])
"""The territories that do not write the day first; nine in ten do.

By the short date pattern (UTS #35) of the territory's main language, or, where that puts the year first, by the medium
and the long one; `YEAR_FIRST` where all three do. Written out because loading a locale takes milliseconds; a test
compares them with the patterns that Babel has.
"""


@cache
def territory_names() -> dict[str, str]:
    """Return the English name of every territory by its code; groups of territories (`001`, `EU`) are left out."""
    from babel.core import Locale

    names = Locale("en").territories
    return {code: name for code, name in names.items() if len(code) == 2 and code not in ("EU", "EZ", "UN", "ZZ")}


@cache
def currency_codes() -> frozenset[str]:
    """Return the codes of the currencies that are legal tender somewhere today."""
    from babel.core import get_global

    periods = (period for currencies in get_global("territory_currencies").values() for period in currencies)
    return frozenset(code for code, _, end, tender in periods if tender and end is None)


def day_month_order(territory: str) -> str | None:
    """Return `mdy` where `territory` writes the month before the day, `dmy` for the other way round.

    None where it writes the year first, so that it says nothing of a date that ends with the year.
    """
    if territory in YEAR_FIRST:
        return None
    return "mdy" if territory in MONTH_FIRST else "dmy"
