"""Years as they stand over columns of figures."""

from __future__ import annotations

import re
import unicodedata

_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20|21)\d\d(?:\s?[-/–]\s?\d{2,4})?(?:年|年度|E|A|F)?")


def is_year(text: str) -> bool:
    """Return whether the text is a year or a span of years, as over a column of figures: `2020`, `FY 2019-20`."""
    return bool(_YEAR.fullmatch(unicodedata.normalize("NFKC", text)))
