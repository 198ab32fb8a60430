"""A part of a page, read by itself: small print enlarged, and with paper around it, as the models want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import Rect, overlaps_in_height
from extractor.ocr.line_detection import detect_lines
from extractor.ocr.models import OcrModels, RecognisedCharacter, ocr_models
from extractor.ocr.pictures import as_rgb, crop, resize
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import is_wide


@dataclass(frozen=True)
class RegionSettings(Settings):
    """How a part of a page is prepared and read."""

    least_height: int = threshold(64, unit="pixels", meaning="height to which a lower part is enlarged")
    most_enlarged: float = threshold(4.0, meaning="by how much it is enlarged at most")
    margin: int = threshold(
        24, unit="pixels", meaning="paper that is put around it: detection is weak at the edges of a picture"
    )
    confidence: float = threshold(0.5, meaning="mean confidence below which a line is specks more often than text")
    read_whole: bool = rule(True, meaning="where detection sees one line at most, all of the part is tried as one too")


def read_region(picture: Image.Image) -> tuple[str, float | None]:
    """Return what a part of a straightened page says, on one line, and how sure that is in 0..1.

    ("", None) where nothing is read.
    """
    settings = RegionSettings.current()
    pixels = np.ascontiguousarray(as_rgb(picture)[:, :, ::-1])
    scale = min(settings.most_enlarged, max(1.0, settings.least_height / pixels.shape[0]))
    enlarged = resize(pixels, scale) if scale > 1 else pixels
    paper = [int(each) for each in np.median(enlarged.reshape(-1, 3), axis=0)]
    framed = cv2.copyMakeBorder(enlarged, *[settings.margin] * 4, cv2.BORDER_CONSTANT, value=paper)
    models = ocr_models()
    with models.lock:
        lines = _read_lines(models, framed, enlarged, settings)
    confidences = [character.confidence for line in lines for character in line if not character.text.isspace()]
    return _join_lines(["".join(character.text for character in line).strip() for line in lines]), (
        round(sum(confidences) / len(confidences), 4) if confidences else None
    )


def _read_lines(
    models: OcrModels, framed: np.ndarray, whole: np.ndarray, settings: RegionSettings
) -> list[list[RecognisedCharacter]]:
    """Return the characters of each line."""
    boxes, _ = detect_lines(models, framed)
    read = models.recognise([crop(framed, box) for box in _sort_boxes(boxes)])
    lines = [line for line in read if _mean_confidence(line) >= settings.confidence]
    if len(lines) < 2 and settings.read_whole:
        (alone,) = models.recognise([whole])
        better = not lines or len(alone) * _mean_confidence(alone) > len(lines[0]) * _mean_confidence(lines[0])
        if better and _mean_confidence(alone) >= settings.confidence:
            return [alone]
    return lines


def _mean_confidence(line: Sequence[RecognisedCharacter]) -> float:
    confidences = [character.confidence for character in line if not character.text.isspace()]
    return sum(confidences) / len(confidences) if confidences else 0.0


def _sort_boxes(boxes: Sequence[Rect]) -> list[Rect]:
    """Return boxes line by line, from left to right in each."""
    rows: list[list[Rect]] = []
    for box in sorted(boxes, key=lambda box: (box.top + box.bottom) / 2):
        if rows and overlaps_in_height(box, rows[-1][-1]):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.x0)]


def _join_lines(lines: Sequence[str]) -> str:
    """Return lines as one, with a space between them but for Chinese and Japanese."""
    text = ""
    for line in lines:
        close = not text or not line or (is_wide(text[-1]) and is_wide(line[0]))
        text += ("" if close else " ") + line
    return text
