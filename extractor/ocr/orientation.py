"""Which way up a page is: quarter turns, upside down, and the skew that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from extractor.geometry import Rect
from extractor.ocr.deskew import find_skew, rotate
from extractor.ocr.line_detection import detect_lines
from extractor.ocr.models import OcrModels, RecognisedCharacter
from extractor.ocr.pictures import crop, to_gray
from extractor.ocr.text_detector import RotatedLine
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class OrientationSettings(Settings):
    """When a page is turned."""

    elongated: float = threshold(
        2.0, meaning="length of a box, in parts of its other side, from which it says a direction"
    )
    vertical: float = threshold(2.0, meaning="how many times the length of level boxes that of upright ones must be")
    lines_classified: int = threshold(16, meaning="lines, the longest ones, that the classifier is asked about")
    upside_down: float = threshold(0.5, meaning="probability above which the classifier takes a line to be upside down")
    upside_down_share: float = threshold(
        0.4, meaning="share of lines upside down above which the page is read both ways"
    )
    lines_read: int = threshold(6, meaning="lines, the longest ones, that are read both ways")
    reading_gain: float = threshold(1.1, meaning="how many times as certain the reading upside down must be")


@dataclass(frozen=True, slots=True)
class UprightPage:
    """A page turned upright and level, with its lines of text in pixels."""

    turn: float
    """Degrees, clockwise, in -180..180, by which the picture was turned."""
    picture: np.ndarray
    boxes: list[Rect]
    rotated: list[RotatedLine]


def turn_upright(models: OcrModels, picture: np.ndarray) -> UprightPage:
    """Turn the picture of a page so that its lines of text are level and upright."""
    page = _deskew(models, picture, 0.0)
    if _reads_vertically(page.boxes):
        quarter = _deskew(models, np.ascontiguousarray(np.rot90(picture, -1)), 90.0)
        if not _reads_vertically(quarter.boxes):
            page = quarter
    if _is_upside_down(models, page):
        page = _turn_over(page)
    return replace(page, turn=round((page.turn + 180) % 360 - 180, 2))


def _deskew(models: OcrModels, picture: np.ndarray, turned: float) -> UprightPage:
    """Return a picture, turned by so many degrees already, with its lines level."""
    skew = find_skew(to_gray(picture))
    level = rotate(picture, skew)
    return UprightPage(turned + skew, level, *detect_lines(models, level))


def _turn_over(page: UprightPage) -> UprightPage:
    height, width = page.picture.shape[:2]
    return UprightPage(
        page.turn + 180,
        np.ascontiguousarray(page.picture[::-1, ::-1]),
        [Rect(width - box.x1, height - box.bottom, width - box.x0, height - box.top) for box in reversed(page.boxes)],
        [replace(line, x=width - line.x, y=height - line.y) for line in page.rotated],
    )


def _reads_vertically(boxes: Sequence[Rect]) -> bool:
    """Decide whether the text runs up or down the page: by far most of the length of its longish boxes does."""
    settings = OrientationSettings.current()
    level = sum(box.width for box in boxes if box.width > settings.elongated * box.height)
    upright = sum(box.height for box in boxes if box.height > settings.elongated * box.width)
    return upright > settings.vertical * level


def _is_upside_down(models: OcrModels, page: UprightPage) -> bool:
    """Decide whether most of the longer lines are upside down; with few lines the recogniser has the last word."""
    settings = OrientationSettings.current()
    level = [box for box in page.boxes if box.width > settings.elongated * box.height]
    longest = sorted(level, key=lambda box: -box.width)[: settings.lines_classified]
    if not longest:
        return False
    lines = [crop(page.picture, box) for box in longest]
    turned = models.upside_down_probability(lines) > settings.upside_down
    if turned.mean() <= settings.upside_down_share:
        return False
    tried = lines[: settings.lines_read]
    as_is, turned_over = models.recognise(tried), models.recognise([line[::-1, ::-1] for line in tried])
    return _certainty(turned_over) > settings.reading_gain * _certainty(as_is)


def _certainty(lines: Sequence[Sequence[RecognisedCharacter]]) -> float:
    """Return how well lines were recognised: the certainty of all characters, those unsure counting against it."""
    return sum(2 * character.confidence - 1 for line in lines for character in line)
