"""What a PDF draws on a page, by pdfium: characters with boxes, ruled lines, pictures. Nothing is rendered."""

from __future__ import annotations

import ctypes
import itertools
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.geometry import PlacedWord, Rect, RulingLine, union
from extractor.layout import RuledGrid
from extractor.readers.missing_glyphs import Character

_MAX_SEGMENTS = 60_000
_MAX_GLYPHS = 200_000

# Letters drawn as one glyph, and the radicals that Chinese fonts often answer with in place of the character.
_FOLDED = {
    code: unicodedata.normalize("NFKC", chr(code))
    for first, last in ((0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB06))
    for code in range(first, last + 1)
    if unicodedata.normalize("NFKC", chr(code)) != chr(code)
}


SHOWN, UNPAINTED, HIDDEN = "shown", "unpainted", "hidden"
"""Text that is painted; text that is not, of which only a look at the page tells whether it stands there, as the text
layer over a scan does; text that nobody sees."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on the page, in points, and how many of its own pixels make an inch."""

    box: Rect
    dpi: float


@dataclass(slots=True)
class FontUse:
    """What a page shows in one font: its characters, and the boxes of those that have no known meaning."""

    text: list[str] = field(default_factory=list)
    unmapped: list[Rect] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Paint:
    """How one text object is set: shared by all its characters."""

    number: int
    base: float
    """The baseline, across the direction of writing."""
    size: float
    bold: bool
    turn: int
    """Quarter turns clockwise: 0 runs to the right, 1 down, 2 upside down to the left, 3 up."""
    sight: str
    """SHOWN, UNPAINTED or HIDDEN."""
    font: int


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A word before layout: its characters with their boxes, along the direction of writing."""

    characters: tuple[tuple[str, Rect, Paint], ...]
    spaced: bool
    breaks: bool = False
    box: Rect = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", union(box for _, box, _ in self.characters))

    @property
    def turn(self) -> int:
        return self.characters[0][2].turn

    @property
    def text(self) -> str:
        return "".join(character for character, _, _ in self.characters)

    def spot(self, content: Content) -> Rect:
        """Where it stands on the page."""
        return content.unturned(self.box, self.turn)

    def placed(self, content: Content) -> PlacedWord:
        box, paint = self.box, self.characters[0][2]
        place = content.unturned(box, paint.turn) if paint.turn else None
        return PlacedWord(
            self.text, box, paint.base, paint.size, paint.number, self.spaced, paint.bold, self.breaks, place
        )

    @property
    def font(self) -> int:
        return self.characters[0][2].font

    def parted(self, at: int, *, breaks: bool) -> tuple[Glyphs, Glyphs]:
        return replace(self, characters=self.characters[:at]), Glyphs(self.characters[at:], breaks, breaks)


class Content:
    """What is drawn on one page, in points from the top left as displayed: words, ruled lines, pictures.

    `shown`, `unpainted` and `hidden` are the words by whether a reader sees them; `outlines` are the boxes of small
    filled shapes, as letters are that were turned into drawings; `fonts` tells what is set in which font.
    """

    def __init__(self, raw, page, unplaced: Callable[[list[tuple[float, float]]], list[Character]]) -> None:
        self._raw = raw
        self._unplaced = unplaced
        self._texts: dict[int, tuple[Any, tuple[float, ...]]] = {}
        self.width, self.height = page.get_size()
        self._affine = self._page_to_display(page)
        self._ink = tuple(ctypes.c_uint() for _ in range(4))
        self._order: dict[int, int] = {}
        self._fills: list[tuple[int, Rect, tuple[int, int, int] | None]] = []
        self._horizontal: list[RulingLine] = []
        self._vertical: list[RulingLine] = []
        self._drawn = 0
        self.pictures: list[Picture] = []
        self._veils: list[tuple[int, Rect]] = []
        self.outlines: list[Rect] = []
        self.fonts: dict[int, FontUse] = defaultdict(FontUse)
        self.dropped = 0
        self._walk(page.raw, self._affine, 0)
        self.shown, self.unpainted, self.hidden = self._read_text(page)

    # Places.

    def _page_to_display(self, page) -> tuple[float, ...]:
        """The page's own coordinates to display ones: rotation and crop are pdfium's to know."""
        raw, scale = self._raw, 1000
        x, y = ctypes.c_int(), ctypes.c_int()

        def displayed(px: float, py: float) -> tuple[float, float]:
            wide, high = max(1, round(self.width * 100)), max(1, round(self.height * 100))
            raw.FPDF_PageToDevice(page, 0, 0, wide, high, 0, px, py, x, y)
            return x.value / 100, y.value / 100

        (x0, y0), (xa, ya), (xb, yb) = displayed(0, 0), displayed(scale, 0), displayed(0, scale)
        return (xa - x0) / scale, (ya - y0) / scale, (xb - x0) / scale, (yb - y0) / scale, x0, y0

    def _display(self, left: float, bottom: float, right: float, top: float) -> Rect:
        a, b, c, d, e, f = self._affine
        if b == c == 0 and a > 0 > d:
            return Rect(a * left + e, d * top + f, a * right + e, d * bottom + f)
        x0, x1 = a * left + c * bottom + e, a * right + c * top + e
        y0, y1 = b * left + d * bottom + f, b * right + d * top + f
        return Rect(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _turned(self, box: Rect, turn: int) -> Rect:
        """The box in coordinates in which text of that turn runs to the right."""
        if turn == 1:
            return Rect(box.top, self.width - box.x1, box.bottom, self.width - box.x0)
        if turn == 2:
            return Rect(self.width - box.x1, self.height - box.bottom, self.width - box.x0, self.height - box.top)
        if turn == 3:
            return Rect(self.height - box.bottom, box.x0, self.height - box.top, box.x1)
        return box

    def unturned(self, box: Rect, turn: int) -> Rect:
        """The inverse of `_turned`."""
        if turn == 1:
            return Rect(self.width - box.bottom, box.x0, self.width - box.top, box.x1)
        if turn == 2:
            return self._turned(box, 2)
        if turn == 3:
            return Rect(box.top, self.height - box.x1, box.bottom, self.height - box.x0)
        return box

    def edges(self, turn: int) -> tuple[list[RulingLine], list[RulingLine]]:
        """The ruled lines across and upright, as a reader of text of that turn sees them."""
        if not turn:
            return self._horizontal, self._vertical
        across = [Rect(edge.start, edge.position, edge.end, edge.position) for edge in self._horizontal]
        upright = [Rect(edge.position, edge.start, edge.position, edge.end) for edge in self._vertical]
        boxes = [self._turned(box, turn) for box in (*across, *upright)]
        return (
            [RulingLine(box.top, box.x0, box.x1) for box in boxes if box.x1 - box.x0 > box.bottom - box.top],
            [RulingLine(box.x0, box.top, box.bottom) for box in boxes if box.x1 - box.x0 <= box.bottom - box.top],
        )

    # Drawings.

    def _walk(self, holder, affine: tuple[float, ...], depth: int) -> None:
        """Notes the painting order of text, the lines and fills of paths, and images, also in forms within forms."""
        raw = self._raw
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
            order = len(self._order) + 1
            self._order[ctypes.addressof(item.contents)] = order
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                self._texts[ctypes.addressof(item.contents)] = item, affine
            elif kind == raw.FPDF_PAGEOBJ_PATH:
                self._path(item, _times(self._matrix(item), affine), order)
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                self._picture(item, _times(self._matrix(item), affine), order)
            elif kind == raw.FPDF_PAGEOBJ_SHADING:
                self._fills.append((order, Rect(0, 0, self.width, self.height), None))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < 12:
                self._walk(item, _times(self._matrix(item), affine), depth + 1)

    def _picture(self, item, affine: tuple[float, ...], order: int) -> None:
        raw, (a, b, c, d, _, _) = self._raw, affine
        box = _bounds(_corners(affine))
        self._fills.append((order, box, None))
        wide, high = ctypes.c_uint(), ctypes.c_uint()
        if raw.FPDFImageObj_GetImagePixelSize(item, wide, high):
            across, down = math.hypot(a, b), math.hypot(c, d)
            self.pictures.append(Picture(box, 72 * max(wide.value / max(across, 1), high.value / max(down, 1))))
            if not raw.FPDFPageObj_HasTransparency(item):
                self._veils.append((order, box))

    def _matrix(self, item) -> tuple[float, ...]:
        matrix = self._raw.FS_MATRIX()
        if not self._raw.FPDFPageObj_GetMatrix(item, matrix):
            return 1, 0, 0, 1, 0, 0
        return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f

    def _colour(self, get, item) -> tuple[int, int, int, int] | None:
        r, g, b, a = self._ink
        return (r.value, g.value, b.value, a.value) if get(item, r, g, b, a) else None

    def _path(self, item, affine: tuple[float, ...], order: int) -> None:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        count = raw.FPDFPath_CountSegments(item)
        if not raw.FPDFPath_GetDrawMode(item, fill, stroke) or not (fill.value or stroke.value):
            return
        self._drawn += max(count, 0)
        if self._drawn > _MAX_SEGMENTS:
            return
        colour = self._colour(raw.FPDFPageObj_GetFillColor, item) if fill.value else None
        if colour is not None and colour[3] < 128:
            colour = None
        line = self._colour(raw.FPDFPageObj_GetStrokeColor, item) if stroke.value else None
        # White on white is how some programs draw a box that is not to be seen.
        painted = any(ink is not None and ink[3] > 25 and min(ink[:3]) < 250 for ink in (colour, line))
        for points, straight, closed in self._subpaths(item, count, affine):
            bounds = _bounds(points)
            thin = min(bounds.x1 - bounds.x0, bounds.bottom - bounds.top) < 3
            if fill.value and not thin and straight:
                self._fills.append((order, bounds, colour[:3] if colour else None))
            high, wide = bounds.bottom - bounds.top, bounds.x1 - bounds.x0
            if painted and fill.value and 3 < high < 60 and 1 < wide < 80 and (not straight or len(points) > 6):
                self.outlines.append(bounds)
            if not painted or not straight:
                continue
            if fill.value and thin and len(points) > 2:
                self._edge(_middle(bounds))
                continue
            if closed or fill.value:
                points = [*points, points[0]]
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                self._edge(Rect(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))

    def _edge(self, box: Rect) -> None:
        wide, high = box.x1 - box.x0, box.bottom - box.top
        if high <= 1 and wide > 2:
            self._horizontal.append(RulingLine((box.top + box.bottom) / 2, box.x0, box.x1))
        elif wide <= 1 and high > 2:
            self._vertical.append(RulingLine((box.x0 + box.x1) / 2, box.top, box.bottom))

    def _subpaths(self, item, count: int, affine) -> Iterator[tuple[list[tuple[float, float]], bool, bool]]:
        """Each subpath: its points as displayed, whether all its parts are straight, whether it is closed."""
        raw = self._raw
        a, b, c, d, e, f = affine
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[tuple[float, float]] = []
        straight, closed = True, False
        for position in range(count):
            segment = raw.FPDFPath_GetPathSegment(item, position)
            kind = raw.FPDFPathSegment_GetType(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if len(points) > 1:
                    yield points, straight, closed
                points, straight, closed = [], True, False
            elif kind == raw.FPDF_SEGMENT_BEZIERTO:
                straight = False
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
            closed = closed or bool(raw.FPDFPathSegment_GetClose(segment))
        if len(points) > 1:
            yield points, straight, closed

    # Text.

    def _read_text(self, page) -> tuple[list[Glyphs], list[Glyphs], list[Glyphs]]:
        """Words in the order of the file: those that are shown, unpainted, and hidden."""
        textpage = page.get_textpage()
        try:
            seen: set[int] = set()
            found = list(self._glyphs(textpage, seen))
            found += self._left_out(found, seen)
        finally:
            textpage.close()
        sorts: dict[str, list[Glyphs]] = {SHOWN: [], UNPAINTED: [], HIDDEN: []}
        for glyphs in found:
            sorts[glyphs.characters[0][2].sight if self._on_page(glyphs) else HIDDEN].append(glyphs)
        return sorts[SHOWN], sorts[UNPAINTED], sorts[HIDDEN]

    def _on_page(self, glyphs: Glyphs) -> bool:
        box = self.unturned(glyphs.box, glyphs.turn)
        x, y = (box.x0 + box.x1) / 2, (box.top + box.bottom) / 2
        return -1 <= x <= self.width + 1 and -1 <= y <= self.height + 1

    def _left_out(self, found: list[Glyphs], seen: set[int]) -> list[Glyphs]:
        """Characters of text objects of which the text page holds nothing, their fonts being on no machine but another.

        Looked for only where Chinese stands on the page: other text objects without a trace are blanks.
        """
        raw = self._raw
        missing: dict[tuple[float, float], tuple[Any, tuple[float, ...]]] = {}
        for key, (item, affine) in self._texts.items():
            font = raw.FPDFTextObj_GetFont(item) if key not in seen else None
            if font and raw.FPDFFont_GetIsEmbedded(font) == 0:
                matrix = self._matrix(item)
                missing[matrix[4:6]] = item, _times(matrix, affine)
        if not missing or (found and not any(_is_cjk(c) for glyphs in found for c, _, _ in glyphs.characters)):
            return []
        result = []
        bold_fonts: dict[int, bool] = {}
        for number, character in enumerate(self._unplaced(list(missing)), start=len(self._texts)):
            origin = min(missing, key=lambda place: abs(place[0] - character.x) + abs(place[1] - character.y))
            item, (a, b, c, d, x, y) = missing[origin]
            if abs(b) > 0.01 * abs(a) or a <= 0:
                continue  # turned text: rare, and nothing tells its direction
            height = ctypes.c_float()
            raw.FPDFTextObj_GetFontSize(item, height)
            size = max(abs(height.value) * math.hypot(c, d), 0.1)
            place = Rect(x, y - 0.8 * size, x + max(character.advance * self._affine[0], 0.1), y + 0.2 * size)
            mode = raw.FPDFTextObj_GetTextRenderMode(item)
            order = self._order.get(ctypes.addressof(item.contents), 1 << 60)
            sight = self._sight(item, mode, place, order) if size >= 1 else HIDDEN
            paint = Paint(number, y, size, self._is_bold(item, bold_fonts), 0, sight, self._font(item))
            result.append(Glyphs(((_FOLDED.get(ord(character.text)) or character.text, place, paint),), True))
        return result

    def _glyphs(self, textpage, seen: set[int]) -> Iterator[Glyphs]:
        raw = self._raw
        count = textpage.count_chars()
        box = raw.FS_RECTF()
        paints: dict[int | None, Paint] = {}
        bold_fonts: dict[int, bool] = {}
        held: list[tuple[str, Rect, Paint]] = []
        space = generated = False
        spaced = True
        high = 0
        self.dropped = max(0, count - _MAX_GLYPHS)
        for index in range(min(count, _MAX_GLYPHS)):
            code = raw.FPDFText_GetUnicode(textpage, index)
            if code in _SPACES:
                if raw.FPDFText_IsGenerated(textpage, index) == 1:
                    generated = True
                else:
                    space = True
                    if item := raw.FPDFText_GetTextObject(textpage, index):
                        seen.add(ctypes.addressof(item.contents))
                continue
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if 0xDC00 <= code < 0xE000 and high:
                code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
            if code == 2:
                code = 0x2D  # pdfium's mark for a hyphen at the end of a line
            item = raw.FPDFText_GetTextObject(textpage, index)
            key = ctypes.addressof(item.contents) if item else None
            if key is not None:
                seen.add(key)
            meaning = _means(code) and raw.FPDFText_HasUnicodeMapError(textpage, index) != 1
            paint = paints.get(key)
            if not raw.FPDFText_GetLooseCharBox(textpage, index, box):
                continue
            place = self._display(box.left, box.bottom, box.right, box.top)
            if paint is None:
                paint = self._paint(textpage, index, item, key, len(paints), place, bold_fonts)
                paints[key] = paint
            if paint.sight == SHOWN:
                use = self.fonts[paint.font]
                use.text.append(chr(code) if _is_printable(code) else "\ufffd")
                if not meaning:
                    use.unmapped.append(place)
            if not _is_printable(code):
                continue
            if paint.turn:
                place = self._turned(place, paint.turn)
            if place.bottom - place.top < 0.3 * paint.size or place.bottom - place.top > 2.5 * paint.size:
                place = Rect(place.x0, paint.base - 0.8 * paint.size, place.x1, paint.base + 0.2 * paint.size)
            character = _FOLDED.get(code) or chr(code)
            if held:
                before, last = held[-1][1], held[-1][2]
                size = max(paint.size, last.size)
                gap = place.x0 - before.x1
                wide = 0.45 if _is_cjk(character) or _is_cjk(held[-1][0]) else 0.12 if generated else 0.18
                apart = (
                    space
                    or paint.turn != last.turn
                    or paint.sight != last.sight
                    or abs(paint.base - last.base) > 0.2 * size
                    or gap > wide * size
                    or gap < -max(0.5 * size, 0.7 * (before.x1 - before.x0))
                    or (paint is not last and gap < -0.25 * size and abs(place.x0 - before.x0) >= 0.06 * size)
                )
                # The letters of one glyph, as of the ligature in `office`, all have its box.
                if paint is last and abs(place.x0 - before.x0) + abs(place.x1 - before.x1) < 0.02 * size:
                    apart = space
                if (
                    not apart
                    and character == held[-1][0]
                    and paint is not last
                    and abs(place.x0 - before.x0) < 0.06 * size
                ):
                    continue  # drawn twice to look bold
                if apart:
                    yield Glyphs(tuple(held), spaced)
                    held, spaced = [], space or gap > wide * size or gap < -0.5 * size or paint.turn != last.turn
            held.append((character, place, paint))
            space = generated = False
        if held:
            yield Glyphs(tuple(held), spaced)

    def _paint(self, textpage, index: int, item, key, number: int, place: Rect, bold_fonts: dict[int, bool]) -> Paint:
        raw = self._raw
        matrix = raw.FS_MATRIX()
        a, b, c, d, e, f = self._affine
        if not raw.FPDFText_GetMatrix(textpage, index, matrix):
            matrix.a = matrix.d = 1.0
        right, down = a * matrix.a + c * matrix.b, b * matrix.a + d * matrix.b
        turn = (0 if right >= 0 else 2) if abs(right) >= abs(down) else (1 if down > 0 else 3)
        scale = math.hypot(a * matrix.c + c * matrix.d, b * matrix.c + d * matrix.d)
        size = abs(raw.FPDFText_GetFontSize(textpage, index)) * scale
        tall = place.bottom - place.top if turn % 2 == 0 else place.x1 - place.x0
        if not 0.3 * tall <= size <= 5 * tall and tall > 0:
            size = 0.8 * tall
        size = max(size, 0.1)
        x, y = ctypes.c_double(), ctypes.c_double()
        if raw.FPDFText_GetCharOrigin(textpage, index, x, y):
            px, py = a * x.value + c * y.value + e, b * x.value + d * y.value + f
            base = self._turned(Rect(px, py, px, py), turn).top
        else:
            base = self._turned(place, turn).bottom - 0.2 * size
        mode = raw.FPDFTextObj_GetTextRenderMode(item) if item else 0
        bold = mode == raw.FPDF_TEXTRENDERMODE_FILL_STROKE or (bool(item) and self._is_bold(item, bold_fonts))
        sight = self._sight(item, mode, place, self._order.get(key, 1 << 60)) if size >= 1 else HIDDEN
        return Paint(number, base, size, bold, turn, sight, self._font(item))

    def _font(self, item) -> int:
        font = self._raw.FPDFTextObj_GetFont(item) if item else None
        return ctypes.addressof(font.contents) if font else 0

    def _is_bold(self, item, known: dict[int, bool]) -> bool:
        raw = self._raw
        font = raw.FPDFTextObj_GetFont(item)
        if not font:
            return False
        key = ctypes.addressof(font.contents)
        if key not in known:
            name = ctypes.create_string_buffer(256)
            raw.FPDFFont_GetBaseFontName(font, name, 256)
            lowered = name.value.decode("latin-1").lower()
            known[key] = raw.FPDFFont_GetWeight(font) >= 600 or any(
                mark in lowered for mark in ("bold", "black", "heavy")
            )
        return known[key]

    def _sight(self, item, mode: int, place: Rect, order: int) -> str:
        """Whether a text object, painted as number `order` of the page, is shown, unpainted or hidden."""
        raw = self._raw
        if not item:
            return SHOWN
        x, y = (place.x0 + place.x1) / 2, (place.top + place.bottom) / 2
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return UNPAINTED
        if any(painted > order and _holds(box, x, y) for painted, box in self._veils):
            return UNPAINTED
        get = raw.FPDFPageObj_GetFillColor
        if mode in (raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP):
            get = raw.FPDFPageObj_GetStrokeColor
        colour = self._colour(get, item)
        if colour is None:
            return SHOWN
        if colour[3] == 0:
            return HIDDEN
        if min(colour[:3]) < 245:
            return SHOWN
        under: tuple[int, int, int] | None = (255, 255, 255)
        for painted, box, fill in reversed(self._fills):
            if painted < order and _holds(box, x, y):
                under = fill
                break
        if under is None:  # white on a picture
            return UNPAINTED
        return SHOWN if min(under) < 235 else HIDDEN


def _is_printable(code: int) -> bool:
    return not (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or code in (0xAD, 0xFEFF, 0xFFFE, 0xFFFF)
        or code > 0x10FFFF
    )


def _means(code: int) -> bool:
    """Whether a character's code says what it is: no code of a font's own, no mark for an unknown one."""
    return _is_printable(code) and not 0xE000 <= code < 0xF900 and code != 0xFFFD


_SPACES = frozenset({0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x2002, 0x2003, 0x2009, 0x200B, 0x3000})


def _times(inner: tuple[float, ...], outer: tuple[float, ...]) -> tuple[float, ...]:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _corners(affine: tuple[float, ...]) -> list[tuple[float, float]]:
    a, b, c, d, e, f = affine
    return [(e, f), (a + e, b + f), (c + e, d + f), (a + c + e, b + d + f)]


def _bounds(points: list[tuple[float, float]]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs), max(ys))


def _middle(box: Rect) -> Rect:
    """The line that a thin rectangle stands for."""
    if box.x1 - box.x0 >= box.bottom - box.top:
        y = (box.top + box.bottom) / 2
        return Rect(box.x0, y, box.x1, y)
    x = (box.x0 + box.x1) / 2
    return Rect(x, box.top, x, box.bottom)


def _holds(box: Rect, x: float, y: float) -> bool:
    return box.x0 <= x <= box.x1 and box.top <= y <= box.bottom


def _is_cjk(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or "\uff00" <= character <= "\uffef"


def main_turn(shown: Sequence[Glyphs]) -> int:
    lengths: Counter[int] = Counter()
    for glyphs in shown:
        lengths[glyphs.turn] += len(glyphs.characters)
    return lengths.most_common(1)[0][0] if lengths else 0


# Words that the file runs together, and runs of Chinese, taken apart.


def words(found: Sequence[Glyphs], content: Content) -> list[Glyphs]:
    """Words with column starts marked, text objects that touch by accident parted, and figures parted from Chinese."""
    found = _without_doubles(found)
    starts, wide = _starts(found)
    characters = sum(len(glyphs.characters) for glyphs in found)
    paints = {paint.number for glyphs in found for _, _, paint in glyphs.characters}
    # Where every character is an object of its own, objects say nothing about columns.
    telling = len(paints) < 0.4 * characters or characters < 200
    result: list[Glyphs] = []
    for glyphs in found:
        for piece in _cut_at_columns(glyphs, starts, wide) if telling else (glyphs,):
            first, before = piece.characters[0], result[-1].characters[-1] if result else None
            if (
                before
                and not piece.breaks
                and before[2] is not first[2]
                and not (_is_cjk(before[0]) or _is_cjk(first[0]))
            ):
                piece = replace(piece, breaks=_recurs(wide, first, 3))
            result += _cut_at_scripts(piece)
    return result


def _without_doubles(found: Sequence[Glyphs]) -> list[Glyphs]:
    """Words drawn twice at one place, to look bold or with a shadow, kept once."""
    seen: set[tuple[str, int, int]] = set()
    result = []
    for glyphs in found:
        box, text = glyphs.box, glyphs.text
        x, y = round(box.x0), round(box.top)
        if any((text, x + dx, y + dy) in seen for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            continue
        seen.add((text, x, y))
        result.append(glyphs)
    return result


_Starts = dict[int, set[int]]


def _starts(found: list[Glyphs]) -> tuple[_Starts, _Starts]:
    """Where text objects begin: for each place across, the baselines; all of them, and those after a wide gap."""
    starts: _Starts = defaultdict(set)
    wide: _Starts = defaultdict(set)
    before = None
    for glyphs in found:
        paint = None
        for position, (_, box, now) in enumerate(glyphs.characters):
            if now is not paint:
                key, base = round(box.x0), round(now.base)
                starts[key].add(base)
                if position == 0 and (
                    before is None
                    or abs(before[2].base - now.base) > 0.3 * now.size
                    or box.x0 - before[1].x1 > now.size
                    or box.x0 < before[1].x0
                ):
                    wide[key].add(base)
                paint = now
        before = glyphs.characters[-1]
    return starts, wide


def _recurs(starts: _Starts, character: tuple[str, Rect, Paint], least: int) -> bool:
    """Whether at least so many lines nearby have a start at the place across where this character begins."""
    _, box, paint = character
    key, base, reach = round(box.x0), round(paint.base), 25 * paint.size
    near = starts.get(key, _NONE) | starts.get(key - 1, _NONE) | starts.get(key + 1, _NONE)
    return sum(0 < abs(other - base) <= reach for other in near) >= least


_NONE: frozenset[int] = frozenset()


def _cut_at_columns(glyphs: Glyphs, starts: _Starts, wide: _Starts) -> Iterator[Glyphs]:
    """A word cut where another text object begins that other lines show to be the start of a column.

    Where others begin after a wide gap there is no doubt; where they only begin, letters must turn to figures too.
    """
    for at in range(1, len(glyphs.characters)):
        (before, _, old), (character, _, new) = glyphs.characters[at - 1], glyphs.characters[at]
        if old is new:
            continue
        turns = (before.isalpha() and character.isdigit()) or (before.isdigit() and character.isalpha())
        turns = turns or (old.bold != new.bold and before.isalnum() and character.isalnum())
        if _is_cjk(before) or _is_cjk(character):
            continue
        opens = (before.isalnum() or before in ".,;:)!?") and (character.isalnum() or character in "$€£¥￥#(")
        if (opens and _recurs(wide, glyphs.characters[at], 3)) or (turns and _recurs(starts, glyphs.characters[at], 1)):
            first, rest = glyphs.parted(at, breaks=True)
            yield first
            yield from _cut_at_columns(rest, starts, wide)
            return
    yield glyphs


def _cut_at_scripts(glyphs: Glyphs) -> Iterator[Glyphs]:
    """Runs of Chinese parted from figures and Latin words, and at their punctuation, so that a value has its box."""
    rest, at = glyphs, 1
    while at < len(rest.characters):
        before, character = rest.characters[at - 1][0], rest.characters[at][0]
        if _is_cjk(before) != _is_cjk(character) or (
            _is_cjk(character) and not (before.isalnum() and character.isalnum())
        ):
            first, rest = rest.parted(at, breaks=False)
            yield first
            at = 1
        else:
            at += 1
    yield rest


def cut_at_walls(glyphs: Glyphs, ruled: list[RuledGrid]) -> Iterator[Glyphs]:
    """A word cut where the wall of a cell stands between two of its characters."""
    box = glyphs.box
    y = (box.top + box.bottom) / 2
    for grid in ruled:
        if not (grid.box.top <= y <= grid.box.bottom and grid.box.x0 < box.x1 and box.x0 < grid.box.x1):
            continue
        for cell in grid.cells:
            if not (cell.box.top <= y < cell.box.bottom and box.x0 + 1 < cell.box.x1 < box.x1 - 1):
                continue
            for at in range(1, len(glyphs.characters)):
                (_, left, old), (_, right, new) = glyphs.characters[at - 1], glyphs.characters[at]
                slack = 0.25 * (right.x1 - right.x0)
                # What was written anew behind the wall is a cell of its own, even if the one before ran over into it.
                first = left.x0 if old is not new else left.x1 - slack
                if first <= cell.box.x1 <= right.x0 + slack:
                    first, rest = glyphs.parted(at, breaks=True)
                    yield first
                    yield from cut_at_walls(rest, ruled)
                    return
    yield glyphs
