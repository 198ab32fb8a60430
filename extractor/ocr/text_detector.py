"""Boxes of lines of text from the probability map of the detection model, and lines that run at an angle to the others.

The model marks the core of each line; its box is grown by as much as the cores were shrunk for training (M. Liao et al.
2020, "Real-time scene text detection with differentiable binarization").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from extractor.geometry import Rect
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class TextDetectionSettings(Settings):
    """When marked pixels are a line of text."""

    core: float = threshold(0.3, meaning="probability above which a pixel belongs to the core of a line")
    line: float = threshold(0.6, meaning="least mean probability over the core of a line")
    growth: float = threshold(
        1.6, meaning="a box is grown on all sides by so many times its core's area over the core's perimeter"
    )
    smallest: int = threshold(3, unit="pixels", meaning="least height and width of a core")
    split_touching: bool = rule(
        True,
        meaning="what touches a line from above or below, a stamp or a note in ink, is taken off it",
        chosen="scanned receipts, 2026-11-25: a higher `core` (0.5 to 0.9) does not do it",
    )
    tall: float = threshold(
        1.6, unit="usual line heights", meaning="height from which a core may hold more than its line"
    )
    long: float = threshold(3.0, unit="usual line heights", meaning="length from which it may")
    dense: float = threshold(
        0.6, meaning="share of the fullest row's pixels from which a row belongs to the line itself"
    )
    line_least: float = threshold(0.6, unit="usual line heights", meaning="least height of the line itself")
    line_most: float = threshold(1.5, unit="usual line heights", meaning="greatest height of the line itself")
    line_filled: float = threshold(0.8, meaning="share of the line's rows, from first to last, that are so full")
    find_rotated: bool = rule(True, meaning="lines at an angle, as of a stamp, get boxes of their own")
    flat: float = threshold(0.2, meaning="a core whose box is lower than this share of its length is level")
    filled: float = threshold(0.6, meaning="a core that fills more of its box than this is level")
    elongated: float = threshold(3.0, meaning="least length of a line at an angle, in parts of its height")
    angle: float = threshold(
        12.0, unit="degrees", meaning="least angle to the page's own lines, beyond what its skew leaves over"
    )


@dataclass(frozen=True, slots=True)
class RotatedLine:
    """A line at an angle to the page's others: its centre, length and height in pixels, its clockwise angle."""

    x: float
    y: float
    length: float
    height: float
    angle: float

    def moved(self, x: float, y: float) -> RotatedLine:
        """Return the line moved by so many pixels."""
        return RotatedLine(self.x + x, self.y + y, self.length, self.height, self.angle)

    def bounding_box(self, shape: tuple[int, ...]) -> Rect:
        """Return the upright box around the line, within a picture of that shape."""
        sine, cosine = abs(np.sin(np.radians(self.angle))), abs(np.cos(np.radians(self.angle)))
        width, height = self.length * cosine + self.height * sine, self.length * sine + self.height * cosine
        x0, top = max(0.0, self.x - width / 2), max(0.0, self.y - height / 2)
        return Rect(x0, top, min(float(shape[1]), self.x + width / 2), min(float(shape[0]), self.y + height / 2))

    def cut_level(self, picture: np.ndarray) -> np.ndarray:
        """Return the part of a picture that the line takes, turned level."""
        size = max(1, round(self.length)), max(1, round(self.height))
        matrix = cv2.getRotationMatrix2D((self.x, self.y), self.angle, 1.0)
        matrix[:, 2] += (size[0] / 2 - self.x, size[1] / 2 - self.y)
        return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def find_lines(probability: np.ndarray, size: tuple[int, int]) -> tuple[list[Rect], list[RotatedLine]]:
    """Return the boxes of level lines and the lines at an angle, in pixels of a picture of that (width, height).

    `probability` is the model's map of the picture, (height, width), which may be of another size.
    """
    settings = TextDetectionSettings.current()
    map_height, map_width = probability.shape
    across, down = size[0] / map_width, size[1] / map_height
    cores = cv2.dilate((probability > settings.core).astype(np.uint8), np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
    usual_height = float(np.median(stats[1:, cv2.CC_STAT_HEIGHT])) if count > 1 else 0.0
    boxes: list[Rect] = []
    rotated: list[RotatedLine] = []
    for number in range(1, count):
        left, top, width, height = (int(each) for each in stats[number, :4])
        area = slice(top, top + height), slice(left, left + width)
        whole = labels[area] == number
        if min(width, height) < settings.smallest or probability[area][whole].mean() < settings.line:
            continue
        for y, x, core in _split_touching(whole, usual_height, settings):
            line = _fit_rotated(core, settings)
            if line is not None:
                grown = _growth(line.length, line.height, settings)
                centre = (left + x + line.x) * across, (top + y + line.y) * down
                extent = (line.length + 2 * grown) * across, (line.height + 2 * grown) * down
                rotated.append(RotatedLine(*centre, *extent, line.angle))
                continue
            high, wide = core.shape
            grown = _growth(wide, high, settings)
            x0, x1 = max(0.0, left + x - grown), min(float(map_width), left + x + wide + grown)
            y0, y1 = max(0.0, top + y - grown), min(float(map_height), top + y + high + grown)
            boxes.append(Rect(x0 * across, y0 * down, x1 * across, y1 * down))
    return boxes, rotated


def _growth(length: float, height: float, settings: TextDetectionSettings) -> float:
    """Return by how many pixels the box of a core is grown on each side."""
    return settings.growth * length * height / (2 * (length + height))


def _split_touching(
    core: np.ndarray, usual_height: float, settings: TextDetectionSettings
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield the core of a line without what touches it from above or below, and what touches it by itself.

    Each part comes with its top and left within `core`. `usual_height` is that of the page's lines, in pixels.
    """
    height, width = core.shape
    filled = core.sum(axis=1)
    dense = np.flatnonzero(filled > settings.dense * filled.max())
    first, last = int(dense[0]), int(dense[-1]) + 1
    if (
        not settings.split_touching
        or height < settings.tall * usual_height
        or width < settings.long * usual_height
        or not settings.line_least * usual_height <= last - first <= settings.line_most * usual_height
        or len(dense) < settings.line_filled * (last - first)
    ):
        yield 0, 0, core
        return
    for top, bottom in ((0, first), (first, last), (last, height)):
        columns = np.flatnonzero(core[top:bottom].any(axis=0))
        if bottom - top >= settings.smallest and len(columns) >= settings.smallest:
            yield top, int(columns[0]), core[top:bottom, columns[0] : columns[-1] + 1]


def _fit_rotated(core: np.ndarray, settings: TextDetectionSettings) -> RotatedLine | None:
    """Return the core of a line that runs at an angle, in its own pixels; None for any other."""
    height, width = core.shape
    if (
        not settings.find_rotated
        or min(height, width) < settings.flat * max(height, width)
        or core.mean() > settings.filled
    ):
        return None
    points = cv2.findNonZero(core.astype(np.uint8))
    (x, y), (length, across), angle = cv2.minAreaRect(points)
    if across > length:
        length, across, angle = across, length, angle + 90
    angle = (angle + 90) % 180 - 90  # versions of the library differ in the range
    if length < settings.elongated * across or not settings.angle <= abs(angle) <= 90 - settings.angle:
        return None
    return RotatedLine(x, y, length, across, angle)
