"""Boxes to be ticked in the picture of a page, and which of them a pen has ticked.

A box is a small square outline of which the page has several alike. Some must be plain, with nothing or little inside:
they tell the size, by which the others are found though strokes run over their sides. A box is ticked that holds
clearly more ink than the emptiest ones of its page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import cv2
import numpy as np

from extractor.geometry import PlacedWord, Rect, overlaps_in_height
from extractor.ocr.pictures import find_dark
from extractor.settings import Settings, rule, threshold

TICKED, EMPTY = "☑", "☐"
_MISREAD = frozenset("口囗回日曰田□▢☐☑☒■○〇0OoDUXxVv✓√区凶")
"""What a recogniser reads where a box stands before a word."""


@dataclass(frozen=True)
class CheckBoxSettings(Settings):
    """Which squares are boxes to be ticked. Shares are of the length of a side, unless said otherwise."""

    find: bool = rule(True, meaning="boxes to be ticked are looked for, and written as ☐ and ☑")
    smallest: float = threshold(0.07, unit="inches", meaning="least side of a box")
    largest: float = threshold(0.27, unit="inches", meaning="greatest side of a box")
    square: float = threshold(0.14, meaning="by how much width and height may differ")
    outline: float = threshold(0.09, meaning="how wide the outline may be, and how far off a straight line")
    drawn: float = threshold(0.9, meaning="share of each side of a plain box that must be inked")
    drawn_over: float = threshold(0.9, meaning="the same of a box over which a pen was drawn")
    margin: float = threshold(0.2, meaning="ink nearer to a side than this may be the outline's own")
    plain: float = threshold(0.3, meaning="share of the area inside up to which ink leaves a box plain")
    alike: float = threshold(0.12, meaning="by how much the sides of boxes of one page differ")
    least: int = threshold(2, unit="boxes", meaning="fewer plain boxes on a page are something else")
    ticked: float = threshold(0.06, meaning="share of the area inside that a tick inks, beyond that of empty boxes")
    blot: float = threshold(1.7, meaning="greatest side of a filled box, over whose sides a pen has gone")
    filled: float = threshold(0.6, meaning="share of the area of a filled box that is inked at least")
    in_line: float = threshold(0.2, meaning="how far a filled box may be off the row or the column of others")
    contrast: int = threshold(60, unit="grey levels", meaning="by how much ink is darker than the paper")
    clear: float = threshold(0.12, meaning="what stands nearer to a box's left side makes it a letter of a word")
    tall: float = threshold(2.1, meaning="what looks like a box beside words so much higher is part of a letter")
    off_place: float = threshold(2.5, unit="characters", meaning="how far from a box its word may be parted at a sign")


@dataclass(frozen=True, slots=True)
class CheckBox:
    """A box at `box`, in pixels of the picture, and whether it is ticked."""

    box: Rect
    ticked: bool


def find_check_boxes(gray: np.ndarray, dpi: float) -> list[CheckBox]:
    """Return the boxes to be ticked on a straightened page, from the top; `gray` is (height, width) of bytes."""
    settings = CheckBoxSettings.current()
    if not settings.find:
        return []
    dark = find_dark(gray, settings.contrast)
    plain = _plain_boxes(dark, dpi, settings)
    if len(plain) < settings.least:
        return []
    side = median(box.width for box in plain)
    plain = [box for box in plain if abs(box.width - side) <= settings.alike * side]
    if len(plain) < settings.least:
        return []
    found = [*plain, *_boxes_drawn_over(dark, side, plain, settings)]
    found += _filled_boxes(dark, side, found, settings)
    inked = [_ink_inside(dark, box, settings) for box in found]
    ground = sorted(inked)[: max(1, len(inked) // 4)]
    least = median(ground) + settings.ticked
    boxes = [CheckBox(box, ink > least) for box, ink in zip(found, inked, strict=True)]
    return sorted(boxes, key=lambda each: (each.box.top, each.box.x0))


def _plain_boxes(dark: np.ndarray, dpi: float, settings: CheckBoxSettings) -> list[Rect]:
    """Return the squares that touch no other ink, with little inside."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    boxes: list[Rect] = []
    for left, top, width, height, _ in stats[1:]:
        if not settings.smallest * dpi <= min(width, height) or max(width, height) > settings.largest * dpi:
            continue
        if abs(int(width) - int(height)) > settings.square * max(width, height):
            continue
        box = Rect(float(left), float(top), float(left + width), float(top + height))
        if _outline(dark, box, settings) >= settings.drawn and _ink_inside(dark, box, settings) <= settings.plain:
            boxes.append(box)
    return boxes


def _outline(dark: np.ndarray, box: Rect, settings: CheckBoxSettings) -> float:
    """Return the share of the least inked side of a box that is inked."""
    left, top, right, bottom = (round(edge) for edge in box)
    wide = max(2, round(settings.outline * box.width))
    part = dark[top:bottom, left:right]
    if part.shape[0] < 2 * wide or part.shape[1] < 2 * wide:
        return 0.0
    sides = (part[:wide].max(0), part[-wide:].max(0), part[:, :wide].max(1), part[:, -wide:].max(1))
    return min(float(side.mean()) for side in sides)


def _ink_inside(dark: np.ndarray, box: Rect, settings: CheckBoxSettings) -> float:
    """Return the share of the area inside a box, without its outline, that is inked."""
    margin = settings.margin * box.width
    part = dark[
        round(box.top + margin) : round(box.bottom - margin),
        round(box.x0 + margin) : round(box.x1 - margin),
    ]
    return float(part.mean()) if part.size else 0.0


def _boxes_drawn_over(dark: np.ndarray, side: float, plain: Sequence[Rect], settings: CheckBoxSettings) -> list[Rect]:
    """Return the boxes of a size of which strokes run over the sides, besides the plain ones.

    Sides are found as runs of ink as long as a side; a box is where all four of one stand.
    """
    length, wide = round(side), max(1, round(settings.outline * side))
    thick = cv2.dilate(dark, np.ones((wide, wide), np.uint8))
    run = max(3, round(settings.drawn_over * length))
    level = cv2.erode(thick, np.ones((1, run), np.uint8), anchor=(0, 0), borderValue=0)
    upright = cv2.erode(thick, np.ones((run, 1), np.uint8), anchor=(0, 0), borderValue=0)
    step = length - wide
    height, width = dark.shape
    if step <= 0 or height <= step or width <= step:
        return []
    corners = level[: height - step, : width - step] & level[step:, : width - step]
    corners &= upright[: height - step, : width - step] & upright[: height - step, step:]
    _, _, stats, centres = cv2.connectedComponentsWithStats(corners, connectivity=8)
    found: list[Rect] = []
    for (_, _, across, down, _), (x, y) in zip(stats[1:], centres[1:], strict=True):
        if max(across, down) > 2 * wide + 1:
            continue  # the grid of a table, or solid ink
        box = Rect(x, y, x + length, y + length)
        if not _is_new_in_line(box, plain, found, side / 2):
            continue
        if not _goes_on(dark, box, side) and _ink_inside(dark, box, settings) < 1 - settings.plain:
            found.append(box)
    return found


def _filled_boxes(dark: np.ndarray, side: float, known: Sequence[Rect], settings: CheckBoxSettings) -> list[Rect]:
    """Return the boxes that a pen has filled, of which no outline is left: blots of their size, in line with others."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    found: list[Rect] = []
    for left, top, width, height, area in stats[1:]:
        is_box_sized = side * (1 - settings.alike) <= min(width, height) and max(width, height) <= settings.blot * side
        if not is_box_sized or area < settings.filled * width * height:
            continue
        x, y = left + width / 2 - side / 2, top + height / 2 - side / 2
        box = Rect(x, y, x + side, y + side)
        if _is_new_in_line(box, known, found, settings.in_line * side):
            found.append(box)
    return found


def _is_new_in_line(box: Rect, known: Sequence[Rect], found: Sequence[Rect], off: float) -> bool:
    """Decide whether a box is none of those found, and at most so far off a row or a column of those known."""
    side = box.width
    if any(abs(box.x0 - each.x0) < side and abs(box.top - each.top) < side for each in (*known, *found)):
        return False
    return any(abs(box.x0 - each.x0) < off or abs(box.top - each.top) < off for each in known)


def _goes_on(dark: np.ndarray, box: Rect, side: float) -> bool:
    """Decide whether the sides of a square go on straight, as those of the cells of a table do."""
    left, top, right, bottom = (round(edge) for edge in box)
    reach, wide = round(side), max(2, round(side / 8))
    beyond = [dark[max(0, y - wide) : y + wide, right + wide : right + reach] for y in (top, bottom)] + [
        dark[max(0, y - wide) : y + wide, max(0, left - reach) : max(0, left - wide)] for y in (top, bottom)
    ]
    beyond += [dark[bottom + wide : bottom + reach, max(0, x - wide) : x + wide].T for x in (left, right)]
    beyond += [dark[max(0, top - reach) : max(0, top - wide), max(0, x - wide) : x + wide].T for x in (left, right)]
    straight = sum(part.size > 0 and float(part.max(0).mean()) > 0.9 for part in beyond)
    return straight >= 2


def with_check_boxes(words: Sequence[PlacedWord], boxes: Sequence[CheckBox]) -> list[PlacedWord]:
    """Return the words of a page with a ☐ or ☑ for every box, without what was read where a box stands.

    All lengths in pixels. A square with a letter close before it is one itself.
    """
    words = _part_at_boxes(words, boxes)
    kept, runs = words, max((word.text_run for word in words), default=-1) + 1
    settings = CheckBoxSettings.current()
    for check in boxes:
        box, side = check.box, check.box.width
        if any(settings.tall * side < word.box.height and _stand_together(word, box) for word in kept) or any(
            word.box.x0 < box.x0 - side / 2 and word.box.x1 > box.x0 - settings.clear * side
            for word in kept
            if word.page_box is None and overlaps_in_height(word.box, box)
            if word.box.x0 < box.x1
        ):
            continue
        kept = [part for word in kept for part in _outside(word, box)]
        level = [word for word in kept if word.page_box is None and overlaps_in_height(word.box, box)]
        nearest = min(level, key=lambda w: min(abs(w.box.x0 - box.x1), abs(w.box.x1 - box.x0)), default=None)
        baseline = nearest.baseline if nearest else box.bottom - 0.15 * side
        place = Rect(box.x0, nearest.box.top, box.x1, nearest.box.bottom) if nearest else box
        size = nearest.font_size if nearest else side
        mark = TICKED if check.ticked else EMPTY
        at = next((n for n, word in enumerate(kept) if word is nearest), len(kept))
        is_before = nearest is not None and nearest.box.x0 > box.x0
        kept.insert(at if is_before else at + 1, PlacedWord(mark, place, baseline, size, runs, confidence=1.0))
        runs += 1
    return kept


def _stand_together(word: PlacedWord, box: Rect) -> bool:
    return word.box.x0 < box.x1 and box.x0 < word.box.x1 and overlaps_in_height(word.box, box)


def _part_at_boxes(words: Sequence[PlacedWord], boxes: Sequence[CheckBox]) -> list[PlacedWord]:
    """Return the words, those parted that have a box inside or at their end and a sign there: `sex:male`."""
    settings = CheckBoxSettings.current()
    result = []
    for word in words:
        over = next((b.box for b in boxes if word.page_box is None and _stand_together(word, b.box)), None)
        signs = [m.end() for m in re.finditer(r"[:：?？)）]", word.text)]
        if over is None or not signs or over.x0 <= word.box.x0:
            result.append(word)
            continue
        wide = (word.box.width - over.width) / len(word.text)
        end = min(signs, key=lambda n: abs(word.box.x0 + n * wide - over.x0))
        if abs(word.box.x0 + end * wide - over.x0) > settings.off_place * wide:
            result.append(word)
            continue
        gap = 2 * settings.clear * over.width
        pieces = ((word.text[:end], word.box.x0, over.x0 - gap), (word.text[end:], over.x1 + 1, word.box.x1))
        result += [
            replace(word, text=text, box=Rect(left, word.box.top, max(right, left + 1), word.box.bottom))
            for text, left, right in pieces
            if text
        ]
    return result


def _outside(word: PlacedWord, box: Rect) -> list[PlacedWord]:
    """Return a word without what of it is the box misread: nothing, the word, or the word without its first letter."""
    if word.page_box is not None or not overlaps_in_height(word.box, box):
        return [word]
    if box.contains(*word.box.center) or (len(word.text) == 1 and word.box.x0 < box.x1 and box.x0 < word.box.x1):
        return []
    starts_at_box = abs(word.box.x0 - box.x0) < box.width / 2 and word.box.x1 > box.x1
    if starts_at_box and len(word.text) > 1:
        is_capital = word.text[0].isupper() and word.text[1].islower()
        rest = word.text[1:] if word.text[0] in _MISREAD and not is_capital else word.text
        return [replace(word, text=rest, box=Rect(box.x1, word.box.top, word.box.x1, word.box.bottom))]
    return [word]
