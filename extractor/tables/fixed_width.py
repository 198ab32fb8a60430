"""Read tables from lines whose columns are aligned by spaces, as in a typewritten statement.

A column is where the rows with values have ink and all of them are blank on both sides. Any other line is laid over
these columns, so a header over several of them spans them (`header_spans.AlignmentModel`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import PlacedCell, collapse_whitespace, display_width, trim_span
from extractor.tables.header_spans import AlignmentModel, ColumnSpan, Extent, find_cheapest_spans
from extractor.tables.text_lines import LineKind, SourceLine, TextTable, TextTableSettings
from extractor.values.recurrence import period
from extractor.values.years import is_year

_WIDE_GAP = re.compile(r"[ \xa0\u3000]{2,}")


@dataclass(frozen=True)
class FixedWidthSettings(Settings):
    """When aligned lines are a table, and which of them belong to it."""

    longest_cell: int = threshold(60, unit="characters", meaning="A longer piece of a line is prose.")
    long_share: float = threshold(0.2, meaning="With a larger share of long pieces it is no table.")
    sentence: int = threshold(15, unit="characters", meaning="A longer piece that ends in a full stop is a sentence.")
    aligned_row_share: float = threshold(
        0.5, meaning="From the first row with values on, so large a share of the rows must have values."
    )
    values_per_piece: float = threshold(1 / 6, meaning="So large a share of all pieces must be values.")
    least_in_one_row: int = threshold(
        3, unit="cells", meaning="One row of values alone needs so many, and as many headers."
    )
    labelled_share: float = threshold(
        0.5,
        meaning="Pairs of a label with a colon and a value are a table if more than this share of the rows are pairs.",
    )
    ruled_head_lines: int = threshold(
        4, unit="lines", meaning="so many lines between a blank one and a rule are the head of another table at most"
    )
    drop_prose_at_end: bool = rule(True, meaning="Last lines in sentences are prose that happens to have wide gaps.")
    split_overruns: bool = rule(
        True,
        meaning="A text that reaches the next column with one space left is parted where a word stands flush in it.",
    )
    captions_in_table: bool = rule(
        True,
        meaning="A first line over a fuller header row, which begins where that does, is a heading over the table.",
    )


@dataclass(slots=True)
class _Piece:
    """A run of words between wide gaps: its stretch of the text, where it stands on the line, and what it is."""

    start: int
    end: int
    at: Extent
    is_value: bool
    is_year: bool


def read_aligned_lines(text: str, lines: list[SourceLine], first: int) -> TextTable:
    """Read aligned lines, with short lines of one piece among them: a banner, or a label alone."""
    members: list[SourceLine] = []
    numbers: list[int] = []
    blocks = [0]  # of members, the first after each blank line
    position, end, empty = first, first, 0
    while position < len(lines):
        line = lines[position]
        if line.kind == LineKind.EMPTY:
            empty += 1
            if members and _is_over_ruled_head(lines, position + 1):
                if not any(piece.is_value for line in members[blocks[-1] :] for piece in _split_pieces(text, line)):
                    del members[blocks[-1] :]  # what stands over that head as its captions
                    end = numbers[blocks[-1]]
                break
            if empty > 1:
                break
            blocks.append(len(members))
        elif line.kind == LineKind.ALIGNED or _is_among_aligned(lines, position):
            members.append(line)
            numbers.append(position)
            empty = 0
            if line.kind == LineKind.ALIGNED:
                end = position + 1
        elif line.kind != LineKind.RULE:
            break
        position += 1
    top, placed = place_aligned_lines(text, members)
    return TextTable(numbers[top] if placed else first, max(end, first + 1), placed=placed)


def _is_over_ruled_head(lines: list[SourceLine], position: int) -> bool:
    """Return whether a table with a head of its own begins at a line: few lines over a rule, a row under it."""
    end = position
    while end < len(lines) and lines[end].kind in (LineKind.ALIGNED, LineKind.TEXT):
        end += 1
    is_ruled = end + 1 < len(lines) and (lines[end].kind, lines[end + 1].kind) == (LineKind.RULE, LineKind.ALIGNED)
    head = lines[position:end]
    longest = FixedWidthSettings.current().ruled_head_lines
    return is_ruled and 0 < len(head) <= longest and any(line.kind == LineKind.ALIGNED for line in head)


def _is_among_aligned(lines: list[SourceLine], position: int) -> bool:
    """Return whether a short line of one piece stands right before an aligned line."""
    line, following = lines[position], position + 1
    is_short = line.length() <= TextTableSettings.current().longest_caption
    is_before = following < len(lines) and lines[following].kind == LineKind.ALIGNED
    return line.kind == LineKind.TEXT and is_short and is_before


def place_aligned_lines(text: str, lines: list[SourceLine]) -> tuple[int, list[PlacedCell]]:
    """Return `(first, cells)`: the cells of the lines from number `first` on, blank ones included; none where no table.

    The evidence is two rows with values under one another, one such row under headers, or labels with colons. Lines
    before `first` stand over the table, and prose after it is left out.
    """
    settings = FixedWidthSettings.current()
    rows = [_split_pieces(text, line) for line in lines]
    value_rows = [row for row in rows if _has_values_in_columns(text, row)]
    drops_prose = len(value_rows) > 1 and settings.drop_prose_at_end
    while rows and (len(rows[-1]) < 2 or (drops_prose and _is_prose(text, rows[-1]))):
        rows.pop()
    wide = [row for row in rows if len(row) > 1]
    if not _is_table(text, wide, value_rows):
        return 0, []
    columns = _find_columns(value_rows if len(value_rows) > 1 else wide)
    headers = 0
    while headers < len(rows) and not _has_values_in_columns(text, rows[headers]):
        headers += 1
    if 0 < headers < len(rows):
        columns = _add_blank_columns(columns, rows[:headers])
    if len(columns) < 2:
        return 0, []
    first = 0
    if headers < len(rows) and not rows[headers][0].is_value:
        while first + 1 < headers and _is_heading(rows[first], rows[first + 1], columns):
            first += 1
    spans = _find_header_spans(text, rows[first:headers], columns) if headers < len(rows) else {}
    cells: list[PlacedCell] = []
    for number, row in enumerate(rows[first:]):
        if number >= headers - first and settings.split_overruns:
            row = [part for piece in row for part in _split_overrun(text, piece, row, columns)]
        cells += _place_row(row, spans.get(number), columns, number, lines[first + number].start)
    return first, cells


# Rows of pieces.


def _split_pieces(text: str, line: SourceLine) -> list[_Piece]:
    pieces = []
    start, column = line.start, 0
    for gap in [*_WIDE_GAP.finditer(text, line.start, line.end), None]:
        stop = line.end if gap is None else gap.start()
        begin, end = trim_span(text, start, stop)
        if begin < end:
            left = column + display_width(text[start:begin])
            words = collapse_whitespace(text[begin:end])
            extent = Extent(left, left + display_width(text[begin:end]))
            pieces.append(_Piece(begin, end, extent, is_value(words), is_year(words)))
        if gap is not None:
            column += display_width(text[start:stop]) + display_width(gap.group())
            start = gap.end()
    return pieces


def _split_overrun(text: str, piece: _Piece, row: list[_Piece], columns: list[Extent]) -> list[_Piece]:
    """Return a piece that goes over several columns in parts: a word that is flush with a column is a cell of its own.

    The word begins where the column does, or ends there, and the row has nothing else in that column.
    """
    under = _columns_under(piece, columns)
    for column in range(under.first + 1, under.end):
        left, right = columns[column]
        if any(other is not piece and other.at.left < right and left < other.at.right for other in row):
            continue
        for match in re.finditer(r"(?<=\S)[ \xa0](?=\S)", text[piece.start : piece.end]):
            begin, end = piece.start + match.end(), piece.start + match.start()
            at = Extent(piece.at.left + display_width(text[piece.start : begin]), piece.at.right)
            if len(row) > 1 and at.left >= columns[column - 1].left and (at.left == left or piece.at.right == right):
                words = collapse_whitespace(text[begin : piece.end])
                if at.left != left and not is_value(words):
                    continue
                before = collapse_whitespace(text[piece.start : end])
                upper = Extent(piece.at.left, at.left - 1)
                first = _Piece(piece.start, end, upper, is_value(before), is_year(before))
                rest = _Piece(begin, piece.end, at, is_value(words), is_year(words))
                return [first, *_split_overrun(text, rest, row, columns)]
    return [piece]


def _has_values_in_columns(text: str, row: list[_Piece]) -> bool:
    """Return whether a row shows where the columns are: values that are more than years over the columns."""
    values = [piece for piece in row if piece.is_value]
    is_row_of_years = values == row and row[0].is_year and row[0].at.left > 0 if row else False
    if len(row) == len(values) + 1 and not row[0].is_value and all(piece.is_year for piece in values):
        is_row_of_years = period([text[piece.start : piece.end] for piece in values]) is not None
    return len(row) > 1 and bool(values) and not is_row_of_years


def _is_prose(text: str, row: list[_Piece]) -> bool:
    sentence = FixedWidthSettings.current().sentence
    return not any(piece.is_value for piece in row) and any(
        piece.end - piece.start > sentence and text[piece.end - 1] in ".。;；" for piece in row
    )


def _is_table(text: str, wide: list[list[_Piece]], value_rows: list[list[_Piece]]) -> bool:
    """Return whether the rows of several pieces are a table."""
    settings = FixedWidthSettings.current()
    if len(wide) < 2:
        return False
    pieces = [piece for row in wide for piece in row]
    long = sum(piece.end - piece.start > settings.longest_cell for piece in pieces)
    if long > settings.long_share * len(pieces):
        return False
    values = sum(piece.is_value for piece in pieces)
    if len(value_rows) > 1:
        body = wide[next(at for at, row in enumerate(wide) if row is value_rows[0]) :]
        has_aligned_rows = len(value_rows) >= settings.aligned_row_share * len(body)
        if has_aligned_rows and values >= settings.values_per_piece * len(pieces):
            return True
    if len(value_rows) == 1 and value_rows[0] is wide[-1]:
        in_row = sum(piece.is_value for piece in value_rows[0])
        return min(in_row, max(len(row) for row in wide[:-1])) >= settings.least_in_one_row
    labelled = sum(len(row) == 2 and text[row[0].end - 1] in ":：" for row in wide)
    return labelled > 1 and labelled > settings.labelled_share * len(wide)


def _is_heading(row: list[_Piece], lower: list[_Piece], columns: list[Extent]) -> bool:
    """Return whether a first row is a heading over the table: it and a fuller row below it begin at the labels."""
    return (
        FixedWidthSettings.current().captions_in_table
        and bool(row and lower)
        and len(row) < len(lower) == len(columns)
        and row[0].at.left <= lower[0].at.left + 1
        and lower[0].at.left < columns[0].right
    )


# Columns.


def _find_columns(rows: list[list[_Piece]]) -> list[Extent]:
    """Return the inked extents that no row of the majority bridges; a row that would join two columns is left out."""
    counts = sorted(len(row) for row in rows)
    usual = counts[len(counts) // 2]
    columns: list[Extent] = []
    for row in sorted(rows, key=lambda row: (abs(len(row) - usual), -len(row))):
        merged = _merge_extents([*columns, *(piece.at for piece in row)])
        if not columns or len(merged) >= len(columns):
            columns = merged
    return columns


def _add_blank_columns(columns: list[Extent], header_rows: list[list[_Piece]]) -> list[Extent]:
    """Return the columns and those that only a header shows, because every value in them is blank."""
    lowest = _merge_extents([*columns, *(piece.at for piece in header_rows[-1])])
    if len(lowest) > len(columns):
        columns = lowest
    edge = columns[-1].right if columns else 0
    return _merge_extents([*columns, *(piece.at for row in header_rows for piece in row if piece.at.left > edge)])


def _merge_extents(extents: list[Extent]) -> list[Extent]:
    """Return the extents from left to right, those that overlap made one."""
    merged: list[Extent] = []
    for left, right in sorted(extents):
        if merged and left < merged[-1].right:
            merged[-1] = Extent(merged[-1].left, max(merged[-1].right, right))
        else:
            merged.append(Extent(left, right))
    return merged


# Spans.


def _find_header_spans(
    text: str, header_rows: list[list[_Piece]], columns: list[Extent]
) -> dict[int, list[ColumnSpan]]:
    """Return for each header row the columns that each piece spans; the lowest row is taken as it lies."""
    extents = list(columns)
    has_header = [False] * len(columns)
    spans: dict[int, list[ColumnSpan]] = {}
    for number in range(len(header_rows) - 1, -1, -1):
        row = header_rows[number]
        lower = header_rows[number + 1] if number + 1 < len(header_rows) else []
        groups = _spans_of_groups([text[piece.start : piece.end] for piece in lower], len(row), len(columns))
        if groups and row[0].at.left > columns[0].left:
            spans[number] = row_spans = groups
        elif any(has_header):
            found = find_cheapest_spans(len(row), AlignmentModel([piece.at for piece in row], extents, has_header))
            if found is None:
                continue
            spans[number] = row_spans = list(found.spans)
        else:
            row_spans = [_columns_under(piece, extents) for piece in row]
        for piece, span in zip(row, row_spans, strict=True):
            if span.end == span.first + 1:
                left, right = extents[span.first]
                extents[span.first] = Extent(min(left, piece.at.left), max(right, piece.at.right))
            has_header[span.first : span.end] = [True] * (span.end - span.first)
    return spans


def _spans_of_groups(lower: list[str], count: int, columns: int) -> list[ColumnSpan] | None:
    """Return the spans of `count` headers over one that recurs below each of them, as the same years do; else None.

    The lower headers are the last of the row's columns, behind those of the labels.
    """
    for first in range(1, len(lower)):
        length = period(lower[first:])
        if length is not None and len(lower) == columns and count * length == columns - first:
            return [ColumnSpan(at, at + length) for at in range(first, columns, length)]
    return None


def _columns_under(piece: _Piece, columns: list[Extent]) -> ColumnSpan:
    """Return the columns that a piece overlaps, or the nearest one."""
    under = [at for at, column in enumerate(columns) if piece.at.left < column.right and column.left < piece.at.right]
    if not under:
        under = [min(range(len(columns)), key=lambda at: abs(sum(columns[at]) - sum(piece.at)))]
    return ColumnSpan(under[0], under[-1] + 1)


def _place_row(
    row: list[_Piece], spans: list[ColumnSpan] | None, columns: list[Extent], number: int, line_start: int
) -> list[PlacedCell]:
    """Return the cells of a row, blank ones last; pieces in the same column are one cell."""
    placed: list[tuple[ColumnSpan, int, int]] = []
    for at, piece in enumerate(row):
        span = spans[at] if spans else _columns_under(piece, columns)
        edge = placed[-1][0].end if placed else 0
        if span.first < edge:
            if span.end <= edge:
                last, start, _ = placed[-1]
                placed[-1] = last, start, piece.end
                continue
            span = ColumnSpan(edge, span.end)
        placed.append((span, piece.start, piece.end))
    cells = [PlacedCell(start, end, number, span.first, 1, span.end - span.first) for span, start, end in placed]
    at = line_start
    for column in range(len(columns)):
        if any(span.first <= column < span.end for span, _, _ in placed):
            at = max([end for span, _, end in placed if span.end <= column + 1], default=at)
        else:
            cells.append(PlacedCell(at, at, number, column))
    return cells
