"""Read tables from plain text with a row per line, its cells between tabs or pipes."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import BLANKS, CellRow, UnplacedCell, collapse_whitespace, display_width
from extractor.tables.text_lines import (
    PIPES,
    SENTENCE_END,
    LineKind,
    SourceLine,
    TextTable,
    TextTableSettings,
    is_table,
)

_RULE_CELL = set("-: =+─")


@dataclass(frozen=True)
class RowLineSettings(Settings):
    """When lines without a separator belong to a table of rows on lines."""

    upright_cells: bool = rule(
        True, meaning="Lines of a character or two before a row are its first cell, set upright."
    )
    upright_width: int = threshold(4, unit="Latin letters", meaning="A wider line is no part of an upright cell.")
    upright_lines: int = threshold(40, unit="lines", meaning="An upright cell has no more lines.")
    rows_of_one_cell: bool = rule(True, meaning="A line without tabs among lines with tabs is a row of one cell.")


def read_pipe_rows(text: str, lines: list[SourceLine], first: int) -> TextTable:
    """Read rows of cells between pipes; a rule after the first row marks that row as headers, as in Markdown."""
    rows: list[CellRow] = []
    ruled: list[int] = []  # the rows that a rule stands before
    position, end = first, first
    while position < len(lines):
        line = lines[position]
        if line.kind == LineKind.PIPE_ROW:
            row = _split_at_pipes(text, line)
            if all(cell.text and set(cell.text) <= _RULE_CELL for cell in row):
                ruled.append(len(rows))
            else:
                rows.append(row)
        elif line.kind == LineKind.RULE and rows:
            ruled.append(len(rows))
        else:
            break
        position += 1
        end = position
    if not is_table(rows):
        return TextTable(first, max(end, first + 1))
    return TextTable(first, end, rows, may_end_early=True, marked_headers=1 if ruled[:1] == [1] else 0)


def read_tab_rows(text: str, lines: list[SourceLine], first: int) -> TextTable:
    """Read rows of cells between tabs, as spreadsheets and browsers copy them."""
    rows: list[CellRow] = []
    position, end = first, first
    while position < len(lines):
        line = lines[position]
        if line.kind == LineKind.TAB_ROW or (line.kind == LineKind.TAB_CELL and rows):
            rows.append(_split_at_tabs(text, line.start, line.end))
        elif line.kind == LineKind.RULE and rows:
            pass
        elif (row_end := _end_of_upright_cell(text, lines, position)) is not None:
            rows.append(_split_at_tabs(text, line.start, lines[row_end].end))
            position = row_end
        elif _is_row_of_one_cell(text, lines, position):
            rows.append([UnplacedCell.from_span(text, line.start, line.end)])
        else:
            break
        position += 1
        end = position
    if not is_table(rows):
        return TextTable(first, max(end, first + 1))
    return TextTable(first, end, rows, may_end_early=True)


def _end_of_upright_cell(text: str, lines: list[SourceLine], position: int) -> int | None:
    """Return the line with the rest of a row whose first cell begins here, broken after every character or two."""
    settings = RowLineSettings.current()
    if not settings.upright_cells:
        return None
    end = position
    while end < len(lines) and lines[end].kind == LineKind.TEXT and end - position < settings.upright_lines:
        if display_width(text[lines[end].start : lines[end].end].strip(BLANKS)) > settings.upright_width:
            return None
        end += 1
    if not position < end < len(lines) or lines[end].kind != LineKind.TAB_ROW:
        return None
    last = text[lines[end].start : lines[end].end].split("\t", 1)[0].strip(BLANKS)
    pieces = [collapse_whitespace(text[line.start : line.end]) for line in lines[position:end]] + [last]
    is_upright = last and len(pieces) > 2 and display_width(last) <= settings.upright_width
    return end if is_upright and not any(map(is_value, pieces)) else None


def _is_row_of_one_cell(text: str, lines: list[SourceLine], position: int) -> bool:
    """Return whether a line without tabs among lines with tabs is a row that lost its blanks: a banner or a value."""
    line = lines[position]
    longest = TextTableSettings.current().longest_caption
    if line.kind != LineKind.TEXT or line.length() > longest or not RowLineSettings.current().rows_of_one_cell:
        return False
    words = collapse_whitespace(text[line.start : line.end])
    is_followed = position + 1 < len(lines) and lines[position + 1].kind == LineKind.TAB_ROW
    return is_value(words) or (is_followed and not words.endswith(SENTENCE_END))


def _split_at_tabs(text: str, start: int, end: int) -> CellRow:
    tabs = [start + at for at, character in enumerate(text[start:end]) if character == "\t"]
    return _cells_between(text, start, tabs, end)


def _split_at_pipes(text: str, line: SourceLine) -> CellRow:
    """Return the cells between pipes; those at the ends of the line frame the row, and escaped ones are characters."""
    start, end = line.start, line.end
    content = text[start:end]
    pipes = [start + at for at, character in enumerate(content) if character in PIPES]
    pipes = [pipe for pipe in pipes if text[pipe - 1 : pipe] != "\\"]
    if pipes and not text[start : pipes[0]].strip(BLANKS):
        start, pipes = pipes[0] + 1, pipes[1:]
    if pipes and not text[pipes[-1] + 1 : end].strip(BLANKS):
        end, pipes = pipes[-1], pipes[:-1]
    return _cells_between(text, start, pipes, end)


def _cells_between(text: str, start: int, separators: list[int], end: int) -> CellRow:
    starts = [start, *(at + 1 for at in separators)]
    ends = [*separators, end]
    return [UnplacedCell.from_span(text, begin, max(begin, stop)) for begin, stop in zip(starts, ends, strict=True)]
