"""Lines of a table whose columns are known, into its cells: the head, the rows, the titles of groups."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import PlacedWord, Rect, RulingLine, overlap, union
from extractor.layout.blocks import LayoutCell, TableBlock, TextLine
from extractor.layout.figures import reads_as_figure
from extractor.layout.head_cells import HeadCell, build_head
from extractor.layout.line_rows import CellsLine, group_rows
from extractor.layout.segments import make_segment
from extractor.layout.white_columns import Column, column_edges, is_leader
from extractor.settings import Settings, threshold

_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/]\d{2,4})?[*年]?")


@dataclass(frozen=True)
class LineTableSettings(Settings):
    """Where words stand in a table, and what its head is. An em is the font size of the text."""

    text_gap: float = threshold(0.6, unit="em", meaning="text that stands farther apart than this is in its own column")
    head_figures: float = threshold(0.5, meaning="share of the columns with figures in the first row under a head")
    head_lines: int = threshold(8, meaning="most lines of a head")
    flush: float = threshold(0.25, unit="em", meaning="texts of a column begin at most so far apart")
    rule_share: float = threshold(0.6, meaning="share of the width of the table that its rules run along")


@dataclass(frozen=True, slots=True)
class LineTable:
    """A table that lines `start` to `end` (exclusive) make up."""

    start: int
    end: int
    table: TableBlock


def runs_along(rule: RulingLine, left: float, right: float) -> bool:
    """Decide whether a horizontal rule runs along most of the width between two x."""
    covered = overlap(rule.start, rule.end, left, right)
    return covered >= LineTableSettings.current().rule_share * (right - left)


def place_words(line: TextLine, edges: Sequence[float]) -> CellsLine:
    """Return the words of a line by column; text that runs over the edge of its column stays in it."""
    apart = LineTableSettings.current().text_gap
    cells: dict[int, list[PlacedWord]] = {}
    for segment in line.segments:
        column, before = None, None
        for word in segment.words:
            own = min(max(bisect_right(edges, word.box.center[0]) - 1, 0), len(edges) - 2)
            if column is not None and own != column:
                gap = word.box.x0 - before.box.x1
                if not (gap > apart * word.font_size or reads_as_figure(word.text) or is_leader(word)):
                    own = column
            cells.setdefault(own, []).append(word)
            column, before = own, word
    return CellsLine(dict(sorted(cells.items())))


def build_table(lines: Sequence[TextLine], columns: Sequence[Column], rules: Sequence[RulingLine]) -> TableBlock:
    """Return the table of some lines, head and rows, with these columns; `rules` are the horizontal lines about it."""
    box = union(line.box for line in lines)
    edges = list(column_edges(columns))
    edges[0], edges[-1] = min(edges[0], box.x0), max(edges[-1], box.x1)
    inside = [each for each in rules if overlap(each.start, each.end, box.x0, box.x1) > 0]
    count = _count_head_lines(lines, edges, inside)
    head = build_head(lines[:count], columns, edges, inside)
    cells = [place_head_cell(cell, edges) for cell in head]
    base = 1 + max((cell.row + cell.row_span - 1 for cell in head), default=-1)
    body = [place_words(line, edges) for line in lines[count:]]
    parted = [line for line, whole in zip(body, lines[count:], strict=True) if len(whole.segments) > 1]
    body = [line if len(lines[count + n].segments) > 1 else _keep_whole(line, parted) for n, line in enumerate(body)]
    drawn = [each.position for each in inside if runs_along(each, box.x0, box.x1)]
    for row, numbers in enumerate(group_rows(body, rules=drawn), start=base):
        found = [body[number] for number in numbers]
        extent = union(line.box for line in found)
        whole = lines[count + numbers[0]].segments
        is_lone = len(numbers) == len(whole) == 1 and 0 not in found[0].cells and not found[0].figure_columns()
        if is_lone and not _is_flush(found[0], body):
            # The title of a group, in the middle of the table.
            banner = Rect(edges[0], extent.top, edges[-1], extent.bottom)
            cells.append(LayoutCell(row, 0, (TextLine(whole),), banner, 1, len(edges) - 1))
            continue
        for column, (left, right) in enumerate(itertools.pairwise(edges)):
            texts = tuple(TextLine((make_segment(line.cells[column]),)) for line in found if column in line.cells)
            cells.append(LayoutCell(row, column, texts, Rect(left, extent.top, right, extent.bottom)))
    return TableBlock(tuple(cells), box, tuple(edges))


def _keep_whole(lone: CellsLine, lines: Sequence[CellsLine]) -> CellsLine:
    """Return a line of one text with all of it in its first column, unless what is beyond stands as cells there do.

    `lines` are those of several texts.
    """
    first, *beyond = sorted(lone.cells)
    if not beyond or not _is_flush(lone, lines):
        return lone
    slack = LineTableSettings.current().flush
    for column in beyond:
        words = lone.cells[column]
        others = [line.cells[column] for line in lines if column in line.cells]
        left, right = words[0].box.x0, words[-1].box.x1
        near = slack * words[0].font_size
        if any(abs(left - other[0].box.x0) <= near or abs(right - other[-1].box.x1) <= near for other in others):
            return lone
    return CellsLine({first: [word for column in sorted(lone.cells) for word in lone.cells[column]]})


def _is_flush(lone: CellsLine, lines: Sequence[CellsLine]) -> bool:
    """Decide whether a lone text begins where the texts of its column do: it is a cell there, or goes on with one."""
    settings = LineTableSettings.current()
    column = min(lone.cells)
    first = lone.cells[column][0]
    starts = [line.cells[column][0].box.x0 for line in lines if line is not lone and column in line.cells]
    level = sum(abs(start - first.box.x0) <= settings.flush * first.font_size for start in starts)
    return level >= 2 and 2 * level >= len(starts)


def place_head_cell(cell: HeadCell, edges: Sequence[float]) -> LayoutCell:
    """Return a cell of a head with its place between the edges of the columns."""
    lines = tuple(TextLine((segment,)) for segment in cell.segments)
    extent = union(segment.box for segment in cell.segments)
    box = Rect(edges[cell.column], extent.top, edges[cell.column + cell.column_span], extent.bottom)
    return LayoutCell(cell.row, cell.column, lines, box, cell.row_span, cell.column_span)


def _count_head_lines(lines: Sequence[TextLine], edges: Sequence[float], rules: Sequence[RulingLine]) -> int:
    """Return how many of the lines are the head: those above the rule under it, or above the first row of figures."""
    settings = LineTableSettings.current()
    placed = [place_words(line, edges) for line in lines]
    least = settings.head_figures * (len(edges) - 2)
    figures = [sum(column > 0 for column in line.figure_columns()) for line in placed]
    first = next((number for number, count in enumerate(figures) if count >= max(1, least)), 0)
    lowest = next(
        (number for number in range(first) if figures[number] and not _is_row_of_years(placed[number])), first
    )
    if first > settings.head_lines:
        first = lowest  # rows in which most columns are blank, as of debits and credits
    while lowest > 1 and len(lines[lowest - 1].segments) == 1:
        lowest -= 1  # the title of the first group
    if first + 1 < len(placed) and _is_row_of_years(placed[first]):
        first += 1
    along = [each.position for each in rules if runs_along(each, edges[0], edges[-1])]
    while first > 1 and _is_label_under_rule(lines[first - 2 : first], placed[first - 1], along):
        first -= 1  # the title of the first group, in several parts
    lowest = min(lowest, first)
    for each in sorted(rules, key=lambda each: each.position):
        above = sum(line.box.center[1] < each.position for line in lines)
        if 0 < above <= settings.head_lines and above >= lowest and runs_along(each, edges[0], edges[-1]):
            return above if above < len(lines) - 1 else first
    while first > 1 and len(lines[first - 1].segments) == 1:
        first -= 1  # the title of the first group
    return first


def _is_label_under_rule(lines: Sequence[TextLine], second: CellsLine, rules: Sequence[float]) -> bool:
    """Decide whether the second of two lines, placed in cells, is a label alone, and a rule parts it from the first."""
    upper, lower = (line.box.center[1] for line in lines)
    return set(second.cells) == {0} and any(upper < y < lower for y in rules)


def _is_row_of_years(line: CellsLine) -> bool:
    """Decide whether the figures of a line are the years that head columns."""
    figures = [line.text(column) for column in line.figure_columns() if column]
    return len(figures) > 1 and all(_YEAR.fullmatch(figure) for figure in figures)
