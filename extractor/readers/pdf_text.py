"""The characters of a PDF page, by pdfium, in the order of the file: runs with boxes, and whether they are seen."""

from __future__ import annotations

import ctypes
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from extractor.geometry import Rect, intersection_area, on_one_baseline
from extractor.readers import pdf_layers
from extractor.readers.missing_glyphs import MissingGlyph
from extractor.readers.pdf_geometry import Affine, PageFrame, compose
from extractor.readers.pdf_glyphs import (
    SPACES,
    Glyph,
    GlyphRun,
    TextStyle,
    Visibility,
    code_point,
    has_meaning,
    normalized_character,
)
from extractor.readers.pdf_objects import Colour, PageObjects, object_colour, object_matrix
from extractor.readers.text_direction import runs_to_the_left
from extractor.settings import Settings, threshold
from extractor.values.scripts import FIRST_WIDE, is_wide

_MAX_GLYPHS = 200_000
_LAST = 1 << 60
"""The order of painting of an object that was not found: after all others."""
_HYPHEN_AT_LINE_END = 2  # pdfium's own code
_SOFT_HYPHEN = 0xAD
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DIGITS = frozenset("0123456789")
_RAISED = str.maketrans("0123456789", _SUPERSCRIPTS)
_FIRST_WIDE = ord(FIRST_WIDE)
_BOLD_NAMES = ("bold", "black", "heavy")


@dataclass(frozen=True)
class PdfTextSettings(Settings):
    """How characters are measured, joined to runs, and found to be hidden. Sizes are in parts of the font size."""

    smallest_plausible_size: float = threshold(
        0.3, unit="heights of the box", meaning="a font size below this is wrong: it is taken from the box instead"
    )
    largest_plausible_size: float = threshold(
        5.0, unit="longer sides of the box", meaning="... and so is one above this"
    )
    largest_size_of_mark: float = threshold(
        15.0, unit="longer sides of the box", meaning="the same for a point, a comma or a dash: little ink is usual"
    )
    size_of_box: float = threshold(0.8, unit="heights of the box", meaning="the font size that is taken from the box")
    ascent: float = threshold(0.8, meaning="height above the baseline of a box that the font does not give")
    descent: float = threshold(0.2, meaning="depth below the baseline of such a box")
    lowest_box: float = threshold(0.3, meaning="a character's box that is lower than this is replaced")
    highest_box: float = threshold(2.5, meaning="... and so is one that is higher than this")
    word_gap: float = threshold(0.18, meaning="a wider gap separates words")
    word_gap_at_space: float = threshold(0.12, meaning="... where pdfium takes the gap for a space")
    word_gap_wide: float = threshold(0.45, meaning="... beside a Chinese or other full-width character")
    baseline_shift: float = threshold(0.2, meaning="a larger shift of the baseline begins another word")
    step_back: float = threshold(0.5, meaning="a character that begins so far before the end of the last one is apart")
    step_back_of_box: float = threshold(
        0.7, unit="widths of the last box", meaning="... if that is also so much of the last character's box"
    )
    step_back_of_object: float = threshold(
        0.25, meaning="the first character of a text object is apart already where it is so far back"
    )
    ink_share: float = threshold(
        0.5, meaning="a box larger than the largest is not believed where the ink takes less than this of its side"
    )
    overprint: float = threshold(
        0.06,
        meaning="the same character of two text objects, no farther apart than this, was printed twice to look bold",
    )
    same_glyph: float = threshold(0.02, meaning="characters whose boxes differ by less are the letters of one glyph")
    space_step_back: float = threshold(0.5, meaning="a step back by more than this is a space")
    smallest_visible: float = threshold(1.0, unit="points", meaning="smaller text is hidden")
    bold_weight: int = threshold(600, meaning="weight of a font from which it is bold")
    white_text: int = threshold(245, unit="of 255", meaning="text is white when no primary is below this")
    white_ground: int = threshold(235, unit="of 255", meaning="white text on a fill no darker than this is hidden")
    same_colour: int = threshold(8, unit="of 255", meaning="colours that differ by no more cannot be told apart")
    palest_text: int = threshold(140, unit="of 255", meaning="large text of no darker a colour may be a watermark")
    thinnest_text: int = threshold(160, unit="of 255", meaning="... and so may large text that is less opaque")
    raised_size: float = threshold(
        0.8, meaning="a figure against a character, smaller than this and higher, is a mark of a note or an exponent"
    )
    least_rise: float = threshold(0.15, meaning="... if its baseline is higher by more than this")
    most_rise: float = threshold(0.8, meaning="... and by less than this")
    watermark_size: float = threshold(18.0, unit="points", meaning="smaller text is no watermark")
    watermark_slant: float = threshold(
        0.1, meaning="text of that size whose line rises by more, for each unit across, is a watermark, and hidden"
    )
    characters_looked_at: int = threshold(3000, meaning="so many tell whether a page is written from top to bottom")
    widest_step: float = threshold(0.3, unit="sizes of a character", meaning="a step down goes no farther to the side")
    longest_step_down: float = threshold(2.2, unit="sizes of a character", meaning="a longer step begins a paragraph")
    fewest_steps: int = threshold(8, meaning="a page with fewer pairs of Chinese or Japanese characters is level")
    downward_share: float = threshold(0.5, meaning="share of those pairs that step down on a page of columns")
    largest_slant: float = threshold(
        0.01, meaning="a missing character whose line rises by more, for each unit across, is left out: it is turned"
    )


@dataclass(slots=True)
class FontUse:
    """What a page shows in one font: its characters, and the boxes of those that have no known meaning."""

    text: list[str] = field(default_factory=list)
    unmapped: list[Rect] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _ObjectUse:
    """What the characters of one text object share, kept from its first one: a page has thousands of characters."""

    style: TextStyle
    font: FontUse | None
    """What its font shows; None for an object that is not seen."""
    largest_side: float
    """A box with both sides above this, in points, may be misjudged; below 0 where that is not known."""
    lowest: float
    """A box that is lower than this, in points, is replaced."""
    highest: float
    """... and so is one that is higher than this."""


FindMissing = Callable[[list[tuple[float, float]]], list[MissingGlyph]]
"""Finds the characters that begin at some origins in the page's own coordinates and that pdfium leaves out."""


class TextReader:
    """Reads the text of one page; `fonts` and `dropped`, the characters over the limit, are filled on the way."""

    def __init__(self, raw, frame: PageFrame, objects: PageObjects, find_missing: FindMissing) -> None:
        self._raw = raw
        self._frame = frame
        self._objects = objects
        self._find_missing = find_missing
        self._settings = PdfTextSettings.current()
        self._uses: dict[int | None, _ObjectUse] = {}
        self._find_object = ctypes.CFUNCTYPE(ctypes.c_void_p, *raw.FPDFText_GetTextObject.argtypes)(
            ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value
        )  # its address alone: pdfium's own declaration makes two objects of each answer
        self._largest_sides: dict[int, float] = {}
        self._loose = raw.FS_RECTF()
        self._bold_fonts: dict[int, bool] = {}
        self._seen_objects: set[int | None] = set()
        self._is_vertical, self._leading = False, 0.0
        self._pale: set[int] = set()
        self._over: dict[int, list[tuple[Rect, Visibility]]] = {}
        self._clips: dict[int, list[Rect]] = {}
        self._covered: dict[tuple[int, Visibility], TextStyle] = {}
        self.fonts: dict[int, FontUse] = defaultdict(FontUse)
        self.dropped = 0

    def read(self, page) -> dict[Visibility, list[GlyphRun]]:
        """Return the runs of a page, in the order of the file, by whether they are seen; those off the page are not."""
        opened = page.get_textpage()
        textpage = opened.raw  # pdfium's own handle: its wrapper takes time in every call
        try:
            count = self._raw.FPDFText_CountChars(textpage)
            self.dropped = max(0, count - _MAX_GLYPHS)
            get_code = self._raw.FPDFText_GetUnicode
            codes = [get_code(textpage, index) for index in range(min(count, _MAX_GLYPHS))]
            self._is_vertical = self._runs_down(textpage, codes[: self._settings.characters_looked_at])
            runs = list(self._iterate_runs(textpage, codes))
            runs += self._read_missing(runs)
        finally:
            opened.close()
        found: dict[Visibility, list[GlyphRun]] = {visibility: [] for visibility in Visibility}
        watermarks, cut_off = self._find_pale_watermarks(runs), self._find_cut_off(runs)
        for run in runs:
            is_seen = self._frame.shows(run.page_box(self._frame)) and id(run) not in watermarks
            is_seen = is_seen and run.style.text_object not in cut_off
            found[run.style.visibility if is_seen else Visibility.HIDDEN].append(run)
        return found

    def _find_pale_watermarks(self, runs: list[GlyphRun]) -> set[int]:
        """Return the large, pale runs that other text is printed across."""
        pale = [run for run in runs if run.style.text_object in self._pale]
        if not pale:
            return set()
        others = [run for run in runs if run.style.text_object not in self._pale]
        found = set()
        for run in pale:
            box = run.page_box(self._frame)
            if any(intersection_area(box, other.page_box(self._frame)) > 0 for other in others):
                found |= {id(each) for each in pale if each.style.baseline == run.style.baseline}
        return found

    def _runs_down(self, textpage, codes: Sequence[int]) -> bool:
        """Decide whether most Chinese or Japanese characters of a page follow one another from top to bottom."""
        if not any(map(_may_be_wide, codes)):
            return False
        raw, settings, loose = self._raw, self._settings, self._loose
        downwards: list[float] = []
        steps = 0
        last: Rect | None = None
        for index, code in enumerate(codes):
            counts = (code < 0xD800 or 0xE000 <= code < 0x110000) and is_wide(chr(code))
            if (not counts and last is None) or code in SPACES:
                continue
            if not raw.FPDFText_GetLooseCharBox(textpage, index, loose):
                continue
            if not counts:
                last = None
                continue
            box = self._frame.display_box(loose.left, loose.bottom, loose.right, loose.top)
            if last is not None:
                size = max(last.width, last.height, 0.1)
                across, down = abs(box.center[0] - last.center[0]), box.center[1] - last.center[1]
                steps += 1
                if across < settings.widest_step * size and 0 < down < settings.longest_step_down * size:
                    downwards.append(down / size)
            last = box
        self._leading = max(median(downwards) - 1, 0.0) if downwards else 0.0
        return steps >= settings.fewest_steps and len(downwards) > settings.downward_share * steps

    # Characters.

    def _iterate_runs(self, textpage, codes: Sequence[int]) -> Iterator[GlyphRun]:
        raw = self._raw
        builder = _RunBuilder(self._settings, self._leading if self._is_vertical else 0.0)
        high_surrogate = 0
        for index, code in enumerate(codes):
            if code in SPACES:
                if raw.FPDFText_IsGenerated(textpage, index) == 1:
                    builder.supposed_space = True
                else:
                    builder.space = True
                    self._seen_objects.add(self._find_object(textpage, index))
                continue
            if 0xD800 <= code < 0xDC00:
                high_surrogate = code
                continue
            if 0xDC00 <= code < 0xE000 and high_surrogate:
                code, high_surrogate = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00), 0
            if code == _HYPHEN_AT_LINE_END:
                code = ord("-")
            elif code == _SOFT_HYPHEN:
                if self._parts_a_word(codes, index):
                    builder.is_bridged = True
                    continue
                code = ord("-")
            glyph = self._read_glyph(textpage, index, code)
            if glyph is not None and (run := builder.add(glyph)) is not None:
                yield run
        if (run := builder.finish()) is not None:
            yield run

    @staticmethod
    def _parts_a_word(codes: Sequence[int], index: int) -> bool:
        """Decide whether a soft hyphen stands between two letters; elsewhere it is drawn in place of a hyphen."""
        around = [codes[at] for at in (index - 1, index + 1) if 0 <= at < len(codes)]
        return len(around) == 2 and all(has_meaning(code) and chr(code).isalpha() for code in around)

    def _read_glyph(self, textpage, index: int, code: int) -> Glyph | None:
        """Return a character with its box; None where it has no box or cannot be shown."""
        key, loose = self._find_object(textpage, index), self._loose
        self._seen_objects.add(key)
        if not self._raw.FPDFText_GetLooseCharBox(textpage, index, loose):
            return None
        box = self._frame.display_box(loose.left, loose.bottom, loose.right, loose.top)
        known = self._uses.get(key)
        if (
            known is None or (box.x1 - box.x0 > known.largest_side and box.bottom - box.top > known.largest_side)
        ) and self._is_misjudged(textpage, index, key, box):
            box = self._read_ink_box(textpage, index)
        if known is None:
            known = self._uses[key] = self._read_object(textpage, index, key, box, chr(code))
        style, font = known.style, known.font
        if font is not None and self._over and (later := self._over.get(style.text_object)):
            style = self._under_covers(style, later, box)
            font = font if style is known.style else None
        point = code_point(code)
        if font is not None:
            font.text.append(point.shown)
            if not point.has_meaning or self._raw.FPDFText_HasUnicodeMapError(textpage, index) == 1:
                font.unmapped.append(box)
        if not point.character:
            return None
        if style.turn:
            box = self._frame.to_reading(box, style.turn)
        if style.lean:
            box = _straighten(box, style)
        if not known.lowest <= box.bottom - box.top <= known.highest:
            size = style.font_size
            top = style.baseline - self._settings.ascent * size
            box = Rect(box.x0, top, box.x1, style.baseline + self._settings.descent * size)
        return Glyph(point.character, box, style)

    def _read_object(self, textpage, index: int, key: int | None, box: Rect, character: str) -> _ObjectUse:
        """Return what the characters of a text object share; `box` is that of its first one with a box."""
        item = self._raw.FPDFText_GetTextObject(textpage, index)
        style = self._read_style(textpage, index, item, key, box, character)
        return _ObjectUse(
            style,
            self.fonts[style.font] if style.visibility is Visibility.SHOWN else None,
            self._largest_sides.get(key, -1.0) if key else -1.0,
            self._settings.lowest_box * style.font_size,
            self._settings.highest_box * style.font_size,
        )

    def _is_misjudged(self, textpage, index: int, key: int | None, box: Rect) -> bool:
        """Decide whether a character's box is far larger than its font size and its ink, as in fonts set downwards."""
        largest, side = self._largest_sides.get(key) if key else None, min(box.x1 - box.x0, box.bottom - box.top)
        if largest is None:
            size = abs(self._raw.FPDFText_GetFontSize(textpage, index)) * self._scale(textpage, index)
            largest = self._settings.highest_box * max(size, 0.1)
            if key:  # the characters of a text object are of one size
                self._largest_sides[key] = largest
        if side <= largest:
            return False
        ink = self._read_ink_box(textpage, index)
        return max(ink.width, ink.height) < self._settings.ink_share * side

    def _read_ink_box(self, textpage, index: int) -> Rect:
        """Return the box around the ink of a character."""
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        self._raw.FPDFText_GetCharBox(textpage, index, left, right, bottom, top)
        return self._frame.display_box(left.value, bottom.value, right.value, top.value)

    def _scale(self, textpage, index: int) -> float:
        """Return by how much the font size of a character is enlarged on the page."""
        matrix = self._raw.FS_MATRIX()
        if not self._raw.FPDFText_GetMatrix(textpage, index, matrix):
            return 1.0
        a, b, c, d, _, _ = self._frame.to_display
        return math.hypot(a * matrix.c + c * matrix.d, b * matrix.c + d * matrix.d)

    def _read_style(self, textpage, index: int, item, key: int | None, box: Rect, character: str) -> TextStyle:
        """Return the style of the text object that a character belongs to, its first with a box."""
        raw, settings = self._raw, self._settings
        matrix = raw.FS_MATRIX()
        a, b, c, d, e, f = self._frame.to_display
        if not raw.FPDFText_GetMatrix(textpage, index, matrix):
            matrix.a = matrix.d = 1.0
        right, down = a * matrix.a + c * matrix.b, b * matrix.a + d * matrix.b
        turn = (0 if right >= 0 else 2) if abs(right) >= abs(down) else (1 if down > 0 else 3)
        turn = 1 if self._is_vertical and turn == 0 else turn
        size = abs(raw.FPDFText_GetFontSize(textpage, index)) * self._scale(textpage, index)
        height = box.height if turn % 2 == 0 else box.width
        # The box of some fonts is that of the ink: a dash is as low as its stroke, in type of any size.
        times = settings.largest_plausible_size if character.isalnum() else settings.largest_size_of_mark
        smallest, largest = settings.smallest_plausible_size * height, times * max(box.width, box.height)
        if not smallest <= size <= largest and height > 0:
            size = settings.size_of_box * height
        size = max(size, 0.1)
        slant = min(abs(right), abs(down)) / (max(abs(right), abs(down)) or 1)
        is_watermark = size >= settings.watermark_size and (
            slant > settings.watermark_slant or (bool(item) and pdf_layers.is_watermark(raw, item))
        )
        x, y = ctypes.c_double(), ctypes.c_double()
        if raw.FPDFText_GetCharOrigin(textpage, index, x, y):
            px, py = a * x.value + c * y.value + e, b * x.value + d * y.value + f
            baseline = self._frame.to_reading(Rect(px, py, px, py), turn).top
        else:
            baseline = self._frame.to_reading(box, turn).bottom - settings.descent * size
        style = self._make_style(item, key, len(self._uses), baseline, size, turn, box)
        lean_x, lean_y = a * matrix.c + c * matrix.d, b * matrix.c + d * matrix.d
        across = abs(lean_y * right - lean_x * down)
        if across and (lean := (lean_x * right + lean_y * down) / across):
            style = replace(style, lean=lean)
        if item and size >= settings.watermark_size:
            colour = object_colour(raw.FPDFPageObj_GetFillColor, item)
            if colour and (min(colour[:3]) >= settings.palest_text or colour[3] < settings.thinnest_text):
                self._pale.add(style.text_object)
        return replace(style, visibility=Visibility.HIDDEN) if is_watermark else style

    def _make_style(
        self, item, key: int | None, number: int, baseline: float, size: float, turn: int, box: Rect
    ) -> TextStyle:
        raw = self._raw
        mode = raw.FPDFTextObj_GetTextRenderMode(item) if item else 0
        bold = mode == raw.FPDF_TEXTRENDERMODE_FILL_STROKE or (bool(item) and self._is_bold(item))
        visibility = Visibility.HIDDEN
        if size >= self._settings.smallest_visible:
            visibility = self._find_visibility(item, mode, box, self._objects.orders.get(key, _LAST))
        if item and visibility is Visibility.SHOWN:
            self._find_covers(key, number)
        font = raw.FPDFTextObj_GetFont(item) if item else None
        font_key = ctypes.addressof(font.contents) if font else 0
        return TextStyle(number, baseline, size, bold, turn, visibility, font_key)

    def _find_covers(self, key: int | None, number: int) -> None:
        """Keep what is painted after a text object, which may lie over a part of it, and what cuts it off."""
        objects, order = self._objects, self._objects.orders.get(key, _LAST)
        later = [
            (cover.box, visibility)
            for covers, visibility in ((objects.overlays, Visibility.HIDDEN), (objects.covers, Visibility.UNPAINTED))
            for cover in covers
            if cover.order > order
        ]
        if later:
            self._over[number] = later
        if clips := objects.clips.get(key or 0):
            self._clips[number] = clips

    def _find_cut_off(self, runs: Sequence[GlyphRun]) -> set[int]:
        """Return the text objects of which nothing is inside a rectangle that clips them.

        What runs over the edge of its cell is read whole, as it is in the file.
        """
        cut_off = set(self._clips)
        for run in runs:
            clips = self._clips.get(run.style.text_object, ())
            if clips and run.style.text_object in cut_off:
                places = [self._frame.from_reading(glyph.box, run.style.turn).center for glyph in run.glyphs]
                if any(all(clip.contains(*place) for clip in clips) for place in places):
                    cut_off.discard(run.style.text_object)
        return cut_off

    def _under_covers(self, style: TextStyle, covers: Sequence[tuple[Rect, Visibility]], box: Rect) -> TextStyle:
        """Return the style that a character in `box` has where its object is covered there."""
        for place, visibility in covers:
            if _is_under(box, place):
                key = style.text_object, visibility
                if key not in self._covered:
                    self._covered[key] = replace(style, visibility=visibility)
                return self._covered[key]
        return style

    def _is_bold(self, item) -> bool:
        raw = self._raw
        font = raw.FPDFTextObj_GetFont(item)
        if not font:
            return False
        key = ctypes.addressof(font.contents)
        if key not in self._bold_fonts:
            buffer = ctypes.create_string_buffer(256)
            raw.FPDFFont_GetBaseFontName(font, buffer, 256)
            name = buffer.value.decode("latin-1").lower()
            is_heavy = raw.FPDFFont_GetWeight(font) >= self._settings.bold_weight
            self._bold_fonts[key] = is_heavy or any(part in name for part in _BOLD_NAMES)
        return self._bold_fonts[key]

    def _find_visibility(self, item, mode: int, box: Rect, order: int) -> Visibility:
        """Return whether a text object, painted as number `order` of the page, is seen."""
        raw, settings, objects = self._raw, self._settings, self._objects
        if not item:
            return Visibility.SHOWN
        x, y = box.center
        if ctypes.addressof(item.contents) in objects.hidden:
            return Visibility.HIDDEN
        if any(cover.order > order and _is_under(box, cover.box) for cover in objects.overlays):
            return Visibility.HIDDEN
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return Visibility.UNPAINTED
        if any(cover.order > order and cover.box.contains(x, y) for cover in objects.covers):
            return Visibility.UNPAINTED
        get = raw.FPDFPageObj_GetFillColor
        if mode in (raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP):
            get = raw.FPDFPageObj_GetStrokeColor
        colour = object_colour(get, item)
        if colour is None:
            return Visibility.SHOWN
        if colour[3] == 0:
            return Visibility.HIDDEN
        if min(colour[:3]) < settings.white_text:
            is_drowned = self._lies_on(x, y, order, colour[:3])
            return Visibility.HIDDEN if is_drowned else Visibility.SHOWN
        ground: tuple[int, int, int] | None = (255, 255, 255)
        for fill in reversed(objects.fills):
            if fill.order < order and fill.box.contains(x, y):
                ground = fill.colour
                break
        if ground is None:  # white on a picture
            return Visibility.UNPAINTED
        return Visibility.SHOWN if min(ground) < settings.white_ground else Visibility.HIDDEN

    def _lies_on(self, x: float, y: float, order: int, colour: Colour) -> bool:
        """Decide whether what is right below a text at (x, y) is an area of its own colour, painted without a clip."""
        below = (fill for fill in reversed(self._objects.fills) if fill.order < order and fill.box.contains(x, y))
        ground = next(below, None)
        if ground is None or ground.colour is None or ground not in self._objects.overlays:
            return False
        differences = [abs(one - other) for one, other in zip(colour, ground.colour, strict=True)]
        return max(differences) <= self._settings.same_colour

    # Characters that pdfium leaves out.

    def _read_missing(self, runs: list[GlyphRun]) -> list[GlyphRun]:
        """Return the characters of text objects of which pdfium's text page has nothing, each a run of its own.

        Looked for only where Chinese is on the page: other text objects without a trace are blanks.
        """
        raw = self._raw
        missing: dict[tuple[float, float], tuple[Any, Affine]] = {}
        for key, (item, affine) in self._objects.texts.items():
            font = raw.FPDFTextObj_GetFont(item) if key not in self._seen_objects else None
            if font and raw.FPDFFont_GetIsEmbedded(font) == 0:
                matrix = object_matrix(raw, item)
                missing[matrix[4:6]] = item, compose(matrix, affine)
        if not missing or (runs and not any(is_wide(glyph.text) for run in runs for glyph in run.glyphs)):
            return []
        found = []
        for number, character in enumerate(self._find_missing(list(missing)), start=len(self._objects.texts)):
            origin = min(missing, key=lambda place: abs(place[0] - character.x) + abs(place[1] - character.y))
            glyph = self._place_missing(*missing[origin], character, number)
            if glyph is not None:
                found.append(GlyphRun((glyph,), True))
        return found

    def _place_missing(self, item, affine: Affine, character: MissingGlyph, number: int) -> Glyph | None:
        """Return a missing character with its box; None for turned text, which is rare and of unknown direction."""
        settings = self._settings
        a, b, c, d, x, y = affine
        if abs(b) > settings.largest_slant * abs(a) or a <= 0:
            return None
        font_size = ctypes.c_float()
        self._raw.FPDFTextObj_GetFontSize(item, font_size)
        size = max(abs(font_size.value) * math.hypot(c, d), 0.1)
        width = max(character.advance * self._frame.to_display[0], 0.1)
        box = Rect(x, y - settings.ascent * size, x + width, y + settings.descent * size)
        style = self._make_style(item, ctypes.addressof(item.contents), number, y, size, 0, box)
        return Glyph(normalized_character(ord(character.text)), box, style)


def _may_be_wide(code: int) -> bool:
    """Decide whether a code point, or half of one, may be a Chinese or Japanese character."""
    return code >= _FIRST_WIDE


def _straighten(box: Rect, style: TextStyle) -> Rect:
    """Return the box that a leaning character takes on its line, without what its slant adds on both sides."""
    above, below = style.baseline - box.top, box.bottom - style.baseline
    left, right = (below, above) if style.lean > 0 else (above, below)
    x0, x1 = box.x0 + abs(style.lean) * left, box.x1 - abs(style.lean) * right
    return Rect(x0, box.top, x1, box.bottom) if x0 < x1 else box


def _is_under(box: Rect, cover: Rect) -> bool:
    x, y = box.center
    return (
        cover.contains(x, y) and cover.top <= box.top + box.height / 4 and cover.bottom >= box.bottom - box.height / 4
    )


def _is_raised(previous: Glyph, glyph: Glyph, settings: PdfTextSettings) -> bool:
    """Decide whether a digit is set smaller and higher than the character it stands against, as marks of notes are."""
    style, before = glyph.style, previous.style
    if style.turn != before.turn:
        return False
    if previous.text in _SUPERSCRIPTS:
        return style is before
    size = before.font_size
    gap, rise = glyph.box.x0 - previous.box.x1, before.baseline - style.baseline
    return (
        (previous.text.isalnum() or previous.text in tuple(")]%*.,"))
        and style.font_size < settings.raised_size * size
        and settings.least_rise * size < rise < settings.most_rise * size
        and -settings.step_back * size < gap < settings.word_gap * size
    )


class _RunBuilder:
    """Joins characters to runs; `space` and `supposed_space` say what stood before the next character.

    `is_bridged` says that it was a soft hyphen inside a word.

    `leading` is what stands between any two Chinese characters of a column, in parts of the font size.
    """

    def __init__(self, settings: PdfTextSettings, leading: float) -> None:
        self._settings = settings
        self._leading = leading
        self._least_gap = min(settings.word_gap, settings.word_gap_wide + leading)
        self._glyphs: list[Glyph] = []
        self._style: TextStyle | None = None
        self._closest = self._farthest = 0.0
        """The gaps, in points, between which a character follows closely on one of the same style, `_style`."""
        self._space_before = True
        self.space = False
        self.supposed_space = False
        self.is_bridged = False

    def add(self, glyph: Glyph) -> GlyphRun | None:
        """Add a character; return the run before it where it begins another one."""
        run = None
        if self._glyphs:
            previous = self._glyphs[-1]
            if self._follows_closely(previous, glyph):
                self._glyphs.append(glyph)
                return None
            if not self.space and glyph.text in _DIGITS and _is_raised(previous, glyph, self._settings):
                self._glyphs.append(glyph._replace(text=glyph.text.translate(_RAISED)))
                self.supposed_space = False
                return None
            is_apart = self._is_apart(previous, glyph) and not (
                self.is_bridged
                and on_one_baseline(glyph.style.baseline, previous.style.baseline, glyph.style.font_size)
            )
            if not is_apart and self._is_overprint(previous, glyph):
                return None
            if is_apart:
                run = GlyphRun(tuple(self._glyphs), self._space_before)
                size, gap = self._size_and_gap(previous, glyph)
                self._glyphs = []
                self._space_before = (
                    self.space
                    or gap > self._word_gap(previous, glyph) * size
                    or gap < -self._settings.space_step_back * size
                    or glyph.style.turn != previous.style.turn
                )
        self._glyphs.append(glyph)
        self.space = self.supposed_space = self.is_bridged = False
        return run

    def _follows_closely(self, previous: Glyph, glyph: Glyph) -> bool:
        """Decide whether a character stands right behind another one of its object: most do, and need no other test."""
        (last, (last_x0, _, last_x1, _), before), (_, (start, _, _, _), style) = previous, glyph
        if style is not before or self.space or self.supposed_space or self.is_bridged:
            return False
        if style is not self._style:
            self._style, size = style, style.font_size
            self._closest, self._farthest = -self._settings.step_back * size, self._least_gap * size
        return start >= last_x0 and self._closest <= start - last_x1 <= self._farthest and last not in _SUPERSCRIPTS

    def finish(self) -> GlyphRun | None:
        """Return the last run."""
        return GlyphRun(tuple(self._glyphs), self._space_before) if self._glyphs else None

    @staticmethod
    def _size_and_gap(previous: Glyph, glyph: Glyph) -> tuple[float, float]:
        size = max(glyph.style.font_size, previous.style.font_size)
        is_leftward = glyph.box.x0 < previous.box.x0 and (
            runs_to_the_left(glyph.text) or runs_to_the_left(previous.text)
        )
        return size, previous.box.x0 - glyph.box.x1 if is_leftward else glyph.box.x0 - previous.box.x1

    def _word_gap(self, previous: Glyph, glyph: Glyph) -> float:
        settings = self._settings
        if is_wide(glyph.text) or is_wide(previous.text):
            return settings.word_gap_wide + self._leading
        return settings.word_gap_at_space if self.supposed_space else settings.word_gap

    def _is_apart(self, previous: Glyph, glyph: Glyph) -> bool:
        """Decide whether a character begins another run than the one before it."""
        if self.space:
            return True
        settings, style, before = self._settings, glyph.style, previous.style
        size, gap = self._size_and_gap(previous, glyph)
        step = abs(glyph.box.x0 - previous.box.x0)
        same_object = style is before
        if same_object and step + abs(glyph.box.x1 - previous.box.x1) < settings.same_glyph * size:
            return False
        if not same_object and (
            style.turn != before.turn
            or style.visibility != before.visibility
            or not on_one_baseline(style.baseline, before.baseline, size, settings.baseline_shift)
        ):
            return True
        return (
            gap > self._word_gap(previous, glyph) * size
            or gap < -max(settings.step_back * size, settings.step_back_of_box * previous.box.width)
            or (not same_object and gap < -settings.step_back_of_object * size and step >= settings.overprint * size)
        )

    def _is_overprint(self, previous: Glyph, glyph: Glyph) -> bool:
        """Decide whether a character repeats the one before it at the same place, to look bold."""
        if glyph.style is previous.style or glyph.text != previous.text:
            return False
        size, _ = self._size_and_gap(previous, glyph)
        return abs(glyph.box.x0 - previous.box.x0) < self._settings.overprint * size
