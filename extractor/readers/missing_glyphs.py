"""The characters that pdfium leaves out: those whose width it takes for nothing, since their font is not to be found.

Chinese PDFs often name a font and leave it to the reader's machine. Where it is missing there, a text object of one
character has no extent, and pdfium's text page has no trace of it. pdfminer goes by the widths in the file.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Character:
    """A character whose origin, in the page's own coordinates, is at `x, y`; `advance` is its width."""

    text: str
    x: float
    y: float
    advance: float


class Unplaced:
    """Finds characters by where their text object begins; the file is opened by pdfminer at the first question."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file = None

    def at(self, number: int, origins: Collection[tuple[float, float]]) -> list[Character]:
        """The characters of page `number` that begin at one of the origins, but for blanks and those without a code.

        Empty too where pdfminer cannot read the page: what pdfium found is read all the same.
        """
        import pdfplumber

        near = {(round(x) + dx, round(y) + dy) for x, y in origins for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
        try:
            if self._file is None:
                self._file = pdfplumber.open(io.BytesIO(self._data))
            page = self._file.pages[number - 1]
            characters = [(c["text"], c["matrix"], c["adv"]) for c in page.chars]
            page.close()
        except Exception:  # pdfminer raises whatever its parsers raise on a file it does not take to
            return []
        found = []
        for text, (*_, x, y), advance in characters:
            if len(text) != 1 or not text.strip() or not text.isprintable() or (round(x), round(y)) not in near:
                continue
            if any(abs(x - ox) < 0.5 and abs(y - oy) < 0.5 for ox, oy in origins):
                found.append(Character(text, x, y, advance))
        return found

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
