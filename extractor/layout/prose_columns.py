"""Paragraphs of a column of text, told from what stands level with them beside it, as a table in the next column."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import on_one_baseline
from extractor.layout.blocks import TextSegment
from extractor.layout.columns import printed_width
from extractor.layout.figures import FIGURE
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import is_wide


@dataclass(frozen=True)
class ProseColumnSettings(Settings):
    """When lines under one another are paragraphs. An em is the font size of the upper line."""

    set_prose_apart: bool = rule(
        True, meaning="a paragraph of a column of text is no part of a table that stands beside the column"
    )
    lines: int = threshold(5, meaning="fewest lines of a paragraph")
    width: int = threshold(28, unit="characters", meaning="narrowest paragraph, as the median of its lines")
    edge: float = threshold(2.0, unit="em", meaning="how far the left edges of two of its lines may differ")
    gap: float = threshold(0.8, unit="em", meaning="widest gap between its lines")
    overlap: float = threshold(0.5, unit="em", meaning="how far the boxes of two of its lines may overlap")
    space: float = threshold(0.25, unit="em", meaning="the space before a word that no longer fitted on its line")
    wrapped: float = threshold(0.7, meaning="share of the lines that broke only because the column ended")
    figures: float = threshold(
        0.3, meaning="share of the lines with a figure next to them from which they are labels of a table"
    )


def find_prose(segments: Sequence[TextSegment]) -> list[TextSegment]:
    """Return the segments that are lines of paragraphs."""
    settings = ProseColumnSettings.current()
    if not settings.set_prose_apart:
        return []
    found: list[TextSegment] = []
    for run in _find_runs(segments, settings):
        if _is_paragraph(run, settings) and not _are_labels(run, segments, settings):
            found += run
    return found


def _find_runs(segments: Sequence[TextSegment], settings: ProseColumnSettings) -> list[list[TextSegment]]:
    """Return segments that follow one another in one column at the distance of lines."""
    runs: list[list[TextSegment]] = []
    open_runs: list[list[TextSegment]] = []
    for segment in sorted(segments, key=lambda segment: segment.box.top):
        open_runs = [run for run in open_runs if segment.box.top - run[-1].box.bottom <= 2 * run[-1].font_size]
        for run in open_runs:
            before = run[-1]
            gap = segment.box.top - before.box.bottom
            if (
                abs(segment.box.x0 - before.box.x0) <= settings.edge * before.font_size
                and -settings.overlap * before.font_size <= gap <= settings.gap * before.font_size
                and segment.box.center[1] > before.box.bottom - settings.overlap * before.font_size
            ):
                run.append(segment)
                break
        else:
            open_runs.append([segment])
            runs.append(open_runs[-1])
    return [run for run in runs if len(run) >= settings.lines]


def _is_paragraph(run: Sequence[TextSegment], settings: ProseColumnSettings) -> bool:
    """Decide whether most lines of a run broke only because the next word did not fit."""
    if median(printed_width(segment.text) for segment in run) < settings.width:
        return False
    right = max(segment.box.x1 for segment in run)
    wrapped = 0
    for line, following in itertools.pairwise(run):
        first = following.words[0]
        needed = first.font_size if is_wide(first.text[0]) else first.box.width + settings.space * first.font_size
        wrapped += line.box.x1 + needed > right
    return wrapped >= settings.wrapped * (len(run) - 1)


def _are_labels(run: Sequence[TextSegment], segments: Sequence[TextSegment], settings: ProseColumnSettings) -> bool:
    """Decide whether what stands next to the right of some lines are figures."""
    left, right = min(segment.box.x0 for segment in run), max(segment.box.x1 for segment in run)
    top, bottom = run[0].box.top, run[-1].box.bottom
    beside = [other for other in segments if other.box.x0 > left and top <= other.box.center[1] <= bottom]
    beside = [other for other in beside if other.box.x0 >= right or FIGURE.fullmatch(other.text)]
    count = 0
    for segment in run:
        level = [
            other
            for other in beside
            if other.box.x0 >= segment.box.x1
            and on_one_baseline(other.baseline, segment.baseline, min(other.font_size, segment.font_size))
        ]
        nearest = min(level, key=lambda other: other.box.x0, default=None)
        count += nearest is not None and FIGURE.fullmatch(nearest.text) is not None
    return count >= settings.figures * len(run)
