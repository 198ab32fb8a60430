"""Cells on a sheet become paragraphs and tables: blank rows separate tables, a line above a table is its heading.

A sheet may hold several tables above and beside each other, with titles and notes between them; only the blanks, and a
line with a header below it, tell them apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise

from extractor import tables
from extractor.readers.flow_writer import FlowCell, FlowParagraph, FlowTable
from extractor.readers.headings import heading_level

_SELF_CONTAINED = re.compile(r"[:：]\s*\S|\w.{2,}[.!?。！？]$|.{80}", re.DOTALL)
"""Text that makes sense by itself: a label with its value behind it, a sentence, or much text."""

_MAX_BLANK_CELLS = 1_000_000
"""Blank cells written out in one table; a few cells far apart must not fill the memory."""
_MAX_COLUMN_SPAN = 1000
_MAX_TITLES = 9
"""Titles above one table that count for the level of the next."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell with text, at its place on the sheet; `row` and `column` count from 0."""

    text: str
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


def split_sheet(cells: Iterable[SheetCell], level: int = 1) -> list[FlowParagraph | FlowTable]:
    """Return what is on a sheet, from the top: tables and the lines between them, headings from `level` on.

    Cells without text may be left out. Blank columns inside a table are removed.
    """
    filled = sorted((cell for cell in cells if cell.text.strip()), key=lambda cell: (cell.row, cell.column))
    elements: list[FlowParagraph | FlowTable] = []
    bands = list(chain.from_iterable(map(_split_stacked_tables, _split_at_blank_rows(filled))))
    for band, following in zip(bands, [*bands[1:], []], strict=True):
        if _is_title(band, following):
            elements.append(FlowParagraph(band[0].text, "heading", level))
            continue
        above, rest = _take_lines_above(band, level)
        rest, below = _take_lines_below(rest, level)
        elements += above
        for block in _split_side_by_side(rest):
            elements += _build_elements(block)
        elements += below
    return elements


def _is_title(band: Sequence[SheetCell], following: Sequence[SheetCell]) -> bool:
    """Decide whether a line by itself is the title of the table below it, with no more than a blank row between."""
    if len(band) != 1 or not following or following[0].row - band[0].row - band[0].row_span > 1:
        return False
    text = tables.collapse_whitespace(band[0].text)
    is_text = not tables.is_value(text) and not _SELF_CONTAINED.search(text) and not text.endswith((":", "："))
    first_row = [cell for cell in following if cell.row == following[0].row]
    return is_text and len(first_row) > 1 and following[-1].row > following[0].row


def _split_at_blank_rows(cells: Sequence[SheetCell]) -> list[list[SheetCell]]:
    bands: list[list[SheetCell]] = []
    last_row = -2
    for cell in cells:
        if cell.row > last_row + 1:
            bands.append([])
        bands[-1].append(cell)
        last_row = max(last_row, cell.row + cell.row_span - 1)
    return bands


def _split_stacked_tables(band: list[SheetCell]) -> list[list[SheetCell]]:
    """Return the tables that stand directly below one another, each from its title on.

    A line below values begins another table if rows without values follow it, a header, before rows with values. A
    line that the values follow directly is the title of a section, for which the header of the table holds too.
    """
    rows = [list(row) for _, row in groupby(band, key=lambda cell: cell.row)]
    has_value = [_has_value(row) for row in rows]
    is_line = [len(row) == 1 and row[0].row_span == 1 and not has for row, has in zip(rows, has_value, strict=True)]
    # For each row, whether it or the next row of several cells is a header with values further down.
    leads_to_header = [False] * len(rows)
    header, values_below = False, False
    for number in reversed(range(len(rows))):
        values_below = values_below or has_value[number]
        header = header if is_line[number] else values_below and not has_value[number]
        leads_to_header[number] = header
    starts, values_above = [0], False
    for number, value in enumerate(has_value):
        if is_line[number] and values_above and leads_to_header[number]:
            starts.append(number)
            values_above = False
        values_above = values_above or value
    return [[cell for row in rows[start:end] for cell in row] for start, end in pairwise([*starts, len(rows)])]


def _has_value(row: Sequence[SheetCell]) -> bool:
    return any(tables.is_value(tables.collapse_whitespace(cell.text)) for cell in row)


def _take_lines_above(band: list[SheetCell], level: int) -> tuple[list[FlowParagraph], list[SheetCell]]:
    """Return the titles and lines above a table, each the only cell of its row, and the other cells."""
    lines: list[FlowParagraph] = []
    at = 0
    while at + 2 < len(band):
        cell, following, second = band[at : at + 3]
        if cell.row_span > 1 or following.row == cell.row or tables.is_value(tables.collapse_whitespace(cell.text)):
            break
        heading = heading_level(cell.text, alone=True)
        # It may be the label of the first row, without a value; not after other lines, though, unless it ends as one.
        is_label = cell.text.rstrip().endswith((":", "：")) or (not lines and following.row == second.row)
        if is_label and not heading and cell.column_span == 1 and not _SELF_CONTAINED.search(cell.text):
            break
        # A title below a title is inside it.
        depth = max(level + heading - 1, level + sum(line.kind == "heading" for line in lines[:_MAX_TITLES]))
        lines.append(FlowParagraph(cell.text, "heading" if heading else "paragraph", depth if heading else 0))
        at += 1
    return lines, band[at:]


def _take_lines_below(band: list[SheetCell], level: int) -> tuple[list[SheetCell], list[FlowParagraph]]:
    """Return the other cells, and the lines below a table from the first that makes sense by itself."""
    row_ends = list(accumulate((cell.row + cell.row_span for cell in band), max))
    at = len(band)
    while at > 2 and band[at - 1].row >= row_ends[at - 2]:
        at -= 1
    self_contained = [bool(_SELF_CONTAINED.search(cell.text)) for cell in band[at:]]
    depths = [heading_level(cell.text) for cell in band[at:]]
    last = max((n for n, one in enumerate(self_contained) if one), default=-1)
    first = next(
        (n for n, depth in enumerate(depths) if self_contained[n] or (depth and n < last)), len(self_contained)
    )
    lines = [
        FlowParagraph(cell.text, "heading", level + depth - 1) if depth else FlowParagraph(cell.text)
        for cell, depth in zip(band[at + first :], depths[first:], strict=True)
    ]
    return band[: at + first], lines


def _split_side_by_side(cells: list[SheetCell]) -> list[list[SheetCell]]:
    """Return the tables that stand beside each other with a blank column between, each at least two rows by two."""
    covered = sorted(
        {c for cell in cells for c in range(cell.column, cell.column + min(cell.column_span, _MAX_COLUMN_SPAN))}
    )
    gaps = [after for before, after in pairwise(covered) if after > before + 1]
    if not gaps:
        return [cells]
    edges = [covered[0], *gaps, covered[-1] + 1]
    blocks = [[cell for cell in cells if left <= cell.column < right] for left, right in pairwise(edges)]
    large = all(len({cell.column for cell in block}) > 1 and len({cell.row for cell in block}) > 1 for block in blocks)
    return blocks if large else [cells]


def _build_elements(cells: list[SheetCell]) -> list[FlowParagraph | FlowTable]:
    """Return a table of the cells, or paragraphs where they make only one row or column."""
    # Rows and columns in which no cell begins are removed; spans shrink by those they cover.
    rows, columns = sorted({cell.row for cell in cells}), sorted({cell.column for cell in cells})
    placed = []
    row_numbers = {row: number for number, row in enumerate(rows)}
    column_numbers = {column: number for number, column in enumerate(columns)}
    for cell in cells:
        row, column = row_numbers[cell.row], column_numbers[cell.column]
        row_span = column_span = 1
        if cell.row_span > 1:
            row_span = bisect_left(rows, cell.row + cell.row_span) - row
        if cell.column_span > 1:
            column_span = bisect_left(columns, cell.column + cell.column_span) - column
        placed.append(SheetCell(cell.text, row, column, row_span, column_span))
    height, width = len(rows), len(columns)
    if width == 1:
        return [FlowParagraph(cell.text) for cell in placed]
    if height == 1:
        return [FlowParagraph("\t".join(" ".join(cell.text.split()) for cell in placed))]
    table = [
        FlowCell(cell.row, cell.column, (FlowParagraph(cell.text),), cell.row_span, cell.column_span) for cell in placed
    ]
    if height * width <= _MAX_BLANK_CELLS + len(placed):
        taken = {
            (cell.row + down, cell.column + right)
            for cell in placed
            for down in range(cell.row_span)
            for right in range(cell.column_span)
        }
        table += [
            FlowCell(row, column) for row in range(height) for column in range(width) if (row, column) not in taken
        ]
    return [FlowTable(tuple(table))]
