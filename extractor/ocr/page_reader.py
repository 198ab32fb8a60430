"""The picture of a page into its words and ruling lines."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from PIL import Image

from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.ocr.cache import cached_page
from extractor.ocr.check_boxes import find_check_boxes, with_check_boxes
from extractor.ocr.deskew import rotate, rotated_size
from extractor.ocr.models import RecognisedCharacter, models_version, ocr_models
from extractor.ocr.orientation import turn_upright
from extractor.ocr.pen_strokes import find_pen_strokes, with_pen_marks
from extractor.ocr.pictures import as_rgb, crop, has_ink, to_gray
from extractor.ocr.ruling_lines import find_ruling_lines
from extractor.ocr.scanned_page import ScannedPage
from extractor.ocr.seals import find_seals, read_seals, with_seals, without_coloured
from extractor.ocr.text_detector import RotatedLine
from extractor.ocr.word_boxes import place_words
from extractor.settings import Settings, threshold

MAX_PIXELS = 12_000_000
"""A picture with more pixels than this is reduced: about A4 at 350 dpi."""
DEFAULT_SIZE = 20.0
"""Pixels of font size for a line at an angle on a page without other lines."""


@dataclass(frozen=True)
class UprightLineSettings(Settings):
    """Lines that run up or down a level page, or at an angle to it."""

    tall: float = threshold(2.5, meaning="least height of such a line, in parts of its width and of the usual height")
    confidence: float = threshold(0.8, meaning="least mean confidence with which such a line counts as text")


def read_page(picture: Image.Image, dpi: float) -> ScannedPage:
    """Return what a picture of a page says, and where; `dpi` is how many of its pixels make an inch.

    The page is turned upright and straightened first, as `straighten` does with the `turn` that comes back. A picture
    of more than MAX_PIXELS is read at a reduced size. What was read before comes from the cache.
    """
    scale = min(1.0, (MAX_PIXELS / (picture.width * picture.height)) ** 0.5)
    if scale < 1:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        pixels = as_rgb(picture.resize(size, Image.Resampling.BOX, reducing_gap=1.0))
    else:
        pixels = as_rgb(picture)
    page = cached_page(pixels, dpi * scale, models_version(), lambda: _read_pixels(pixels[:, :, ::-1], dpi * scale))
    width, height = rotated_size(picture.width, picture.height, page.turn)
    return replace(page, width=width * 72 / dpi, height=height * 72 / dpi)


def _read_pixels(picture: np.ndarray, dpi: float) -> ScannedPage:
    models = ocr_models()
    picture = np.ascontiguousarray(picture)
    found = find_seals(picture, dpi)
    with models.lock:
        page = turn_upright(models, without_coloured(picture, found))
        level = rotate(picture, page.turn) if page.turn else picture
        seals = read_seals(models, level, find_seals(level, dpi) if page.turn else found) if found else []
        usual_height = median([box.height for box in page.boxes] or [0.0])
        upright = [_runs_upright(box, usual_height) for box in page.boxes]
        lines = [crop(page.picture, box) for box in page.boxes]
        read = models.recognise([np.rot90(line) if is_up else line for line, is_up in zip(lines, upright, strict=True)])
        read_rotated = models.recognise([line.cut_level(page.picture) for line in page.rotated])
    gray = to_gray(page.picture)
    horizontal, vertical = find_ruling_lines(gray, dpi)
    words: list[PlacedWord] = []
    runs: dict[tuple[int, int], int] = {}
    for number, (box, is_up, characters) in enumerate(zip(page.boxes, upright, read, strict=True)):
        walls = _walls_across(box, vertical)
        found = _one_word(box, characters) if is_up else place_words(crop(gray, box), box, characters, walls)
        for word in found:
            # Detection may take several cells of a row for one line: what a wall separates does not belong together.
            cell = number, bisect(walls, word.box.x0 - box.x0)
            words.append(replace(word, text_run=runs.setdefault(cell, len(runs))))
    words = with_check_boxes(words, find_check_boxes(gray, dpi))
    strokes = find_pen_strokes(gray, words, horizontal, vertical, dpi, [seal.box for seal in seals])
    words = with_pen_marks(words, strokes)
    words += _rotated_words(page.rotated, read_rotated, words, gray.shape)
    words = with_seals(words, seals, median([word.font_size for word in words] or [DEFAULT_SIZE])) if seals else words
    scale = 72 / dpi
    count = sum(len(word.text) for word in words)
    return ScannedPage(
        page.picture.shape[1] * scale,
        page.picture.shape[0] * scale,
        tuple(_in_points(word, scale) for word in words),
        tuple(line.scaled(scale) for line in horizontal),
        tuple(line.scaled(scale) for line in vertical),
        page.turn,
        sum(word.confidence * len(word.text) for word in words) / count if count else None,
        bool(words) or has_ink(gray),
    )


def _walls_across(box: Rect, vertical: Sequence[RulingLine]) -> list[float]:
    """Return where ruling lines run down through the middle of a line of text, in pixels from its left end."""
    middle = (box.top + box.bottom) / 2
    return sorted(
        wall.position - box.x0
        for wall in vertical
        if box.x0 < wall.position < box.x1 and wall.start < middle < wall.end
    )


def _runs_upright(box: Rect, usual_height: float) -> bool:
    """Decide whether a box holds a line that runs down the page, rather than one narrow character."""
    tall = UprightLineSettings.current().tall
    return box.height > tall * box.width and box.height > tall * usual_height


def _one_word(box: Rect, characters: Sequence[RecognisedCharacter]) -> list[PlacedWord]:
    """Return a line that is not level as one word, for its parts have no place of their own on a level line.

    None where it is blank or too unsure.
    """
    text = "".join(character.text for character in characters if not character.text.isspace())
    confidence = sum(character.confidence for character in characters) / max(1, len(characters))
    if not text or confidence < UprightLineSettings.current().confidence:
        return []
    size = min(box.width, box.height)
    return [PlacedWord(text, box, box.bottom, size, confidence=round(min(1.0, confidence), 4))]


def _rotated_words(
    lines: Sequence[RotatedLine],
    read: Sequence[Sequence[RecognisedCharacter]],
    level: Sequence[PlacedWord],
    shape: tuple[int, ...],
) -> list[PlacedWord]:
    """Return the lines that run at an angle, a word each.

    They stand in no line with the others: their boxes are put below all `level` words, far apart, so that they are read
    last, while `page_box` says where they are.
    """
    size = median([word.font_size for word in level] or [DEFAULT_SIZE])
    below = max((word.box.bottom for word in level), default=0.0)
    found: list[PlacedWord] = []
    for line, characters in zip(lines, read, strict=True):
        place = line.bounding_box(shape)
        for word in _one_word(place, characters):
            baseline = below + 3 * size * (len(found) + 1)
            box = Rect(0.0, baseline - size, 0.6 * size * len(word.text), baseline)
            run = len(level) + len(found)
            found.append(replace(word, text_run=run, box=box, baseline=baseline, font_size=size, page_box=place))
    return found


def _in_points(word: PlacedWord, scale: float) -> PlacedWord:
    """Return a word of which all lengths are in pixels, with all of them in points."""
    return replace(
        word,
        box=word.box.scaled(scale),
        page_box=word.page_box.scaled(scale) if word.page_box else None,
        baseline=word.baseline * scale,
        font_size=word.font_size * scale,
    )
