"""What CLDR knows about territories: their names, currencies, and which of day and month they write first.

The data are those of the Unicode Common Locale Data Repository as packaged by Babel (https://babel.pocoo.org, BSD).
Babel is imported where first used: with its root locale that takes some tens of milliseconds, once per process.
Territories are named by their ISO 3166-1 codes, currencies by their ISO 4217 codes.
"""

from __future__ import annotations

import re
from functools import cache


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


def issuing_territory(currency: str) -> str | None:
    """Return the territory that issues `currency`, or None for the currency of several.

    The first two letters of an ISO 4217 code are the code of the territory; those of a union begin with X. The euro's
    are those of the European Union.
    """
    return None if currency.startswith("X") else currency[:2]


@cache
def day_month_order(territory: str) -> str | None:
    """Return `dmy` where `territory` writes the day before the month, `mdy` for the other way round.

    Decided by the short date pattern of the territory's main language in CLDR (UTS #35), or, where that puts the year
    first, by the longer patterns; `EU` has the patterns of Europe (UN M.49 region 150). None where every pattern puts
    the year first, and for an unknown territory.
    """
    from babel.core import Locale, UnknownLocaleError

    try:
        formats = Locale.parse("en_150" if territory == "EU" else f"und_{territory}").date_formats
    except (UnknownLocaleError, ValueError):
        return None
    for length in ("short", "medium", "long"):
        letters = re.sub(r"'[^']*'|[^dMLy]", "", formats[length].pattern).replace("L", "M")
        order = "".join(dict.fromkeys(letters))
        if order and order[0] != "y":
            return "dmy" if order.index("d") < order.index("M") else "mdy"
    return None
