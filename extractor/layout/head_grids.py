"""Grids that are only the head of a table, its cells shaded or framed one by one, over rows that nothing parts."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import PlacedWord, Rect, RulingLine, overlap, union
from extractor.layout.blocks import TextLine
from extractor.layout.grid_refinement import WordsByCell
from extractor.layout.line_rows import CellsLine, group_rows
from extractor.layout.ruled_grids import RuledCell, RuledGrid, make_grid
from extractor.layout.segments import build_segments, group_into_lines
from extractor.layout.white_columns import fits_columns
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class HeadGridSettings(Settings):
    """What it takes for the lines under a grid to be the rows of its columns. An em is their font size."""

    extend_heads: bool = rule(True, meaning="lines that stand in the columns of a ruled head are its table's rows")
    columns: int = threshold(3, meaning="fewest cells of such a head")
    row_gap: float = threshold(1.8, unit="em", meaning="widest gap between two rows, or the head and the first row")
    wrapped_gap: float = threshold(0.5, unit="em", meaning="widest gap between the last row and the rest of its text")
    full: float = threshold(0.5, meaning="share of the columns that a full row has words in")
    full_rows: int = threshold(2, unit="lines", meaning="fewest full rows, but for a single one without blanks")
    labelled: float = threshold(0.3, meaning="share of texts with a colon from which lines are labels with values")
    titles: float = threshold(0.4, meaning="most lines across columns, titles of groups, as a share of the lines")


_LABEL = re.compile(r"[^\W\d_][:：](?:\s|$)|：")
"""A label with a colon, as forms have them: `Agency:`, but not `9:30`."""


def extend_head(
    grid: RuledGrid,
    assigned: WordsByCell,
    words: Sequence[PlacedWord],
    grids: Sequence[RuledGrid],
    rules: Sequence[RulingLine],
) -> RuledGrid:
    """Return a grid that is the head of a table with cells for the rows below it; any other grid as it is.

    `words` are those of the page that stand in no smaller grid, `grids` all of its grids, `rules` its horizontal lines.
    """
    settings = HeadGridSettings.current()
    edges = grid.column_edges
    if not settings.extend_heads or not _is_head(grid, assigned, settings):
        return grid
    below = [
        word for word in words if word.box.center[1] > grid.box.bottom and edges[0] <= word.box.center[0] <= edges[-1]
    ]
    others = [other.box for other in grids if other is not grid and len(other.cells) > 1]
    rows = _rows_below(below, grid, others, settings)
    if not rows:
        return grid
    drawn = [rule.position for rule in rules if overlap(rule.start, rule.end, edges[0], edges[-1]) > 0]
    cells = list(grid.cells)
    top = grid.box.bottom
    boxes = _row_boxes(rows, edges, drawn)
    for number, (box, is_title) in enumerate(boxes):
        bottom = (box.bottom + boxes[number + 1][0].top) / 2 if number + 1 < len(boxes) else box.bottom + 1
        parts = [(edges[0], edges[-1])] if is_title else itertools.pairwise(edges)
        cells += [RuledCell(Rect(left, top, right, bottom), 0, 0) for left, right in parts]
        top = bottom
    return make_grid(cells)


def _is_head(grid: RuledGrid, assigned: WordsByCell, settings: HeadGridSettings) -> bool:
    """Decide whether a grid is one row of filled cells, with nothing below but titles in the full width."""
    columns = len(grid.column_edges) - 1
    head = [cell for cell in grid.cells if cell.row == 0]
    rest = [cell for cell in grid.cells if cell.row > 0]
    return (
        columns >= settings.columns
        and len(head) == columns
        and all(cell.row_span == 1 and assigned[cell] for cell in head)
        and all(cell.column_span == columns for cell in rest)
    )


def _rows_below(
    words: Sequence[PlacedWord], grid: RuledGrid, others: Sequence[Rect], settings: HeadGridSettings
) -> list[tuple[TextLine, bool]]:
    """Return the lines that go on under a head, each with whether it is a title across the columns."""
    edges, bottom = grid.column_edges, grid.box.bottom
    found: list[tuple[TextLine, bool]] = []
    last = full = complete = 0
    for line in (TextLine(tuple(each)) for each in group_into_lines(build_segments(words))):
        em, box = line.segments[0].font_size, line.box
        gap = box.top - bottom
        if gap > settings.row_gap * em or any(other.contains(*box.center) for other in others):
            break
        is_title = not fits_columns(line, edges)
        filled = len(_by_column(line, edges).cells)
        found.append((line, is_title))
        if not is_title and filled >= max(2, settings.full * (len(edges) - 1)):
            full, last = full + 1, len(found)
            complete += filled == len(edges) - 1
        elif not is_title and last == len(found) - 1 and gap <= settings.wrapped_gap * em:
            last = len(found)
        bottom = max(bottom, box.bottom)
    found = found[:last]
    titles = sum(is_title for _, is_title in found)
    is_enough = full >= settings.full_rows or complete
    texts = [segment.text for line, _ in found for segment in line.segments]
    if sum(_LABEL.search(text) is not None for text in texts) > settings.labelled * len(texts):
        return []
    return found if is_enough and titles <= settings.titles * len(found) else []


def _by_column(line: TextLine, edges: Sequence[float]) -> CellsLine:
    cells: dict[int, list[PlacedWord]] = defaultdict(list)
    for word in sorted((word for segment in line.segments for word in segment.words), key=lambda word: word.box.x0):
        cells[min(max(0, bisect_right(edges, word.box.center[0]) - 1), len(edges) - 2)].append(word)
    return CellsLine(dict(sorted(cells.items())))


def _row_boxes(
    lines: Sequence[tuple[TextLine, bool]], edges: Sequence[float], drawn: Sequence[float]
) -> list[tuple[Rect, bool]]:
    """Return the extent of each row that the lines make up, with whether it is a title."""
    result: list[tuple[Rect, bool]] = []
    for is_title, group in itertools.groupby(lines, key=lambda each: each[1]):
        found = [line for line, _ in group]
        if is_title:
            result += [(line.box, True) for line in found]
            continue
        for row in group_rows([_by_column(line, edges) for line in found], rules=drawn):
            boxes = [found[number].box for number in row]
            result.append((union(boxes), False))
    return result
