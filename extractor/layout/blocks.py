"""What a page is laid out in: segments of words, lines, blocks of text, tables and their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import PlacedWord, Rect, union


@dataclass(frozen=True, slots=True)
class TextSegment:
    """Words that stand together on one line, with a wide gap to whatever else is on it."""

    words: tuple[PlacedWord, ...]
    text: str
    """The words with the spaces between them."""
    box: Rect
    baseline: float
    """That of the word in the largest type."""
    font_size: float
    """That of the word in the largest type."""
    bold: bool
    """Most of its characters are bold."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """Segments on one line of the page, from left to right."""

    segments: tuple[TextSegment, ...]
    wraps: bool = False
    """Its last sentence goes on on the next line: it was broken only because the column ended."""

    @property
    def box(self) -> Rect:
        """Return the rectangle around all segments."""
        return union(segment.box for segment in self.segments)


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines that make one block: a `kind` of heading, paragraph or list_item."""

    lines: tuple[TextLine, ...]
    kind: str = "paragraph"
    level: int = 0
    """The level of a heading, 1 for the largest type on the page; 0 for anything else."""


@dataclass(frozen=True, slots=True)
class LayoutCell:
    """One cell of a table with the lines in it, none where it is blank."""

    row: int
    column: int
    lines: tuple[TextLine, ...]
    box: Rect
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table as found on one page."""

    cells: tuple[LayoutCell, ...]
    box: Rect
    column_edges: tuple[float, ...]
    """The x where each column begins, and where the last one ends: a continuation on the next page has the same."""


LayoutBlock = TextBlock | TableBlock


@dataclass(frozen=True, slots=True)
class GridRegion:
    """What the inside of a ruled grid was taken for: a table, or blocks to be read one after the other (a form)."""

    blocks: tuple[LayoutBlock, ...]
    box: Rect


LayoutItem = TextSegment | GridRegion
"""What reading order is found for."""


def only_segments(items: Sequence[LayoutItem]) -> list[TextSegment]:
    """Return the items that are segments, without the regions of grids."""
    return [item for item in items if isinstance(item, TextSegment)]


def height_gap(upper: list[LayoutItem], lower: list[LayoutItem]) -> float:
    """Return the distance in points from the lowest edge of some items down to the highest of others."""
    return min(item.box.top for item in lower) - max(item.box.bottom for item in upper)
