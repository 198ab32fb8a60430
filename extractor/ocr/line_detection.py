"""Where the lines of text of a page stand, looked for at the scale at which they are found best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractor.geometry import Rect, intersection_area, overlap
from extractor.ocr.models import OcrModels
from extractor.ocr.pictures import resize
from extractor.ocr.text_detector import RotatedLine, find_lines
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class LineDetectionSettings(Settings):
    """At which scale lines are looked for, and which boxes are one."""

    line_height: int = threshold(
        30,
        unit="pixels",
        meaning="height to which lines of text are brought: with half of it small print is lost, with twice of it the"
        " lines of a matrix printer fall apart",
        chosen="scanned receipts, 2026-11-25: 30 finds 60 of 64 values, 24 finds 59, 38 finds 57",
        others=(24, 38),
    )
    overview_pixels: int = threshold(
        500_000, unit="pixels", meaning="size of the small copy in which the height of the lines is measured"
    )
    overview_side: int = threshold(
        320, unit="pixels", meaning="but its shorter side is no less, so that a long receipt keeps its small print"
    )
    detection_pixels: int = threshold(
        1_800_000, unit="pixels", meaning="largest size at which lines are looked for: A4 at 140 dpi"
    )
    detection_side: int = threshold(640, unit="pixels", meaning="but its shorter side may be as long as this")
    most_enlarged: float = threshold(2.0, meaning="by how much a picture is enlarged at most")
    height_percentile: float = threshold(
        35.0, unit="percent", meaning="share of the lines that are lower than the height brought to `line_height`"
    )
    margin_lines: float = threshold(
        4.0, unit="line heights", meaning="margin around the text that is looked through too"
    )
    margin_share: float = threshold(0.04, unit="parts of the longer side", meaning="the same, added to it")
    same_scale: float = threshold(
        0.2, meaning="a scale that differs by less than this share is not worth a second look"
    )
    strip_overlap: int = threshold(64, unit="pixels", meaning="by how much the strips of a tall picture overlap")
    duplicate: float = threshold(0.7, meaning="share of a box within another from which the two are one line")
    level: float = threshold(0.7, meaning="share of the taller box's height by which boxes are sorted as one line")


def detect_lines(models: OcrModels, picture: np.ndarray) -> tuple[list[Rect], list[RotatedLine]]:
    """Return the boxes of the lines of text, in pixels of the picture, and the lines at an angle to them.

    The boxes come from the top down, those of one line from left to right. A first look at a small copy tells where
    text stands and how large it is. That part is then looked through at the scale at which lines are found best,
    unless that is about the scale of the first look.
    """
    settings = LineDetectionSettings.current()
    height, width = picture.shape[:2]
    first_scale = _scale_to(height, width, settings.overview_pixels, settings.overview_side, settings)
    boxes, rotated = _detect_at(models, picture, first_scale, settings)
    if not boxes:
        scale = _scale_to(height, width, settings.detection_pixels, settings.detection_side, settings)
        return _detect_at(models, picture, scale, settings)
    line_height = float(np.percentile([min(box.height, box.width) for box in boxes], settings.height_percentile))
    places = [*boxes, *(line.bounding_box(picture.shape) for line in rotated)]
    margin = settings.margin_lines * line_height + settings.margin_share * max(height, width)
    x0 = max(0, int(min(place.x0 for place in places) - margin))
    x1 = min(width, int(max(place.x1 for place in places) + margin))
    y0 = max(0, int(min(place.top for place in places) - margin))
    y1 = min(height, int(max(place.bottom for place in places) + margin))
    scale = min(
        settings.line_height / line_height,
        _scale_to(y1 - y0, x1 - x0, settings.detection_pixels, settings.detection_side, settings),
        settings.most_enlarged,
    )
    if (1 - settings.same_scale) * first_scale <= scale <= (1 + settings.same_scale) * first_scale:
        return boxes, rotated
    boxes, rotated = _detect_at(models, picture[y0:y1, x0:x1], scale, settings)
    moved = [Rect(box.x0 + x0, box.top + y0, box.x1 + x0, box.bottom + y0) for box in boxes]
    return moved, [line.moved(x0, y0) for line in rotated]


def _scale_to(height: int, width: int, pixels: int, side: int, settings: LineDetectionSettings) -> float:
    """Return the factor that brings a picture to so many pixels, its shorter side to no less than `side`."""
    scale = (pixels / (height * width)) ** 0.5
    return min(settings.most_enlarged, max(scale, min(1.0, side / min(height, width))))


def _detect_at(
    models: OcrModels, picture: np.ndarray, scale: float, settings: LineDetectionSettings
) -> tuple[list[Rect], list[RotatedLine]]:
    """Return what is found in the picture at that scale; a tall picture is looked through in strips."""
    scaled = resize(picture, scale)
    height, width = scaled.shape[:2]
    strips = max(1, -(-height * width // (2 * settings.detection_pixels)))
    step = -(-height // strips)
    boxes: list[Rect] = []
    rotated: list[RotatedLine] = []
    for start in range(0, height, step):
        top, bottom = max(0, start - settings.strip_overlap), min(height, start + step + settings.strip_overlap)
        strip = scaled[top:bottom]
        level, at_angle = find_lines(models.text_probability(strip), (width, bottom - top))
        # What stands in two strips belongs to the one its middle is in.
        for box in level:
            if start <= (box.top + box.bottom) / 2 + top < start + step:
                boxes.append(Rect(box.x0, box.top + top, box.x1, box.bottom + top))
        for line in at_angle:
            if start <= line.y + top < start + step:
                rotated.append(line.moved(0, top))
    return (
        _sort_distinct([Rect(*(each / scale for each in box)) for box in boxes], settings),
        [RotatedLine(r.x / scale, r.y / scale, r.length / scale, r.height / scale, r.angle) for r in rotated],
    )


def _sort_distinct(boxes: Sequence[Rect], settings: LineDetectionSettings) -> list[Rect]:
    """Return the boxes from the top down, those of one line by x, without those that lie mostly inside another."""
    kept: list[Rect] = []
    for box in sorted(boxes, key=lambda box: box.area, reverse=True):
        if not any(intersection_area(box, other) > settings.duplicate * box.area for other in kept):
            kept.append(box)
    rows: list[list[Rect]] = []
    for box in sorted(kept, key=lambda box: (box.top, box.x0)):
        first = rows[-1][0] if rows else None
        if first is not None and box.top < (first.top + first.bottom) / 2 and _are_level(box, first, settings):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row)]


def _are_level(one: Rect, other: Rect, settings: LineDetectionSettings) -> bool:
    """Decide whether two boxes are as high and stand at the same height, as those of one line do.

    Stricter than `overlaps_in_height`: a large box beside two lines of small print is on none of them.
    """
    shared = overlap(one.top, one.bottom, other.top, other.bottom)
    return shared > settings.level * max(one.height, other.height)
