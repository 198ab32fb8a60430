"""Signatures and other writing by pen that no recogniser reads: strokes on a line to write on, or behind a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import PlacedWord, Rect, RulingLine, intersection_area, overlaps_in_height
from extractor.ocr.pictures import as_rgb, find_dark, to_gray
from extractor.settings import Settings, rule, threshold
from extractor.values.marks import PEN

_LABEL_ENDS = (":", "：", ")", "）")


@dataclass(frozen=True)
class PenStrokeSettings(Settings):
    """Where writing by pen is looked for, and which ink is."""

    find: bool = rule(True, meaning="writing by pen on lines and behind labels is marked")
    shortest: float = threshold(0.9, unit="inches", meaning="least length of a line to write on")
    longest: float = threshold(4.5, unit="inches", meaning="greatest length of a line to write on")
    above: float = threshold(0.55, unit="inches", meaning="how far over its line writing reaches")
    below: float = threshold(0.12, unit="inches", meaning="how far under its line writing reaches")
    behind: float = threshold(3.0, unit="inches", meaning="how far behind a label writing is looked for")
    least_width: float = threshold(0.35, unit="inches", meaning="least width of writing")
    least_height: float = threshold(0.1, unit="inches", meaning="least height of its largest stroke")
    most_ink: float = threshold(0.4, meaning="share of its area that is inked at most: more is a picture")
    highest: float = threshold(1.4, unit="inches", meaning="greatest height of a picture that is writing")
    wider: float = threshold(1.2, meaning="width of such writing in parts of its height, at least")
    thickest: float = threshold(0.05, unit="inches", meaning="greatest width of its strokes")
    contrast: int = threshold(50, unit="grey levels", meaning="by how much ink is darker than the paper")
    sure_word: float = threshold(0.85, meaning="ink at a word of which OCR is so sure is print")


def find_pen_strokes(
    gray: np.ndarray,
    words: Sequence[PlacedWord],
    horizontal: Sequence[RulingLine],
    vertical: Sequence[RulingLine],
    dpi: float,
    seals: Sequence[Rect] = (),
) -> list[Rect]:
    """Return where a pen has written on a page, from the top; `gray` is (height, width), all lengths in pixels.

    What stands in words that OCR is sure of, on ruling lines and in `seals` is none.
    """
    settings = PenStrokeSettings.current()
    places = list(_places(words, horizontal, vertical, dpi, settings)) if settings.find else []
    if not places:
        return []
    dark = find_dark(gray, settings.contrast)
    print_boxes = [w.page_box or w.box for w in words if (w.confidence or 0) >= settings.sure_word]
    for box in (*print_boxes, *seals):
        dark[_slices(Rect(box.x0 - 2, box.top - 2, box.x1 + 2, box.bottom + 2))] = 0
    thick = max(1.5, dpi / 75)
    for line in horizontal:
        dark[_slices(Rect(line.start - 2, line.position - thick, line.end + 2, line.position + thick))] = 0
    for line in vertical:
        dark[_slices(Rect(line.position - thick, line.start - 2, line.position + thick, line.end + 2))] = 0
    found: list[Rect] = []
    for place in places:
        strokes = _strokes(dark, place, dpi, settings)
        if strokes is not None and not any(intersection_area(strokes, other) for other in found):
            found.append(strokes)
    return sorted(found, key=lambda box: (box.top, box.x0))


def is_pen_writing(picture: Image.Image, dpi: float) -> bool:
    """Decide whether a picture, put on a page by itself, is writing by pen: thin strokes, wider than high."""
    settings = PenStrokeSettings.current()
    gray = to_gray(np.ascontiguousarray(as_rgb(picture)[:, :, ::-1]))
    if not settings.find or max(gray.shape) > settings.longest * dpi or gray.shape[0] > settings.highest * dpi:
        return False
    dark = find_dark(gray, settings.contrast)
    height, width = dark.shape
    strokes = _strokes(dark, Rect(0.0, 0.0, float(width), float(height)), dpi, settings)
    if strokes is None or strokes.width < settings.wider * strokes.height:
        return False
    thickness = cv2.distanceTransform(dark, cv2.DIST_L2, 3)[dark > 0]
    return 2 * float(np.percentile(thickness, 95)) <= settings.thickest * dpi


def with_pen_marks(words: Sequence[PlacedWord], strokes: Sequence[Rect]) -> list[PlacedWord]:
    """Return the words of a page with PEN for all writing by pen, on the line that it is written on."""
    result, run = list(words), max((word.text_run for word in words), default=-1) + 1
    sizes = sorted(word.font_size for word in words if word.page_box is None)
    usual = sizes[len(sizes) // 2] if sizes else 20.0
    for strokes_box in strokes:
        foot = Rect(strokes_box.x0, strokes_box.bottom - usual, strokes_box.x1, strokes_box.bottom)
        level = [word for word in words if word.page_box is None and overlaps_in_height(word.box, foot)]
        before = max((word for word in level if word.box.x1 <= foot.x0 + usual), key=lambda w: w.box.x1, default=None)
        if before is not None:
            box = Rect(max(foot.x0, before.box.x1 + usual / 3), before.box.top, foot.x1, before.box.bottom)
            mark = PlacedWord(PEN, box, before.baseline, before.font_size, run, page_box=None, confidence=1.0)
        else:
            mark = PlacedWord(PEN, foot, foot.bottom - 0.2 * usual, usual, run, confidence=1.0)
        at = result.index(before) + 1 if before is not None else len(result)
        result.insert(at, mark)
        run += 1
    return result


def _places(
    words: Sequence[PlacedWord],
    horizontal: Sequence[RulingLine],
    vertical: Sequence[RulingLine],
    dpi: float,
    settings: PenStrokeSettings,
) -> Iterator[Rect]:
    """Yield where a pen may have written: over lines that are no part of a table, and behind labels."""
    for line in horizontal:
        if not settings.shortest * dpi <= line.length <= settings.longest * dpi:
            continue
        touches = any(
            wall.start - 3 <= line.position <= wall.end + 3 and line.start - 4 <= wall.position <= line.end + 4
            for wall in vertical
        )
        if not touches:
            top, bottom = line.position - settings.above * dpi, line.position + settings.below * dpi
            yield Rect(line.start, top, line.end, bottom)
    for word in words:
        if word.page_box is not None or not word.text.endswith(_LABEL_ENDS):
            continue
        box, right = word.box, word.box.x1 + settings.behind * dpi
        for other in words:
            if (
                other.box.x0 > box.x1
                and (other.confidence or 0) >= settings.sure_word
                and overlaps_in_height(other.box, box)
            ):
                right = min(right, other.box.x0)
        if right - box.x1 > settings.least_width * dpi:
            tall = 0.25 * dpi
            yield Rect(box.x1 + 0.02 * dpi, box.top - tall, right, box.bottom + tall / 2)


def _strokes(dark: np.ndarray, place: Rect, dpi: float, settings: PenStrokeSettings) -> Rect | None:
    """Return the box of the strokes at a place, None where there is no writing."""
    rows, columns = _slices(place)
    part = dark[rows, columns]
    if part.size == 0:
        return None
    _, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    strokes = [each for each in stats[1:] if max(each[2], each[3]) >= 0.04 * dpi]
    if not strokes or max(int(each[3]) for each in strokes) < settings.least_height * dpi:
        return None
    x0, y0 = min(int(s[0]) for s in strokes), min(int(s[1]) for s in strokes)
    x1, y1 = max(int(s[0] + s[2]) for s in strokes), max(int(s[1] + s[3]) for s in strokes)
    inked = sum(int(s[4]) for s in strokes) / max(1, (x1 - x0) * (y1 - y0))
    if x1 - x0 < settings.least_width * dpi or inked > settings.most_ink:
        return None
    left, top = columns.start, rows.start
    return Rect(float(x0 + left), float(y0 + top), float(x1 + left), float(y1 + top))


def _slices(box: Rect) -> tuple[slice, slice]:
    return (
        slice(max(0, int(box.top)), max(0, int(np.ceil(box.bottom)))),
        slice(max(0, int(box.x0)), max(0, int(np.ceil(box.x1)))),
    )
