"""Words with boxes become blocks of text and tables in reading order."""

from extractor.layout.arrangement import (
    LayoutBlock,
    LayoutCell,
    TableBlock,
    TextBlock,
    TextLine,
    TextSegment,
    build_segments,
    order_page,
    separator_before,
)
from extractor.layout.ruled_grids import RuledCell, RuledGrid, find_grids, merge_collinear_lines

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
