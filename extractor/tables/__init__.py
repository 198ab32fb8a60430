"""Tables: from cells, or from text that was once a table, to a `Table` in which every cell knows what governs it.

`build` reads a grid with spans: which rows are column headers, which columns are row labels, which rows are banners.
`find_tables_in_text` finds tables whose ruling was lost on the way to plain text and gives them their grid back first;
`find_cell_per_line_tables` does so for pages, whose lines have places but no tabs.
Nothing here knows a word of any kind of report: the evidence is tabs, blank lines, numerals against text, counts,
repetition, and the general conventions of numbering (`一、` `（一）` `1.`).
"""

from __future__ import annotations

from extractor.tables.cell_per_line import PlacedLine, find_cell_per_line_tables
from extractor.tables.cells import PlacedCell, collapse_whitespace, is_value
from extractor.tables.flattened import find_tables_in_text
from extractor.tables.grid import build_table

__all__ = [
    "PlacedCell",
    "PlacedLine",
    "build_table",
    "collapse_whitespace",
    "find_cell_per_line_tables",
    "find_tables_in_text",
    "is_value",
]
