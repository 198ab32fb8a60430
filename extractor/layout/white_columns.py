"""Columns of lines that nothing was drawn between: white stretches that run down the lines separate them.

The idea is the projection profile of page segmentation (Ha, Haralick and Phillips 1995, "Document page decomposition
by the bounding-box projection technique"), taken over the lines of one table.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import PlacedWord
from extractor.layout.blocks import TextLine
from extractor.layout.figures import reads_as_figure
from extractor.settings import Settings, threshold

Column = tuple[float, float]
"""The x where the words of a column begin and end."""

_LEADER = re.compile(r"[.·…_]{2,}")


@dataclass(frozen=True)
class WhiteColumnSettings(Settings):
    """How wide and how clear a white stretch must be to separate columns."""

    few_lines: int = threshold(5, unit="lines", meaning="fewer lines need a wider stretch: words align by chance")
    gap: float = threshold(0.65, unit="em", meaning="narrowest white stretch between two columns")
    gap_of_few_lines: float = threshold(0.9, unit="em", meaning="the same where there are few lines")
    gap_of_figures: float = threshold(0.4, unit="em", meaning="the same where figures stand on both sides of it")
    figures: float = threshold(0.8, meaning="share of the lines with words on both sides in which these are figures")
    overrun: float = threshold(0.3, unit="em", meaning="how far a word may reach over the edge of its column")
    printed_over: float = threshold(
        0.5, unit="em", meaning="by how much words overlap in a line of which one was printed over another"
    )
    crossing_share: float = threshold(
        0.07, meaning="share of the lines that may have a word in the stretch: a label that runs over, a wide figure"
    )


def is_leader(word: PlacedWord) -> bool:
    """Decide whether a word is a row of dots that leads the eye from a label to its figure."""
    return _LEADER.fullmatch(word.text) is not None


def find_white_columns(lines: Sequence[Sequence[PlacedWord]], gap: float | None = None) -> list[Column]:
    """Return the columns, from left to right, that the words of some lines stand in.

    `gap` is the narrowest white between two of them in em, that of the settings where it is None. Empty where there
    are no words. Rows of dots stand in no column.
    """
    settings = WhiteColumnSettings.current()
    # A text that was printed over the next column tells nothing about where that begins.
    lines = [line for line in lines if not _prints_over_itself(line, settings)] or lines
    words = [word for line in lines for word in line if not is_leader(word)]
    if not words:
        return []
    left = min(word.box.x0 for word in words)
    right = max(word.box.x1 for word in words)
    covering = [0] * (math.ceil(right - left) * 2 + 2)
    filled = 0
    for line in lines:
        taken: set[int] = set()
        for word in line:
            if not is_leader(word):
                taken.update(range(math.floor((word.box.x0 - left) * 2), math.ceil((word.box.x1 - left) * 2)))
        filled += bool(taken)
        for place in taken:
            covering[place] += 1
    most = settings.crossing_share * filled
    em = median(word.font_size for word in words)
    if gap is None:
        gap = settings.gap if filled >= settings.few_lines else settings.gap_of_few_lines
    least = 2 * em * gap
    separators: list[Column] = []
    for is_white, group in itertools.groupby(range(len(covering)), key=lambda place: covering[place] <= most):
        places = list(group)
        inside = places[0] > 0 and places[-1] < len(covering) - 3
        if not (is_white and inside and len(places) >= 2 * em * settings.gap_of_figures):
            continue
        stretch = left + places[0] / 2, left + (places[-1] + 1) / 2
        if len(places) >= least or _parts_figures(lines, sum(stretch) / 2, settings):
            separators.append(stretch)
    edges = [left, *itertools.chain.from_iterable(separators), right]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _prints_over_itself(line: Sequence[PlacedWord], settings: WhiteColumnSettings) -> bool:
    in_order = sorted(line, key=lambda word: word.box.x0)
    return any(
        one.box.x1 - two.box.x0 > settings.printed_over * min(one.font_size, two.font_size)
        for one, two in itertools.pairwise(in_order)
    )


def _parts_figures(lines: Sequence[Sequence[PlacedWord]], x: float, settings: WhiteColumnSettings) -> bool:
    """Decide whether the words next to an x are figures on both sides, in most lines that have words there."""
    pairs = figures = 0
    for line in lines:
        before = max((word for word in line if word.box.x1 <= x + 1), key=lambda word: word.box.x1, default=None)
        after = min((word for word in line if word.box.x0 >= x - 1), key=lambda word: word.box.x0, default=None)
        if before is not None and after is not None:
            pairs += 1
            figures += reads_as_figure(before.text) and reads_as_figure(after.text)
    return figures >= max(2, settings.figures * pairs)


def column_edges(columns: Sequence[Column]) -> tuple[float, ...]:
    """Return the x between which the columns lie, inside the middles of the white stretches; one more than columns."""
    inner = [(one[1] + two[0]) / 2 for one, two in itertools.pairwise(columns)]
    return (columns[0][0], *inner, columns[-1][1])


def fits_columns(line: TextLine, edges: Sequence[float]) -> bool:
    """Decide whether no word of a line lies across two columns."""
    slack = WhiteColumnSettings.current().overrun * line.segments[0].font_size
    return not any(
        word.box.x0 + slack < edge < word.box.x1 - slack
        for segment in line.segments
        for word in segment.words
        if not is_leader(word)
        for edge in edges[1:-1]
    )
