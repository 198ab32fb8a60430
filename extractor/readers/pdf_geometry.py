"""Coordinates of a PDF page: affine maps of its objects, the page as displayed, and text that is set sideways.

An affine map is the six numbers (a, b, c, d, e, f) of PDF 32000-1, 8.3.3: x' = a x + c y + e, y' = b x + d y + f.
"""

from __future__ import annotations

import ctypes

from extractor.geometry import Rect

Affine = tuple[float, float, float, float, float, float]
IDENTITY: Affine = (1, 0, 0, 1, 0, 0)

_DEVICE_SCALE = 100
"""Device pixels to the point: pdfium answers in whole pixels."""
_UNIT = 1000


def compose(inner: Affine, outer: Affine) -> Affine:
    """Return the map that does what `inner` does and then what `outer` does."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def unit_square(affine: Affine) -> list[tuple[float, float]]:
    """Return the corners of the unit square as mapped; a picture of a PDF fills it."""
    a, b, c, d, e, f = affine
    return [(e, f), (a + e, b + f), (c + e, d + f), (a + c + e, b + d + f)]


def bounding_box(points: list[tuple[float, float]]) -> Rect:
    """Return the smallest rectangle around some points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs), max(ys))


class PageFrame:
    """The page as displayed: its size in points, and its coordinates with the origin at the top left.

    Quarter turns count clockwise: text of turn 0 runs to the right, 1 down, 2 upside down to the left, 3 up.
    """

    def __init__(self, raw, page) -> None:
        self.width, self.height = page.get_size()
        self.to_display = self._measure_display(raw, page)

    def _measure_display(self, raw, page) -> Affine:
        """Return the map from the page's own coordinates to displayed ones; pdfium knows its rotation and crop box."""
        x, y = ctypes.c_int(), ctypes.c_int()
        width, height = (max(1, round(side * _DEVICE_SCALE)) for side in (self.width, self.height))

        def displayed(px: float, py: float) -> tuple[float, float]:
            raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, px, py, x, y)
            return x.value / _DEVICE_SCALE, y.value / _DEVICE_SCALE

        (x0, y0), (xa, ya), (xb, yb) = displayed(0, 0), displayed(_UNIT, 0), displayed(0, _UNIT)
        return (xa - x0) / _UNIT, (ya - y0) / _UNIT, (xb - x0) / _UNIT, (yb - y0) / _UNIT, x0, y0

    def display_box(self, left: float, bottom: float, right: float, top: float) -> Rect:
        """Return a box in the page's own coordinates as displayed."""
        a, b, c, d, e, f = self.to_display
        if b == c == 0 and a > 0 > d:
            return Rect(a * left + e, d * top + f, a * right + e, d * bottom + f)
        x0, x1 = a * left + c * bottom + e, a * right + c * top + e
        y0, y1 = b * left + d * bottom + f, b * right + d * top + f
        return Rect(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def to_reading(self, box: Rect, turn: int) -> Rect:
        """Return a box in coordinates in which text of that turn runs to the right."""
        if turn == 1:
            return Rect(box.top, self.width - box.x1, box.bottom, self.width - box.x0)
        if turn == 2:
            return Rect(self.width - box.x1, self.height - box.bottom, self.width - box.x0, self.height - box.top)
        if turn == 3:
            return Rect(self.height - box.bottom, box.x0, self.height - box.top, box.x1)
        return box

    def from_reading(self, box: Rect, turn: int) -> Rect:
        """Return a box in `to_reading` coordinates as displayed."""
        if turn == 1:
            return Rect(self.width - box.bottom, box.x0, self.width - box.top, box.x1)
        if turn == 2:
            return self.to_reading(box, 2)
        if turn == 3:
            return Rect(box.top, self.height - box.x1, box.bottom, self.height - box.x0)
        return box

    def clip(self, box: Rect) -> Rect:
        """Return the part of a box that is on the page."""
        x0, x1 = (min(max(x, 0.0), self.width) for x in (box.x0, box.x1))
        top, bottom = (min(max(y, 0.0), self.height) for y in (box.top, box.bottom))
        return Rect(x0, top, x1, bottom)

    def shows(self, box: Rect, margin: float = 1.0) -> bool:
        """Decide whether the middle of a box is on the page, or no farther outside than `margin` points."""
        x, y = box.center
        return -margin <= x <= self.width + margin and -margin <= y <= self.height + margin
