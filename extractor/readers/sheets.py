"""Cells on a sheet become paragraphs and grids: blank rows part tables, a line over a table is its heading.

A sheet may hold several tables over and beside each other, with titles and notes between them; nothing but the blanks
tells them apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor import tables
from extractor.readers import text as plain
from extractor.readers.flow import Grid, GridCell, Paragraph

_MOST_BLANKS = 1_000_000
"""Blank cells written out in one table; a few cells far apart must not fill memory."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell with text, at its place on the sheet; `row` and `column` count from 0."""

    text: str
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


def parts_of_sheet(cells: Iterable[SheetCell], level: int = 1) -> list[Paragraph | Grid]:
    """What is on a sheet, from the top: grids and the lines between them, headings from `level` on.

    Cells without text may be left out. Blank columns inside a table are taken out.
    """
    filled = sorted((cell for cell in cells if cell.text.strip()), key=lambda cell: (cell.row, cell.column))
    parts: list[Paragraph | Grid] = []
    for band in _bands(filled):
        lines, rest = _lines_on_top(band, level)
        parts += lines
        for block in _beside(rest):
            parts += _block(block)
    return parts


def _bands(cells: Sequence[SheetCell]) -> list[list[SheetCell]]:
    """The cells between blank rows."""
    bands: list[list[SheetCell]] = []
    reached = -2
    for cell in cells:
        if cell.row > reached + 1:
            bands.append([])
        bands[-1].append(cell)
        reached = max(reached, cell.row + cell.row_span - 1)
    return bands


def _lines_on_top(band: list[SheetCell], level: int) -> tuple[list[Paragraph], list[SheetCell]]:
    """The titles over a table, each the only cell of its row, and the rest."""
    lines: list[Paragraph] = []
    while len(band) > 2:
        first, second = band[0], band[1]
        if (
            second.row < first.row + first.row_span
            or first.row_span > 1
            or tables.is_value(tables.one_line(first.text))
        ):
            break
        heading = plain.heading_level(first.text, alone=True)
        # What stands alone in its row and spans no others may be a label without a value, unless it reads as a title.
        if first.column_span == 1 and not heading:
            break
        follow = sum(cell.row == second.row for cell in band[1:])
        if follow == 1 and not heading:
            break
        kind = "heading" if heading else "paragraph"
        # A title under a title is inside it.
        depth = max(level + heading - 1, level + sum(line.kind == "heading" for line in lines))
        lines.append(Paragraph(first.text, kind, depth if heading else 0))
        band = band[1:]
    return lines, band


def _beside(cells: list[SheetCell]) -> list[list[SheetCell]]:
    """The tables that stand beside each other, a blank column between them; each two rows high and two columns wide."""
    covered = sorted({c for cell in cells for c in range(cell.column, cell.column + min(cell.column_span, 1000))})
    gaps = [after for before, after in pairwise(covered) if after > before + 1]
    if not gaps:
        return [cells]
    blocks: list[list[SheetCell]] = []
    edges = [covered[0], *gaps, covered[-1] + 1]
    for left, right in pairwise(edges):
        blocks.append([cell for cell in cells if left <= cell.column < right])
    large = all(len({cell.column for cell in block}) > 1 and len({cell.row for cell in block}) > 1 for block in blocks)
    return blocks if large else [cells]


def _block(cells: list[SheetCell]) -> list[Paragraph | Grid]:
    # Rows and columns in which nothing begins are closed up; spans shrink by those they cover.
    rows, columns = sorted({cell.row for cell in cells}), sorted({cell.column for cell in cells})
    placed = []
    for cell in cells:
        row, column = bisect_left(rows, cell.row), bisect_left(columns, cell.column)
        row_span = bisect_left(rows, cell.row + cell.row_span) - row
        column_span = bisect_left(columns, cell.column + cell.column_span) - column
        placed.append(SheetCell(cell.text, row, column, row_span, column_span))
    height, width = len(rows), len(columns)
    if width == 1:
        return [Paragraph(cell.text) for cell in placed]
    if height == 1:
        return [Paragraph("\t".join(" ".join(cell.text.split()) for cell in placed))]
    grid = [
        GridCell(cell.row, cell.column, (Paragraph(cell.text),), cell.row_span, cell.column_span) for cell in placed
    ]
    if height * width <= _MOST_BLANKS + len(placed):
        taken = {
            (cell.row + down, cell.column + right)
            for cell in placed
            for down in range(cell.row_span)
            for right in range(cell.column_span)
        }
        grid += [
            GridCell(row, column) for row in range(height) for column in range(width) if (row, column) not in taken
        ]
    return [Grid(tuple(grid))]
