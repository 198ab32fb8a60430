"""One picture of a page, read: which way up it is, how far it is askew, its words and its ruled lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from extractor.geometry import Edge, Rect
from extractor.layout import Placed
from extractor.ocr.engine import Engine, engine
from extractor.ocr.straight import skew_of, turned, turned_size
from extractor.ocr.words import words_of

MAX_PIXELS = 12_000_000
"""A picture with more pixels than this is reduced: about A4 at 350 dpi."""
DETECTED_SIDE = 1600
"""Pixels of the longer side at which lines of text are looked for on a page of usual shape."""


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """A picture of a page, read; all places in points of the straightened page, origin at the top left.

    `turn` is by how many degrees, clockwise, the picture was turned to stand straight; `confidence` is the mean over
    the characters, None without words; `inked` says whether anything but paper is on the page.
    """

    width: float
    height: float
    words: tuple[Placed, ...]
    across: tuple[Edge, ...]
    upright: tuple[Edge, ...]
    turn: float
    confidence: float | None
    inked: bool


def read_page(picture: Image.Image, dpi: float) -> ScannedPage:
    """What a picture of a page says, and where; `dpi` is how many of its pixels make an inch."""
    full = np.asarray(picture.convert("RGB"))[:, :, ::-1]
    shrink = min(1.0, (MAX_PIXELS / (full.shape[0] * full.shape[1])) ** 0.5)
    page = _resized(full, shrink)
    own = engine()
    with own.lock:
        turn, straight, quads = _upright(own, page)
        boxes = _level(quads)
        lines = [_cropped(straight, box) for box in boxes]
        read = own.recognise(lines)
    gray = _gray(straight)
    words: list[Placed] = []
    for run, (box, glyphs) in enumerate(zip(boxes, read, strict=True)):
        words += words_of(_cropped(gray, box), box, glyphs, run)
    scale = 72 / (dpi * shrink)
    words = [_scaled(word, scale) for word in words]
    width, height = _size(full.shape[1], full.shape[0], turn)
    count = sum(len(word.text) for word in words)
    return ScannedPage(
        width * 72 / dpi,
        height * 72 / dpi,
        tuple(words),
        (),
        (),
        turn,
        sum(word.confidence * len(word.text) for word in words) / count if count else None,
        bool(words) or _is_inked(gray),
    )


def _upright(own: Engine, page: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The turn, the page turned by it, and the quadrilaterals of its lines of text."""
    turn = skew_of(_gray(page))
    straight = turned(page, turn)
    quads = _detected(own, straight)
    if _mostly_upright(quads):
        quarter = np.ascontiguousarray(np.rot90(page, -1))
        turn = 90 + skew_of(_gray(quarter))
        straight = turned(page, turn)
        quads = _detected(own, straight)
    if _on_its_head(own, straight, quads):
        turn += 180
        height, width = straight.shape[:2]
        straight = np.ascontiguousarray(straight[::-1, ::-1])
        quads = (np.array([width - 1, height - 1], np.float32) - quads)[:, [2, 3, 0, 1]]
    return turn, straight, quads


def _detected(own: Engine, picture: np.ndarray) -> np.ndarray:
    scale = DETECTED_SIDE / max(picture.shape[:2])
    scale = min(scale, 2.0)
    return own.detect(_resized(picture, scale)) / scale


def _mostly_upright(quads: np.ndarray) -> bool:
    """Whether the text runs up or down the page: most of the long boxes stand on their narrow side."""
    wide = tall = 0.0
    for box in _level(quads):
        width, height = box.x1 - box.x0, box.bottom - box.top
        if width > 2 * height:
            wide += width
        elif height > 2 * width:
            tall += height
    return tall > 2 * wide


def _on_its_head(own: Engine, straight: np.ndarray, quads: np.ndarray) -> bool:
    boxes = [box for box in _level(quads) if (box.x1 - box.x0) > 2 * (box.bottom - box.top)]
    boxes = sorted(boxes, key=lambda box: box.x1 - box.x0, reverse=True)[:16]
    if len(boxes) < 3:
        return False
    likely = own.upside_down([_cropped(straight, box) for box in boxes])
    return float((likely > 0.9).mean()) > 0.6


def _level(quads: np.ndarray) -> list[Rect]:
    return [Rect(*(float(each) for each in (*quad.min(axis=0), *quad.max(axis=0)))) for quad in quads]


def _cropped(picture: np.ndarray, box: Rect) -> np.ndarray:
    x0, top = max(0, int(box.x0)), max(0, int(box.top))
    return picture[top : max(top + 1, int(np.ceil(box.bottom))), x0 : max(x0 + 1, int(np.ceil(box.x1)))]


def _gray(picture: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def _resized(picture: np.ndarray, scale: float) -> np.ndarray:
    import cv2

    if scale == 1:
        return np.ascontiguousarray(picture)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    height, width = picture.shape[:2]
    return cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=way)


def _scaled(word: Placed, scale: float) -> Placed:
    box = Rect(*(each * scale for each in word.box))
    return replace(word, box=box, base=word.base * scale, size=word.size * scale)


def _size(width: int, height: int, turn: float) -> tuple[int, int]:
    quarters = round(turn / 90)
    if quarters % 2:
        width, height = height, width
    return turned_size(width, height, turn - 90 * quarters)


def _is_inked(gray: np.ndarray) -> bool:
    import cv2

    small = cv2.blur(gray, (3, 3)).astype(np.int16)
    ground = int(np.median(small))
    return float((np.abs(small - ground) > 48).mean()) > 0.0002
