"""Tables between rules: one under the head, others over it, under the last row or between rows, all equally long.

It is the form in which books and reports print tables of text, which no column of figures gives away.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import RulingLine
from extractor.layout.blocks import TextLine
from extractor.layout.columns import printed_width
from extractor.layout.line_tables import LineTable, LineTableSettings, build_table, place_words
from extractor.layout.row_rules import equally_long
from extractor.layout.white_columns import Column, column_edges, find_white_columns, fits_columns
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class FramedTableSettings(Settings):
    """What it takes for the lines between some rules to be a table."""

    find_framed_tables: bool = rule(True, meaning="lines in columns between equally long rules are a table")
    end_tolerance: float = threshold(3.0, unit="points", meaning="difference of the ends of equally long rules")
    most_rules: int = threshold(400, unit="rules", meaning="a page with more is a drawing")
    rules: int = threshold(3, meaning="fewest rules of a table", others=(2, 4))
    rows: int = threshold(2, unit="lines", meaning="fewest lines under the head with words in two columns")
    intervals_without_columns: int = threshold(
        4, meaning="so many intervals between rules in which no columns are found are no table"
    )
    filled: float = threshold(0.5, meaning="share of the lines under the head that have words in two columns")
    fitting: float = threshold(0.9, meaning="share of the lines without text that lies across columns")
    labelled: float = threshold(0.3, meaning="share of texts with a colon from which lines are label and value")
    prose_lines: int = threshold(4, unit="lines", meaning="fewest lines of a column of prose between two rules")
    prose_width: int = threshold(28, unit="characters", meaning="narrowest column of prose, as the median of its lines")


def find_framed_tables(lines: Sequence[TextLine], rules: Sequence[RulingLine]) -> list[LineTable]:
    """Return the tables that lines between equally long rules make up, from the top down."""
    settings = FramedTableSettings.current()
    if not settings.find_framed_tables or not lines or len(rules) > settings.most_rules:
        return []
    found: list[LineTable] = []
    for group in equally_long(rules, settings.end_tolerance, settings.rules):
        intervals = _intervals(lines, group, settings)
        at = 0
        while at + 1 < len(intervals):
            framed = _fit_intervals(lines, intervals[at:], settings)
            if framed is None:
                at += 1
                continue
            count, columns = framed
            start, end = intervals[at][0], intervals[at + count - 1][1]
            found.append(LineTable(start, end, build_table(lines[start:end], columns, group)))
            at += count
    found.sort(key=lambda each: (each.start, -each.end))
    apart: list[LineTable] = []
    for each in found:
        if not apart or each.start >= apart[-1].end:
            apart.append(each)
    return apart


def _intervals(
    lines: Sequence[TextLine], rules: Sequence[RulingLine], settings: FramedTableSettings
) -> list[tuple[int, int]]:
    """Return the lines between each two rules, as start and end; those reaching beyond the rules' ends are left out."""
    boxes = [line.box for line in lines]
    middles = [box.center[1] for box in boxes]
    result = []
    for upper, lower in itertools.pairwise(rules):
        inside = [number for number, middle in enumerate(middles) if upper.position < middle < lower.position]
        start, end = (inside[0], inside[-1] + 1) if inside else (0, 0)
        left, right = upper.start - settings.end_tolerance, upper.end + settings.end_tolerance
        within = all(left <= box.x0 and box.x1 <= right for box in boxes[start:end])
        result.append((start, end) if within else (0, 0))
    return result


def _fit_intervals(
    lines: Sequence[TextLine], intervals: Sequence[tuple[int, int]], settings: FramedTableSettings
) -> tuple[int, list[Column]] | None:
    """Return how many intervals between rules are a table, of which the first is the head, and its columns."""
    start, end = intervals[0]
    if not 0 < end - start <= LineTableSettings.current().head_lines:
        return None
    head = lines[start:end]
    if max(len(line.segments) for line in head) < 2:
        return None
    best = None
    for count in range(2, len(intervals) + 1):
        first, last = intervals[count - 1]
        if first == last:
            break
        columns = _fit_columns(head, lines[end:last], count, settings)
        if columns is None and (best is not None or count > settings.intervals_without_columns):
            break
        best = (count, columns) if columns is not None else best
    return best


def _fit_columns(
    head: Sequence[TextLine], body: Sequence[TextLine], intervals: int, settings: FramedTableSettings
) -> list[Column] | None:
    """Return the columns in which a head and the lines under it stand; None where they are no table."""
    rows = [line for line in body if len(line.segments) > 1]
    if len(rows) < settings.rows or len(rows) < settings.filled * len(body):
        return None
    columns = find_white_columns([_words(line) for line in (*head[-1:], *rows)])
    if len(columns) < 2:
        return None
    edges = column_edges(columns)
    fitting = sum(fits_columns(line, edges) for line in body)
    placed = [place_words(line, edges) for line in body]
    filled = sum(len(line.cells) > 1 for line in placed)
    if fitting < settings.fitting * len(body) or filled < max(settings.rows, settings.filled * len(body)):
        return None
    if len({column for line in head for column in place_words(line, edges).cells}) < 2:
        return None
    texts = [segment.text for line in rows for segment in line.segments]
    if sum(text[-1] in ":：" or ": " in text or "：" in text for text in texts) > settings.labelled * len(texts):
        return None
    if intervals == 2 and all(_is_prose([line.text(n) for line in placed], settings) for n in range(len(columns))):
        return None
    return columns


def _words(line: TextLine) -> list:
    return [word for segment in line.segments for word in segment.words]


def _is_prose(texts: Sequence[str], settings: FramedTableSettings) -> bool:
    """Decide whether the lines of a column are prose."""
    filled = [printed_width(text) for text in texts if text]
    return len(filled) >= settings.prose_lines and median(filled) >= settings.prose_width
