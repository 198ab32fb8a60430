"""Cells on a grid out of lines whose columns are aligned by blanks, as in a typewritten statement.

A column is where the rows with numerals have ink and all of them are blank on both sides; any other line is laid over
these columns, so a heading over several of them spans them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from extractor.tables.cells import PlacedCell, collapse_whitespace, is_period, is_value, trimmed

_GAP = re.compile(r"[ \xa0\u3000]{2,}")
_LONGEST = 60


@dataclass(slots=True)
class _Segment:
    """A run of words in a line: its stretch of the text, and the columns of a fixed-width screen it covers."""

    start: int
    end: int
    left: int
    right: int
    value: bool
    period: bool


def place_aligned(text: str, lines: list[tuple[int, int]]) -> tuple[int, list[PlacedCell]]:
    """`(first, cells)`: the cells from line `first` on, on a grid, blank ones included; none without evidence.

    Evidence is two rows with numerals under one another, one such row under headers, or labels with colons. Lines
    before `first` stand over the table, and prose after it is left out.
    """
    rows = [_segments(text, start, end) for start, end in lines]
    ruling = [row for row in rows if _is_ruling(row)]
    while rows and (len(rows[-1]) < 2 or (len(ruling) > 1 and _is_prose(text, rows[-1]))):
        rows.pop()
    wide = [row for row in rows if len(row) > 1]
    if not _is_evident(text, wide, ruling):
        return 0, []
    columns = _columns(ruling if len(ruling) > 1 else wide)
    heads = 0
    while heads < len(rows) and not _is_ruling(rows[heads]):
        heads += 1
    if 0 < heads < len(rows):
        columns = _with_blank_columns(columns, rows[:heads])
    if len(columns) < 2:
        return 0, []
    first = 0
    if heads < len(rows) and not rows[heads][0].value:
        while first + 1 < heads and _stands_over(rows[first], rows[first + 1], columns):
            first += 1
    spans = _header_spans(rows[first:heads], columns) if heads < len(rows) else {}
    cells: list[PlacedCell] = []
    for number, row in enumerate(rows[first:]):
        cells.extend(_placed(row, spans.get(number), columns, number, lines[first + number][0]))
    return first, cells


def _with_blank_columns(columns: list[tuple[int, int]], heads: list[list[_Segment]]) -> list[tuple[int, int]]:
    """The columns and those that only a header shows: every value in them is blank."""
    lowest = _merged([*columns, *((segment.left, segment.right) for segment in heads[-1])])
    if len(lowest) > len(columns):
        columns = lowest
    edge = columns[-1][1] if columns else 0
    beyond = [(segment.left, segment.right) for row in heads for segment in row if segment.left > edge]
    return _merged([*columns, *beyond])


def _is_ruling(row: list[_Segment]) -> bool:
    """Whether a row shows where the columns are: numerals that are more than years over the columns."""
    values = [segment for segment in row if segment.value]
    return len(row) > 1 and bool(values) and not (row[0].left > 0 and len(values) == len(row) and row[0].period)


def _is_prose(text: str, row: list[_Segment]) -> bool:
    return not any(segment.value for segment in row) and any(
        segment.end - segment.start > 15 and text[segment.end - 1] in ".。;；" for segment in row
    )


def _stands_over(row: list[_Segment], lower: list[_Segment], columns: list[tuple[int, int]]) -> bool:
    """Whether a first row is a heading over the table: it begins at the labels, and a fuller row begins there too."""
    return (
        bool(row and lower)
        and len(row) < len(lower)
        and row[0].left <= lower[0].left + 1
        and lower[0].left < columns[0][1]
        and len(lower) == len(columns)
    )


_Span = tuple[int, int]


def _header_spans(heads: list[list[_Segment]], columns: list[tuple[int, int]]) -> dict[int, list[_Span]]:
    """For each header row over another one, the first and last column of each segment; the lowest row is as it lies.

    A header stands centred over its columns, or begins or ends with them; a column without a header of its own
    below belongs to no group. The best sharing out is found by dynamic programming from left to right.
    """
    ranges = list(columns)
    named = [False] * len(columns)
    spans: dict[int, list[_Span]] = {}
    for number in range(len(heads) - 1, -1, -1):
        row = heads[number]
        if any(named):
            found = _least_shift(row, ranges, named)
            if found is None:
                continue
            spans[number] = found
        else:
            found = [_under(segment, ranges) for segment in row]
        for segment, (left, right) in zip(row, found, strict=True):
            if left == right:
                ranges[left] = (min(ranges[left][0], segment.left), max(ranges[left][1], segment.right))
            for column in range(left, right + 1):
                named[column] = True
    return spans


def _under(segment: _Segment, columns: list[tuple[int, int]]) -> _Span:
    """The first and last column the segment overlaps, or the nearest one twice."""
    under = [at for at, (left, right) in enumerate(columns) if segment.left < right and left < segment.right]
    if not under:
        middle = segment.left + segment.right
        under = [min(range(len(columns)), key=lambda at: abs(sum(columns[at]) - middle))]
    return under[0], under[-1]


def _least_shift(row: list[_Segment], ranges: list[tuple[int, int]], named: list[bool]) -> list[_Span] | None:
    """Which columns each segment of a header row stands over, so that all are shifted least from their columns."""
    states: dict[int, tuple[float, tuple[_Span, ...]]] = {0: (0.0, ())}  # columns used up -> cost and spans
    for segment in row:
        following: dict[int, tuple[float, tuple[_Span, ...]]] = {}
        for used, (cost, spans) in states.items():
            skipped = 0.0
            for first in range(used, len(ranges)):
                if first > used:
                    skipped += 12.0 if named[first - 1] else 1.0
                for last in range(first, len(ranges)):
                    if last > first and not (named[first] and named[last]):
                        break
                    left, right = ranges[first][0], ranges[last][1]
                    centred = abs(segment.left + segment.right - left - right) / 2
                    shift = min(centred, abs(segment.left - left) + 2, abs(segment.right - right) + 3)
                    if last == first and not named[first] and segment.left < right and left < segment.right:
                        shift = 0.0
                    total = cost + skipped + shift
                    if last + 1 not in following or total < following[last + 1][0]:
                        following[last + 1] = (total, (*spans, (first, last)))
        states = following
    if not states:
        return None
    rest = {used: sum(12.0 if name else 1.0 for name in named[used:]) for used in states}
    best = min(states, key=lambda used: states[used][0] + rest[used])
    return list(states[best][1])


def _segments(text: str, start: int, end: int) -> list[_Segment]:
    segments = []
    edge, left = start, 0
    cuts = [*_GAP.finditer(text, start, end), None]
    for cut in cuts:
        stop = end if cut is None else cut.start()
        right = left + _width(text[edge:stop])
        begin, finish = trimmed(text, edge, stop)
        if begin < finish:
            inset = left + _width(text[edge:begin])
            ink = text[begin:finish]
            line = collapse_whitespace(ink)
            segments.append(_Segment(begin, finish, inset, inset + _width(ink), is_value(line), is_period(line)))
        if cut is not None:
            left = right + _width(cut.group())
            edge = cut.end()
    return segments


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    widths = [unicodedata.east_asian_width(character) for character in text]
    # Quotation marks, dashes and the like are as wide as the characters they stand among.
    wide = "WFA" if "W" in widths else "WF"
    return sum(2 if width in wide else 1 for width in widths)


def _is_evident(text: str, wide: list[list[_Segment]], ruling: list[list[_Segment]]) -> bool:
    if len(wide) < 2:
        return False
    segments = [segment for row in wide for segment in row]
    if sum(segment.end - segment.start > _LONGEST for segment in segments) * 5 > len(segments):
        return False
    values = sum(segment.value for segment in segments)
    if len(ruling) > 1:
        body = wide[next(at for at, row in enumerate(wide) if row is ruling[0]) :]
        if len(ruling) * 2 >= len(body) and values * 6 >= len(segments):
            return True
    if len(ruling) == 1 and ruling[0] is wide[-1]:
        return sum(segment.value for segment in ruling[0]) > 2 and max(len(row) for row in wide[:-1]) > 2
    labelled = sum(len(row) == 2 and text[row[0].end - 1] in ":：" for row in wide)
    return labelled > 1 and labelled * 2 > len(wide)


def _columns(rows: list[list[_Segment]]) -> list[tuple[int, int]]:
    """The inked ranges that no row of the majority bridges; a row that would join two columns is left out."""
    counts = sorted(len(row) for row in rows)
    usual = counts[len(counts) // 2]
    columns: list[tuple[int, int]] = []
    for row in sorted(rows, key=lambda row: (abs(len(row) - usual), -len(row))):
        joined = _merged([*columns, *((segment.left, segment.right) for segment in row)])
        if not columns or len(joined) >= len(columns):
            columns = joined
    return columns


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for left, right in sorted(ranges):
        if merged and left < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _placed(
    row: list[_Segment], spans: list[_Span] | None, columns: list[tuple[int, int]], number: int, line: int
) -> list[PlacedCell]:
    places: list[list[int]] = []  # first column, last column, start, end
    for at, segment in enumerate(row):
        first, last = spans[at] if spans else _under(segment, columns)
        if places and first <= places[-1][1]:
            if last > places[-1][1]:
                first = places[-1][1] + 1
            else:
                places[-1][3] = segment.end
                continue
        places.append([first, last, segment.start, segment.end])
    cells = [PlacedCell(start, end, number, first, 1, last - first + 1) for first, last, start, end in places]
    taken = {column for first, last, _, _ in places for column in range(first, last + 1)}
    at = line
    for column in range(len(columns)):
        if column in taken:
            at = max([end for first, last, _, end in places if last <= column], default=at)
        else:
            cells.append(PlacedCell(at, at, number, column))
    return cells
