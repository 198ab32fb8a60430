"""A part of a page, read by itself: small print enlarged, and with paper around it, as the models want it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import Rect, overlap
from extractor.ocr.deskew import as_rgb
from extractor.ocr.engine import Engine, Glyph, engine
from extractor.ocr.page import _cropped, _lines, _resized

LEAST_HEIGHT = 64
"""Pixels to which a lower stretch is enlarged, as far as MOST_ENLARGED."""
MOST_ENLARGED = 4.0
PAPER = 24
"""Pixels of paper that are put around it: detection is weak at the edges of a picture."""
FLOOR = 0.5
"""A line of which the recognition is less sure than this on average is specks more often than text."""
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


def read_region(picture: Image.Image) -> tuple[str, float | None]:
    """What a part of a straightened page says, on one line, and how sure that is; ("", None) where nothing is read."""
    pixels = np.ascontiguousarray(as_rgb(picture)[:, :, ::-1])
    scale = min(MOST_ENLARGED, max(1.0, LEAST_HEIGHT / pixels.shape[0]))
    enlarged = _resized(pixels, scale) if scale > 1 else pixels
    paper = [int(each) for each in np.median(enlarged.reshape(-1, 3), axis=0)]
    framed = cv2.copyMakeBorder(enlarged, PAPER, PAPER, PAPER, PAPER, cv2.BORDER_CONSTANT, value=paper)
    own = engine()
    with own.lock:
        lines = _read(own, framed, enlarged)
    sure = [glyph.confidence for line in lines for glyph in line if not glyph.text.isspace()]
    return _joined(["".join(glyph.text for glyph in line).strip() for line in lines]), (
        round(sum(sure) / len(sure), 4) if sure else None
    )


def _read(own: Engine, framed: np.ndarray, whole: np.ndarray) -> list[list[Glyph]]:
    """The characters of each line; where detection sees one line at most, also all of it is tried as one."""
    level, _ = _lines(own, framed)
    boxes = _in_order(level)
    lines = [line for line in own.recognise([_cropped(framed, box) for box in boxes]) if _mean(line) >= FLOOR]
    if len(lines) < 2:
        alone = own.recognise([whole])
        if _mean(alone[0]) >= FLOOR and (
            not lines or len(alone[0]) * _mean(alone[0]) > len(lines[0]) * _mean(lines[0])
        ):
            return alone
    return lines


def _mean(line: Sequence[Glyph]) -> float:
    solid = [glyph.confidence for glyph in line if not glyph.text.isspace()]
    return sum(solid) / len(solid) if solid else 0.0


def _in_order(boxes: Sequence[Rect]) -> list[Rect]:
    """Boxes line by line, from left to right in each; those that share half of their height are of one line."""
    rows: list[list[Rect]] = []
    for box in sorted(boxes, key=lambda box: (box.top + box.bottom) / 2):
        last = rows[-1][-1] if rows else None
        low = min(box.bottom - box.top, last.bottom - last.top) if last else 0.0
        if last and overlap(box.top, box.bottom, last.top, last.bottom) > 0.5 * low:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.x0)]


def _joined(parts: Sequence[str]) -> str:
    text = ""
    for part in parts:
        between = "" if not text or not part or (_WIDE.match(text[-1]) and _WIDE.match(part[0])) else " "
        text += between + part
    return text
