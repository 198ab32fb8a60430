"""Turn placed cells into a `Table` in which every cell knows the row headers and the column headers that govern it.

Nothing is known here about where the cells came from. In order: put the cells on a grid; cut it into sections at banner
rows; in each section count the header rows, then find the label columns; give every cell its header paths. A section
without header rows of its own is governed by those of the section before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.tables.banners import Section, split_sections
from extractor.tables.cells import PlacedCell, trim_span
from extractor.tables.forms import is_form
from extractor.tables.grid import CellGrid, GridSettings, lay_on_grid
from extractor.tables.header_rows import count_header_rows, numbers_columns, starts_new_headers
from extractor.tables.label_columns import LabelColumns, find_group_headings, find_label_columns
from extractor.types import Cell, Table

MAX_HEADER_BLOCKS = 200
"""How often new header rows may begin within one section: a hostile table must not take long."""


@dataclass(slots=True)
class _HeaderPaths:
    """What is found out about each cell of a grid, by its index."""

    row_paths: list[tuple[str, ...]]
    column_paths: list[tuple[str, ...]]
    is_header: list[bool]

    @classmethod
    def empty(cls, cells: int) -> _HeaderPaths:
        return cls([()] * cells, [()] * cells, [False] * cells)


def build_table(
    text: str, placed_cells: Iterable[PlacedCell], caption: Sequence[str] = (), pages: Sequence[int] = ()
) -> Table:
    """Return a `Table` in which every cell has the row path and the column path that govern it.

    Header rows, label columns and banners are inferred from spans, blanks, and values against texts; the `header` mark
    of a placed cell is strong evidence and no more. Blank cells are kept. Never raises: cells that overlap an earlier
    one keep their text and get the paths of the place that they claim.
    """
    grid = lay_on_grid(text, list(placed_cells))
    paths = _HeaderPaths.empty(len(grid.cells))
    header_rows: list[int] = []
    sections = split_sections(grid)
    for section, following in zip(sections, [*sections, None][1:], strict=True):
        if section.opened_by is not None:
            paths.is_header[section.opened_by] = True
        rows_after = following.rows if following else []
        rows, blocks_left = section.rows, MAX_HEADER_BLOCKS
        while rows:
            block = Section(section.banners, rows=rows)
            header_rows, rows = _fill_paths(grid, block, rows_after, header_rows, blocks_left > 0, paths)
            blocks_left -= 1
    cells = [_finish_cell(text, grid, index, paths) for index in range(len(grid.cells))]
    return Table(
        cells=tuple(cells),
        rows=len(grid.places),
        columns=grid.columns,
        start=min((cell.start for cell in cells), default=0),
        end=max((cell.end for cell in cells), default=0),
        caption=tuple(caption),
        pages=tuple(pages),
    )


def _finish_cell(text: str, grid: CellGrid, index: int, paths: _HeaderPaths) -> Cell:
    placed = grid.cells[index]
    start, end = trim_span(text, placed.text_start, placed.text_end)
    return Cell(
        text=grid.texts[index],
        start=start,
        end=end,
        row=placed.row,
        column=placed.column,
        row_span=placed.row_span,
        column_span=placed.column_span,
        header=paths.is_header[index],
        row_path=paths.row_paths[index],
        column_path=paths.column_paths[index],
        box=placed.box,
    )


def _fill_paths(
    grid: CellGrid,
    section: Section,
    rows_after: list[int],
    governing: list[int],
    may_split: bool,
    paths: _HeaderPaths,
) -> tuple[list[int], list[int]]:
    """Set the paths of a section's cells; return the header rows that govern it, and the rows that are left over.

    `governing` are the header rows of the section before it. Rows are left over where new header rows begin in the
    middle of the section, which is looked for if it `may_split`.
    """
    depth = count_header_rows(grid, section.rows, rows_after, governing)
    own_headers, body = section.rows[:depth], section.rows[depth:]
    if not own_headers and is_form(grid, body):
        for row in body:
            _fill_form_row(grid, row, section.banners, paths)
        return [], []
    header_rows = own_headers or governing
    labels = find_label_columns(grid, header_rows, body)
    for row in own_headers:
        _fill_header_row(grid, row, own_headers, section.banners, paths)
    first_header = grid.row_texts(own_headers[0]) if own_headers else None
    column_paths = [_column_path(grid, header_rows, column) for column in range(grid.columns)]
    headings = find_group_headings(grid, body, labels)
    open_heading: tuple[str, ...] = ()
    open_labels: list[int | None] = [None] * (labels.end + 1)
    sampled = GridSettings.current().sampled_rows
    for position, row in enumerate(body):
        below = body[position + 1 : position + sampled]
        if own_headers and may_split and position and starts_new_headers(grid, own_headers, row, below):
            return [], body[position:]
        if first_header is not None and grid.row_texts(row) == first_header:  # repeated, as at the top of a page
            for index in grid.cells_from(row):
                paths.is_header[index] = True
            continue
        if row in headings:
            open_heading = (grid.texts[grid.filled_from(row)[0]],)
        row_labels = _row_labels(grid, row, labels, open_labels)
        prefix = (*section.banners, *open_heading)
        row_path = _without_repeats((*prefix, *(grid.texts[index] for index in row_labels)))
        for index in grid.cells_from(row):
            column = grid.cells[index].column
            paths.column_paths[index] = column_paths[column]
            if not labels.first <= column < labels.end:
                paths.row_paths[index] = row_path
                continue
            paths.is_header[index] = row in headings or bool(grid.texts[index])
            outer = [grid.texts[label] for label in row_labels if grid.cells[label].column < column]
            paths.row_paths[index] = section.banners if row in headings else _without_repeats((*prefix, *outer))
    return header_rows, []


def _fill_header_row(
    grid: CellGrid, row: int, header_rows: list[int], banners: tuple[str, ...], paths: _HeaderPaths
) -> None:
    """Mark the cells of a header row; their column path is the headers above them."""
    upper = [header for header in header_rows if header <= row]
    for index in grid.cells_from(row):
        path = _column_path(grid, upper, grid.cells[index].column)
        paths.is_header[index] = True
        paths.row_paths[index] = banners
        paths.column_paths[index] = path[:-1] if path and path[-1] == grid.texts[index] else path


def _fill_form_row(grid: CellGrid, row: int, banners: tuple[str, ...], paths: _HeaderPaths) -> None:
    """Give each value of a form's row the label on its left as its row path."""
    cells = grid.cells_from(row)
    for label, value in zip(cells[::2], cells[1::2], strict=False):
        paths.is_header[label] = True
        paths.row_paths[label] = banners
        paths.row_paths[value] = (*banners, grid.texts[label]) if grid.texts[label] else banners


def _without_repeats(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts without empty ones and without those equal to the one before."""
    path: list[str] = []
    for text in texts:
        if text and (not path or path[-1] != text):
            path.append(text)
    return tuple(path)


def _column_path(grid: CellGrid, header_rows: list[int], column: int) -> tuple[str, ...]:
    """Return the header texts over a column, outermost first; a blank to the right of a group belongs to that group."""
    path: list[str] = []
    seen: set[int] = set()
    for level, row in enumerate(header_rows):
        if numbers_columns(grid, row):
            continue
        index = grid.cell_at(row, column)
        if (index is None or not grid.texts[index]) and level < len(header_rows) - 1:
            index = _group_to_the_left(grid, header_rows, level, column)
        if index is not None and index not in seen:
            seen.add(index)
            path.append(grid.texts[index])
    return _without_repeats(path)


def _group_to_the_left(grid: CellGrid, header_rows: list[int], level: int, column: int) -> int | None:
    """Return the group header whose lost span reaches the column: blanks between, and headers below all of them."""
    row, lower = header_rows[level], header_rows[level + 1 :]
    left = column
    while left >= 0 and any(grid.text_at(below, left) for below in lower):
        index = grid.cell_at(row, left)
        if index is not None and grid.texts[index]:
            is_above = grid.cells[index].row + grid.cells[index].row_span <= lower[0]
            return index if left < column and is_above else None
        left -= 1
    return None


def _row_labels(grid: CellGrid, row: int, labels: LabelColumns, open_labels: list[int | None]) -> list[int]:
    """Return the label cells of the row, outermost first; an outer blank beside an inner label takes the label above.

    `open_labels` holds, for each label column, the label that is open there, and is brought up to date.
    """
    found: list[int] = []
    has_new_label = False
    for column in range(labels.first, labels.end):
        index = grid.cell_at(row, column)
        if index is not None and grid.texts[index]:
            if open_labels[column] != index:
                has_new_label = True
                open_labels[column : labels.end] = [None] * (labels.end - column)
                open_labels[column] = index
            if index not in found:
                found.append(index)
            continue
        has_inner_label = any(grid.text_at(row, inner) for inner in range(column + 1, labels.end))
        if not has_new_label and open_labels[column] is not None and has_inner_label:
            found.append(open_labels[column])
    return found
