"""Tables: from cells, or from text that was once a table, to a `Table` in which every cell knows what governs it.

`build` reads a grid with spans: which rows are column headers, which columns are row labels, which rows are banners.
`find_flattened` finds tables whose ruling was lost on the way to plain text and gives them their grid back first;
`find_stacked` does so for pages, whose lines have places but no tabs.
Nothing here knows a word of any kind of report: the evidence is tabs, blank lines, numerals against text, counts,
repetition, and the general conventions of numbering (`一、` `（一）` `1.`).
"""

from __future__ import annotations

from extractor.tables.cell_per_line import SetLine, find_stacked
from extractor.tables.cells import RawCell, is_value, one_line
from extractor.tables.flattened import find_flattened
from extractor.tables.grid import build

__all__ = ["RawCell", "SetLine", "build", "find_flattened", "find_stacked", "is_value", "one_line"]
