"""Turning a picture of a page: by quarter turns and by a small skew, and finding that skew."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

MAX_SKEW = 10.0
"""Degrees up to which a page is taken to be askew."""


def straighten(picture: Image.Image, turn: float) -> Image.Image:
    """The picture turned clockwise by `turn` degrees, on a white ground large enough to hold all of it."""
    return Image.fromarray(turned(as_rgb(picture), turn))


def as_rgb(picture: Image.Image) -> np.ndarray:
    """The picture's pixels (h, w, 3) in bytes; what is transparent shows white paper, 16 bits a pixel become 8."""
    if picture.mode.startswith(("I", "F")):
        held = np.asarray(picture, dtype=np.float32)
        scale = 255 / 65535 if held.max(initial=0) > 255 else 1
        return np.repeat((held * scale).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        whole = Image.new("RGBA", picture.size, "white")
        return np.asarray(Image.alpha_composite(whole, picture.convert("RGBA")).convert("RGB"))
    return np.asarray(picture.convert("RGB"))


def turned(picture: np.ndarray, turn: float) -> np.ndarray:
    """The same for an array (h, w, 3): quarter turns move pixels, what is left is turned about the centre."""
    quarters, skew = _parted(turn)
    picture = np.ascontiguousarray(np.rot90(picture, -quarters))
    if skew == 0:
        return picture
    height, width = picture.shape[:2]
    new_width, new_height = _enclosing(width, height, skew)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -skew, 1.0)
    matrix[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    return cv2.warpAffine(picture, matrix, (new_width, new_height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def size_turned(width: int, height: int, turn: float) -> tuple[int, int]:
    """Width and height of a picture of that size after `straighten`."""
    quarters, skew = _parted(turn)
    return _enclosing(*((height, width) if quarters % 2 else (width, height)), skew)


def _parted(turn: float) -> tuple[int, float]:
    """Quarter turns, and the small angle that is left."""
    quarters = round(turn / 90)
    return quarters, round(turn - 90 * quarters, 6)


def _enclosing(width: int, height: int, skew: float) -> tuple[int, int]:
    sine, cosine = abs(math.sin(math.radians(skew))), abs(math.cos(math.radians(skew)))
    return math.ceil(width * cosine + height * sine - 1e-6), math.ceil(height * cosine + width * sine - 1e-6)


def skew_of(gray: np.ndarray) -> float:
    """By how many degrees, clockwise, the picture must be turned for its lines to lie level; 0 where none can be told.

    The rows of ink are summed along lines of many angles; the sums vary most along the lines of text (Postl 1986).
    Where lines are too short to tell, columns are asked: the edges of what stands one under another.
    """
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
    skew, clear = _steepest(xs, ys, weights, 1.03)
    if skew and (clear >= CLEAR or _extent(xs) <= WIDE):
        return skew
    skew, columns_clear = _steepest(-ys, xs, weights, 1.2)
    if not skew or columns_clear < 2:
        return 0.0
    # Rows have to gain by it too, or to tell nothing: what stands in a column can begin a little further in each time.
    gain = _sharpness(xs, ys, weights, skew) / _sharpness(xs, ys, weights, 0.0)
    return skew if gain > 1.1 or clear < CLEAR <= columns_clear else 0.0


CLEAR = 3.5
"""Lines of text make the sums of rows vary so many times as much along them as along most other lines; noise does not,
whose best angle is chance."""
WIDE = 200
"""Pixels from which on text gives hold enough to tell a small gain from chance."""


def _steepest(xs: np.ndarray, ys: np.ndarray, weights: np.ndarray, gain: float) -> tuple[float, float]:
    """The angle in degrees at which the sums of rows vary most, and how many times as much as at most others.

    The angle is 0 where it is a guess: where they vary less than `gain` times as much as unturned.
    """
    level = _sharpness(xs, ys, weights, 0.0)
    tried, best, peak, usual = np.arange(-MAX_SKEW, MAX_SKEW + 0.01, 0.5), 0.0, level, 0.0
    for step in (0.5, 0.1, 0.02):
        scores = [_sharpness(xs, ys, weights, angle) for angle in tried]
        best, peak, usual = float(tried[int(np.argmax(scores))]), max(scores), usual or float(np.median(scores))
        tried = np.arange(best - step, best + step + 1e-6, step / 5)
    # An angle that lifts no end of the text is a guess too; a single word gives little hold.
    extent = _extent(xs)
    lift = math.radians(abs(best)) * extent
    if lift < 1.5 or abs(best) >= MAX_SKEW or peak < (gain if extent > WIDE else 2.0) * level:
        best = 0.0
    return round(best, 2), peak / (usual or 1.0)


def _extent(xs: np.ndarray) -> float:
    return float(np.subtract(*np.percentile(xs, (98, 2))))


def _sharpness(xs: np.ndarray, ys: np.ndarray, weights: np.ndarray, angle: float) -> float:
    """How much the ink along rows turned by `angle` varies from row to row."""
    slope = math.radians(angle)
    rows = ys * math.cos(slope) + xs * math.sin(slope)
    rows -= rows.min()
    # Each pixel counts for the two rows it lies between: whole rows would beat with the pixels' own.
    whole = rows.astype(np.int64)
    below = weights * (rows - whole)
    profile = np.bincount(whole, weights=weights - below, minlength=int(whole.max()) + 2)
    profile[1:] += np.bincount(whole, weights=below, minlength=len(profile))[:-1]
    return float(((profile[2:] - profile[:-2]) ** 2).sum())
