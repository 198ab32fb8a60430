"""One picture of a page, read: which way up it is, how far it is askew, its words and its ruled lines."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import PlacedWord, Rect, RulingLine, overlap
from extractor.ocr.cache import remembered
from extractor.ocr.deskew import as_rgb, size_turned, skew_of, turned
from extractor.ocr.engine import Engine, Glyph, Slanted, engine, name
from extractor.ocr.ruling_lines import ruled
from extractor.ocr.scanned_page import ScannedPage
from extractor.ocr.words import words_of

MAX_PIXELS = 12_000_000
"""A picture with more pixels than this is reduced: about A4 at 350 dpi."""
LOOK_PIXELS, DETECTION_PIXELS = 500_000, 1_800_000
"""To about as many a page is brought for a first look, and at most to look for lines of text: A4 at 140 dpi."""
LOOK_SIDE, DETECTION_SIDE = 320, 640
"""But its shorter side is not made smaller than this, so that a long receipt keeps its small print."""
MOST_ENLARGED = 2.0
LINE = 30
"""Pixels of height to which lines of text are brought: with half of it small print is lost, with twice of it the lines
of a matrix printer fall apart."""


def read_page(picture: Image.Image, dpi: float) -> ScannedPage:
    """What a picture of a page says, and where; `dpi` is how many of its pixels make an inch.

    The page is turned upright and straightened first, as `straighten` does with the `turn` that comes back. A large
    picture is read at a reduced size. What was read before comes from the cache.
    """
    shrink = min(1.0, (MAX_PIXELS / (picture.width * picture.height)) ** 0.5)
    if shrink < 1:
        size = max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))
        pixels = as_rgb(picture.resize(size, Image.Resampling.BOX, reducing_gap=1.0))
    else:
        pixels = as_rgb(picture)
    page = remembered(pixels, dpi * shrink, name(), lambda: _read(pixels[:, :, ::-1], dpi * shrink))
    width, height = size_turned(picture.width, picture.height, page.turn)
    return replace(page, width=width * 72 / dpi, height=height * 72 / dpi)


def _read(page: np.ndarray, dpi: float) -> ScannedPage:
    own = engine()
    with own.lock:
        turn, straight, boxes, slanted = _upright(own, np.ascontiguousarray(page))
        usual = median([box.bottom - box.top for box in boxes] or [0.0])
        sideways = [_is_sideways(box, usual) for box in boxes]
        lines = [_cropped(straight, box) for box in boxes]
        read = own.recognise([np.rot90(line) if down else line for line, down in zip(lines, sideways, strict=True)])
        across_others = own.recognise([_levelled(straight, line) for line in slanted])
    gray = _gray(straight)
    across, upright = ruled(gray, dpi)
    words: list[PlacedWord] = []
    runs: dict[tuple[int, int], int] = {}
    for number, (box, down, glyphs) in enumerate(zip(boxes, sideways, read, strict=True)):
        walls = _walls(box, upright)
        found = _sideways_words(box, glyphs) if down else words_of(_cropped(gray, box), box, glyphs, walls)
        for word in found:
            # Detection takes the cells of a row for one line as it pleases: what walls part does not belong together.
            cell = number, bisect(walls, word.box.x0 - box.x0)
            words.append(replace(word, text_run=runs.setdefault(cell, len(runs))))
    words += _words_aslant(slanted, across_others, words, gray.shape)
    scale = 72 / dpi
    count = sum(len(word.text) for word in words)
    return ScannedPage(
        straight.shape[1] * scale,
        straight.shape[0] * scale,
        tuple(_scaled(word, scale) for word in words),
        tuple(RulingLine(*(each * scale for each in edge)) for edge in across),
        tuple(RulingLine(*(each * scale for each in edge)) for edge in upright),
        turn,
        sum(word.confidence * len(word.text) for word in words) / count if count else None,
        bool(words) or _is_inked(gray),
    )


def _walls(box: Rect, upright: Sequence[RulingLine]) -> list[float]:
    """Where ruled lines run down through the middle of a line, counted from its left end."""
    middle = (box.top + box.bottom) / 2
    return sorted(
        wall.position - box.x0 for wall in upright if box.x0 < wall.position < box.x1 and wall.start < middle < wall.end
    )


def _sideways_words(box: Rect, glyphs: Sequence[Glyph]) -> list[PlacedWord]:
    """A line that runs down or across the page as one word: its parts have no place of their own on a level line."""
    text = "".join(glyph.text for glyph in glyphs if not glyph.text.isspace())
    sure = sum(glyph.confidence for glyph in glyphs) / max(1, len(glyphs))
    if not text or sure < 0.8:
        return []
    return [
        PlacedWord(
            text,
            box,
            box.bottom,
            min(box.x1 - box.x0, box.bottom - box.top),
            confidence=round(min(1.0, sure), 4),
        )
    ]


def _words_aslant(
    lines: Sequence[Slanted], read: Sequence[Sequence[Glyph]], level: Sequence[PlacedWord], shape: tuple[int, ...]
) -> list[PlacedWord]:
    """The lines that run aslant, a word each; they are read after all others, for they stand in no line with them."""
    size = median([word.font_size for word in level] or [20.0])
    under = max((word.box.bottom for word in level), default=0.0)
    found: list[PlacedWord] = []
    for line, glyphs in zip(lines, read, strict=True):
        place = _box_of(line, shape)
        for word in _sideways_words(place, glyphs):
            base = under + 3 * size * (len(found) + 1)
            box = Rect(0.0, base - size, 0.6 * size * len(word.text), base)
            run = len(level) + len(found)
            found.append(replace(word, text_run=run, box=box, baseline=base, font_size=size, page_box=place))
    return found


# Which way up.


def _upright(own: Engine, page: np.ndarray) -> tuple[float, np.ndarray, list[Rect], list[Slanted]]:
    """The turn, the page turned by it, the boxes of its lines of text, and the lines that run across those."""
    turn = skew_of(_gray(page))
    straight = turned(page, turn)
    boxes, slanted = _lines(own, straight)
    if _runs_down(boxes):
        quarter = np.ascontiguousarray(np.rot90(page, -1))
        other_turn = 90 + skew_of(_gray(quarter))
        other = turned(page, other_turn)
        other_boxes, other_slanted = _lines(own, other)
        if not _runs_down(other_boxes):
            turn, straight, boxes, slanted = other_turn, other, other_boxes, other_slanted
    if _on_its_head(own, straight, boxes):
        turn += 180
        height, width = straight.shape[:2]
        straight = np.ascontiguousarray(straight[::-1, ::-1])
        boxes = [Rect(width - box.x1, height - box.bottom, width - box.x0, height - box.top) for box in reversed(boxes)]
        slanted = [replace(line, x=width - line.x, y=height - line.y) for line in slanted]
    return round((turn + 180) % 360 - 180, 2), straight, boxes, slanted


def _runs_down(boxes: Sequence[Rect]) -> bool:
    """Whether the text runs up or down the page: by far most of the length of its longish boxes does."""
    wide = sum(box.x1 - box.x0 for box in boxes if box.x1 - box.x0 > 2 * (box.bottom - box.top))
    tall = sum(box.bottom - box.top for box in boxes if box.bottom - box.top > 2 * (box.x1 - box.x0))
    return tall > 2 * wide


def _on_its_head(own: Engine, straight: np.ndarray, boxes: Sequence[Rect]) -> bool:
    """Whether most of the longer lines stand on their heads; with few lines the recogniser has the last word."""
    wide = [box for box in boxes if box.x1 - box.x0 > 2 * (box.bottom - box.top)]
    chosen = sorted(wide, key=lambda box: box.x0 - box.x1)[:16]
    if not chosen:
        return False
    lines = [_cropped(straight, box) for box in chosen]
    if (own.upside_down(lines) > 0.5).mean() <= 0.4:
        return False
    tried = lines[:6]
    as_is, turned_over = own.recognise(tried), own.recognise([line[::-1, ::-1] for line in tried])
    return _certainty(turned_over) > 1.1 * _certainty(as_is)


def _certainty(lines: Sequence[Sequence[Glyph]]) -> float:
    """How well lines were recognised: the certainty of their characters, summed, unsure ones counting against it."""
    return sum(2 * glyph.confidence - 1 for line in lines for glyph in line)


# Where lines are.


def _lines(own: Engine, picture: np.ndarray) -> tuple[list[Rect], list[Slanted]]:
    """The boxes of the lines of text, in pixels of the picture, and those that run aslant.

    A first look at a small copy tells where text stands and how large it is. That part is then looked through at the
    scale at which lines are found best, unless that is about the scale of the first look.
    """
    height, width = picture.shape[:2]
    first = _scale(height, width, LOOK_PIXELS, LOOK_SIDE)
    boxes, slanted = _lines_at(own, picture, first)
    if not boxes:
        return _lines_at(own, picture, _scale(height, width, DETECTION_PIXELS, DETECTION_SIDE))
    high = float(np.percentile([min(box.bottom - box.top, box.x1 - box.x0) for box in boxes], 35))
    places = [*boxes, *(_box_of(line, picture.shape) for line in slanted)]
    edge = 4 * high + 0.04 * max(height, width)
    x0, x1 = max(0, int(min(p.x0 for p in places) - edge)), min(width, int(max(p.x1 for p in places) + edge))
    y0, y1 = max(0, int(min(p.top for p in places) - edge)), min(height, int(max(p.bottom for p in places) + edge))
    scale = min(LINE / high, _scale(y1 - y0, x1 - x0, DETECTION_PIXELS, DETECTION_SIDE), MOST_ENLARGED)
    if 0.8 * first <= scale <= 1.2 * first:
        return boxes, slanted
    boxes, slanted = _lines_at(own, picture[y0:y1, x0:x1], scale)
    moved = [Rect(box.x0 + x0, box.top + y0, box.x1 + x0, box.bottom + y0) for box in boxes]
    return moved, [replace(line, x=line.x + x0, y=line.y + y0) for line in slanted]


def _scale(height: int, width: int, pixels: int, side: int) -> float:
    scale = (pixels / (height * width)) ** 0.5
    return min(MOST_ENLARGED, max(scale, min(1.0, side / min(height, width))))


def _lines_at(own: Engine, picture: np.ndarray, scale: float) -> tuple[list[Rect], list[Slanted]]:
    """What is found in the picture at that scale; a tall picture is looked through in strips."""
    scaled = _resized(picture, scale)
    high, wide = scaled.shape[:2]
    strips = max(1, -(-high * wide // (2 * DETECTION_PIXELS)))
    step, over = -(-high // strips), 64
    boxes: list[Rect] = []
    slanted: list[Slanted] = []
    for start in range(0, high, step):
        top, bottom = max(0, start - over), min(high, start + step + over)
        level, aslant = own.detect(scaled[top:bottom])
        # What stands in two strips belongs to the one its middle is in.
        for box in level:
            if start <= (box.top + box.bottom) / 2 + top < start + step:
                boxes.append(Rect(box.x0, box.top + top, box.x1, box.bottom + top))
        for line in aslant:
            if start <= line.y + top < start + step:
                shape = (line.x / scale, (line.y + top) / scale, line.length / scale, line.height / scale)
                slanted.append(Slanted(*shape, line.angle))
    return _distinct([Rect(*(each / scale for each in box)) for box in boxes]), slanted


def _distinct(boxes: Sequence[Rect]) -> list[Rect]:
    """The boxes without those that lie inside another for the most part, top to bottom, those of one line by x."""
    kept: list[Rect] = []
    for box in sorted(boxes, key=lambda box: (box.x1 - box.x0) * (box.bottom - box.top), reverse=True):
        area = (box.x1 - box.x0) * (box.bottom - box.top)
        if not any(_shared(box, other) > 0.7 * area for other in kept):
            kept.append(box)
    rows: list[list[Rect]] = []
    for box in sorted(kept, key=lambda box: (box.top, box.x0)):
        if rows and box.top < (rows[-1][0].top + rows[-1][0].bottom) / 2 and _level(box, rows[-1][0]):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row)]


def _level(one: Rect, other: Rect) -> bool:
    shared = overlap(one.top, one.bottom, other.top, other.bottom)
    return shared > 0.7 * max(one.bottom - one.top, other.bottom - other.top)


def _shared(box: Rect, other: Rect) -> float:
    across = overlap(box.x0, box.x1, other.x0, other.x1)
    down = overlap(box.top, box.bottom, other.top, other.bottom)
    return across * down if across > 0 and down > 0 else 0.0


def _is_sideways(box: Rect, usual: float) -> bool:
    """Whether a box holds a line that runs down the page, rather than one narrow character of `usual` height."""
    high, wide = box.bottom - box.top, box.x1 - box.x0
    return high > 2.5 * wide and high > 2.5 * usual


def _cropped(picture: np.ndarray, box: Rect) -> np.ndarray:
    x0, top = max(0, int(box.x0)), max(0, int(box.top))
    return picture[top : max(top + 1, int(np.ceil(box.bottom))), x0 : max(x0 + 1, int(np.ceil(box.x1)))]


def _levelled(picture: np.ndarray, line: Slanted) -> np.ndarray:
    """The picture of a line that runs aslant, turned level."""
    size = max(1, round(line.length)), max(1, round(line.height))
    matrix = cv2.getRotationMatrix2D((line.x, line.y), line.angle, 1.0)
    matrix[:, 2] += (size[0] / 2 - line.x, size[1] / 2 - line.y)
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def _box_of(line: Slanted, shape: tuple[int, ...]) -> Rect:
    """The level box around a line that runs aslant."""
    sine, cosine = abs(np.sin(np.radians(line.angle))), abs(np.cos(np.radians(line.angle)))
    wide, high = line.length * cosine + line.height * sine, line.length * sine + line.height * cosine
    x0, top = max(0.0, line.x - wide / 2), max(0.0, line.y - high / 2)
    return Rect(x0, top, min(float(shape[1]), line.x + wide / 2), min(float(shape[0]), line.y + high / 2))


# Pictures.


def _gray(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def _resized(picture: np.ndarray, scale: float) -> np.ndarray:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    height, width = picture.shape[:2]
    return cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=way)


def _scaled(word: PlacedWord, scale: float) -> PlacedWord:
    box = Rect(*(each * scale for each in word.box))
    place = Rect(*(each * scale for each in word.page_box)) if word.page_box else None
    return replace(word, box=box, page_box=place, baseline=word.baseline * scale, font_size=word.font_size * scale)


def _is_inked(gray: np.ndarray) -> bool:
    """Whether more than specks differ from the paper."""
    small = cv2.blur(gray, (3, 3)).astype(np.int16)
    return float((np.abs(small - int(np.median(small))) > 48).mean()) > 0.0002
