"""Turning a picture of a page, by quarter turns and by a small skew, and measuring that skew."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from extractor.ocr.pictures import as_rgb
from extractor.settings import Settings, rule, threshold

ANGLE_STEPS = (0.5, 0.1, 0.02)
"""Degrees between the angles tried over the whole range, and around the best one in the steps after."""


@dataclass(frozen=True)
class DeskewSettings(Settings):
    """How the skew of a page is measured. Pixels are those of the reduced picture."""

    max_skew: float = threshold(10.0, unit="degrees", meaning="largest skew that is looked for", others=(5.0, 15.0))
    longest_side: int = threshold(1000, unit="pixels", meaning="longer side to which the picture is reduced")
    ink_contrast: int = threshold(12, unit="grey levels", meaning="by how much ink must be darker than the paper")
    ink_most: int = threshold(120, unit="grey levels", meaning="darkness from which ink counts no more")
    least_ink: int = threshold(200, unit="pixels", meaning="a page with less ink stays as it is")
    most_ink: int = threshold(60_000, unit="pixels", meaning="of more ink so much is drawn by chance")
    clear: float = threshold(
        3.5,
        meaning="how many times as much row sums must vary along the best angle as along most others; in noise, whose"
        " best angle is chance, they do not",
        chosen="scanned receipts and noise, 2026-11-25",
    )
    wide: int = threshold(200, unit="pixels", meaning="extent of the text from which a small gain is more than chance")
    row_gain: float = threshold(1.03, meaning="gain in sharpness over the unturned page by which rows show a skew")
    narrow_gain: float = threshold(2.0, meaning="the same for text that is not wide")
    use_columns: bool = rule(True, meaning="columns show the skew where the lines are too short to do so")
    column_gain: float = threshold(1.2, meaning="gain in sharpness by which columns show a skew")
    column_clear: float = threshold(2.0, meaning="as `clear`, for columns")
    column_row_gain: float = threshold(
        1.1, meaning="gain of the rows at the skew of the columns, without which it counts only if rows show nothing"
    )
    least_lift: float = threshold(1.5, unit="pixels", meaning="least height by which a skew lifts an end of the text")


def straighten(picture: Image.Image, turn: float) -> Image.Image:
    """Return the picture turned clockwise by `turn` degrees, on a white ground large enough to hold all of it."""
    return Image.fromarray(rotate(as_rgb(picture), turn))


def rotate(picture: np.ndarray, turn: float) -> np.ndarray:
    """Do the same for an array (height, width, 3): quarter turns move pixels, what is left turns about the centre."""
    quarters, skew = _split_turn(turn)
    picture = np.ascontiguousarray(np.rot90(picture, -quarters))
    if skew == 0:
        return picture
    height, width = picture.shape[:2]
    new_width, new_height = _enclosing_size(width, height, skew)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -skew, 1.0)
    matrix[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    return cv2.warpAffine(picture, matrix, (new_width, new_height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def rotated_size(width: int, height: int, turn: float) -> tuple[int, int]:
    """Return the width and height of a picture of that size after `straighten`."""
    quarters, skew = _split_turn(turn)
    return _enclosing_size(*((height, width) if quarters % 2 else (width, height)), skew)


def _split_turn(turn: float) -> tuple[int, float]:
    """Return the quarter turns in an angle, and the small angle that is left."""
    quarters = round(turn / 90)
    return quarters, round(turn - 90 * quarters, 6)


def _enclosing_size(width: int, height: int, skew: float) -> tuple[int, int]:
    sine, cosine = abs(math.sin(math.radians(skew))), abs(math.cos(math.radians(skew)))
    return math.ceil(width * cosine + height * sine - 1e-6), math.ceil(height * cosine + width * sine - 1e-6)


def find_skew(gray: np.ndarray) -> float:
    """Return the degrees by which a picture must be turned clockwise for its lines to be level; 0 if it cannot be told.

    The darkness of ink is summed along the rows of the picture turned by many angles; the sums vary most from row to
    row along the lines of text (W. Postl 1986, "Detection of linear oblique structures and skew scan in digitized
    documents"). Where lines are too short to tell, columns are measured: the edges of what stands one under another.
    """
    settings = DeskewSettings.current()
    scale = min(1.0, settings.longest_side / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), 21)
    ink = np.clip(paper.astype(np.float32) - small - settings.ink_contrast, 0, settings.ink_most)
    ys, xs = np.nonzero(ink)
    if len(ys) < settings.least_ink:
        return 0.0
    weights = ink[ys, xs]
    if len(ys) > settings.most_ink:
        chosen = np.random.default_rng(0).choice(len(ys), settings.most_ink, replace=False)
        ys, xs, weights = ys[chosen], xs[chosen], weights[chosen]
    skew, clear = _sharpest_angle(xs, ys, weights, settings.row_gain, settings)
    if skew and (clear >= settings.clear or _extent(xs) <= settings.wide):
        return skew
    if not settings.use_columns:
        return 0.0
    skew, columns_clear = _sharpest_angle(-ys, xs, weights, settings.column_gain, settings)
    if not skew or columns_clear < settings.column_clear:
        return 0.0
    # Rows have to gain by it too, or to tell nothing: what stands in a column can begin a little further in each time.
    gain = _sharpness(xs, ys, weights, skew) / _sharpness(xs, ys, weights, 0.0)
    return skew if gain > settings.column_row_gain or clear < settings.clear <= columns_clear else 0.0


def _sharpest_angle(
    xs: np.ndarray, ys: np.ndarray, weights: np.ndarray, gain: float, settings: DeskewSettings
) -> tuple[float, float]:
    """Return the angle in degrees at which row sums vary most, and how many times as much as at most angles.

    The angle is 0 where it is a guess: where they vary less than `gain` times as much as on the unturned page.
    """
    level = _sharpness(xs, ys, weights, 0.0)
    limit, coarse = settings.max_skew, ANGLE_STEPS[0]
    angles, best, peak, usual = np.arange(-limit, limit + 0.01, coarse), 0.0, level, 0.0
    for step in ANGLE_STEPS:
        scores = [_sharpness(xs, ys, weights, angle) for angle in angles]
        best, peak, usual = float(angles[int(np.argmax(scores))]), max(scores), usual or float(np.median(scores))
        angles = np.arange(best - step, best + step + 1e-6, step / 5)
    # An angle that lifts no end of the text is a guess too; a single word says little about it.
    extent = _extent(xs)
    lift = math.radians(abs(best)) * extent
    least = (gain if extent > settings.wide else settings.narrow_gain) * level
    if lift < settings.least_lift or abs(best) >= limit or peak < least:
        best = 0.0
    return round(best, 2), peak / (usual or 1.0)


def _extent(xs: np.ndarray) -> float:
    """Return the length in pixels over which nearly all of the ink stands."""
    return float(np.subtract(*np.percentile(xs, (98, 2))))


def _sharpness(xs: np.ndarray, ys: np.ndarray, weights: np.ndarray, angle: float) -> float:
    """Return how much the ink along rows turned by `angle` degrees varies from row to row: a sum of squares."""
    slope = math.radians(angle)
    rows = ys * math.cos(slope) + xs * math.sin(slope)
    rows -= rows.min()
    # Each pixel counts for the two rows it lies between: whole rows would beat with the pixels' own.
    whole = rows.astype(np.int64)
    below = weights * (rows - whole)
    profile = np.bincount(whole, weights=weights - below, minlength=int(whole.max()) + 2)
    profile[1:] += np.bincount(whole, weights=below, minlength=len(profile))[:-1]
    return float(((profile[2:] - profile[:-2]) ** 2).sum())
