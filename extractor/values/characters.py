"""One character for another: full-width forms, the world's decimal digits, and the many dashes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from extractor.values.scripts import CJK, WIDE

SPACES = " \u00a0\u2007\u2009\u202f"
"""The spaces that may stand inside a number or between a number and its unit; a line break or tab never does."""

OPENING_PUNCTUATION = "（《〈「『【〔“‘"
CLOSING_PUNCTUATION = "、，。；：！？）》〉」』】〕”’"
"""Marks of Chinese print of which half of the square is blank, before an opening one and after a closing one."""

_SPACE_RUN = re.compile(r"\s+")
_SPACE_BETWEEN_WIDE = re.compile(rf"(?<=[{WIDE}]) (?=[{WIDE}])")


@cache
def _translation() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    for code in (*range(0x80, 0x10000), *range(0x1D7CE, 0x1D800)):
        if unicodedata.category(chr(code)) == "Nd":
            table[code] = str(unicodedata.decimal(chr(code)))
    table |= {0x3000: " ", 0xFFE5: "¥", 0xFFE1: "£", 0xFE69: "$", 0xFE6A: "%", 0x2019: "'"}
    table |= {0x066B: ".", 0x066C: ","}  # the decimal mark and the grouping mark of Arabic digits
    table |= dict.fromkeys((0x2212, 0xFE63, 0x2010, 0x2011, 0x2012, 0x2013), "-")
    # The full-width comma closes a clause as often as it groups digits: parsers of numbers must see which.
    del table[0xFF0C]
    return table


@lru_cache(maxsize=16)
def fold(text: str) -> str:
    """Return `text` with full-width forms, digits of other scripts and dashes as ASCII, each character in its place.

    The full-width comma stays: `１，２３４` is one number, `甲3，200` may be two.
    """
    return text if text.isascii() else text.translate(_translation())


def collapse_spaces(text: str) -> str:
    """Return `text` on one line: white space becomes one space, and nothing between two full-width characters."""
    return _SPACE_BETWEEN_WIDE.sub("", _SPACE_RUN.sub(" ", text).strip())


def unify_characters(text: str) -> str:
    """Return the text with letters and their accents as one character each (NFC), and every hyphen as `-`."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text).replace("\u2010", "-").replace("\u2011", "-")


def strip_accents(text: str) -> str:
    """Return the text with its letters without accents; marks of other scripts, as those of kana, stay."""
    if text.isascii():
        return text
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", plain)


def shorten(text: str, longest: int) -> str:
    """Return the text, cut to so many characters with an ellipsis if it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def comparison_key(text: str) -> str:
    """Return `text` as it is compared: Unicode NFKC, lower case, letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


_NOTE_MARKS = re.compile(
    rf"(?:(?<=[^\W\d_]{{3}})|(?<=[{CJK}])|(?<=[)）]))[⁰¹²³⁴-⁹⁽⁾ᵃ-ᶻ](?:[,; ]?[⁰¹²³⁴-⁹⁽⁾ᵃ-ᶻ])*(?=\W|$)"
)


def strip_note_marks(text: str) -> str:
    """Return the text without raised marks of notes behind its words; those of units (`m²`) and powers stay."""
    return text if text.isascii() else _NOTE_MARKS.sub("", text)
