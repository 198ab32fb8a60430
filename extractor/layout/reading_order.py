"""Items of a page into blocks in reading order.

The page is cut from the top down into zones, and each zone into columns where a gutter runs through and the two sides
do not share their lines; columns are cut in the same way again. The idea is the recursive X-Y cut (Nagy and Seth 1984,
"Hierarchical representation of optically scanned documents"), with that one question added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from extractor.geometry import RulingLine
from extractor.layout.aligned_tables import find_aligned_tables
from extractor.layout.blocks import GridRegion, LayoutBlock, LayoutItem, TextLine, TextSegment, only_segments
from extractor.layout.columns import split_columns
from extractor.layout.label_rows import split_label_row
from extractor.layout.level_rules import split_under_level_rules
from extractor.layout.paragraphs import ParagraphBuilder, measure_column
from extractor.layout.prose_columns import find_prose
from extractor.layout.segments import group_into_lines
from extractor.layout.zones import find_zones

MAX_DEPTH = 20
"""Cuts within cuts, beyond which what is left reads line by line."""
DEFAULT_BODY_SIZE = 10.0
"""Points, for a page without text."""
COUNTED_LENGTH = 60
"""Characters up to which a segment counts for the body size, so that no long line decides alone."""


def order_items(
    items: Sequence[LayoutItem], body_size: float, depth: int = 0, rules: Sequence[RulingLine] = ()
) -> list[LayoutBlock]:
    """Return the blocks that items make up, in reading order.

    `depth` is how often they were cut already, `rules` are the horizontal lines drawn among them.
    """
    blocks: list[LayoutBlock] = []
    groups = split_under_level_rules(items, rules, body_size) if depth < MAX_DEPTH else [items]
    if len(groups) > 1:
        return [block for group in groups for block in order_items(group, body_size, depth + 1, rules)]
    items = _set_tables_apart(items, rules)
    for zone, gutters in find_zones(items, body_size):
        columns = split_columns(zone, gutters) if gutters and depth < MAX_DEPTH else [zone]
        if len(columns) > 1:
            for column in columns:
                blocks += order_items(column, body_size, depth + 1, rules)
        else:
            blocks += _read_in_rows(zone, rules)
    return blocks


def _set_tables_apart(items: Sequence[LayoutItem], rules: Sequence[RulingLine]) -> list[LayoutItem]:
    """Return the items with the lines of each table without walls as one region."""
    segments = only_segments(items)
    prose = {id(segment) for segment in find_prose(segments)}
    lines = [TextLine(tuple(line)) for line in group_into_lines([each for each in segments if id(each) not in prose])]
    found = find_aligned_tables(lines, rules)
    if not found:
        return list(items)
    inside = {id(segment) for each in found for line in lines[each.start : each.end] for segment in line.segments}
    rest = [item for item in items if id(item) not in inside]
    return [*rest, *(GridRegion((each.table,), each.table.box) for each in found)]


def find_body_size(items: Iterable[LayoutItem]) -> float:
    """Return the font size of the page's text in points: the median, each segment counting by its length."""
    sizes = [
        item.font_size
        for item in items
        if isinstance(item, TextSegment)
        for _ in range(min(COUNTED_LENGTH, len(item.text)))
    ]
    return median(sizes) if sizes else DEFAULT_BODY_SIZE


def _read_in_rows(items: list[LayoutItem], rules: Sequence[RulingLine]) -> list[LayoutBlock]:
    """Return the blocks of items that are read from the top down, line by line."""
    blocks: list[LayoutBlock] = []
    text: list[TextSegment] = []
    for item in sorted(items, key=lambda item: item.box.top):
        if isinstance(item, TextSegment):
            text.append(item)
        else:
            blocks += _read_text(text, rules)
            blocks += item.blocks
            text = []
    return blocks + _read_text(text, rules)


def _read_text(segments: list[TextSegment], rules: Sequence[RulingLine]) -> list[LayoutBlock]:
    """Return the paragraphs of some text, its rows of labels over values, and its tables without ruling lines."""
    if not segments:
        return []
    lines = [TextLine(tuple(line)) for line in group_into_lines(segments)]
    tables = {table.start: table for table in find_aligned_tables(lines, rules)}
    builder = ParagraphBuilder(measure_column(lines))
    blocks: list[LayoutBlock] = []
    number = 0
    while number < len(lines):
        if number in tables:
            blocks += builder.close()
            blocks.append(tables[number].table)
            number = tables[number].end
        elif pairs := split_label_row(lines, number):
            blocks += builder.close()
            blocks += pairs
            number += 2
        else:
            blocks += builder.add(lines[number], lines[number + 1] if number + 1 < len(lines) else None)
            number += 1
    return blocks + builder.close()
