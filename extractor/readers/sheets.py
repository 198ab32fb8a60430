"""Cells on a sheet become paragraphs and grids: blank rows part tables, a line over a table is its heading.

A sheet may hold several tables over and beside each other, with titles and notes between them; nothing tells them apart
but the blanks, and a line with a head of its own below it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise

from extractor import tables
from extractor.readers import text as plain
from extractor.readers.flow_writer import Grid, GridCell, Paragraph

_SAYS = re.compile(r"[:：]\s*\S|\w.{2,}[.!?。！？]$|.{80}", re.DOTALL)
"""Text that says something by itself: a label with its value behind it, a sentence, or much text."""

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
    for band in chain.from_iterable(map(_stacked, _bands(filled))):
        above, rest = _lines_on_top(band, level)
        rest, below = _lines_below(rest, level)
        parts += above
        for block in _beside(rest):
            parts += _block(block)
        parts += below
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


def _stacked(band: list[SheetCell]) -> list[list[SheetCell]]:
    """The tables that stand one right under the other, each from its title on.

    A line below values begins another table if rows without values follow it, a head, before those with values. A line
    that the values follow is the title of a section, and the head over the table holds for it too.
    """
    rows = [list(row) for _, row in groupby(band, key=lambda cell: cell.row)]
    valued = [_has_value(row) for row in rows]
    alone = [len(row) == 1 and row[0].row_span == 1 and not has for row, has in zip(rows, valued, strict=True)]
    # For each row, whether it or the next one of several cells is a head, with values further down.
    heads = [False] * len(rows)
    head, values = False, False
    for number in reversed(range(len(rows))):
        values = values or valued[number]
        head = head if alone[number] else values and not valued[number]
        heads[number] = head
    starts, begun = [0], False
    for number, value in enumerate(valued):
        if alone[number] and begun and heads[number]:
            starts.append(number)
            begun = False
        begun = begun or value
    return [[cell for row in rows[start:end] for cell in row] for start, end in pairwise([*starts, len(rows)])]


def _has_value(row: Sequence[SheetCell]) -> bool:
    return any(tables.is_value(tables.collapse_whitespace(cell.text)) for cell in row)


def _lines_on_top(band: list[SheetCell], level: int) -> tuple[list[Paragraph], list[SheetCell]]:
    """The titles and lines over a table, each the only cell of its row, and the rest."""
    lines: list[Paragraph] = []
    at = 0
    while at + 2 < len(band):
        cell, following, beyond = band[at : at + 3]
        if cell.row_span > 1 or following.row == cell.row or tables.is_value(tables.collapse_whitespace(cell.text)):
            break
        heading = plain.heading_level(cell.text, alone=True)
        # It may be the label of the first row, without a value; not among lines, though, unless it ends as one.
        label = cell.text.rstrip().endswith((":", "：")) or (not lines and following.row == beyond.row)
        if label and not heading and cell.column_span == 1 and not _SAYS.search(cell.text):
            break
        # A title under a title is inside it.
        depth = max(level + heading - 1, level + sum(line.kind == "heading" for line in lines[:9]))
        lines.append(Paragraph(cell.text, "heading" if heading else "paragraph", depth if heading else 0))
        at += 1
    return lines, band[at:]


def _lines_below(band: list[SheetCell], level: int) -> tuple[list[SheetCell], list[Paragraph]]:
    """The rest of a table, and the lines under it, from the first that says something; each is alone in its row."""
    reached = list(accumulate((cell.row + cell.row_span for cell in band), max))
    at = len(band)
    while at > 2 and band[at - 1].row >= reached[at - 2]:
        at -= 1
    says = [bool(_SAYS.search(cell.text)) for cell in band[at:]]
    depths = [plain.heading_level(cell.text) for cell in band[at:]]
    last = max((n for n, one in enumerate(says) if one), default=-1)
    first = next((n for n, depth in enumerate(depths) if says[n] or (depth and n < last)), len(says))
    lines = [
        Paragraph(cell.text, "heading", level + depth - 1) if depth else Paragraph(cell.text)
        for cell, depth in zip(band[at + first :], depths[first:], strict=True)
    ]
    return band[: at + first], lines


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
