"""Rectangles, ruling lines and words on a page, and whether two things stand on one line of text.

Lengths are in points (1/72 inch) unless said otherwise; the origin is the top left corner of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

BASELINE_TOLERANCE = 0.2
"""Parts of the font size by which the baselines of one line of text may differ, unless said otherwise: less than any
superscript is raised by, more than rounding and hinting move a baseline."""

LINE_OVERLAP = 0.5
"""Share of its height that the lower of two boxes on one line must have in common with the other, unless said
otherwise."""


class Rect(NamedTuple):
    """An upright rectangle."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def width(self) -> float:
        """Return the distance from left to right."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Return the distance from top to bottom."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Return width times height."""
        return (self.x1 - self.x0) * (self.bottom - self.top)

    @property
    def center(self) -> tuple[float, float]:
        """The middle point as (x, y)."""
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2

    def contains(self, x: float, y: float) -> bool:
        """Decide whether a point lies in the rectangle or on its border."""
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom

    def scaled(self, factor: float) -> Rect:
        """Return the rectangle with all coordinates multiplied by `factor`, as between pixels and points."""
        return Rect(self.x0 * factor, self.top * factor, self.x1 * factor, self.bottom * factor)


class RulingLine(NamedTuple):
    """A straight line drawn on the page, horizontal or vertical.

    `position` is its y if it is horizontal, its x if it is vertical; `start` and `end` are its ends along the other
    axis.
    """

    position: float
    start: float
    end: float

    @property
    def length(self) -> float:
        """Return the distance between its ends."""
        return self.end - self.start

    def scaled(self, factor: float) -> RulingLine:
        """Return the line with all coordinates multiplied by `factor`, as between pixels and points."""
        return RulingLine(self.position * factor, self.start * factor, self.end * factor)


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word on the page, before reading order is known."""

    text: str
    box: Rect
    baseline: float
    """The y of its baseline."""
    font_size: float
    text_run: int = 0
    """The text object of the file, or the line recognised by OCR, that the word came in."""
    space_before: bool = True
    """White space stands before it in the file."""
    bold: bool = False
    starts_column: bool = False
    """A new column begins with this word, however near the one before stands."""
    page_box: Rect | None = None
    """Where it stands on the page, if `box` was turned to read a page or a note that is set sideways."""
    confidence: float | None = None
    """How sure OCR is of it, in 0..1; None for text that was not read by OCR."""


class VerticalExtent(Protocol):
    """Anything with an upper and a lower edge: a `Rect`, or the `BBox` of a document."""

    @property
    def top(self) -> float:
        """Return the y of the upper edge."""
        ...

    @property
    def bottom(self) -> float:
        """Return the y of the lower edge."""
        ...


def union(boxes: Iterable[Rect]) -> Rect:
    """Return the smallest rectangle around `boxes`; raise ValueError where there are none."""
    rest = iter(boxes)
    first = next(rest, None)
    if first is None:
        raise ValueError("no boxes, and so no rectangle around them")
    x0, top, x1, bottom = first
    for left, upper, right, lower in rest:  # in one pass: most calls are for a few boxes, and there are many
        x0, top = left if left < x0 else x0, upper if upper < top else top
        x1, bottom = right if right > x1 else x1, lower if lower > bottom else bottom
    return Rect(x0, top, x1, bottom)


def overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    """Return the length that two intervals have in common; where they are apart, minus the gap between them."""
    return min(end, other_end) - max(start, other_start)


def intersection_area(one: Rect, other: Rect) -> float:
    """Return the area that two rectangles have in common, 0 where they are apart."""
    width = overlap(one.x0, one.x1, other.x0, other.x1)
    height = overlap(one.top, one.bottom, other.top, other.bottom)
    return width * height if width > 0 and height > 0 else 0.0


def overlaps_in_height(one: VerticalExtent, other: VerticalExtent, least: float = LINE_OVERLAP) -> bool:
    """Decide whether two boxes stand on one line of text: more than `least` of the lower one's height is shared.

    For boxes that hold ink or the height of a line, where no baseline is known or those of different type differ.
    """
    shared = overlap(one.top, one.bottom, other.top, other.bottom)
    return shared > least * min(one.bottom - one.top, other.bottom - other.top)


def on_one_baseline(baseline: float, other: float, font_size: float, tolerance: float = BASELINE_TOLERANCE) -> bool:
    """Decide whether two baselines are one: they differ by no more than `tolerance` parts of `font_size`.

    Of two words in different sizes the caller says which size counts: the smaller one to keep lines apart, the larger
    one to keep together what follows each other in the file.
    """
    return abs(baseline - other) <= tolerance * font_size
