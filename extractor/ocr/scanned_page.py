"""What was read from the picture of a page."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.geometry import PlacedWord, RulingLine


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """A picture of a page, read; all places in points of the straightened page, origin at the top left."""

    width: float
    height: float
    words: tuple[PlacedWord, ...]
    horizontal_lines: tuple[RulingLine, ...]
    vertical_lines: tuple[RulingLine, ...]
    turn: float
    """The degrees, clockwise, by which the picture was turned to stand straight."""
    confidence: float | None
    """How sure OCR is of the characters on average, in 0..1; None without words."""
    has_ink: bool
    """Anything but paper is on the page."""
