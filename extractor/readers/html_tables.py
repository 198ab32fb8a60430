"""Tables of an HTML page: which of them hold data, and how their cells, with spans, become a Table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extractor import tables
from extractor.readers.html_tree import BLOCKS, HEADINGS, TEXT, effective_tag, iterate_nodes
from extractor.readers.presentational_tables import LayoutTableSettings, TableShape, is_layout_table, is_long_cell
from extractor.settings import Settings, threshold
from extractor.tables import PlacedCell
from extractor.types import Table

_MAX_COLUMNS = 1000
_MAX_SPAN = 65534
_ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})


@dataclass(frozen=True)
class HtmlTableSettings(Settings):
    """How spans that are wider than the table are read."""

    widest_span: int = threshold(
        40, unit="columns", meaning="a cell that spans more columns is meant to span all the rest of the row"
    )


@dataclass(slots=True)
class ElementContent:
    """What an element of a table holds, counted before the text is written."""

    tag: str
    characters: int = 0
    rows: int = 0
    cells: int = 0
    widest_row: int = 0
    filled_cells: int = 0
    long_cells: int = 0
    header_cells: int = 0
    nesting_cells: int = 0
    tables: int = 0
    blocks: int = 0
    is_presentation: bool = False
    is_data: bool = False

    def add_row(self, row: ElementContent) -> None:
        """Count a row of this table."""
        self.rows += 1
        self.widest_row = max(self.widest_row, row.cells)
        self.tables += row.tables
        self.cells += row.cells
        self.filled_cells += row.filled_cells
        self.long_cells += row.long_cells
        self.header_cells += row.header_cells
        self.nesting_cells += row.nesting_cells
        self.blocks += row.blocks

    def add_cell(self, cell: ElementContent) -> None:
        """Count a cell of this row."""
        self.cells += 1
        self.filled_cells += cell.characters > 0
        self.long_cells += is_long_cell(cell.characters, cell.blocks)
        self.header_cells += cell.tag == "th"
        self.nesting_cells += cell.tables > 0
        self.tables += cell.tables
        self.blocks += cell.blocks

    def has_data(self) -> bool:
        """Decide whether this table holds data rather than placing things on the page."""
        shape = TableShape(
            self.rows,
            self.widest_row,
            self.filled_cells,
            self.header_cells,
            self.long_cells,
            self.nesting_cells,
            self.characters,
        )
        return not self.is_presentation and not is_layout_table(shape)


def survey_tables(root) -> dict[int, ElementContent]:
    """Return what each table, row and cell under `root` holds, by the `mem_id` of its node."""
    heading_blocks = LayoutTableSettings.current().heading_blocks
    contents: dict[int, ElementContent] = {}
    enclosing: list[ElementContent] = []
    for entering, node, tag in iterate_nodes(root):
        if tag == TEXT:
            if entering and enclosing:
                enclosing[-1].characters += len((node.text_content or "").strip())
            continue
        tag = effective_tag(node, tag)
        if tag not in ("table", "tr", "td", "th"):
            if entering and enclosing and tag in BLOCKS and tag not in _ROW_GROUPS:
                enclosing[-1].blocks += heading_blocks if tag in HEADINGS else 1
            continue
        if entering:
            content = ElementContent(tag)
            if tag == "table":
                content.is_presentation = (node.attributes.get("role") or "").lower() in ("presentation", "none")
            contents[node.mem_id] = content
            enclosing.append(content)
            continue
        content = enclosing.pop()
        if tag == "table":
            content.is_data = content.has_data()
        if not enclosing:
            continue
        outer = enclosing[-1]
        outer.characters += content.characters
        if tag == "table":
            outer.tables += 1 + content.tables
        elif tag == "tr":
            outer.add_row(content)
        else:
            outer.add_cell(content)
    return contents


@dataclass(frozen=True, slots=True)
class WrittenCell:
    """A cell at its place in the text, with the spans that the page gives it; a row span of 0 reaches the last row."""

    row: int
    start: int
    end: int
    row_span: int
    column_span: int
    header: bool


@dataclass(slots=True)
class OpenTable:
    """A table that is being written; `caption` holds the headings over it and its own caption."""

    is_data: bool
    caption: tuple[str, ...] = ()
    start: int = -1
    row: int = -1
    cells: list[WrittenCell] = field(default_factory=list)
    in_head: bool = False
    cell_start: int | None = None
    """Where the open cell begins, -1 until it has text; None between cells."""
    caption_start: int | None = None
    first_in_row: bool = True


def parse_span(value: str | None, zero: int) -> int:
    """Return the number in a `rowspan` or `colspan` attribute as HTML reads it; `zero` is what 0 stands for."""
    found = re.match(r"\s*\+?(\d{1,9})", value or "")
    if not found:
        return 1
    number = int(found.group(1))
    return zero if number == 0 else min(number, _MAX_SPAN)


def build_table(text: str, table: OpenTable) -> Table:
    """Return the Table of the written cells: each at the first free place of its row, spans kept inside the table."""
    widest_span = HtmlTableSettings.current().widest_span
    rows = max(cell.row for cell in table.cells) + 1
    widths = [0] * rows
    for cell in table.cells:
        widths[cell.row] += cell.column_span if cell.column_span <= widest_span else 1
    width = max(widths)
    occupied: dict[int, int] = {}  # column -> the row up to which a cell from above occupies it
    cells, row, column = [], 0, 0
    for cell in table.cells:
        if cell.row != row:
            row, column = cell.row, 0
        while occupied.get(column, 0) > row:
            column += 1
        column_span = cell.column_span
        if column_span > widest_span or column + column_span > _MAX_COLUMNS:
            column_span = max(1, min(column_span, max(width, len(occupied)) - column))
        row_span = min(cell.row_span, rows - row) if cell.row_span else rows - row
        for covered in range(column, column + column_span):
            occupied[covered] = row + row_span
        cells.append(PlacedCell(cell.start, cell.end, row, column, max(1, row_span), column_span, cell.header))
        column += column_span
    return tables.build_table(text, cells, table.caption)
