"""Recognised lines become words with tight boxes, baselines and sizes, as a PDF would have them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from extractor.geometry import Rect
from extractor.layout import Placed
from extractor.ocr.engine import Glyph

FLOOR = 0.5
"""Words of which the recognition is less sure than this are specks, lines and stains more often than text."""


def words_of(gray: np.ndarray, box: Rect, glyphs: Sequence[Glyph], run: int) -> list[Placed]:
    """The words of one line, in pixels of the page; `gray` is the line's picture, standing at `box` on the page."""
    groups = _groups(glyphs)
    if not groups:
        return []
    ink = _ink(gray)
    cuts = [0.0]
    for before, after in zip(groups, groups[1:], strict=False):
        cuts.append(_cut(ink, before[-1].x, after[0].x))
    cuts.append(float(ink.shape[1]))
    rough: list[tuple[str, Rect, float]] = []
    for group, start, end in zip(groups, cuts, cuts[1:], strict=False):
        rough.append(
            (
                "".join(glyph.text for glyph in group),
                _tight(ink, int(start), int(np.ceil(end))),
                sum(glyph.confidence for glyph in group) / len(group),
            )
        )
    base, size = _base_and_size(rough)
    return [
        Placed(
            text,
            Rect(box.x0 + tight.x0, box.top + tight.top, box.x0 + tight.x1, box.top + tight.bottom),
            box.top + base,
            size,
            run=run,
            confidence=round(min(1.0, confidence), 4),
        )
        for text, tight, confidence in rough
        if confidence >= FLOOR
    ]


def _groups(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    groups: list[list[Glyph]] = [[]]
    for glyph in glyphs:
        if glyph.text.isspace():
            groups.append([])
        else:
            groups[-1].append(glyph)
    return [group for group in groups if group]


def _ink(gray: np.ndarray) -> np.ndarray:
    """Where a line's picture is ink, as booleans; light text on a dark ground counts as ink too."""
    import cv2

    _, dark = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return (dark if dark.mean() <= 0.5 else 1 - dark).astype(bool)


def _cut(ink: np.ndarray, left: float, right: float) -> float:
    """The middle of the widest blank stretch of columns between two characters."""
    start, end = int(left), max(int(left) + 1, int(np.ceil(right)))
    blank = ~ink[:, start:end].any(axis=0)
    best, best_length, at = (left + right) / 2, 0, None
    for place, is_blank in enumerate([*blank.tolist(), False]):
        if is_blank and at is None:
            at = place
        elif not is_blank and at is not None:
            if place - at > best_length:
                best, best_length = start + (at + place) / 2, place - at
            at = None
    return best


def _tight(ink: np.ndarray, start: int, end: int) -> Rect:
    part = ink[:, start:end]
    columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not len(columns):
        return Rect(start, 0, end, ink.shape[0])
    return Rect(start + columns[0], rows[0], start + columns[-1] + 1, rows[-1] + 1)


def _base_and_size(rough: Sequence[tuple[str, Rect, float]]) -> tuple[float, float]:
    """Baseline and font size of a line, from the words whose form tells: no descenders for the one."""
    bottoms = [tight.bottom for text, tight, _ in rough if not set(text) & set("gjpqyQ,;()[]{}|/@_，；（）")]
    heights = [tight.bottom - tight.top for _, tight, _ in rough]
    return float(median(bottoms or [tight.bottom for _, tight, _ in rough])), float(max(median(heights) / 0.75, 1))
