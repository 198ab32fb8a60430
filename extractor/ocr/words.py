"""Recognised lines become words with tight boxes, baselines and sizes, as a PDF would have them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from statistics import median

import cv2
import numpy as np

from extractor.geometry import PlacedWord, Rect, union
from extractor.ocr.engine import Glyph

FLOOR = 0.5
"""A line of which the recognition is less sure than this on average is specks or stains more often than text."""

_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# How high characters stand above the baseline, in parts of the font size; usual for the fonts of print.
_X_HEIGHT, _CAPITAL, _IDEOGRAPH = 0.53, 0.72, 0.90
_IDEOGRAPH_DROP = 0.08  # by how much it reaches below the baseline
_DESCENT = 0.21
# What a font sets aside for a line above and below the baseline, as the boxes of words in a PDF have it.
_ROOM_ABOVE, _ROOM_BELOW = 0.9, 0.21


def words_of(gray: np.ndarray, box: Rect, glyphs: Sequence[Glyph], walls: Sequence[float] = ()) -> list[PlacedWord]:
    """The words of one line, in pixels of the page; `gray` is the line's picture, standing at `box` on the page.

    A word ends at a recognised blank and where a gap is wide for the characters around it, for the recogniser leaves
    blanks out; and at the `walls`, the places in the picture where a ruled line runs down through it. No words come of
    a line below FLOOR; an unsure word of a better line is kept, and says so.
    """
    solid = [glyph for glyph in glyphs if not glyph.text.isspace()]
    if not solid or sum(glyph.confidence for glyph in solid) < FLOOR * len(solid):
        return []
    ink = _ink(gray)
    for wall in walls:
        ink[:, max(0, int(wall) - 1) : int(wall) + 2] = False
    gaps = [_gap(ink, before.x, after.x) for before, after in itertools.pairwise(solid)]
    cuts = [0.0, *((start + end) / 2 for start, end in gaps), float(ink.shape[1])]
    tight = [_tight(ink, int(start), int(np.ceil(end))) for start, end in itertools.pairwise(cuts)]
    base, size = _base_and_size([glyph.text for glyph in solid], tight, ink.shape[0])
    result: list[PlacedWord] = []
    for start, end in _stretches(glyphs, solid, [end - start for start, end in gaps], size, walls):
        confidence = sum(glyph.confidence for glyph in solid[start:end]) / (end - start)
        held = [each for each in tight[start:end] if each is not None]
        part = union(held) if held else Rect(cuts[start], 0.0, cuts[end], float(ink.shape[0]))
        text = "".join(glyph.text for glyph in solid[start:end])
        part = _roomy(_squared(part, text, size), base, size)
        result.append(
            PlacedWord(
                text,
                Rect(box.x0 + part.x0, box.top + part.top, box.x0 + part.x1, box.top + part.bottom),
                box.top + base,
                size,
                confidence=round(min(1.0, confidence), 4),
            )
        )
    return result


def _squared(part: Rect, text: str, size: float) -> Rect:
    """The box of a word with the blank half of the square of a wide mark at its ends, as fonts have it.

    Without it `二、` seems to stand apart from what follows, and `（三）` to be indented.
    """
    left = 0.45 * size if text[0] in "（《〈「『【〔“" else 0.0
    right = 0.45 * size if text[-1] in "、，。；：！？）》〉」』】〕”" else 0.0
    return Rect(max(0.0, part.x0 - left), part.top, part.x1 + right, part.bottom)


def _roomy(part: Rect, base: float, size: float) -> Rect:
    """The box of a word with the height of its line, as fonts have it.

    Around its ink alone a line seems to stand farther from the next than it is set, and one without letters that reach
    up or down, or of a dash, farther still.
    """
    return Rect(part.x0, min(part.top, base - _ROOM_ABOVE * size), part.x1, max(part.bottom, base + _ROOM_BELOW * size))


def _stretches(
    glyphs: Sequence[Glyph], solid: Sequence[Glyph], gaps: Sequence[float], size: float, walls: Sequence[float]
) -> Iterable[tuple[int, int]]:
    """The words as stretches (start, end) of the characters that are not blank."""
    blank_before, number = set(), 0
    for glyph in glyphs:
        if glyph.text.isspace():
            blank_before.add(number)
        else:
            number += 1
    inner = [gap for n, gap in enumerate(gaps, 1) if n not in blank_before]
    usual = median(inner) if inner else 0.0
    parts = [0]
    for number, gap in enumerate(gaps, 1):
        if number in blank_before or gap > _limit(solid[number - 1].text, solid[number].text, size, usual):
            parts.append(number)
    parts = _whole_amounts("".join(glyph.text[0] for glyph in solid), parts, gaps, size)
    beyond = {bisect([glyph.x for glyph in solid], wall) for wall in walls}
    return itertools.pairwise(sorted({*parts, *beyond}))


_HUNDREDTHS = re.compile(r"\d[.,](?=\d\d\D{0,2}\Z)")
"""The point of an amount that ends its line, but for a mark of its tax: elsewhere it may be the end of a sentence."""


def _whole_amounts(text: str, parts: Sequence[int], gaps: Sequence[float], size: float) -> list[int]:
    """Where words begin, and the end, without the cuts beside the point of an amount that ends there: `170. 00`.

    Printers of tills give a point the width of a digit.
    """
    points = [m.end() - 1 for m in _HUNDREDTHS.finditer(text)]
    beside = {cut for point in points for cut in (point, point + 1) if gaps[cut - 1] < size}
    return [cut for cut in (*parts, len(text)) if cut not in beside]


def _limit(before: str, after: str, size: float, usual: float) -> float:
    """The gap between two characters beyond which they belong to two words; `usual` is that of the line."""
    wide = bool(_WIDE.match(before)) + bool(_WIDE.match(after))
    if wide == 2:
        # Half of a punctuation mark's square is blank, and titles are set in spaced characters.
        return max((0.9 if _CJK.match(before) and _CJK.match(after) else 1.4) * size, 2 * usual)
    if wide == 1:
        return max(0.7 * size, 2 * usual)
    # A blank is a quarter of the size at least; in a typewriter's face narrow letters stand that far apart.
    return max(0.45 * size, 2.5 * usual + 0.1 * size)


def _ink(gray: np.ndarray) -> np.ndarray:
    """Where a line's picture is ink, as booleans, without specks, rules and what reaches in from the lines around it.

    Light text on a dark ground counts as ink too.
    """
    _, dark = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    dark = dark if dark.mean() <= 0.5 else 1 - dark
    height = gray.shape[0]
    dark = _without_rules(dark)
    count, names, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    top, high, area = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    outside = ((top == 0) | (top + high == height)) & ((top + high <= 0.3 * height) | (top >= 0.7 * height))
    wide = stats[:, cv2.CC_STAT_WIDTH]
    # Of a dashed rule there is only what lies at the edge, and the wall of a cell runs through.
    dashes = (wide > 3 * high) & (high < 0.15 * height) & ((top + high <= 0.2 * height) | (top >= 0.8 * height))
    left = stats[:, cv2.CC_STAT_LEFT]
    walls = (high > 0.9 * height) & (wide < 0.5 * height) & ((left == 0) | (left + wide == gray.shape[1]))
    kept = ~outside & ~dashes & ~walls & (area > 0.004 * height * height)
    kept[0] = False
    return kept[names] if count > 1 and kept.any() else dark.astype(bool)


def _without_rules(dark: np.ndarray) -> np.ndarray:
    """The ink without level strokes longer than any letter's, in the upper and lower third: words are underlined.

    The letters that reach into such a line, `g` and `y`, keep what is above it.
    """
    height = dark.shape[0]
    long = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, max(3, round(1.2 * height))), np.uint8))
    count, names, stats, _ = cv2.connectedComponentsWithStats(long, connectivity=8)
    top, high = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    rules = (high < 0.2 * height) & ((top + high <= 0.35 * height) | (top >= 0.6 * height))
    rules[0] = False
    return np.where(rules[names], 0, dark).astype(np.uint8) if count > 1 else dark


def _gap(ink: np.ndarray, left: float, right: float) -> tuple[float, float]:
    """The widest blank stretch of columns between the centres of two characters; no width where they touch."""
    start, end = int(left), max(int(left) + 1, int(np.ceil(right)))
    inked = np.flatnonzero(ink[:, start:end].any(axis=0)) + start
    edges = np.concatenate(([start - 1], inked, [end]))
    widths = np.diff(edges) - 1
    at = int(widths.argmax())
    if widths[at] <= 0:
        return (left + right) / 2, (left + right) / 2
    return float(edges[at] + 1), float(edges[at + 1])


def _tight(ink: np.ndarray, start: int, end: int) -> Rect | None:
    """The ink between two columns; None without any."""
    part = ink[:, start:end]
    columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not len(columns):
        return None
    return Rect(float(start + columns[0]), float(rows[0]), float(start + columns[-1] + 1), float(rows[-1] + 1))


def _base_and_size(texts: Sequence[str], tight: Sequence[Rect | None], height: int) -> tuple[float, float]:
    """Baseline and font size of a line, from what characters of known form say of them."""
    bases, sizes, capitals = [], [], []
    for text, box in zip(texts, tight, strict=True):
        if box is None:
            continue
        high = box.bottom - box.top
        if _CJK.match(text) and text not in "一二三丶丿卜口曰日":
            sizes.append(high / _IDEOGRAPH)
            bases.append(box.bottom - _IDEOGRAPH_DROP * high / _IDEOGRAPH)
        elif text in "ABCDEFGHIKLMNOPRSTUVWXYZ0123456789bdfhkl":
            capitals.append(high / _CAPITAL)
            bases.append(box.bottom)
        elif text in "aceimnorstuvwxz":
            if text not in "it":
                sizes.append(high / _X_HEIGHT)
            bases.append(box.bottom)
        elif text in "gpqy":
            sizes.append(high / (_X_HEIGHT + _DESCENT))
    sizes = [*capitals, *sizes] if len(capitals) < 3 else capitals
    boxes = [box for box in tight if box is not None]
    size = median(sizes) if sizes else 0.62 * height
    base = median(bases) if bases else max((box.bottom for box in boxes), default=0.8 * height)
    return float(base), float(min(max(size, 0.4 * height), 1.1 * height))
