"""Characters of a PDF page: how they are set, and runs of them between white space."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from extractor.geometry import PlacedWord, Rect, union
from extractor.readers.pdf_geometry import PageFrame


class Visibility(StrEnum):
    """Whether a reader of the page sees a text."""

    SHOWN = "shown"
    UNPAINTED = "unpainted"
    """Not painted itself, like the text layer over a scan; only the picture of the page tells whether it is there."""
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How one text object is set; all its characters share it."""

    text_object: int
    """The number of the object on its page."""
    baseline: float
    """The position of the baseline across the direction of writing."""
    font_size: float
    bold: bool
    turn: int
    """Quarter turns clockwise, as in `PageFrame`."""
    visibility: Visibility
    font: int
    lean: float = 0.0
    """How far the letters lean to the right for each unit of height, where upright ones are set aslant for italics."""


class Glyph(NamedTuple):
    """A character, its box along the direction of writing, and the style of its text object."""

    text: str
    box: Rect
    style: TextStyle


@dataclass(frozen=True, slots=True)
class GlyphRun:
    """A word before layout: characters without white space between them, all of one turn and visibility."""

    glyphs: tuple[Glyph, ...]
    space_before: bool
    starts_column: bool = False
    box: Rect = field(init=False)
    """Its box along the direction of writing."""
    text: str = field(init=False)
    """Its characters."""
    style: TextStyle = field(init=False)
    """The style of the first character."""
    is_one_object: bool = field(init=False)
    """Whether all characters are of one text object."""

    def __post_init__(self) -> None:
        # A page has thousands of runs, which are asked for these many times.
        texts, boxes, styles = zip(*self.glyphs, strict=True)
        style = styles[0]
        object.__setattr__(self, "box", union(boxes))
        object.__setattr__(self, "text", "".join(texts))
        object.__setattr__(self, "style", style)
        object.__setattr__(self, "is_one_object", len(set(map(id, styles))) == 1)

    def page_box(self, frame: PageFrame) -> Rect:
        """Return its box on the page as displayed."""
        return frame.from_reading(self.box, self.style.turn)

    def to_word(self, frame: PageFrame) -> PlacedWord:
        """Return the run as a word for layout."""
        style = self.style
        return PlacedWord(
            self.text,
            self.box,
            style.baseline,
            style.font_size,
            style.text_object,
            self.space_before,
            style.bold,
            self.starts_column,
            frame.from_reading(self.box, style.turn) if style.turn else None,
        )

    def split_at(self, at: int, *, starts_column: bool) -> tuple[GlyphRun, GlyphRun]:
        """Return the characters before `at` and those from there on; `starts_column` is said of the second run."""
        return replace(self, glyphs=self.glyphs[:at]), GlyphRun(self.glyphs[at:], starts_column, starts_column)


SPACES = frozenset({0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x2002, 0x2003, 0x2009, 0x200B, 0x3000})
"""Code points that separate words."""

_COMPATIBLE_FORMS = {
    code: unicodedata.normalize("NFKC", chr(code))
    for first, last in ((0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB06), (0xFB1D, 0xFDF9), (0xFE70, 0xFEFC))
    for code in range(first, last + 1)
    if unicodedata.normalize("NFKC", chr(code)) != chr(code)
}
"""Letters drawn as one glyph, Arabic letters by their shape in a word, and the radicals that Chinese fonts often name
in place of the character."""


class CodePoint(NamedTuple):
    """What is known of a code point by itself."""

    character: str
    """Its character, a ligature or a radical as the characters it stands for; empty where none can be shown."""
    shown: str
    """Its own character, or the replacement character where none can be shown."""
    has_meaning: bool


@lru_cache(maxsize=65536)
def code_point(code: int) -> CodePoint:
    """Return what is known of a code point, remembered: a page asks thousands of times for a few dozen of them."""
    printable = is_printable(code)
    return CodePoint(
        normalized_character(code) if printable else "", chr(code) if printable else "\ufffd", has_meaning(code)
    )


def normalized_character(code: int) -> str:
    """Return the character of a code point, a ligature or a radical as the characters it stands for."""
    return _COMPATIBLE_FORMS.get(code) or chr(code)


def is_printable(code: int) -> bool:
    """Decide whether a code point can be shown: no control, surrogate, soft hyphen or byte order mark."""
    return not (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or code in (0xAD, 0xFEFF, 0xFFFE, 0xFFFF)
        or code > 0x10FFFF
    )


def has_meaning(code: int) -> bool:
    """Decide whether a code point says which character it is: not private to a font, nor the replacement character."""
    return is_printable(code) and not 0xE000 <= code < 0xF900 and code != 0xFFFD
