"""Cells before they have header paths, and the text of a cell.

An `UnplacedCell` is a stretch of text that is known to be a cell, of a table that lost its grid. A `PlacedCell` has a
row, a column and spans. `grid.build_table` turns placed cells into `extractor.types.Cell`, which also know their header
paths.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from extractor.tables.cell_kinds import is_value
from extractor.types import BBox
from extractor.values.scripts import is_wide


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell on a grid: its stretch of the text, its row, column and spans, and whether the source marks it as `th`.

    A `row_span` of 0 reaches down to the last row, as in HTML.
    """

    text_start: int
    text_end: int
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    box: BBox | None = None


@dataclass(frozen=True, slots=True)
class UnplacedCell:
    """A cell without a place on a grid: its stretch of the text, the same on one line, and its kind.

    `kind` is `text`, `value` (see `cell_kinds.is_value`) or `blank`.
    """

    start: int
    end: int
    text: str
    kind: str

    @classmethod
    def from_span(cls, text: str, start: int, end: int) -> UnplacedCell:
        """Return the cell in `text[start:end]`, white space at both ends left out."""
        start, end = trim_span(text, start, end)
        line = collapse_whitespace(text[start:end])
        return cls(start, end, line, "blank" if not line else "value" if is_value(line) else "text")

    @classmethod
    def blank(cls, at: int) -> UnplacedCell:
        """Return a blank cell that stands at offset `at`."""
        return cls(at, at, "", "blank")


CellRow = list[UnplacedCell]
"""The cells of one row, from left to right, before columns and spans are known."""


INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
BLANKS = " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + INVISIBLE
BLANKS += "".join(chr(code) for code in range(0x2000, 0x200B))
"""Every kind of white space, and characters that show nothing."""

_LINE_BREAK = re.compile(r"\s*[\r\n\x0b\x0c\x85\u2028\u2029]\s*")
_HIDDEN = re.compile(f"[{INVISIBLE}]")
_WHITE_SPACE = re.compile(r"\s+")
_SHARED_PUNCTUATION = "“”‘’…—·"
"""Punctuation of Chinese text that Unicode does not count as wide, because other scripts use it too."""


def collapse_whitespace(text: str) -> str:
    """Return `text` on one line.

    A line break disappears between Chinese or Japanese characters and becomes one space elsewhere. Other runs of white
    space, also full-width and no-break ones, become one space; the ends are stripped.
    """
    text = text.strip(BLANKS)
    if not text:
        return ""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text
    text = _HIDDEN.sub("", text)
    pieces = _LINE_BREAK.split(text)
    line = pieces[0]
    for piece in pieces[1:]:
        is_joined = line and piece and _joins_without_space(line[-1]) and _joins_without_space(piece[0])
        line += piece if is_joined or not line else " " + piece
    return _WHITE_SPACE.sub(" ", line)


def _joins_without_space(character: str) -> bool:
    return is_wide(character) or character in _SHARED_PUNCTUATION


def trim_span(text: str, start: int, end: int, characters: str = BLANKS) -> tuple[int, int]:
    """Return `(start, end)` without some characters at both ends, white space as a rule.

    `(start, start)` where there is nothing else.
    """
    stretch = text[start:end]
    leading = len(stretch) - len(stretch.lstrip(characters))
    if leading == len(stretch):
        return start, start
    return start + leading, start + len(stretch.rstrip(characters))


def display_width(text: str) -> int:
    """Return how many columns `text` takes on a fixed-width screen, where a Chinese character takes two.

    By East Asian Width (Unicode Standard Annex 11). Quotation marks, dashes and other characters of ambiguous width are
    as wide as the characters that they stand among.
    """
    if text.isascii():
        return len(text)
    widths = [unicodedata.east_asian_width(character) for character in text]
    wide = "WFA" if "W" in widths else "WF"
    return sum(2 if width in wide else 1 for width in widths)
