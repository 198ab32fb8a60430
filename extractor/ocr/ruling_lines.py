"""Ruling lines in the picture of a page, as a PDF's drawing commands would have named them.

A line is darker than both its sides all along a window longer than any stroke of a letter, so that lines one pixel
wide, faint, dotted, broken for a bit or a fraction of a degree askew are found under noise, and edges of shades and
shadows are not. Short ones count only where they run from one line to another, as the walls of cells do.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from extractor.geometry import RulingLine
from extractor.ocr.line_strokes import LineStrokeSettings, find_strokes, inked_share, measure_darkness
from extractor.settings import Settings, rule, threshold

LONG_SIDE = 11.7
"""Inches of a page's longer side, A4, by which a resolution is guessed where none is given."""


@dataclass(frozen=True)
class RulingLineSettings(Settings):
    """Which strokes are ruling lines."""

    working_dpi: int = threshold(
        150,
        unit="dots per inch",
        meaning="resolution to which finer pictures are reduced, which costs a line nothing but noise",
        others=(100, 200),
    )
    free_length: float = threshold(
        0.6, unit="inches", meaning="length from which a stroke counts by itself, not only if it runs from line to line"
    )
    end_short: float = threshold(0.025, unit="inches", meaning="by how much a stroke may end short of the other line")
    end_over: float = threshold(0.05, unit="inches", meaning="by how much a stroke may run over the other line")
    find_crowded_walls: bool = rule(
        True,
        meaning="strokes among letters are walls where they are inked all the way from one line to the next",
        chosen="forms as pictures, 2026-11-25: cells with the same words 0.816 before, 0.868 after",
    )
    crowded_ink: float = threshold(
        0.92,
        meaning="share of such a wall that is inked",
        chosen="forms as pictures, 2026-11-25: walls reach 99 %, strokes of letters 60 to 77 %",
    )
    gap: float = threshold(0.03, unit="inches", meaning="widest gap that is bridged in a line")
    gap_share: float = threshold(
        0.12, meaning="and no wider than this part of the shorter piece: letters under each other are no line"
    )
    long_gap: float = threshold(
        0.06,
        unit="inches",
        meaning="widest gap in a line that is long on both sides of it, as a stamp or a crossing leaves",
    )
    long: float = threshold(0.3, unit="inches", meaning="length from which a line is long")
    drift: float = threshold(0.02, unit="inches", meaning="by how much the pieces of a line may be out of line")


def find_ruling_lines(gray: np.ndarray, dpi: float | None = None) -> tuple[list[RulingLine], list[RulingLine]]:
    """Return the horizontal and the vertical ruling lines of a straightened page, in pixels of the picture.

    `gray` is (height, width) of bytes; `dpi` its dots per inch, guessed if None.
    """
    settings, stroke_settings = RulingLineSettings.current(), LineStrokeSettings.current()
    dpi = dpi or max(gray.shape) / LONG_SIDE
    scale = min(1.0, settings.working_dpi / dpi)
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    network = _LineNetwork(measure_darkness(gray, dpi * scale, stroke_settings), dpi * scale, settings)
    horizontal, vertical = network.find(stroke_settings)
    return (
        sorted(line.scaled(1 / scale) for line in horizontal),
        sorted(line.scaled(1 / scale) for line in vertical),
    )


class _LineNetwork:
    """The lines of one page, which hold each other up; `inch` is in pixels of its darkness (height, width)."""

    def __init__(self, darkness: np.ndarray, inch: float, settings: RulingLineSettings) -> None:
        self._horizontal_darkness = darkness
        self._vertical_darkness = np.ascontiguousarray(darkness.T)
        self._inch = inch
        self._settings = settings

    def find(self, stroke_settings: LineStrokeSettings) -> tuple[list[RulingLine], list[RulingLine]]:
        """Return the horizontal and the vertical lines, in pixels of the darkness."""
        across = find_strokes(self._horizontal_darkness, self._inch, stroke_settings.level_run, stroke_settings)
        down = find_strokes(self._vertical_darkness, self._inch, stroke_settings.upright_run, stroke_settings)
        horizontal, vertical = self._without_loose_ends(across.clear, down.clear)
        if not self._settings.find_crowded_walls:
            return self._bridge(horizontal), self._bridge(vertical)
        return self._with_crowded_walls(horizontal, vertical, across.crowded, down.crowded)

    def _without_loose_ends(
        self, horizontal: list[RulingLine], vertical: list[RulingLine]
    ) -> tuple[list[RulingLine], list[RulingLine]]:
        """Return the lines that are long, or that run between lines of the other direction that do so themselves."""
        horizontal, vertical = self._bridge(horizontal), self._bridge(vertical)
        while True:
            kept_horizontal = [line for line in horizontal if self._is_held(line, vertical)]
            kept_vertical = [line for line in vertical if self._is_held(line, kept_horizontal)]
            if len(kept_horizontal) == len(horizontal) and len(kept_vertical) == len(vertical):
                return kept_horizontal, kept_vertical
            horizontal, vertical = kept_horizontal, kept_vertical

    def _with_crowded_walls(
        self,
        horizontal: list[RulingLine],
        vertical: list[RulingLine],
        crowded_horizontal: list[RulingLine],
        crowded_vertical: list[RulingLine],
    ) -> tuple[list[RulingLine], list[RulingLine]]:
        """Return the lines with what strokes in a crowd of letters add: walls that run from one line to the next."""
        crowded_horizontal, crowded_vertical = self._bridge(crowded_horizontal), self._bridge(crowded_vertical)
        while True:
            walls = [
                wall
                for stroke in crowded_horizontal
                for wall in self._walls_in(stroke, vertical, self._horizontal_darkness)
            ]
            more_horizontal = self._bridge([*horizontal, *walls])
            walls = [
                wall
                for stroke in crowded_vertical
                for wall in self._walls_in(stroke, more_horizontal, self._vertical_darkness)
            ]
            more_vertical = self._bridge([*vertical, *walls])
            if len(more_horizontal) == len(horizontal) and len(more_vertical) == len(vertical):
                return more_horizontal, more_vertical
            horizontal, vertical = more_horizontal, more_vertical

    def _walls_in(self, stroke: RulingLine, others: list[RulingLine], darkness: np.ndarray) -> Iterator[RulingLine]:
        """Yield the stretches of a stroke, between two of the other lines, that are inked all the way.

        The stroke of a letter stops before the lines above and below it; those of large and boxy letters are no lines.
        """
        settings, inch = self._settings, self._inch
        short, over = settings.end_short * inch, settings.end_over * inch
        crossed = sorted(
            other.position
            for other in others
            if other.length >= settings.free_length * inch
            and stroke.start - short <= other.position <= stroke.end + short
            and other.start - over <= stroke.position <= other.end + over
        )
        for start, end in itertools.pairwise(crossed):
            wall = RulingLine(stroke.position, start, end)
            if wall.length > over and inked_share(wall, darkness) >= settings.crowded_ink:
                yield wall

    def _is_held(self, line: RulingLine, others: list[RulingLine]) -> bool:
        """Decide whether a line is long, or ends at one of the other lines on both sides."""
        settings, inch = self._settings, self._inch
        if line.length >= settings.free_length * inch:
            return True
        short, over = settings.end_short * inch, settings.end_over * inch

        def meets_other(end: float, outward: int) -> bool:
            return any(
                -over <= (other.position - end) * outward <= short
                and other.start - over <= line.position <= other.end + over
                for other in others
            )

        return meets_other(line.start, -1) and meets_other(line.end, 1)

    def _bridge(self, lines: list[RulingLine]) -> list[RulingLine]:
        """Return pieces of one line as one, over gaps as a stamp, a crossing or poor print leaves them."""
        settings, inch = self._settings, self._inch
        drift = settings.drift * inch
        result: list[RulingLine] = []
        lanes: dict[int, list[int]] = defaultdict(list)  # by position, in steps of the drift: a page may have thousands
        for line in sorted(lines, key=lambda line: line.start):
            lane = int(line.position // drift)
            near = sorted((n for each in (lane - 1, lane, lane + 1) for n in lanes[each]), reverse=True)
            for number in near:
                before = result[number]
                if abs(before.position - line.position) > drift:
                    continue
                shorter = min(before.length, line.length)
                gap = settings.long_gap
                if shorter < settings.long * inch:
                    gap = min(settings.gap, settings.gap_share * shorter / inch)
                if line.start - before.end <= gap * inch:
                    length = before.length + line.length
                    position = (before.position * before.length + line.position * line.length) / length
                    result[number] = RulingLine(position, before.start, max(before.end, line.end))
                    lanes[int(before.position // drift)].remove(number)
                    lanes[int(position // drift)].append(number)
                    break
            else:
                lanes[lane].append(len(result))
                result.append(line)
        return result
