"""Place the header rows of a flattened table: from rows of headers to headers over columns.

A header that reaches down over several rows shows in one of two ways: a blank stands below it in the lower rows (as
HTML and word processors write merged cells out), or nothing does, and the lower rows are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.problems import ProblemKind
from extractor.tables.cells import CellRow
from extractor.tables.header_spans import HeaderCell, HeaderSpanCosts, group_headers
from extractor.tables.placement import CellPlacement, GridPlacement, count_problem
from extractor.tables.row_shapes import BodyShape
from extractor.types import Problem

MAX_ROWS_WITHOUT_BLANKS = 3
"""Header rows that are searched for headers which reach down and leave nothing below them."""


def place_header_rows(rows: list[CellRow], numbers: list[int], shape: BodyShape, into: GridPlacement) -> None:
    """Place the rows with these numbers, the header rows over a body of this shape; say what could not be matched."""
    levels = [[HeaderCell(cell) for cell in rows[number]] for number in numbers]
    bottom = levels[-1]
    groups: list[list[int] | None] = [None] * len(levels)
    if any(len(level) != shape.width for level in levels):
        _widen_bottom_row(bottom, shape, len(levels))
        has_blanks = any(header.is_blank for level in levels[1:] for header in level)
        split = None
        if len(levels) > 1 and len(bottom) < shape.width and not has_blanks:
            split = _group_without_blanks(levels, shape)
        for upper in range(len(levels) - 2, -1, -1):
            if split is not None:
                groups[upper] = split.groups[upper]
                labels = min(shape.labels, 1) if upper == 0 else 0
                if _is_guess(levels[upper], levels[upper + 1], split.groups[upper], labels):
                    message = (
                        f"row {numbers[upper] + 1}: which of its headers stand over row {numbers[upper] + 2} is a guess"
                    )
                    into.problems.append(Problem((), ProblemKind.TABLE_ROWS, f"{message}; check the columns' headers"))
            elif (found := group_headers(levels[upper], levels[upper + 1])) is not None:
                groups[upper] = found.sizes()
            else:
                into.problems.append(count_problem(numbers[upper], len(levels[upper]), shape.width))
    _place_levels(levels, groups, numbers, into)
    width = sum(header.width for header in bottom)
    if width > shape.width or (len(levels) == 1 and width != shape.width and not into.may_end_early):
        problem = count_problem(numbers[-1], len(bottom), shape.width)
        into.problems.append(replace(problem, kind=ProblemKind.TABLE_HEADS))


def cost_with_blanks(rows: list[CellRow], labels: int) -> float:
    """Return how badly header rows fit one another where cells that reach down leave a blank in the rows below.

    One row alone costs nothing but its blanks; `HeaderSpanCosts.impossible` is for rows that cannot be matched.
    """
    costs = HeaderSpanCosts.current()
    levels = [[HeaderCell(cell) for cell in row] for row in rows]
    cost = costs.blank_in_first_row * sum(cell.kind == "blank" for row in rows[:1] for cell in row[1:])
    for upper, lower in reversed(list(pairwise(levels))):
        found = group_headers(upper, lower) if len(upper) <= len(lower) else None
        if found is None:
            return costs.impossible
        if labels and not lower[0].is_blank and any(header.is_blank for header in lower):
            cost += costs.corner_ends
        cost += found.cost
    return cost


def cost_without_blanks(rows: list[CellRow], shape: BodyShape) -> float:
    """Return how badly header rows fit a body where cells that reach down leave nothing in the rows below.

    One row fits when it has a cell for every column, or one for all the labels together. `HeaderSpanCosts.impossible`
    is for rows that cannot be matched.
    """
    costs = HeaderSpanCosts.current()
    if len(rows) == 1:
        fits = len(rows[0]) in (shape.width, shape.values + min(shape.labels, 1))
        return 0.0 if fits else costs.impossible
    if any(len(upper) > len(lower) + shape.width for upper, lower in pairwise(rows)):
        return costs.impossible
    levels = [[HeaderCell(cell) for cell in row] for row in rows]
    split = _group_without_blanks(levels, shape)
    if split is None:
        return costs.impossible
    cost = costs.header_row * len(levels) + split.cost
    for upper, sizes in enumerate(split.groups):
        before_groups = next((number for number, size in enumerate(sizes) if size), 0)
        corners = min(shape.labels, before_groups) if upper == 0 else 0  # these may stand over label columns
        cost += costs.guess * _is_guess(levels[upper], levels[upper + 1], sizes, corners)
    return cost


# Rows below which headers that reach down left nothing.


@dataclass(frozen=True, slots=True)
class _HeaderSplit:
    """For each header row but the last, how many headers of the next row each header governs.

    `corners` is how many first headers of the first row stand over the label columns.
    """

    cost: float
    corners: int
    groups: list[list[int]]


def _group_without_blanks(levels: list[list[HeaderCell]], shape: BodyShape) -> _HeaderSplit | None:
    """Return the cheapest split of header rows whose tall headers left nothing below, and set the headers' widths.

    How many headers of each row reach down follows from the width of the body; with three rows every way to spread them
    is tried, and with several label columns, one corner over all of them and one over each.
    """
    missing = shape.values - len(levels[-1])
    if missing < 0 or len(levels) > MAX_ROWS_WITHOUT_BLANKS:
        return None
    separate_corners = HeaderSpanCosts.current().separate_corners
    ways: list[tuple[float, int, tuple[int, ...]]] = []
    for corners in sorted({min(shape.labels, 1), shape.labels}):
        for tall_in_second in range(missing + 1) if len(levels) == 3 else (0,):
            childless = (missing - tall_in_second, tall_in_second)
            found = _try_childless(levels, corners, childless)
            if found is not None:
                ways.append((found.cost + separate_corners * (corners > 1), corners, childless))
    if not ways:
        return None
    cheapest = min(ways, key=lambda way: way[0])
    split = _try_childless(levels, cheapest[1], cheapest[2])  # again, since it sets the widths
    for header in levels[0][: split.corners]:
        header.width = shape.labels if split.corners == 1 else 1
    return split


def _try_childless(levels: list[list[HeaderCell]], corners: int, childless: tuple[int, ...]) -> _HeaderSplit | None:
    cost = 0.0
    groups: list[list[int]] = []
    for upper in range(len(levels) - 2, -1, -1):
        skipped = corners if upper == 0 else 0
        found = group_headers(levels[upper][skipped:], levels[upper + 1], childless[upper])
        if found is None:
            return None
        cost += found.cost
        groups.insert(0, [0] * skipped + found.sizes())
    return _HeaderSplit(cost, corners, groups)


def _is_guess(upper: list[HeaderCell], lower: list[HeaderCell], sizes: list[int], corners: int) -> bool:
    """Return whether no text tells which headers reach down: none of those that govern nothing stands below again."""
    pairs = zip(upper[corners:], sizes[corners:], strict=True)
    childless = {header.cell.text for header, size in pairs if not size}
    return bool(childless) and not childless & {header.cell.text for header in lower}


# Placing.


def _widen_bottom_row(bottom: list[HeaderCell], shape: BodyShape, depth: int) -> None:
    """Set the widths in the lowest header row where it is short: one header for all labels, equal groups of values."""
    if len(bottom) == shape.width:
        return
    groups = len(bottom) - 1
    if shape.labels > 1 and groups == shape.values:
        bottom[0].width = shape.labels
    elif depth == 1 and shape.labels and 0 < groups < shape.width - 1 and shape.values % groups == 0:
        bottom[0].width = shape.labels
        for header in bottom[1:]:
            header.width = shape.values // groups


def _place_levels(
    levels: list[list[HeaderCell]], groups: Sequence[list[int] | None], numbers: list[int], into: GridPlacement
) -> None:
    """Place the headers from the top down; a blank that continues the header above becomes part of its span."""
    _set_columns(levels[0], 0)
    continued: dict[int, CellPlacement] = {}  # position in the row -> the header of a row above that goes on there
    for level, headers in enumerate(levels):
        sizes = groups[level]
        continued_below: dict[int, CellPlacement] = {}
        position = 0
        for number, header in enumerate(headers):
            placed = continued.get(number)
            if placed is None:
                placed = CellPlacement(header.cell, numbers[level], header.column, 1, header.width)
                into.placed.append(placed)
            else:
                placed.row_span += 1
            if sizes is None:
                continue
            if sizes[number] == 0:
                placed.row_span = numbers[-1] - placed.row + 1
            _set_columns(levels[level + 1][position : position + sizes[number]], header.column)
            if header.continues:
                continued_below[position] = placed
            position += sizes[number]
        if sizes is None and level + 1 < len(levels):
            _set_columns(levels[level + 1], 0)
        continued = continued_below


def _set_columns(headers: Sequence[HeaderCell], column: int) -> None:
    for header in headers:
        header.column = column
        column += header.width
