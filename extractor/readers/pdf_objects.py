"""What a PDF page draws besides text, by pdfium: ruling lines, pictures, filled areas, shapes; nothing is rendered."""

from __future__ import annotations

import ctypes
import itertools
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Any

from extractor.geometry import Rect, RulingLine
from extractor.readers.pdf_geometry import IDENTITY, Affine, PageFrame, bounding_box, compose, unit_square
from extractor.readers.pdf_layers import is_on_layer
from extractor.settings import Settings, rule, threshold

_MAX_SEGMENTS = 60_000
_MAX_FORM_DEPTH = 12
_MAX_CLIPS, _CORNERS = 40, 5
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class PdfObjectSettings(Settings):
    """Which paths are ruling lines, filled areas, or letters that were turned into drawings."""

    opaque_alpha: int = threshold(128, unit="of 255", meaning="a fill that is less opaque covers nothing")
    visible_alpha: int = threshold(25, unit="of 255", meaning="paint must be more opaque than this to be seen")
    white: int = threshold(
        250, unit="of 255", meaning="paint is white when no primary is below this: how some programs draw unseen boxes"
    )
    thickest_line: float = threshold(3.0, unit="points", meaning="a filled rectangle thinner than this is a line")
    line_skew: float = threshold(1.0, unit="points", meaning="most that a line departs from horizontal or vertical")
    shortest_line: float = threshold(2.0, unit="points", meaning="a ruling line is longer than this")
    lowest_letter: float = threshold(3.0, unit="points", meaning="a shape that may be a letter is higher than this")
    highest_letter: float = threshold(60.0, unit="points", meaning="... and lower than this")
    narrowest_letter: float = threshold(1.0, unit="points", meaning="... wider than this")
    widest_letter: float = threshold(80.0, unit="points", meaning="... narrower than this")
    smallest_ring: float = threshold(50.0, unit="points", meaning="a curve round a seal is wider than this")
    largest_ring: float = threshold(190.0, unit="points", meaning="... and narrower than this")
    flattest_ring: float = threshold(1.7, meaning="... and no longer than so many times its height")
    join_areas: bool = rule(
        True, meaning="no ruling line is where two areas of one colour meet, as behind the lines of a shaded paragraph"
    )
    meeting_areas: float = threshold(0.5, unit="points", meaning="areas meet that are nearer to each other than this")
    inset: float = threshold(
        2.0, unit="points", meaning="an area as far as this inside the walls of a cell is a shade behind its text"
    )
    widest_inset: float = threshold(10.0, unit="points", meaning="... and an area farther inside than this is not")
    row_tolerance: float = threshold(
        1.5, unit="points", meaning="a line beside two such areas that is as near as this to where they meet parts rows"
    )
    fewest_letter_points: int = threshold(6, unit="points of the path", meaning="... curved, or with more points")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on the page, in points, and how many of its own pixels make an inch."""

    box: Rect
    dpi: float


@dataclass(frozen=True, slots=True)
class FilledArea:
    """An area that was painted as object number `order` of the page; `colour` is None under pictures and shadings."""

    order: int
    box: Rect
    colour: Colour | None


@dataclass(slots=True)
class PageObjects:
    """What is drawn on one page, boxes in points as displayed.

    `orders` and `texts` are by the address of an object: its place in the order of painting, and for text objects the
    object with the map of its coordinates to displayed ones.
    """

    orders: dict[int, int] = field(default_factory=dict)
    texts: dict[int, tuple[Any, Affine]] = field(default_factory=dict)
    fills: list[FilledArea] = field(default_factory=list)
    covers: list[FilledArea] = field(default_factory=list)
    """Opaque pictures, under which text is not to be seen."""
    overlays: list[FilledArea] = field(default_factory=list)
    """Opaque areas painted without a clip: what was painted before under one of them is not seen."""
    clips: dict[int, list[Rect]] = field(default_factory=dict)
    """By the address of a text object, the rectangles by which it is cut off, each of them."""
    hidden: set[int] = field(default_factory=set)
    """Addresses of the objects on layers that are switched off."""
    pictures: list[Picture] = field(default_factory=list)
    letter_shapes: list[Rect] = field(default_factory=list)
    """Boxes of small filled shapes, as letters are that were turned into drawings."""
    rings: list[Rect] = field(default_factory=list)
    """Boxes of curves as large as a round seal, nearly as wide as high."""
    seals: list[Rect] = field(default_factory=list)
    """Those of them that are seals drawn with text along the ring."""
    horizontal_lines: list[RulingLine] = field(default_factory=list)
    vertical_lines: list[RulingLine] = field(default_factory=list)


def read_objects(raw, page, frame: PageFrame, layers: Set[str] = frozenset()) -> PageObjects:
    """Return what a page draws; of a drawing with very many segments only the first ones count.

    `layers` are those that are switched off: what is on them is not drawn.
    """
    reader = _ObjectReader(raw, frame, layers)
    reader.walk(page.raw, frame.to_display, 0)
    reader.add_edges_of_areas()
    return reader.objects


def object_matrix(raw, item) -> Affine:
    """Return the map from an object's coordinates to those of what it stands in."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, matrix):
        return IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def object_colour(get, item) -> tuple[int, int, int, int] | None:
    """Return red, green, blue and alpha of an object, each of 255, by pdfium's `get`; None where it has none."""
    r, g, b, a = (ctypes.c_uint() for _ in range(4))
    return (r.value, g.value, b.value, a.value) if get(item, r, g, b, a) else None


class _ObjectReader:
    def __init__(self, raw, frame: PageFrame, layers: Set[str]) -> None:
        self._raw = raw
        self._frame = frame
        self._layers = layers
        self._segments = 0
        self._settings = PdfObjectSettings.current()
        self._areas: list[tuple[Rect, Colour]] = []
        self.objects = PageObjects()

    def walk(self, holder, affine: Affine, depth: int, is_hidden: bool = False) -> None:
        """Read the objects of the page (`depth` 0) or of a form on it, also those of forms inside forms."""
        raw, objects = self._raw, self.objects
        count, get = (
            (raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject)
            if depth
            else (raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject)
        )
        for position in range(count(holder)):
            item = get(holder, position)
            if not item:
                continue
            kind = raw.FPDFPageObj_GetType(item)
            key, order = ctypes.addressof(item.contents), len(objects.orders) + 1
            objects.orders[key] = order
            is_off = is_hidden or (bool(self._layers) and is_on_layer(raw, item, self._layers))
            if is_off:
                objects.hidden.add(key)
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                objects.texts[key] = item, affine
                if depth == 0 and (clips := self._read_clips(item, affine)):
                    objects.clips[key] = clips
            elif is_off and kind != raw.FPDF_PAGEOBJ_FORM:
                continue
            elif kind == raw.FPDF_PAGEOBJ_PATH:
                self._read_path(item, compose(object_matrix(raw, item), affine), order)
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                self._read_picture(item, compose(object_matrix(raw, item), affine), order)
            elif kind == raw.FPDF_PAGEOBJ_SHADING:
                objects.fills.append(FilledArea(order, Rect(0, 0, self._frame.width, self._frame.height), None))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
                self.walk(item, compose(object_matrix(raw, item), affine), depth + 1, is_off)

    def _read_picture(self, item, affine: Affine, order: int) -> None:
        raw, (a, b, c, d, _, _) = self._raw, affine
        area = FilledArea(order, bounding_box(unit_square(affine)), None)
        self.objects.fills.append(area)
        pixels_across, pixels_down = ctypes.c_uint(), ctypes.c_uint()
        if raw.FPDFImageObj_GetImagePixelSize(item, pixels_across, pixels_down):
            width, height = math.hypot(a, b), math.hypot(c, d)
            dpi = 72 * max(pixels_across.value / max(width, 1), pixels_down.value / max(height, 1))
            self.objects.pictures.append(Picture(area.box, dpi))
            if not raw.FPDFPageObj_HasTransparency(item):
                self.objects.covers.append(area)

    def _read_clips(self, item, affine: Affine) -> list[Rect]:
        """Return the rectangles outside of which an object is not painted, where they may cut it off."""
        raw = self._raw
        clip = raw.FPDFPageObj_GetClipPath(item)
        count = raw.FPDFClipPath_CountPaths(clip) if clip else 0
        if not 0 < count <= _MAX_CLIPS:
            return []
        edges = [ctypes.c_float() for _ in range(4)]
        if not raw.FPDFPageObj_GetBounds(item, *edges):
            return []
        left, bottom, right, top = (edge.value for edge in edges)
        bounds = bounding_box([_mapped(affine, x, y) for x in (left, right) for y in (bottom, top)])
        found = []
        x, y = ctypes.c_float(), ctypes.c_float()
        for path in range(count):
            points = []
            for position in range(raw.FPDFClipPath_CountPathSegments(clip, path)):
                segment = raw.FPDFClipPath_GetPathSegment(clip, path, position)
                if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_BEZIERTO or position >= _CORNERS:
                    points = []
                    break
                raw.FPDFPathSegment_GetPoint(segment, x, y)
                points.append(_mapped(affine, x.value, y.value))
            box = bounding_box(points) if len(points) >= 4 else None
            if box is not None and _is_rectangle(points, box) and not _holds(box, bounds):
                found.append(box)
        return found

    def _read_path(self, item, affine: Affine, order: int) -> None:
        raw, settings = self._raw, self._settings
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        count = raw.FPDFPath_CountSegments(item)
        if not raw.FPDFPath_GetDrawMode(item, fill, stroke) or not (fill.value or stroke.value):
            return
        self._segments += max(count, 0)
        if self._segments > _MAX_SEGMENTS:
            return
        filled = object_colour(raw.FPDFPageObj_GetFillColor, item) if fill.value else None
        if filled is not None and filled[3] < settings.opaque_alpha:
            filled = None
        stroked = object_colour(raw.FPDFPageObj_GetStrokeColor, item) if stroke.value else None
        is_painted = any(
            paint is not None and paint[3] > settings.visible_alpha and min(paint[:3]) < settings.white
            for paint in (filled, stroked)
        )
        clip = raw.FPDFPageObj_GetClipPath(item)
        is_clipped = bool(clip) and raw.FPDFClipPath_CountPaths(clip) > 0
        for points, is_straight, is_closed in self._iterate_subpaths(item, count, affine):
            bounds = bounding_box(points)
            is_thin = min(bounds.width, bounds.height) < settings.thickest_line
            if fill.value and not is_thin and is_straight:
                self.objects.fills.append(FilledArea(order, bounds, filled[:3] if filled else None))
                if filled and not is_clipped and not raw.FPDFPageObj_HasTransparency(item):
                    self.objects.overlays.append(self.objects.fills[-1])
            if is_painted and fill.value and self._may_be_letter(bounds, points, is_straight):
                self.objects.letter_shapes.append(bounds)
            if is_painted and not is_straight and self._may_be_ring(bounds):
                self.objects.rings.append(bounds)
            if not is_painted or not is_straight:
                continue
            if fill.value and is_thin and len(points) > 2:
                self._add_line(_center_line(bounds))
                continue
            if settings.join_areas and filled and not stroke.value and not is_thin and _is_rectangle(points, bounds):
                self._areas.append((bounds, filled[:3]))
                continue
            if is_closed or fill.value:
                points = [*points, points[0]]
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                self._add_line(Rect(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))

    def add_edges_of_areas(self) -> None:
        """Keep the edges of filled rectangles as lines, but for those between areas of one colour."""
        areas: list[tuple[Rect, Colour]] = []
        stacks: dict[tuple[Colour, int, int], list[Rect]] = defaultdict(list)
        walls = sorted(self.objects.vertical_lines)
        for box, colour in self._areas:
            is_nested = bool(areas) and areas[-1][1] == colour and self._lies_in(box, areas[-1][0])
            if not is_nested and not self._is_inset(box, walls):
                areas.append((box, colour))
                stacks[colour, round(box.x0), round(box.x1)].append(box)
        edges = {(box, y) for box, _ in areas for y in (box.top, box.bottom)}
        drawn = sorted([*self.objects.horizontal_lines, *(RulingLine(y, box.x0, box.x1) for box, y in edges)])
        for boxes in stacks.values():
            for upper, lower in itertools.pairwise(sorted(boxes, key=lambda box: box.top)):
                meets = abs(lower.top - upper.bottom) <= self._settings.meeting_areas
                if meets and not self._parts_rows(lower.top, lower, drawn):
                    edges -= {(upper, upper.bottom), (lower, lower.top)}
        for box, _ in areas:
            self._add_line(Rect(box.x0, box.top, box.x0, box.bottom))
            self._add_line(Rect(box.x1, box.top, box.x1, box.bottom))
        for box, y in edges:
            self._add_line(Rect(box.x0, y, box.x1, y))

    def _parts_rows(self, y: float, box: Rect, drawn: list[RulingLine]) -> bool:
        """Decide whether a line at this height reaches beyond the sides of a box."""
        reach, slack = self._settings.row_tolerance, self._settings.meeting_areas
        first = bisect_left(drawn, y - reach, key=lambda line: line.position)
        last = bisect_right(drawn, y + reach, key=lambda line: line.position)
        return any(line.start < box.x0 - slack or line.end > box.x1 + slack for line in drawn[first:last])

    def _is_inset(self, box: Rect, walls: list[RulingLine]) -> bool:
        """Decide whether a box stands a little inside a wall on its left and one on its right."""
        near, far, y = self._settings.inset, self._settings.widest_inset, box.center[1]

        def has_wall(start: float, end: float) -> bool:
            first = bisect_left(walls, start, key=lambda wall: wall.position)
            last = bisect_right(walls, end, key=lambda wall: wall.position)
            return any(wall.start <= y <= wall.end for wall in walls[first:last])

        return has_wall(box.x0 - far, box.x0 - near) and has_wall(box.x1 + near, box.x1 + far)

    def _lies_in(self, box: Rect, other: Rect) -> bool:
        slack = self._settings.meeting_areas
        return (
            other.x0 - slack <= box.x0
            and box.x1 <= other.x1 + slack
            and other.top - slack <= box.top
            and box.bottom <= other.bottom + slack
        )

    def _may_be_letter(self, bounds: Rect, points: list[tuple[float, float]], is_straight: bool) -> bool:
        settings = self._settings
        return (
            settings.lowest_letter < bounds.height < settings.highest_letter
            and settings.narrowest_letter < bounds.width < settings.widest_letter
            and (not is_straight or len(points) > settings.fewest_letter_points)
        )

    def _may_be_ring(self, bounds: Rect) -> bool:
        settings, (short, long) = self._settings, sorted((bounds.width, bounds.height))
        return settings.smallest_ring <= short and long <= min(settings.largest_ring, settings.flattest_ring * short)

    def _add_line(self, box: Rect) -> None:
        """Keep a line that is given by its bounding box if it is horizontal or vertical."""
        settings, (x, y) = self._settings, box.center
        if box.height <= settings.line_skew and box.width > settings.shortest_line:
            self.objects.horizontal_lines.append(RulingLine(y, box.x0, box.x1))
        elif box.width <= settings.line_skew and box.height > settings.shortest_line:
            self.objects.vertical_lines.append(RulingLine(x, box.top, box.bottom))

    def _iterate_subpaths(self, item, count: int, affine: Affine) -> Iterator[tuple[list, bool, bool]]:
        """Yield each subpath: its points as displayed, whether all its segments are straight, whether it is closed."""
        raw = self._raw
        a, b, c, d, e, f = affine
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[tuple[float, float]] = []
        is_straight, is_closed = True, False
        for position in range(count):
            segment = raw.FPDFPath_GetPathSegment(item, position)
            kind = raw.FPDFPathSegment_GetType(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if len(points) > 1:
                    yield points, is_straight, is_closed
                points, is_straight, is_closed = [], True, False
            elif kind == raw.FPDF_SEGMENT_BEZIERTO:
                is_straight = False
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
            is_closed = is_closed or bool(raw.FPDFPathSegment_GetClose(segment))
        if len(points) > 1:
            yield points, is_straight, is_closed


def _mapped(affine: Affine, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = affine
    return a * x + c * y + e, b * x + d * y + f


def _holds(box: Rect, other: Rect) -> bool:
    return box.x0 <= other.x0 and other.x1 <= box.x1 and box.top <= other.top and other.bottom <= box.bottom


def _is_rectangle(points: list[tuple[float, float]], bounds: Rect) -> bool:
    """Decide whether a subpath is an upright rectangle."""
    return 4 <= len(points) <= 5 and all(
        min(abs(x - bounds.x0), abs(x - bounds.x1)) < 0.01 and min(abs(y - bounds.top), abs(y - bounds.bottom)) < 0.01
        for x, y in points
    )


def _center_line(box: Rect) -> Rect:
    """Return the line that a thin rectangle stands for."""
    x, y = box.center
    return Rect(box.x0, y, box.x1, y) if box.width >= box.height else Rect(x, box.top, x, box.bottom)
