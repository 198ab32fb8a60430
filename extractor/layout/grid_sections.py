"""One ruled outline may hold several things, one under the other: boxes of a form, a table, its sums, remarks.

They are told apart by their walls: those of one table are at the same x in all of its rows, but for merged cells.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from extractor.geometry import Rect, RulingLine
from extractor.layout.aligned_tables import find_aligned_tables
from extractor.layout.blocks import TextLine
from extractor.layout.grid_refinement import WordsByCell, stands_between, uncrossed_bands
from extractor.layout.ruled_grids import RuledCell, RuledGrid, make_grid
from extractor.layout.segments import build_segments, group_into_lines
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class GridSectionSettings(Settings):
    """When the rows of a grid are of two sections."""

    split_sections: bool = rule(True, meaning="rows of a grid with walls at other places are read by themselves")
    wall_tolerance: float = threshold(4.0, unit="points", meaning="walls nearer than this are one")
    shared_walls: float = threshold(
        0.6,
        meaning="share of the walls, of the rows with fewer, that two stretches of rows of one table have in common",
    )
    shared_walls_of_one_row: float = threshold(0.5, meaning="the same for a single row, in which cells may be merged")


@dataclass(slots=True)
class GridSection:
    """Rows of a grid whose walls are those of one table or form; `walls` is empty for boxes in the full width."""

    grid: RuledGrid
    words: WordsByCell
    walls: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Stretch:
    """Cells of a grid between two lines that no cell goes across."""

    cells: list[RuledCell]
    walls: list[float]


def split_sections(grid: RuledGrid, words: WordsByCell) -> list[GridSection]:
    """Return the sections of a grid from the top down; one, with the grid as it is, for a table or a form alone."""
    settings = GridSectionSettings.current()
    whole = [GridSection(grid, words, _inner_walls(grid, grid.cells, settings))]
    if not settings.split_sections:
        return whole
    stretches = [
        _Stretch(cells, _inner_walls(grid, cells, settings))
        for first, last in uncrossed_bands(grid)
        if (cells := [cell for cell in grid.cells if first <= cell.row < last])
    ]
    groups: list[list[_Stretch]] = []  # of rows with walls in common, boxes without walls among and over them
    walls: list[float] = []
    waiting: list[_Stretch] = []
    for each in stretches:
        if not each.walls:
            waiting.append(each)
        elif not groups or not _share_walls(walls, each, settings):
            groups.append([*waiting, each])
            walls, waiting = each.walls, []
        else:
            groups[-1] += [*waiting, each]
            walls, waiting = _merge_walls([*walls, *each.walls], settings), []
    if len(groups) < 2:
        return whole
    groups.append(waiting)
    sections: list[_Stretch] = []
    for group in groups:
        first = next((number for number, each in enumerate(group) if each.walls), len(group))
        over, rows = list(group[:first]), group[first:]
        while sections and over and _is_row_of(over[0], sections[-1], words):
            sections[-1].cells += over.pop(0).cells
        sections += over
        if rows:
            own = _merge_walls([x for each in rows for x in each.walls], settings)
            sections.append(_Stretch([cell for each in rows for cell in each.cells], own))
    return [_make_section(each, words) for each in sections]


def _is_row_of(box: _Stretch, table: _Stretch, words: WordsByCell) -> bool:
    """Decide whether the words of a box in the full width stand between the walls of the table over it."""
    lines = [line for cell in box.cells for line in group_into_lines(build_segments(words[cell]))]
    return bool(table.walls) and stands_between(lines, table.walls, is_one_column=False)


def _inner_walls(grid: RuledGrid, cells: Sequence[RuledCell], settings: GridSectionSettings) -> list[float]:
    """Return the x of the walls between some cells, from the left."""
    least, most = grid.box.x0 + settings.wall_tolerance, grid.box.x1 - settings.wall_tolerance
    return _merge_walls([x for cell in cells for x in (cell.box.x0, cell.box.x1) if least < x < most], settings)


def _merge_walls(walls: Sequence[float], settings: GridSectionSettings) -> list[float]:
    result: list[float] = []
    for x in sorted(walls):
        if not result or x - result[-1] > settings.wall_tolerance:
            result.append(x)
    return result


def _share_walls(walls: Sequence[float], stretch: _Stretch, settings: GridSectionSettings) -> bool:
    """Decide whether a stretch of rows has enough walls in common with those above to be of one table with them."""
    fewer, more = sorted((walls, stretch.walls), key=len)
    shared = sum(any(abs(x - each) <= settings.wall_tolerance for each in more) for x in fewer)
    is_one_row = len({(cell.row, cell.row_span) for cell in stretch.cells}) == 1
    return shared >= (settings.shared_walls_of_one_row if is_one_row else settings.shared_walls) * len(fewer)


def _make_section(stretch: _Stretch, words: WordsByCell) -> GridSection:
    grid = make_grid(stretch.cells)
    by_box = {cell.box: words[cell] for cell in stretch.cells}
    return GridSection(grid, {cell: by_box[cell.box] for cell in grid.cells}, stretch.walls)


def join_boxes_of_tables(sections: Sequence[GridSection]) -> list[GridSection]:
    """Return sections with boxes in the full width joined where their lines stand in columns under a head.

    Such a section has the boxes for rows, and walls where its columns meet, though none is drawn.
    """
    result: list[GridSection] = []
    for has_walls, group in itertools.groupby(sections, key=lambda section: bool(section.walls)):
        found = list(group)
        result += found if has_walls else _join_boxes(found)
    return result


def _join_boxes(boxes: list[GridSection]) -> list[GridSection]:
    words = [word for each in boxes for found in each.words.values() for word in found]
    lines = [TextLine(tuple(line)) for line in group_into_lines(build_segments(words))]
    rules = [RulingLine(y, each.grid.box.x0, each.grid.box.x1) for each in boxes for y in each.grid.row_edges]
    for found in reversed(find_aligned_tables(lines, sorted(set(rules)))):
        table = found.table
        inside = [n for n, each in enumerate(boxes) if table.box.top < each.grid.box.center[1] < table.box.bottom]
        if len(inside) > 1:
            first, last = inside[0], inside[-1] + 1
            boxes[first:last] = [_cut_at_columns(boxes[first:last], table.column_edges[1:-1])]
    return boxes


def _cut_at_columns(boxes: Sequence[GridSection], walls: Sequence[float]) -> GridSection:
    """Return boxes as the rows of one section with these walls."""
    left, right = min(each.grid.box.x0 for each in boxes), max(each.grid.box.x1 for each in boxes)
    words: WordsByCell = {}
    for each in boxes:
        found = [word for own in each.words.values() for word in own]
        for x0, x1 in itertools.pairwise([left, *walls, right]):
            cell = RuledCell(Rect(x0, each.grid.box.top, x1, each.grid.box.bottom), 0, 0)
            words[cell] = [word for word in found if x0 <= word.box.center[0] < x1]
    return _make_section(_Stretch(list(words), list(walls)), words)
