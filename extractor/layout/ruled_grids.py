"""Grids of cells from ruling lines: what the lines drawn on a page say about its tables."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.geometry import Rect, RulingLine, overlap, union

SNAP = 3.0
"""Lines nearer than this, in points, are one: borders are drawn double, or as the four sides of a thin rectangle."""

MAX_EDGES = 6000
"""A page with more ruled lines than this is a drawing, not a form."""


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
    """Ruled lines that enclose cells; `xs` and `ys` are where its columns and rows part."""

    box: Rect
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[RuledCell, ...]


def merge_collinear_lines(edges: Sequence[RulingLine], snap: float = SNAP) -> list[RulingLine]:
    """Edges on one line made one edge: those within `snap` of each other across, touching or overlapping along."""
    result: list[RulingLine] = []
    group: list[RulingLine] = []
    for edge in [*sorted(edges), None]:
        if edge is not None and (
            not group or (edge.position - group[-1].position <= snap and edge.position - group[0].position <= 2 * snap)
        ):
            group.append(edge)
            continue
        at = sum(each.position for each in group) / len(group) if group else 0.0
        start = end = None
        for each in sorted(group, key=lambda each: each.start):
            if start is None:
                start, end = each.start, each.end
            elif each.start <= end + snap:
                end = max(end, each.end)
            else:
                result.append(RulingLine(at, start, end))
                start, end = each.start, each.end
        if start is not None:
            result.append(RulingLine(at, start, end))
        group = [edge] if edge is not None else []
    return result


def find_grids(horizontal: Sequence[RulingLine], vertical: Sequence[RulingLine], snap: float = SNAP) -> list[RuledGrid]:
    """The grids that ruled lines form, merged cells with their spans; lines that enclose nothing are passed over.

    A side that was left undrawn, as tables open at the left and right have it, is closed where the lines across end
    together. Empty for a drawing with more than MAX_EDGES lines.
    """
    if len(horizontal) > 4 * MAX_EDGES or len(vertical) > 4 * MAX_EDGES:
        return []
    across, upright = merge_collinear_lines(horizontal, snap), merge_collinear_lines(vertical, snap)
    if not across or not upright or len(across) + len(upright) > MAX_EDGES:
        return []
    result = []
    for rows, columns in _components(across, upright, snap):
        columns = columns + _missing_sides(rows, columns, snap)
        result += _grids(rows, columns, snap)
    return result


def _components(
    across: list[RulingLine], upright: list[RulingLine], snap: float
) -> list[tuple[list[RulingLine], list[RulingLine]]]:
    """Lines that cross or touch, directly or by way of others, gathered."""
    parent = list(range(len(across) + len(upright)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    ats = [edge.position for edge in across]
    for number, line in enumerate(upright, start=len(across)):
        for other in range(bisect_left(ats, line.start - snap), bisect_right(ats, line.end + snap)):
            if across[other].start - snap <= line.position <= across[other].end + snap:
                parent[root(other)] = root(number)
    members: dict[int, tuple[list[RulingLine], list[RulingLine]]] = defaultdict(lambda: ([], []))
    for number, line in enumerate(across):
        members[root(number)][0].append(line)
    for number, line in enumerate(upright, start=len(across)):
        members[root(number)][1].append(line)
    return [(rows, columns) for rows, columns in members.values() if len(rows) >= 2 and columns]


def _missing_sides(rows: list[RulingLine], columns: list[RulingLine], snap: float) -> list[RulingLine]:
    """The left and right borders of a table that was ruled without them."""
    top, bottom = min(row.position for row in rows), max(row.position for row in rows)
    sides = []
    for ends, drawn, outward in (
        (sorted(row.start for row in rows), min(column.position for column in columns), -1),
        (sorted((row.end for row in rows), reverse=True), max(column.position for column in columns), 1),
    ):
        side = ends[0]
        together = [end for end in ends if abs(end - side) <= snap]
        if (side - drawn) * outward > 2 * snap and len(together) >= max(3, 0.6 * len(ends)):
            sides.append(RulingLine(side, top, bottom))
    return sides


def _positions(values: Iterable[float], snap: float) -> list[float]:
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > snap:
            result.append(value)
    return result


def _grids(rows: list[RulingLine], columns: list[RulingLine], snap: float) -> list[RuledGrid]:
    """The grids in lines that hang together: a page frame may hold several tables, parted by open space."""
    ys = _positions((row.position for row in rows), snap)
    xs = _positions((column.position for column in columns), snap)
    height, width = len(ys) - 1, len(xs) - 1
    if height < 1 or width < 1 or height * width > 100_000:
        return []
    # wall_above[r][c]: a line is drawn between elementary cells (r-1, c) and (r, c); wall_left likewise.
    wall_above = [[False] * width for _ in range(height + 1)]
    wall_left = [[False] * (width + 1) for _ in range(height)]
    _draw(rows, ys, xs, snap, lambda line, cell: wall_above[line].__setitem__(cell, True))
    _draw(columns, xs, ys, snap, lambda line, cell: wall_left[cell].__setitem__(line, True))

    region = [[-1] * width for _ in range(height)]
    cells: list[RuledCell] = []
    for row in range(height):
        for column in range(width):
            if region[row][column] >= 0:
                continue
            members, outside = _flood(row, column, wall_above, wall_left, region, row * width + column)
            if outside:
                continue
            cells += _rectangles(members, xs, ys)
    return [_compact(group) for group in _neighbours(cells)]


def _neighbours(cells: list[RuledCell]) -> list[list[RuledCell]]:
    """Cells that share a wall, directly or by way of others, gathered."""
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


def _draw(lines, positions, across, snap, mark) -> None:
    for line in lines:
        at = max(0, bisect_right(positions, line.position + 0.01) - 1)
        if at + 1 < len(positions) and positions[at + 1] - line.position < line.position - positions[at]:
            at += 1
        for cell in range(len(across) - 1):
            length = across[cell + 1] - across[cell]
            if overlap(line.start, line.end, across[cell], across[cell + 1]) >= max(length - 2 * snap, 0.25 * length):
                mark(at, cell)


def _flood(row, column, wall_above, wall_left, region, name) -> tuple[list[tuple[int, int]], bool]:
    """The elementary cells that no line parts from this one, and whether they leak out of the grid."""
    height, width = len(region), len(region[0])
    members, waiting, outside = [], [(row, column)], False
    region[row][column] = name
    while waiting:
        r, c = waiting.pop()
        members.append((r, c))
        for r2, c2, wall in (
            (r - 1, c, wall_above[r][c]),
            (r + 1, c, wall_above[r + 1][c]),
            (r, c - 1, wall_left[r][c]),
            (r, c + 1, wall_left[r][c + 1]),
        ):
            if wall:
                continue
            if not (0 <= r2 < height and 0 <= c2 < width):
                outside = True
            elif region[r2][c2] < 0:
                region[r2][c2] = name
                waiting.append((r2, c2))
    return members, outside


def _rectangles(members: list[tuple[int, int]], xs: list[float], ys: list[float]) -> list[RuledCell]:
    """The cells as one rectangle, or as one for each stretch of equal rows where they do not fill a rectangle."""
    by_row: dict[int, list[int]] = defaultdict(list)
    for row, column in members:
        by_row[row].append(column)
    pieces: list[list[int]] = []  # first row, last row, first column, last column
    for row in sorted(by_row):
        for first, last in _stretches(sorted(by_row[row])):
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


def _stretches(numbers: list[int]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for number in numbers:
        if result and number == result[-1][1] + 1:
            result[-1] = (result[-1][0], number)
        else:
            result.append((number, number))
    return result


def _compact(cells: list[RuledCell]) -> RuledGrid:
    """The grid with only the row and column lines that some cell begins or ends at."""
    xs = sorted({x for cell in cells for x in (cell.box.x0, cell.box.x1)})
    ys = sorted({y for cell in cells for y in (cell.box.top, cell.box.bottom)})
    column_of = {x: number for number, x in enumerate(xs)}
    row_of = {y: number for number, y in enumerate(ys)}
    placed = [
        RuledCell(
            cell.box,
            row_of[cell.box.top],
            column_of[cell.box.x0],
            row_of[cell.box.bottom] - row_of[cell.box.top],
            column_of[cell.box.x1] - column_of[cell.box.x0],
        )
        for cell in cells
    ]
    placed.sort(key=lambda cell: (cell.row, cell.column))
    return RuledGrid(union(cell.box for cell in cells), tuple(xs), tuple(ys), tuple(placed))
