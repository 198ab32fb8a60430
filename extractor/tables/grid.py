"""Put placed cells on a grid, so that what stands at a row and column can be looked up.

Merged cells are undone here: a cell is at every place that it spans, and texts that a program wrote into every place of
a span which it did not keep become one cell again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.settings import Settings, rule, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import PlacedCell, collapse_whitespace

MAX_SPANNED_PLACES = 1_000_000
"""Grid places that spans may cover beyond one for each cell: a hostile column span must not fill the memory."""
MAX_ROW_SPAN = 10_000


@dataclass(frozen=True)
class GridSettings(Settings):
    """How a grid is filled and sampled."""

    sampled_rows: int = threshold(
        60, unit="rows", meaning="So many rows are looked at to judge a column; more would change few decisions."
    )
    merge_repeated: bool = rule(
        True, meaning="Equal neighbouring header cells of a table without any span are one cell that lost its span."
    )


@dataclass(slots=True)
class ColumnProfile:
    """How many sampled cells of a column are text, values and blank."""

    texts: int = 0
    values: int = 0
    blanks: int = 0


@dataclass(slots=True)
class CellGrid:
    """Cells on their places. Cells are named by their index in `cells`, `texts` and `is_value`.

    `places[row]` maps each column that is covered in that row to the index of the cell there.
    """

    cells: list[PlacedCell]
    texts: list[str]
    is_value: list[bool]
    places: list[dict[int, int]]
    columns: int

    def cell_at(self, row: int, column: int) -> int | None:
        """Return the index of the cell at a place, or None where none stands there."""
        return self.places[row].get(column)

    def text_at(self, row: int, column: int) -> str:
        """Return the text at a place, empty where no cell stands there."""
        index = self.places[row].get(column)
        return "" if index is None else self.texts[index]

    def cells_from(self, row: int) -> list[int]:
        """Return the cells whose first row is `row`, from left to right."""
        found = []
        for column, index in sorted(self.places[row].items()):
            if self.cells[index].row == row and self.cells[index].column == column:
                found.append(index)
        return found

    def filled_from(self, row: int) -> list[int]:
        """Return the cells whose first row is `row` and that are not blank, from left to right."""
        return [index for index in self.cells_from(row) if self.texts[index]]

    def row_texts(self, row: int) -> tuple[str, ...]:
        """Return the text at every column of the row."""
        return tuple(self.text_at(row, column) for column in range(self.columns))

    def has_value(self, indices: Sequence[int]) -> bool:
        """Return whether one of the cells at least is a value."""
        return any(self.is_value[index] for index in indices)

    def profile(self, rows: Sequence[int], column: int) -> ColumnProfile:
        """Count texts, values and blanks of a column in the first of `rows`; a wide cell counts in its first column."""
        found = ColumnProfile()
        for row in rows[: GridSettings.current().sampled_rows]:
            index = self.cell_at(row, column)
            if index is None or not self.texts[index]:
                found.blanks += 1
            elif self.cells[index].column != column:
                continue
            elif self.is_value[index]:
                found.values += 1
            else:
                found.texts += 1
        return found


def lay_on_grid(text: str, cells: Sequence[PlacedCell]) -> CellGrid:
    """Return the grid of `cells`, whose offsets refer to `text`.

    Rows in which no cell begins are closed up, spans that reach past the grid are cut, and a cell that overlaps an
    earlier one keeps only the places that are free. Cells at negative places are left out.
    """
    if GridSettings.current().merge_repeated:
        cells = merge_repeated_cells(text, cells)
    ordered = sorted((cell for cell in cells if cell.row >= 0 and cell.column >= 0), key=lambda c: (c.row, c.column))
    used_rows = sorted({cell.row for cell in ordered})
    row_numbers = {row: number for number, row in enumerate(used_rows)}
    rows = len(used_rows)
    columns = max((cell.column for cell in ordered), default=-1) + 1
    places_left = MAX_SPANNED_PLACES
    placed: list[PlacedCell] = []
    places: list[dict[int, int]] = [{} for _ in range(rows)]
    for cell in ordered:
        row = row_numbers[cell.row]
        last = row
        while last + 1 < rows and used_rows[last + 1] < cell.row + max(cell.row_span, 1):
            last += 1
            if last - row > MAX_ROW_SPAN:
                break
        row_span = rows - row if cell.row_span == 0 else last - row + 1
        column_span = max(1, min(cell.column_span, columns - cell.column))
        if row_span * column_span > 1:
            places_left -= row_span * column_span
            if places_left < 0:
                row_span = column_span = 1
        is_as_given = (cell.row, cell.row_span, cell.column_span) == (row, row_span, column_span)
        placed.append(cell if is_as_given else replace(cell, row=row, row_span=row_span, column_span=column_span))
        for down in range(row, row + row_span):
            for column in range(cell.column, cell.column + column_span):
                places[down].setdefault(column, len(placed) - 1)
    texts = [collapse_whitespace(text[cell.text_start : cell.text_end]) for cell in placed]
    return CellGrid(placed, texts, [is_value(words) for words in texts], places, columns)


def merge_repeated_cells(text: str, cells: Sequence[PlacedCell]) -> list[PlacedCell]:
    """Return the cells, with a header or label that was written into every place of a lost span made one cell again.

    Only in a table without any span, and only texts that stand side by side: above the first value, in the first
    columns, throughout a banner's row, and in the row right under a banner; not under two different headers, since no
    header goes over more columns than the one above it.
    """
    if len(cells) < 4 or any(cell.row_span != 1 or cell.column_span != 1 for cell in cells):
        return list(cells)
    rows: dict[int, list[tuple[PlacedCell, str]]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        rows.setdefault(cell.row, []).append((cell, collapse_whitespace(text[cell.text_start : cell.text_end])))
    first_body = next((row for row, in_row in rows.items() if any(is_value(words) for _, words in in_row)), None)
    if first_body is None:
        return list(cells)
    result: list[PlacedCell] = []
    under_banner, above = False, {}
    for row, in_row in rows.items():
        is_banner = len(in_row) > 1 and len({words for _, words in in_row}) == 1
        may_be_headers = (
            row < first_body or is_banner or (under_banner and not any(is_value(words) for _, words in in_row))
        )
        under_banner = is_banner
        kept: list[tuple[PlacedCell, str]] = []
        for cell, words in in_row:
            left, left_words = kept[-1] if kept else (cell, "")
            adjoins = kept and left.column + left.column_span == cell.column
            is_repeated = adjoins and words and words == left_words and not is_value(words)
            is_repeated = is_repeated and above.get(left.column, "") == above.get(cell.column, "")
            if is_repeated and (may_be_headers or left.column == 0):
                kept[-1] = replace(left, column_span=left.column_span + 1), words
            else:
                kept.append((cell, words))
        result += [cell for cell, _ in kept]
        above = {cell.column: words for cell, words in in_row}
    return result
