"""What was read from the picture of a page."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.geometry import PlacedWord, RulingLine


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """A picture of a page, read; all places in points of the straightened page, origin at the top left.

    `turn` is by how many degrees, clockwise, the picture was turned to stand straight; `confidence` is the mean over
    the characters, None without words; `inked` says whether anything but paper is on the page.
    """

    width: float
    height: float
    words: tuple[PlacedWord, ...]
    horizontal_lines: tuple[RulingLine, ...]
    vertical_lines: tuple[RulingLine, ...]
    turn: float
    confidence: float | None
    has_ink: bool
