"""Words with boxes, in the order of the file, become blocks of text and tables in reading order.

Read in this order: `blocks` (what a page is laid out in), `page_order` (the whole way, `order_page`), `segments` (words
into segments and lines), `reading_order` with `zones` and `columns` (the cuts of the page), `paragraphs`, `label_rows`,
`headings` (lines into blocks), `ruled_grids` (ruling lines into grids), `grid_regions` (a grid and its words: a table,
a form, a frame) with `grid_sections` (several of these in one outline), `grid_refinement` (rows and columns that a grid
leaves undrawn) and `head_grids` (heads over rows that are undrawn), `aligned_tables` (tables without walls) and
`framed_tables` (tables of text between rules) with `prose_columns` (text beside them), `white_columns`, `line_rows`,
`head_cells` and `line_tables` (their columns, rows, heads and cells; `figures` tells numbers).
"""

from extractor.layout.blocks import LayoutBlock, LayoutCell, TableBlock, TextBlock, TextLine, TextSegment
from extractor.layout.page_order import order_page
from extractor.layout.ruled_grids import RuledCell, RuledGrid, find_grids, merge_collinear_lines
from extractor.layout.segments import build_segments, separator_before

__all__ = [
    "LayoutBlock",
    "LayoutCell",
    "RuledCell",
    "RuledGrid",
    "TableBlock",
    "TextBlock",
    "TextLine",
    "TextSegment",
    "build_segments",
    "find_grids",
    "merge_collinear_lines",
    "order_page",
    "separator_before",
]
