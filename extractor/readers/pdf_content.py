"""What a PDF has on a page, by pdfium: words, ruling lines and pictures. Nothing is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from extractor.geometry import Rect, RulingLine
from extractor.readers.pdf_forms import FormField, form_lines, with_form_fields, without_field_borders
from extractor.readers.pdf_geometry import PageFrame
from extractor.readers.pdf_glyphs import GlyphRun, Visibility
from extractor.readers.pdf_objects import PageObjects, Picture, read_objects
from extractor.readers.pdf_text import FindMissing, FontUse, TextReader
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class SealRingSettings(Settings):
    """When text is set along a ring. Shares are of its radius."""

    inner: float = threshold(0.5, meaning="pieces stand farther from the middle than this")
    longest_piece: int = threshold(4, unit="characters", meaning="a piece has no more characters")
    fewest_pieces: int = threshold(4, unit="pieces", meaning="a ring has so many pieces at least")
    fewest_sides: int = threshold(3, unit="of four sides", meaning="... on so many of its sides at least")


@dataclass(frozen=True, slots=True)
class PageContent:
    """The content of one page, in points from the top left as displayed.

    `shown`, `unpainted` and `hidden` are the runs of characters by whether a reader sees them; `fonts` tells what is
    set in which font; `dropped` is how many characters over the limit were left out; `fields` are those of a form.
    """

    frame: PageFrame
    shown: Sequence[GlyphRun]
    unpainted: Sequence[GlyphRun]
    hidden: Sequence[GlyphRun]
    fonts: Mapping[int, FontUse]
    dropped: int
    _objects: PageObjects
    fields: Sequence[FormField] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page."""
        return self.frame.width, self.frame.height

    @property
    def area(self) -> float:
        """Return width times height of the page, in square points."""
        return self.frame.width * self.frame.height

    @property
    def pictures(self) -> Sequence[Picture]:
        """The pictures on the page, which may reach beyond it."""
        return self._objects.pictures

    @property
    def letter_shapes(self) -> Sequence[Rect]:
        """The boxes of small filled shapes, as letters are that were turned into drawings."""
        return self._objects.letter_shapes

    @property
    def seals(self) -> Sequence[Rect]:
        """The boxes of drawn rings with text set along them, whose characters are in `hidden`."""
        return self._objects.seals

    def ruling_lines(self, turn: int) -> tuple[list[RulingLine], list[RulingLine]]:
        """Return the horizontal and vertical ruling lines as a reader of text of that turn sees them."""
        horizontal, vertical = self._objects.horizontal_lines, self._objects.vertical_lines
        if not turn:
            rows = form_lines(self.shown, self.fields, self.frame) if self.fields else ([], [])
            if not rows[0]:
                return horizontal, vertical
            horizontal, vertical = without_field_borders(horizontal, vertical, self.fields)
            return [*horizontal, *rows[0]], [*vertical, *rows[1]]
        boxes = [Rect(line.start, line.position, line.end, line.position) for line in horizontal]
        boxes += [Rect(line.position, line.start, line.position, line.end) for line in vertical]
        boxes = [self.frame.to_reading(box, turn) for box in boxes]
        return (
            [RulingLine(box.top, box.x0, box.x1) for box in boxes if box.width > box.height],
            [RulingLine(box.x0, box.top, box.bottom) for box in boxes if box.width <= box.height],
        )


def read_content(
    raw, page, find_missing: FindMissing, layers: Set[str] = frozenset(), fields: Sequence[FormField] = ()
) -> PageContent:
    """Return the content of a page; `raw` is pdfium's own interface, `layers` those that are off."""
    frame = PageFrame(raw, page)
    objects = read_objects(raw, page, frame, layers)
    reader = TextReader(raw, frame, objects, find_missing)
    runs = reader.read(page)
    shown, unpainted, hidden = (
        runs[visibility] for visibility in (Visibility.SHOWN, Visibility.UNPAINTED, Visibility.HIDDEN)
    )
    in_seals = set_along_rings(shown, objects, frame)
    if in_seals:
        shown, hidden = [run for run in shown if run not in in_seals], [*hidden, *in_seals]
    struck = [run for run in shown if _is_struck_through(run, objects)]
    if struck:
        shown, hidden = [run for run in shown if run not in struck], [*hidden, *struck]
    if fields:
        shown = with_form_fields(shown, fields, frame)
    return PageContent(frame, shown, unpainted, hidden, reader.fonts, reader.dropped, objects, fields)


def set_along_rings(runs: Sequence[GlyphRun], objects: PageObjects, frame: PageFrame) -> list[GlyphRun]:
    """Return the runs that are set along drawn rings, as the text of a seal is, and keep those rings as seals.

    Pieces of a character or a few stand round the middle of the ring, on three of its sides at least.
    """
    settings, found = SealRingSettings.current(), []
    for ring in objects.rings:
        (x, y), sides, inside = ring.center, set(), []
        for run in runs:
            box = run.page_box(frame)
            across, down = (box.center[0] - x) / (ring.width / 2), (box.center[1] - y) / (ring.height / 2)
            if len(run.text) > settings.longest_piece or not settings.inner**2 <= across**2 + down**2 < 1:
                continue
            inside.append(run)
            sides.add((across > abs(down)) + 2 * (-across > abs(down)) + 3 * (-down >= abs(across)))
        if len(inside) >= settings.fewest_pieces and len(sides) >= settings.fewest_sides:
            objects.seals.append(ring)
            found += [run for run in inside if run not in found]
    return found


def _is_struck_through(run: GlyphRun, objects: PageObjects) -> bool:
    """Decide whether a line is drawn through all of a level run, between its baseline and the top of its letters."""
    style, box = run.style, run.box
    if style.turn or not objects.horizontal_lines:
        return False
    low, high = style.baseline - 0.15 * style.font_size, style.baseline - 0.5 * style.font_size
    slack = 0.15 * style.font_size
    return any(
        high <= line.position <= low and line.start <= box.x0 + slack and line.end >= box.x1 - slack
        for line in objects.horizontal_lines
    )
