"""Find tables that came down to plain text, by tabs, pipes, blank lines and aligned columns.

Each kind of line has a finder, which reads rows of cells from there on; `row_placement` gives the rows a grid again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from extractor.tables.cell_kinds import is_value
from extractor.tables.cell_lines import read_pipe_cells, read_tab_cells
from extractor.tables.cells import collapse_whitespace
from extractor.tables.fixed_width import read_aligned_lines
from extractor.tables.header_paths import build_table
from extractor.tables.row_lines import read_pipe_rows, read_tab_rows
from extractor.tables.row_placement import place_rows
from extractor.tables.stacked_cells import read_stacked_cells
from extractor.tables.text_lines import SENTENCE_END, LineKind, SourceLine, TextTable, TextTableSettings, split_lines
from extractor.types import Table
from extractor.values.enumeration import enumeration_style

Finder = Callable[[str, list[SourceLine], int], TextTable]
"""Reads a table from a line on. What it returns says how many lines it read, also where they are no table."""

_FINDERS: dict[LineKind, Finder] = {
    LineKind.ALIGNED: read_aligned_lines,
    LineKind.TAB_CELL: read_tab_cells,
    LineKind.PIPE_CELL: read_pipe_cells,
    LineKind.PIPE_ROW: read_pipe_rows,
    LineKind.TAB_ROW: read_tab_rows,
    LineKind.TEXT: read_stacked_cells,
}

MAX_CAPTION_LINE = 400
"""A longer line is no caption, whatever white space it has: long text must not take long."""


def find_tables_in_text(text: str, start: int = 0, end: int | None = None) -> list[Table]:
    """Return the tables that stand in `text[start:end]` as plain text, in reading order, each with its grid rebuilt.

    These forms are read: a cell per line that begins at a tab, with rows ending at a blank line; a cell per line that
    begins at a pipe, with row ends not marked; rows of cells between tabs or pipes, also Markdown's; columns aligned by
    spaces; and a cell per line with nothing around it, where what the lines hold repeats. Text without evidence of a
    table (two rows, two cells, values, blanks or equal counts) has none.
    `Table.problems` names the rows whose number of cells could not be reconciled. Never raises.
    """
    end = len(text) if end is None else min(end, len(text))
    lines = split_lines(text, max(start, 0), end)
    found: list[TextTable] = []
    position = 0
    while position < len(lines):
        finder = _FINDERS.get(lines[position].kind)
        if finder is None:
            position += 1
            continue
        result = finder(text, lines, position)
        if result.rows or result.placed:
            found.append(result)
        position = max(result.end, position + 1)
    tables = []
    last = 0
    for one in found:
        placement = place_rows(one.rows, one.may_end_early, one.marked_headers)
        cells = one.placed or placement.cells()
        table = build_table(text, cells, caption=_find_captions(text, lines, one.first, last))
        tables.append(replace(table, problems=(*table.problems, *placement.problems)))
        last = one.end
    return tables


def _find_captions(text: str, lines: list[SourceLine], first: int, last: int) -> tuple[str, ...]:
    """Return the short lines that stand over line `first`, outermost first, not looking above line `last`.

    A line with an enumeration ends the search; a line over a blank one counts only if it is enumerated in a new style.
    """
    settings = TextTableSettings.current()
    found: list[str] = []
    styles: list[str] = []
    blanks = 0
    for position in range(first - 1, max(last, first - settings.caption_distance) - 1, -1):
        if len(found) == settings.captions:
            break
        line = lines[position]
        if line.kind in (LineKind.EMPTY, LineKind.BLANK, LineKind.RULE):
            blanks += line.kind != LineKind.RULE
            continue
        words = collapse_whitespace(text[line.start : line.end]) if line.length() < MAX_CAPTION_LINE else ""
        if not words or len(words) > settings.longest_caption or words.endswith(SENTENCE_END) or is_value(words):
            break
        if words.endswith(".") and len(words.split()) > settings.caption_words:
            break
        style = enumeration_style(words)
        if found and (style in styles if style else blanks > 0):
            break
        found.append(words)
        styles.append(style)
        blanks = 0
        if style:
            break
    return tuple(reversed(found))
