"""Read tables from plain text with a cell per line, each after a tab or a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import CellRow, UnplacedCell, collapse_whitespace, display_width
from extractor.tables.row_placement import place_rows
from extractor.tables.text_lines import PIPES, LineKind, SourceLine, TextTable, is_table
from extractor.tables.unmarked_rows import rejoin_header_rows, split_at_closing_blanks, split_stream


@dataclass(frozen=True)
class CellLineSettings(Settings):
    """Where a cell goes on in the next line, and where a table ends."""

    longest_cell: int = threshold(600, unit="characters", meaning="Lines without a tab that go on longer are prose.")
    most_empty_lines: int = threshold(2, unit="lines", meaning="More empty lines between two cells end the table.")
    short_line: int = threshold(
        12, unit="characters", meaning="A line no longer, right under a cell, is the rest of it."
    )
    upright_line: int = threshold(
        8, unit="Latin letters", meaning="Lines no wider, between blank lines, are the rest of a narrow cell."
    )
    longest_first_cell: int = threshold(
        200, unit="characters", meaning="The line before the first pipe is the first cell if it is shorter."
    )
    lines_in_cell: int = threshold(6, unit="lines", meaning="A cell after a pipe has so many further lines at most.")
    least_pipe_cells: int = threshold(6, unit="cells", meaning="Fewer cells after pipes are no table.")
    rejoin_rows: bool = rule(True, meaning="Rows that a blank line inside a cell cut in two are put together again.")
    rejoin_lone_labels: bool = rule(
        True, meaning="So are a lone label and a row of usual length, if the row after begins with a blank."
    )


@dataclass(slots=True)
class _CellLines:
    """A cell as it is read: its stretch, the empty lines before it, and whether blank lines stand inside it."""

    start: int
    end: int
    gap: int = 0
    has_blank_line: bool = False


# Cells after tabs.


def read_tab_cells(text: str, lines: list[SourceLine], first: int) -> TextTable:
    """Read cells that begin at a tab, one per line; rows end at a blank line."""
    most_empty = CellLineSettings.current().most_empty_lines
    cells: list[_CellLines] = []
    position, end = first, first
    empty = empty_before_rest = 0
    row_length, row_lengths = 0, set()
    rest: list[SourceLine] = []  # lines after the last cell that may be the rest of it
    while position < len(lines):
        line = lines[position]
        if line.kind == LineKind.TAB_CELL:
            if rest:
                if not _continues_cell(text, cells[-1], rest, empty_before_rest, empty, row_length, row_lengths):
                    break
                cells[-1].end = rest[-1].end
                cells[-1].has_blank_line = cells[-1].has_blank_line or empty_before_rest > 0
                rest = []
            if empty > most_empty:
                break
            if empty:
                row_lengths.add(row_length)
                row_length = 0
            cells.append(_CellLines(line.start + 1, line.end, empty))
            row_length += 1
            empty = empty_before_rest = 0
            end = position + 1
        elif line.kind == LineKind.EMPTY:
            empty += 1
            if empty > most_empty + 1:
                break
        elif line.kind in (LineKind.TEXT, LineKind.ALIGNED):
            if empty > 1 or (rest and rest[0].start + CellLineSettings.current().longest_cell < line.end):
                break
            empty_before_rest = max(empty_before_rest, empty)
            rest.append(line)
            empty = 0
        elif line.kind != LineKind.BLANK:
            break
        position += 1
    rows = _split_rows(text, cells)
    return TextTable(first, end, rows if is_table(rows) else [])


def _continues_cell(
    text: str,
    cell: _CellLines,
    rest: list[SourceLine],
    empty_before: int,
    empty_after: int,
    row_length: int,
    row_lengths: set[int],
) -> bool:
    """Return whether lines without a tab go on with the cell before them, and do not stand between two tables.

    `empty_before` and `empty_after` count the empty lines around them. `row_length` cells were read in the row so far,
    `row_lengths` in the rows before.
    """
    settings = CellLineSettings.current()
    words = [collapse_whitespace(text[line.start : line.end]) for line in rest]
    before = collapse_whitespace(text[cell.start : cell.end])
    if is_value(before) and not is_value(collapse_whitespace(text[cell.start : rest[-1].end])):
        return False
    is_short_row = row_length not in row_lengths
    if empty_before == 0:
        return empty_after == 0 or is_short_row or max(map(len, words)) <= settings.short_line
    if all(display_width(word) <= settings.upright_line for word in words):
        return True  # a word broken over lines, as a narrow cell sets it upright
    return empty_after == 0 or (is_short_row and bool(row_lengths))


def _split_rows(text: str, cell_lines: list[_CellLines]) -> list[CellRow]:
    """Return the rows: cut at blank lines, then mended where a blank line was inside a row; a stream without any."""
    chunks: list[list[int]] = []
    for number, lines in enumerate(cell_lines):
        if lines.gap or not chunks:
            chunks.append([])
        chunks[-1].append(number)
    cells = [UnplacedCell.from_span(text, lines.start, lines.end) for lines in cell_lines]
    if len(chunks) == 1 or all(len(chunk) == 1 for chunk in chunks):
        return split_stream(cells)
    counts = Counter(map(len, chunks))
    usual_lengths = {length for length, times in counts.items() if times > 1 and length > 1}
    rows: list[CellRow] = []
    number = 0
    while number < len(chunks):
        row = list(chunks[number])
        number += 1
        while number < len(chunks) and _is_rest_of_row(row, chunks, number, cell_lines, cells, usual_lengths):
            row += chunks[number]
            number += 1
        rows.append([cells[index] for index in row])
    return rejoin_header_rows(rows)


def _is_rest_of_row(
    row: list[int],
    chunks: list[list[int]],
    following: int,
    cell_lines: list[_CellLines],
    cells: list[UnplacedCell],
    usual_lengths: set[int],
) -> bool:
    """Return whether chunk number `following` is the rest of `row`: the blank line between was one inside a cell."""
    settings = CellLineSettings.current()
    chunk = chunks[following]
    length = len(row) + len(chunk)
    if not settings.rejoin_rows or length > max(usual_lengths, default=0) or len(row) in usual_lengths:
        return False
    ends_in_blank_line = cell_lines[row[-1]].has_blank_line
    if len(chunk) not in usual_lengths:
        if length not in usual_lengths:
            return False
        kinds = [cells[number].kind for number in row + chunk]
        begins_filled = kinds[len(row)] != "blank" or "value" in kinds[: len(row)]
        return ends_in_blank_line or ("value" in kinds and begins_filled)
    if ends_in_blank_line:
        return True
    # The blank that the row after begins with continues the lone label.
    if settings.rejoin_lone_labels and len(row) == 1 and following + 1 < len(chunks) and length in usual_lengths:
        after = chunks[following + 1]
        has_value = any(cells[number].kind == "value" for number in chunk)
        return len(after) == length and cells[after[0]].kind == "blank" and has_value
    return False


# Cells after pipes.


def read_pipe_cells(text: str, lines: list[SourceLine], first: int) -> TextTable:
    """Read cells that begin at a pipe, one per line; the first cell may be the line before, which has no pipe."""
    settings = CellLineSettings.current()
    spans: list[tuple[int, int]] = []
    opening = first
    if first and lines[first - 1].kind == LineKind.TEXT and lines[first - 1].length() < settings.longest_first_cell:
        opening = first - 1
        spans.append((lines[opening].start, lines[opening].end))
    position, end = first, first
    rest: list[SourceLine] = []
    while position < len(lines):
        line = lines[position]
        if line.kind == LineKind.PIPE_CELL:
            if rest:
                spans[-1] = spans[-1][0], rest[-1].end
                rest = []
            pipe = min(at for sign in PIPES if (at := text.find(sign, line.start, line.end)) >= 0)
            spans.append((pipe + 1, line.end))
            end = position + 1
        elif line.kind in (LineKind.TEXT, LineKind.ALIGNED, LineKind.BLANK) and len(rest) < settings.lines_in_cell:
            rest.append(line)
        else:
            break
        position += 1
    if len(spans) < settings.least_pipe_cells:
        return TextTable(first, end)
    cells = [UnplacedCell.from_span(text, *span) for span in spans]
    skipped, rows = _best_rows(cells, first - opening)
    return TextTable(opening + skipped, end, rows) if is_table(rows) else TextTable(first, end)


def _best_rows(cells: list[UnplacedCell], may_skip: int) -> tuple[int, list[CellRow]]:
    """Return how many first cells do not belong to the table, up to `may_skip`, and the rows of the others.

    Whether the line before has the first cell, and whether a last separator closes the table with nothing behind it,
    shows only in how well the rows then agree.
    """
    best: tuple[int, int, list[CellRow]] | None = None  # problems, cells skipped, rows
    for skipped in range(may_skip + 1):
        closed = split_at_closing_blanks(cells[skipped:])
        if closed is not None and _fit_their_headers(closed):
            return skipped, closed
        for dropped in (1, 0) if cells[-1].kind == "blank" else (0,):
            rows = split_stream(cells[skipped : len(cells) - dropped])
            problems = len(place_rows(rows).problems)
            if best is None or problems < best[0]:
                best = problems, skipped, rows
    return (best[1], best[2]) if best else (0, [])


def _fit_their_headers(rows: Sequence[CellRow]) -> bool:
    """Return whether no header row fails to fit the rows under it."""
    return not any(problem.kind == ProblemKind.TABLE_HEADS for problem in place_rows(list(rows)).problems)
