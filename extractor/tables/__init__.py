"""Tables: from cells, or from text that was once a table, to a `Table` in which every cell knows what governs it.

`build_table` takes cells with a place and gives them their header paths. `find_tables_in_text` and
`find_cell_per_line_tables` first give cells a place, where a table came down to plain text or to lines of a page.
Nothing here knows a word of any kind of report: the evidence is white space, values against texts, counts, repetition,
and the general conventions of numbering (`一、` `（一）` `1.`).

To be read in this order:

- `cells`, `cell_kinds`: a cell before it has header paths; what reads as a value and what as a label.
- From placed cells to a table. `grid`: merged cells are undone. `banners`: sections under rows of one cell. `forms`,
  `header_rows`, `label_columns`: what is a header. `header_paths`: `build_table` decides each cell's header paths.
- From rows of cells to placed cells, for all flattened tables. `row_shapes`, `placement`: nouns and counts.
  `header_spans`: the one solver of spans of headers, and its costs. `header_placement`, `row_placement`: header rows
  and body rows onto columns. `unmarked_rows`: rows out of a stream of cells.
- Where flattened tables come from. `text_lines`, `flattened`: plain text, sorted by kinds of line, each of which has a
  reader in `cell_lines`, `row_lines`, `fixed_width` or `stacked_cells`. `page_lines`, `cell_per_line`: lines of pages.
"""

from __future__ import annotations

from extractor.tables.cell_kinds import counts_up, is_period, is_value, value_format
from extractor.tables.cell_per_line import find_cell_per_line_tables
from extractor.tables.cells import PlacedCell, collapse_whitespace, trim_span
from extractor.tables.flattened import find_tables_in_text
from extractor.tables.header_paths import build_table
from extractor.tables.page_lines import PlacedLine

__all__ = [
    "PlacedCell",
    "PlacedLine",
    "build_table",
    "collapse_whitespace",
    "counts_up",
    "find_cell_per_line_tables",
    "find_tables_in_text",
    "is_period",
    "is_value",
    "trim_span",
    "value_format",
]
