"""Level stretches of a picture that are drawn like lines: dark, thin, straight, and longer than strokes of letters.

Upright ones are found in the transposed picture. `inch` is in pixels of the picture.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from extractor.geometry import RulingLine
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class LineStrokeSettings(Settings):
    """When a stretch of ink is drawn like a line. Inches are those of the page."""

    level_run: float = threshold(
        0.3, unit="inches", meaning="least length of a level stroke: more than the strokes of letters of usual size"
    )
    upright_run: float = threshold(0.13, unit="inches", meaning="the same of an upright one: rows are low")
    thickest: float = threshold(
        0.06,
        unit="inches",
        meaning="greatest thickness of a line: forms have walls of two to three points, and resolutions are guessed",
        others=(0.045, 0.08),
    )
    slope: float = threshold(0.02, meaning="share of its length by which a line may rise, the page's skew left over")
    paper_window: float = threshold(
        0.1, unit="inches", meaning="side of the square in which the paper's grey is measured"
    )
    ink_percentile: float = threshold(98.0, unit="percent", meaning="of all pixels, the darkness that ink has at most")
    ink_least: float = threshold(40.0, unit="grey levels", meaning="and that is no less than this")
    faintest: float = threshold(12.0, unit="grey levels", meaning="least darkness of a line against the paper")
    above_noise: float = threshold(4.0, meaning="least darkness in parts of the noise")
    evenness: float = threshold(0.6, meaning="least darkness in parts of that over `around`: a line is evenly dark")
    around: float = threshold(0.16, unit="inches", meaning="stretch along which a line is nowhere much lighter")
    print_darkness: float = threshold(0.3, meaning="share of the greatest darkness from which a pixel is printed")
    near: float = threshold(0.012, unit="inches", meaning="from where beside a line it must be blank")
    far: float = threshold(0.04, unit="inches", meaning="up to where beside a line it must be blank")
    beside: float = threshold(
        0.4, meaning="share printed beside a line, of both sides together, above which it stands among letters"
    )
    beside_dotted: float = threshold(0.15, meaning="the same above which a dotted line is none")
    solid_ink: float = threshold(0.85, meaning="least share of a line that is inked; between letters there are gaps")
    dotted_length: float = threshold(0.4, unit="inches", meaning="least length of a dotted or dashed line")
    dot_gap: float = threshold(0.06, unit="inches", meaning="widest gap between its marks")
    dot_length: float = threshold(0.13, unit="inches", meaning="longest of its marks")
    dots: int = threshold(6, meaning="fewest marks of such a line")
    dots_even: float = threshold(0.75, meaning="share of its marks and gaps that are of the usual length")
    dot_spread: float = threshold(1.5, unit="pixels", meaning="by how much these may differ from the usual length")
    dot_spread_share: float = threshold(0.3, meaning="the same for marks, in parts of the usual length")
    most_strokes: int = threshold(
        3000,
        unit="strokes",
        meaning="of more in one direction only the longest count: in a photograph there are tens of thousands",
    )


@dataclass(frozen=True, slots=True)
class Strokes:
    """Strokes that look like lines: those with blank paper beside them, and those among letters."""

    clear: list[RulingLine]
    crowded: list[RulingLine]


def measure_darkness(gray: np.ndarray, inch: float, settings: LineStrokeSettings) -> np.ndarray:
    """Return by how many grey levels each pixel is darker than the paper around it, at most as many as most ink."""
    side = max(3, round(settings.paper_window * inch) | 1)
    # The edge of a shade stays where it is in the paper's grey, or a line along it could not be told from the shade.
    paper = cv2.morphologyEx(cv2.medianBlur(gray, 5), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    dark = paper.astype(np.float32) - gray
    return np.clip(dark, 0, max(settings.ink_least, float(np.percentile(dark, settings.ink_percentile))))


def find_strokes(darkness: np.ndarray, inch: float, run: float, settings: LineStrokeSettings) -> Strokes:
    """Return the level strokes, drawn without a gap for `run` inches or dotted, each at its mean height."""

    def along(inches: float) -> np.ndarray:
        return np.ones((1, max(3, round(inches * inch))), np.uint8)

    smooth = cv2.blur(darkness, (5, 1))
    noise = 1.5 * float(np.median(np.abs(smooth - cv2.blur(smooth, (1, 5)))))
    dark_enough = smooth > max(settings.faintest, settings.above_noise * noise)
    # A line is evenly dark, while between the strokes of letters there is light.
    usual = cv2.blur(smooth, along(settings.around).shape[::-1])
    ink = (dark_enough & (smooth > settings.evenness * usual)).astype(np.uint8)

    def stretches(gap: float, length: float) -> np.ndarray:
        closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, along(gap))
        return cv2.morphologyEx(closed, cv2.MORPH_OPEN, along(length))

    printed = (darkness > settings.print_darkness * darkness.max()).astype(np.uint8)
    solid = _longest(_thin_stretches(stretches(0, run), smooth, printed, inch, settings), settings)
    dotted = _longest(
        _thin_stretches(stretches(settings.dot_gap, settings.dotted_length), smooth, printed, inch, settings), settings
    )
    clear = [
        line
        for line, beside in solid
        if beside <= settings.beside and inked_share(line, darkness) >= settings.solid_ink
    ]
    clear += [
        line
        for line, beside in dotted
        if beside <= settings.beside_dotted and _is_dotted(line, darkness, inch, settings)
    ]
    return Strokes(clear, [line for line, beside in solid if beside > settings.beside])


def _longest(
    strokes: Iterable[tuple[RulingLine, float]], settings: LineStrokeSettings
) -> list[tuple[RulingLine, float]]:
    """Return the strokes in their order; of too many the longest."""
    found = list(strokes)
    if len(found) <= settings.most_strokes:
        return found
    chosen = heapq.nlargest(settings.most_strokes, range(len(found)), key=lambda number: found[number][0].length)
    return [found[number] for number in sorted(chosen)]


def inked_share(line: RulingLine, darkness: np.ndarray) -> float:
    """Return the share of a level stretch that is at least half as dark as its ink."""
    at = int(line.position)
    along = darkness[max(0, at - 1) : at + 2, int(line.start) : int(np.ceil(line.end))].max(axis=0)
    return float((along > 0.5 * np.percentile(along, 75)).mean())


def _is_dotted(line: RulingLine, darkness: np.ndarray, inch: float, settings: LineStrokeSettings) -> bool:
    """Decide whether the ink along a stretch comes in short marks at equal distances, as no row of letters has them."""
    at = int(line.position)
    along = darkness[max(0, at - 1) : at + 2, int(line.start) : int(line.end)].max(axis=0)
    # Fine dots run into each other at half of their darkness, coarse ones are joined by noise at less.
    return any(_are_regular(_marks(along > share * np.percentile(along, 90)), inch, settings) for share in (0.5, 0.75))


def _are_regular(marks: list[tuple[int, int]], inch: float, settings: LineStrokeSettings) -> bool:
    ends = np.array(marks).reshape(-1, 2)
    lengths, gaps = ends[:, 1] - ends[:, 0], ends[1:, 0] - ends[:-1, 1]
    if len(lengths) < settings.dots or np.median(lengths) > settings.dot_length * inch:
        return False
    # Equal letters under each other, ruled lines between them, make marks of two lengths.
    usual = np.median(lengths)
    spread = max(settings.dot_spread, settings.dot_spread_share * usual)
    even_gaps = (np.abs(gaps - np.median(gaps)) <= settings.dot_spread).mean()
    even_lengths = (np.abs(lengths - usual) <= spread).mean()
    return bool(min(even_gaps, even_lengths) >= settings.dots_even)


def _thin_stretches(
    found: np.ndarray, darkness: np.ndarray, printed: np.ndarray, inch: float, settings: LineStrokeSettings
) -> Iterator[tuple[RulingLine, float]]:
    """Yield the connected stretches that are as thin as a line, with how much is printed close beside each."""
    thickest = settings.thickest * inch
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    for number in range(1, count):
        x, y, width, height, area = stats[number]
        if area / width > thickest:
            continue
        own = labels[y : y + height, x : x + width] == number
        if height > max(thickest, settings.slope * width) + 2:
            # A stroke that touches the line makes it look thick as a whole: each row of pixels is a line then.
            pieces = [(row, *ends) for row in range(height) for ends in _marks(own[row])]
            lines = [RulingLine(y + row + 0.5, float(x + start), float(x + end)) for row, start, end in pieces]
        else:
            rows = (darkness[y : y + height, x : x + width] * own).sum(axis=1)
            position = float((rows * np.arange(height)).sum() / rows.sum()) + y + 0.5
            lines = [RulingLine(position, float(x), float(x + width))]
        for line in lines:
            yield line, _printed_beside(line, height if len(lines) == 1 else 2, printed, inch, settings)


def _marks(row: np.ndarray) -> list[tuple[int, int]]:
    """Return the stretches of a row of booleans that are true, as (start, end)."""
    turns = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
    return list(zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True))


def _printed_beside(
    line: RulingLine, thickness: int, printed: np.ndarray, inch: float, settings: LineStrokeSettings
) -> float:
    """Return the share printed close above a line plus that below it, in 0..2.

    In a row of letters there is much beside each stroke.
    """
    near, far = max(3, round(settings.near * inch)), max(5, round(settings.far * inch))
    upper, lower = int(line.position - thickness / 2), int(np.ceil(line.position + thickness / 2))
    start, end = int(line.start), int(line.end)
    above = printed[max(0, upper - far) : max(0, upper - near), start:end]
    below = printed[lower + near : lower + far, start:end]
    return sum(float(side.mean()) for side in (above, below) if side.size)
