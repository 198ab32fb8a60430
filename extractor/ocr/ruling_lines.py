"""Ruled lines in the picture of a page, as a PDF's drawing commands would have named them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from extractor.geometry import RulingLine

WORKING_DPI = 150
"""Lines are looked for at about this resolution: finer pictures are reduced, which costs a line nothing but noise."""
LONG_SIDE = 11.7
"""Inches of a page's longer side, by which its resolution is guessed."""

# In inches of the page.
_RUN = {"level": 0.3, "upright": 0.13}
"""How long a stretch without a gap must be: more than the strokes of letters of usual size; rows are low."""
_DOTS = 0.06  # between the dots of a dotted line
_MARK = 0.13  # the longest mark of a dotted or dashed line
_DOTTED = 0.4  # the least length of such a line
_NEAR, _FAR = 0.012, 0.04  # where it must be blank on both sides of it
_CLEAR, _DOTTED_CLEAR = 0.4, 0.15  # as a share, both sides together; lines that cross it make some
_THICKEST = 0.045
_FREE = 0.6  # a piece as long as this counts by itself, a shorter one only where it runs from one line to another
_SOLID, _SOLID_IN_CROWD = 0.85, 0.92  # the least share of it that is inked; between letters there are gaps
_SHORT, _OVER = 0.025, 0.05  # by how much it may end short of that other line, or run over it
_GAP, _WIDE_GAP = 0.03, 0.06  # in a line, and in one that is long on both sides of the gap
_LONG = 0.3
_SHARE = 0.12  # and of short pieces no more than this part of the shorter: letters under each other are no line
_AROUND = 0.16  # a line is nowhere much lighter than it is over so long a stretch
_EVEN = 0.6

_FAINTEST = 12.0
"""Grey levels by which a line must at least be darker than the paper."""


def ruled(gray: np.ndarray, dpi: float | None = None) -> tuple[list[RulingLine], list[RulingLine]]:
    """The ruled lines of a straightened page, level ones and upright ones, in pixels of the picture (h, w) of bytes.

    A line is darker than both its sides all along a window longer than any stroke of a letter, so that lines one pixel
    wide, faint, dotted, broken for a bit or a fraction of a degree askew are found under noise, and edges of shades and
    shadows are not. Short ones count only where they run from one line to another, as the walls of cells do.
    """
    import cv2

    dpi = dpi or max(gray.shape) / LONG_SIDE
    scale = min(1.0, WORKING_DPI / dpi)
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inch = dpi * scale
    dark = _darkness(gray, inch)
    level, among_letters = _pieces(dark, inch, _RUN["level"])
    standing, among_upright = _pieces(np.ascontiguousarray(dark.T), inch, _RUN["upright"])
    level, standing = _anchored(level, standing, inch)
    level, standing = _with_walls(level, standing, among_letters, among_upright, dark, inch)
    return _scaled(level, 1 / scale), _scaled(standing, 1 / scale)


def _darkness(gray: np.ndarray, inch: float) -> np.ndarray:
    """By how much each pixel is darker than the paper around it, at most as much as ink usually is."""
    import cv2

    side = max(3, round(0.1 * inch) | 1)
    # The edge of a shade stays where it is in the paper's grey, or a line along it could not be told from the shade.
    paper = cv2.morphologyEx(cv2.medianBlur(gray, 5), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    dark = paper.astype(np.float32) - gray
    return np.clip(dark, 0, max(40.0, float(np.percentile(dark, 98))))


def _pieces(dark: np.ndarray, inch: float, run: float) -> tuple[list[RulingLine], list[RulingLine]]:
    """Level stretches of a picture that are lines, each at its mean height, drawn without a gap or dotted.

    The second list holds those with print so close beside them that they may be strokes of letters.
    """
    import cv2

    def along(inches: float) -> np.ndarray:
        return np.ones((1, max(3, round(inches * inch))), np.uint8)

    smooth = cv2.blur(dark, (5, 1))
    noise = 1.5 * float(np.median(np.abs(smooth - cv2.blur(smooth, (1, 5)))))
    dark_enough = smooth > max(_FAINTEST, 4 * noise)
    # A line is evenly dark, while between the strokes of letters there is light.
    ink = (dark_enough & (smooth > _EVEN * cv2.blur(smooth, along(_AROUND).shape[::-1]))).astype(np.uint8)
    solid = cv2.morphologyEx(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, along(0)), cv2.MORPH_OPEN, along(run))
    dotted = cv2.morphologyEx(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, along(_DOTS)), cv2.MORPH_OPEN, along(_DOTTED))
    printed = (dark > 0.3 * dark.max()).astype(np.uint8)
    drawn = list(_thin(solid, smooth, printed, inch))
    dots = [edge for edge, beside in _thin(dotted, smooth, printed, inch) if beside <= _DOTTED_CLEAR]
    clear = [edge for edge, beside in drawn if beside <= _CLEAR and _inked(edge, dark) >= _SOLID]
    crowded = [edge for edge, beside in drawn if beside > _CLEAR]
    return [*clear, *(edge for edge in dots if _is_dotted(edge, dark, inch))], crowded


def _inked(edge: RulingLine, dark: np.ndarray) -> float:
    """The share of a stretch that is at least half as dark as its ink."""
    at = int(edge.position)
    along = dark[max(0, at - 1) : at + 2, int(edge.start) : int(np.ceil(edge.end))].max(axis=0)
    return float((along > 0.5 * np.percentile(along, 75)).mean())


def _is_dotted(edge: RulingLine, dark: np.ndarray, inch: float) -> bool:
    """Whether the ink along a stretch comes in short marks at equal distances, as no row of letters has them."""
    at = int(edge.position)
    along = dark[max(0, at - 1) : at + 2, int(edge.start) : int(edge.end)].max(axis=0)
    # Fine dots run into each other at half of their darkness, coarse ones are joined by noise at less.
    return any(_is_regular(_runs(along > share * np.percentile(along, 90)), inch) for share in (0.5, 0.75))


def _is_regular(marks: list[tuple[int, int]], inch: float) -> bool:
    ends = np.array(marks).reshape(-1, 2)
    lengths, gaps = ends[:, 1] - ends[:, 0], ends[1:, 0] - ends[:-1, 1]
    if len(lengths) < 6 or np.median(lengths) > _MARK * inch:
        return False
    # Equal letters under each other, ruled lines between them, make marks of two lengths.
    usual = np.median(lengths)
    even = (np.abs(gaps - np.median(gaps)) <= 1.5).mean(), (np.abs(lengths - usual) <= max(1.5, 0.3 * usual)).mean()
    return bool(min(even) >= 0.75)


def _thin(found: np.ndarray, dark: np.ndarray, ink: np.ndarray, inch: float) -> Iterator[tuple[RulingLine, float]]:
    """The connected stretches that are as thin as a line, with how much is printed close beside each."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    for number in range(1, count):
        x, y, width, height, area = stats[number]
        if area / width > _THICKEST * inch:
            continue
        own = labels[y : y + height, x : x + width] == number
        if height > max(_THICKEST * inch, 0.02 * width) + 2:
            # A stroke that touches the line makes it look thick as a whole: each row of pixels is a line then.
            pieces = [(row, *ends) for row in range(height) for ends in _runs(own[row])]
            edges = [RulingLine(y + row + 0.5, float(x + start), float(x + end)) for row, start, end in pieces]
        else:
            rows = (dark[y : y + height, x : x + width] * own).sum(axis=1)
            at = float((rows * np.arange(height)).sum() / rows.sum()) + y + 0.5
            edges = [RulingLine(at, float(x), float(x + width))]
        for edge in edges:
            yield edge, _beside(edge, height if len(edges) == 1 else 2, ink, inch)


def _runs(row: np.ndarray) -> list[tuple[int, int]]:
    turns = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
    return list(zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True))


def _beside(edge: RulingLine, thickness: int, ink: np.ndarray, inch: float) -> float:
    """How much is printed close above and below a line, 0..2: in a row of letters there is much beside each stroke."""
    near, far = max(3, round(_NEAR * inch)), max(5, round(_FAR * inch))
    upper, lower = int(edge.position - thickness / 2), int(np.ceil(edge.position + thickness / 2))
    start, end = int(edge.start), int(edge.end)
    above, below = (
        ink[max(0, upper - far) : max(0, upper - near), start:end],
        ink[lower + near : lower + far, start:end],
    )
    return sum(float(side.mean()) for side in (above, below) if side.size)


def _anchored(
    level: list[RulingLine], standing: list[RulingLine], inch: float
) -> tuple[list[RulingLine], list[RulingLine]]:
    """The pieces that are long, or that end at lines of the other direction, as often as that lets others in or out."""
    sure, sure_standing = _bridged(level, inch), _bridged(standing, inch)
    while True:
        kept = [edge for edge in sure if _holds(edge, sure_standing, inch)]
        kept_standing = [edge for edge in sure_standing if _holds(edge, kept, inch)]
        if len(kept) == len(sure) and len(kept_standing) == len(sure_standing):
            return kept, kept_standing
        sure, sure_standing = kept, kept_standing


def _with_walls(
    level: list[RulingLine],
    standing: list[RulingLine],
    crowded: list[RulingLine],
    crowded_standing: list[RulingLine],
    dark: np.ndarray,
    inch: float,
) -> tuple[list[RulingLine], list[RulingLine]]:
    """The lines with what pieces in a crowd of letters add: the stretches that run from one line to the next."""
    crowded, crowded_standing = _bridged(crowded, inch), _bridged(crowded_standing, inch)
    while True:
        more = [wall for edge in crowded for wall in _walls(edge, standing, dark, inch)]
        wider = _bridged([*level, *more], inch)
        more = [wall for edge in crowded_standing for wall in _walls(edge, wider, dark.T, inch)]
        taller = _bridged([*standing, *more], inch)
        if len(wider) == len(level) and len(taller) == len(standing):
            return wider, taller
        level, standing = wider, taller


def _walls(edge: RulingLine, others: list[RulingLine], dark: np.ndarray, inch: float) -> Iterator[RulingLine]:
    """The stretches of a piece, between two of the other lines, that are inked all the way.

    The stroke of a letter stops before the lines above and below it; those of large and boxy letters are no such lines.
    """
    crossed = sorted(
        other.position
        for other in others
        if other.end - other.start >= _FREE * inch
        and edge.start - _SHORT * inch <= other.position <= edge.end + _SHORT * inch
        and other.start - _OVER * inch <= edge.position <= other.end + _OVER * inch
    )
    for start, end in itertools.pairwise(crossed):
        wall = RulingLine(edge.position, start, end)
        if end - start > _OVER * inch and _inked(wall, dark) >= _SOLID_IN_CROWD:
            yield wall


def _holds(edge: RulingLine, others: list[RulingLine], inch: float) -> bool:
    if edge.end - edge.start >= _FREE * inch:
        return True

    def met(end: float, outward: int) -> bool:
        return any(
            -_OVER * inch <= (other.position - end) * outward <= _SHORT * inch
            and other.start - _OVER * inch <= edge.position <= other.end + _OVER * inch
            for other in others
        )

    return met(edge.start, -1) and met(edge.end, 1)


def _bridged(edges: list[RulingLine], inch: float) -> list[RulingLine]:
    """Pieces of one line made one, over gaps as a stamp, a crossing or poor print leaves them."""
    result: list[RulingLine] = []
    for edge in sorted(edges, key=lambda edge: edge.start):
        for number in range(len(result) - 1, -1, -1):
            before = result[number]
            if abs(before.position - edge.position) > 0.02 * inch:
                continue
            length, more = before.end - before.start, edge.end - edge.start
            gap = _WIDE_GAP if min(length, more) >= _LONG * inch else min(_GAP, _SHARE * min(length, more) / inch)
            if edge.start - before.end <= gap * inch:
                at = (before.position * length + edge.position * more) / (length + more)
                result[number] = RulingLine(at, before.start, max(before.end, edge.end))
                break
        else:
            result.append(edge)
    return result


def _scaled(edges: list[RulingLine], scale: float) -> list[RulingLine]:
    return sorted(RulingLine(*(each * scale for each in edge)) for edge in edges)
