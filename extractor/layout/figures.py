"""What reads as a figure on a page: a number with its signs, or a mark that stands in the place of one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FIGURE = re.compile(r"[^\w\n]{0,3}(?:[A-Z]{2,3} ?)?[-+(]?\d[\d.,\s]*[%)*]?")
"""A number with a currency before it or a mark behind it."""
_LETTERS_OF_UNIT = 3
"""A figure has no more letters beside its digits than a unit or a footnote has."""
_MARK = re.compile(r"[(\[]?(?:[-–—−*†‡§.]{1,5}|n\.?/?[ad]\.?|nil|x|ref\.?|无)[)\]]?", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def reads_as_figure(text: str) -> bool:
    """Decide whether a text stands for a number in a table: digits with few letters, or a mark for nothing."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _MARK.fullmatch(plain):
        return True
    digits = sum(character.isdigit() for character in plain)
    letters = sum(character.isalpha() for character in plain)
    return digits > 0 and letters <= min(_LETTERS_OF_UNIT, digits)


def is_sign_of_figure(text: str) -> bool:
    """Decide whether a text is a sign that stands beside a figure, as of a currency or per cent."""
    return bool(text) and all(character in "$€£¥￥%‰()*" for character in text)
