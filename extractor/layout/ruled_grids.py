"""Grids of cells from ruling lines: what the lines drawn on a page say about its tables.

Lines that touch are gathered; their positions cut the area into elementary cells, and elementary cells without a line
between them are one merged cell.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from extractor.geometry import Rect, RulingLine, overlap, union
from extractor.settings import Settings, rule, threshold

MAX_LINES = 6000
"""A page with more ruling lines than this is a drawing, not a form."""
MAX_ELEMENTARY_CELLS = 100_000


@dataclass(frozen=True)
class RuledGridSettings(Settings):
    """When ruling lines are one line, and when they close a cell."""

    snap: float = threshold(
        3.0,
        unit="points",
        meaning="lines nearer than this are one: borders are drawn double, or as the four sides of a thin rectangle",
    )
    wall_share: float = threshold(
        0.25, meaning="least share of an elementary cell's side that a line must run along, to close the side"
    )
    close_open_sides: bool = rule(
        True,
        meaning="a table ruled without left and right borders is closed where its horizontal lines end together",
        chosen="33 reports of the ICDAR 2013 table competition: worth 0.009 F1; one loses 0.25 without it",
    )
    open_side_lines: int = threshold(3, meaning="fewest horizontal lines that end together at an open side")
    open_side_share: float = threshold(0.6, meaning="share of the horizontal lines that end together at an open side")
    close_open_ends: bool = rule(
        True, meaning="a table that a page break left without upper or lower border is closed where its walls end"
    )
    open_end_lines: int = threshold(3, meaning="fewest vertical lines that end together at an open end")
    open_end_share: float = threshold(0.6, meaning="share of the vertical lines that end together at an open end")
    close_broken_walls: bool = rule(
        True, meaning="where walls between columns break off together, inside of an outline, a row begins or ends"
    )
    broken_walls: int = threshold(
        3, meaning="fewest walls that break off together: the sides of a bar of a chart are two"
    )
    shortest_wall: float = threshold(
        8.0, unit="points", meaning="a shorter piece of a wall that ends alone is the tick of an axis, or noise"
    )


@dataclass(frozen=True, slots=True)
class RuledCell:
    """One cell of a grid, its place counted in the grid's own rows and columns."""

    box: Rect
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class RuledGrid:
    """Cells that ruling lines enclose, side by side."""

    box: Rect
    column_edges: tuple[float, ...]
    """The x at which columns begin and end, one more than there are columns."""
    row_edges: tuple[float, ...]
    """The y at which rows begin and end, one more than there are rows."""
    cells: tuple[RuledCell, ...]
    undrawn_rows: frozenset[float] = frozenset()
    """Those of the row edges where no line is drawn, but walls break off: what stands beside them may go on."""


def merge_collinear_lines(lines: Sequence[RulingLine]) -> list[RulingLine]:
    """Merge parallel lines that lie on one line, within the snap distance of each other, and touch or overlap."""
    snap = RuledGridSettings.current().snap
    result: list[RulingLine] = []
    group: list[RulingLine] = []
    for line in sorted(lines):
        near = not group or (
            line.position - group[-1].position <= snap and line.position - group[0].position <= 2 * snap
        )
        if not near:
            result += _merge_ends(group, snap)
            group = []
        group.append(line)
    return result + _merge_ends(group, snap)


def _merge_ends(lines: Sequence[RulingLine], snap: float) -> list[RulingLine]:
    """Merge lines of nearly one position where they touch or overlap, at their mean position."""
    position = sum(line.position for line in lines) / len(lines) if lines else 0.0
    result: list[RulingLine] = []
    for line in sorted(lines, key=lambda line: line.start):
        if result and line.start <= result[-1].end + snap:
            result[-1] = RulingLine(position, result[-1].start, max(result[-1].end, line.end))
        else:
            result.append(RulingLine(position, line.start, line.end))
    return result


def find_grids(horizontal: Sequence[RulingLine], vertical: Sequence[RulingLine]) -> list[RuledGrid]:
    """Return the grids that ruling lines form, merged cells with their spans; lines that enclose nothing are left out.

    A side that was left undrawn, as tables open at the left and right have it, is closed where the horizontal lines end
    together. Empty for a drawing with more than MAX_LINES lines.
    """
    settings = RuledGridSettings.current()
    if len(horizontal) > 4 * MAX_LINES or len(vertical) > 4 * MAX_LINES:
        return []
    rows, columns = merge_collinear_lines(horizontal), merge_collinear_lines(vertical)
    if not rows or not columns or len(rows) + len(columns) > MAX_LINES:
        return []
    result = []
    for own_rows, own_columns in _connected_lines(rows, columns, settings.snap):
        if settings.close_open_sides:
            own_columns = own_columns + _undrawn_sides(own_rows, own_columns, settings)
        if settings.close_open_ends:
            own_rows = own_rows + _undrawn_ends(own_rows, own_columns, settings)
        undrawn = _undrawn_row_lines(own_rows, own_columns, settings) if settings.close_broken_walls else []
        ys = {line.position for line in undrawn}
        for grid in _grids_of_lines(own_rows + undrawn, own_columns, settings):
            result.append(replace(grid, undrawn_rows=frozenset(ys.intersection(grid.row_edges))))
    return result


def _connected_lines(
    horizontal: list[RulingLine], vertical: list[RulingLine], snap: float
) -> list[tuple[list[RulingLine], list[RulingLine]]]:
    """Gather lines that cross or touch, directly or by way of others; only those that may enclose something."""
    parent = list(range(len(horizontal) + len(vertical)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    positions = [line.position for line in horizontal]
    for number, line in enumerate(vertical, start=len(horizontal)):
        first, last = bisect_left(positions, line.start - snap), bisect_right(positions, line.end + snap)
        for other in range(first, last):
            if horizontal[other].start - snap <= line.position <= horizontal[other].end + snap:
                parent[root(other)] = root(number)
    members: dict[int, tuple[list[RulingLine], list[RulingLine]]] = defaultdict(lambda: ([], []))
    for number, line in enumerate(horizontal):
        members[root(number)][0].append(line)
    for number, line in enumerate(vertical, start=len(horizontal)):
        members[root(number)][1].append(line)
    return [(rows, columns) for rows, columns in members.values() if len(rows) >= 2 and columns]


def _undrawn_sides(rows: list[RulingLine], columns: list[RulingLine], settings: RuledGridSettings) -> list[RulingLine]:
    """Return the left and right borders of a table that was ruled without them."""
    snap = settings.snap
    top, bottom = min(row.position for row in rows), max(row.position for row in rows)
    sides = []
    for ends, drawn, outward in (
        (sorted(row.start for row in rows), min(column.position for column in columns), -1),
        (sorted((row.end for row in rows), reverse=True), max(column.position for column in columns), 1),
    ):
        side = ends[0]
        together = sum(abs(end - side) <= snap for end in ends)
        least = max(settings.open_side_lines, settings.open_side_share * len(ends))
        if (side - drawn) * outward > 2 * snap and together >= least:
            sides.append(RulingLine(side, top, bottom))
    return sides


def _undrawn_ends(rows: list[RulingLine], columns: list[RulingLine], settings: RuledGridSettings) -> list[RulingLine]:
    """Return the upper and the lower border of a table that a page break left without them."""
    snap = settings.snap
    left, right = min(column.position for column in columns), max(column.position for column in columns)
    ends = []
    starts, stops = [column.start for column in columns], [column.end for column in columns]
    for reached, end in ((starts, min(starts)), (stops, max(stops))):
        together = sum(abs(each - end) <= snap for each in reached)
        least = max(settings.open_end_lines, settings.open_end_share * len(reached))
        drawn = sum(row.length for row in rows if abs(row.position - end) <= 2 * snap)
        if together >= least and drawn < right - left - 2 * snap:
            ends.append(RulingLine(end, left, right))
    return ends


def _undrawn_row_lines(
    rows: list[RulingLine], columns: list[RulingLine], settings: RuledGridSettings
) -> list[RulingLine]:
    """Return lines between rows that were left undrawn, though the walls of the one break off before the other.

    Line items may stand between walls, and their sum, or a blank, under them in the full width.
    """
    snap = settings.snap
    ends: list[tuple[float, float]] = []  # y and x of each end that touches no horizontal line
    for column in columns:
        if column.length >= settings.shortest_wall:
            for y in (column.start, column.end):
                if not any(
                    abs(row.position - y) <= 2 * snap and row.start - snap <= column.position <= row.end + snap
                    for row in rows
                ):
                    ends.append((y, column.position))
    found: list[RulingLine] = []
    together: list[tuple[float, float]] = []
    for y, x in [*sorted(ends), (math.inf, math.inf)]:
        if together and y - together[0][0] > snap:
            if len({at for _, at in together}) >= settings.broken_walls:
                found += _line_between_walls(together, columns, snap)
            together = []
        together.append((y, x))
    return found


def _line_between_walls(
    ends: Sequence[tuple[float, float]], columns: list[RulingLine], snap: float
) -> list[RulingLine]:
    """Return the line through the ends of walls, given as y and x, from a wall that runs on at their left to one right.

    Empty where there is none on either side.
    """
    y = sum(at for at, _ in ends) / len(ends)
    passing = [column.position for column in columns if column.start < y - snap and y + snap < column.end]
    first, last = min(x for _, x in ends), max(x for _, x in ends)
    left = max((x for x in passing if x < first - snap), default=None)
    right = min((x for x in passing if x > last + snap), default=None)
    return [] if left is None or right is None else [RulingLine(y, left, right)]


def _grids_of_lines(rows: list[RulingLine], columns: list[RulingLine], settings: RuledGridSettings) -> list[RuledGrid]:
    """Return the grids in lines that are connected: a page frame may hold several tables, with open space between."""
    ys = _distinct((row.position for row in rows), settings.snap)
    xs = _distinct((column.position for column in columns), settings.snap)
    height, width = len(ys) - 1, len(xs) - 1
    if height < 1 or width < 1 or height * width > MAX_ELEMENTARY_CELLS:
        return []
    # wall_above[line][column]: a line is drawn between elementary cells (line - 1, column) and (line, column).
    wall_above = _find_walls(rows, ys, xs, settings)
    # wall_left[line][row]: a line is drawn between elementary cells (row, line - 1) and (row, line).
    wall_left = _find_walls(columns, xs, ys, settings)
    region = [[-1] * width for _ in range(height)]
    cells: list[RuledCell] = []
    for row in range(height):
        for column in range(width):
            if region[row][column] < 0:
                members, leaks = _flood(row, column, wall_above, wall_left, region)
                if not leaks:
                    cells += _rectangles(members, xs, ys)
    return [make_grid(group) for group in _group_neighbours(cells)]


def _distinct(values: Iterable[float], snap: float) -> list[float]:
    """Return values in order, without those within the snap distance of the one before."""
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > snap:
            result.append(value)
    return result


def _find_walls(
    lines: list[RulingLine], positions: list[float], cuts: list[float], settings: RuledGridSettings
) -> list[list[bool]]:
    """Return for each of `positions` along which of the stretches between `cuts` one of the lines is drawn."""
    walls = [[False] * (len(cuts) - 1) for _ in positions]
    for line in lines:
        at = max(0, bisect_right(positions, line.position + 0.01) - 1)
        if at + 1 < len(positions) and positions[at + 1] - line.position < line.position - positions[at]:
            at += 1
        for cell in range(len(cuts) - 1):
            length = cuts[cell + 1] - cuts[cell]
            least = max(length - 2 * settings.snap, settings.wall_share * length)
            if overlap(line.start, line.end, cuts[cell], cuts[cell + 1]) >= least:
                walls[at][cell] = True
    return walls


def _flood(
    row: int, column: int, wall_above: list[list[bool]], wall_left: list[list[bool]], region: list[list[int]]
) -> tuple[list[tuple[int, int]], bool]:
    """Return the elementary cells that no line separates from this one, and whether they leak out of the grid.

    They are marked in `region`, which holds -1 for cells that were not reached yet.
    """
    height, width = len(region), len(region[0])
    name = row * width + column
    members, waiting, leaks = [], [(row, column)], False
    region[row][column] = name
    while waiting:
        r, c = waiting.pop()
        members.append((r, c))
        for next_row, next_column, wall in (
            (r - 1, c, wall_above[r][c]),
            (r + 1, c, wall_above[r + 1][c]),
            (r, c - 1, wall_left[c][r]),
            (r, c + 1, wall_left[c + 1][r]),
        ):
            if wall:
                continue
            if not (0 <= next_row < height and 0 <= next_column < width):
                leaks = True
            elif region[next_row][next_column] < 0:
                region[next_row][next_column] = name
                waiting.append((next_row, next_column))
    return members, leaks


def _rectangles(members: list[tuple[int, int]], xs: list[float], ys: list[float]) -> list[RuledCell]:
    """Return elementary cells as one rectangle, or as one for each stretch of equal rows where they fill none."""
    by_row: dict[int, list[int]] = defaultdict(list)
    for row, column in members:
        by_row[row].append(column)
    pieces: list[list[int]] = []  # first row, last row, first column, last column
    for row in sorted(by_row):
        for first, last in _consecutive(sorted(by_row[row])):
            for piece in pieces:
                if piece[1] == row - 1 and piece[2:] == [first, last]:
                    piece[1] = row
                    break
            else:
                pieces.append([row, row, first, last])
    return [
        RuledCell(Rect(xs[c0], ys[r0], xs[c1 + 1], ys[r1 + 1]), r0, c0, r1 - r0 + 1, c1 - c0 + 1)
        for r0, r1, c0, c1 in pieces
    ]


def _consecutive(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers as (first, last)."""
    result: list[tuple[int, int]] = []
    for number in numbers:
        if result and number == result[-1][1] + 1:
            result[-1] = (result[-1][0], number)
        else:
            result.append((number, number))
    return result


def _group_neighbours(cells: list[RuledCell]) -> list[list[RuledCell]]:
    """Gather cells that share a wall, directly or by way of others."""
    at: dict[tuple[int, int], int] = {}
    for number, cell in enumerate(cells):
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                at[row, column] = number
    groups: list[list[RuledCell]] = []
    seen: set[int] = set()
    for first in range(len(cells)):
        if first in seen:
            continue
        seen.add(first)
        waiting, group = [first], []
        while waiting:
            cell = cells[waiting.pop()]
            group.append(cell)
            below, right = cell.row + cell.row_span, cell.column + cell.column_span
            around = [(row, column) for row in range(cell.row, below) for column in (cell.column - 1, right)]
            around += [(row, column) for column in range(cell.column, right) for row in (cell.row - 1, below)]
            for place in around:
                if place in at and at[place] not in seen:
                    seen.add(at[place])
                    waiting.append(at[place])
        groups.append(group)
    return groups


def make_grid(cells: list[RuledCell]) -> RuledGrid:
    """Return the grid of some cells, with only the row and column lines that one of them begins or ends at."""
    column_edges = sorted({x for cell in cells for x in (cell.box.x0, cell.box.x1)})
    row_edges = sorted({y for cell in cells for y in (cell.box.top, cell.box.bottom)})
    column_of = {x: number for number, x in enumerate(column_edges)}
    row_of = {y: number for number, y in enumerate(row_edges)}
    placed = [
        replace(
            cell,
            row=row_of[cell.box.top],
            column=column_of[cell.box.x0],
            row_span=row_of[cell.box.bottom] - row_of[cell.box.top],
            column_span=column_of[cell.box.x1] - column_of[cell.box.x0],
        )
        for cell in cells
    ]
    placed.sort(key=lambda cell: (cell.row, cell.column))
    return RuledGrid(union(cell.box for cell in cells), tuple(column_edges), tuple(row_edges), tuple(placed))
