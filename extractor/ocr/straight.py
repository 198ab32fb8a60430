"""Turning a picture of a page: by quarter turns and by a small skew, and finding that skew."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

MAX_SKEW = 10.0
"""Degrees up to which a page is taken to be askew."""


def straighten(picture: Image.Image, turn: float) -> Image.Image:
    """The picture turned clockwise by `turn` degrees, on a white ground large enough to hold all of it."""
    return Image.fromarray(turned(np.asarray(picture.convert("RGB")), turn))


def turned(picture: np.ndarray, turn: float) -> np.ndarray:
    """The same for an array (h, w, 3): quarter turns move pixels, what is left is turned about the centre."""
    import cv2

    quarters = round(turn / 90)
    skew = turn - 90 * quarters
    picture = np.ascontiguousarray(np.rot90(picture, -quarters % 4))
    if abs(skew) < 1e-6:
        return picture
    height, width = picture.shape[:2]
    new_width, new_height = turned_size(width, height, skew)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -skew, 1.0)
    matrix[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    return cv2.warpAffine(picture, matrix, (new_width, new_height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def turned_size(width: float, height: float, skew: float) -> tuple[int, int]:
    """Width and height of what holds a page turned by a few degrees."""
    sine, cosine = abs(math.sin(math.radians(skew))), abs(math.cos(math.radians(skew)))
    return math.ceil(width * cosine + height * sine - 1e-6), math.ceil(height * cosine + width * sine - 1e-6)


def skew_of(gray: np.ndarray) -> float:
    """By how many degrees, clockwise, the picture must be turned for its lines to lie level; 0 where none can be told.

    The rows of ink are summed along lines of many angles; the sums vary most along the lines of text (Postl 1986).
    """
    import cv2

    scale = min(1.0, 1000 / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    ground = cv2.medianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), 21)
    ink = np.clip(ground.astype(np.float32) - small - 12, 0, 120)
    ys, xs = np.nonzero(ink)
    if len(ys) < 200:
        return 0.0
    weights = ink[ys, xs]
    if len(ys) > 60_000:
        chosen = np.random.default_rng(0).choice(len(ys), 60_000, replace=False)
        ys, xs, weights = ys[chosen], xs[chosen], weights[chosen]
    best, step = 0.0, 1.0
    level = _sharpness(xs, ys, weights, 0.0)
    candidates = np.arange(-MAX_SKEW, MAX_SKEW + 0.01, 0.5)
    for step in (0.5, 0.1, 0.03):
        scores = [_sharpness(xs, ys, weights, angle) for angle in candidates]
        best = float(candidates[int(np.argmax(scores))])
        peak = max(scores)
        candidates = np.arange(best - step, best + step + 1e-6, step / 5)
    return 0.0 if peak < 1.03 * level or abs(best) < 0.1 or abs(best) >= MAX_SKEW else round(best, 2)


def _sharpness(xs: np.ndarray, ys: np.ndarray, weights: np.ndarray, angle: float) -> float:
    """How much the ink along rows turned by `angle` varies from row to row."""
    slope = math.radians(angle)
    rows = ys * math.cos(slope) + xs * math.sin(slope)
    profile = np.bincount((rows - rows.min()).astype(np.int64), weights=weights)
    return float((np.diff(profile) ** 2).sum())
