"""Characters that pdfium leaves out because their font is not on this machine and it takes their width for zero.

Chinese PDFs often name a font and rely on the reader's machine to have it. Where it is missing, a text object of one
character has no extent, and pdfium's text page has no trace of it. pdfminer uses the widths in the file.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass

_TOLERANCE = 0.5
"""Points by which the origins that pdfium and pdfminer give for one text object may differ."""


@dataclass(frozen=True, slots=True)
class MissingGlyph:
    """A character whose origin, in the page's own coordinates, is at `x, y`; `advance` is its width."""

    text: str
    x: float
    y: float
    advance: float


class MissingGlyphFinder:
    """Finds characters by the origin of their text object; pdfminer opens the file at the first question."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file = None

    def find(self, page_number: int, origins: Collection[tuple[float, float]]) -> list[MissingGlyph]:
        """Return the characters of a page that begin at one of the origins, without blanks and unprintable ones.

        Empty too where pdfminer cannot read the page: what pdfium found is read all the same.
        """
        import pdfplumber

        near = {(round(x) + dx, round(y) + dy) for x, y in origins for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
        try:
            if self._file is None:
                self._file = pdfplumber.open(io.BytesIO(self._data))
            page = self._file.pages[page_number - 1]
            characters = [(c["text"], c["matrix"], c["adv"]) for c in page.chars]
            page.close()
        except Exception:  # pdfminer raises various exceptions on files that it cannot parse
            return []
        found = []
        for text, (*_, x, y), advance in characters:
            if len(text) != 1 or not text.strip() or not text.isprintable() or (round(x), round(y)) not in near:
                continue
            if any(abs(x - ox) < _TOLERANCE and abs(y - oy) < _TOLERANCE for ox, oy in origins):
                found.append(MissingGlyph(text, x, y, advance))
        return found

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
