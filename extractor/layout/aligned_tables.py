"""Tables without ruling lines: lines whose segments stand in columns under a header."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import Rect, overlap, union
from extractor.layout.blocks import LayoutCell, TableBlock, TextLine
from extractor.layout.label_rows import DIGIT
from extractor.settings import Settings, rule, threshold

Column = tuple[float, float]
"""The x where the segments of a column begin and end."""


@dataclass(frozen=True)
class AlignedTableSettings(Settings):
    """What it takes for lines to be a table."""

    find_aligned_tables: bool = rule(True, meaning="lines that stand in columns under a header are a table")
    columns: int = threshold(3, meaning="fewest columns", others=(2, 4))
    rows: int = threshold(3, meaning="fewest lines, the header counted", others=(2, 4))
    row_gap: float = threshold(2.5, unit="em of the upper line", meaning="widest gap between two lines of a table")
    column_gap: float = threshold(1.0, unit="points", meaning="segments nearer to a column than this stand in it")
    filled_columns: float = threshold(0.6, meaning="share of the columns that a full line has segments in")
    full_lines: float = threshold(0.7, meaning="share of the lines that are full")
    labelled: float = threshold(
        0.3, meaning="share of segments with a colon from which lines are pairs of label and value"
    )
    header_rows_below: int = threshold(2, meaning="fewest filled cells below the header of a column of figures")
    figures: float = threshold(0.7, meaning="share of the cells below the header of a column of figures with a digit")


@dataclass(frozen=True, slots=True)
class AlignedTable:
    """A table that lines `start` to `end` (exclusive) make up."""

    start: int
    end: int
    table: TableBlock


def find_aligned_tables(lines: Sequence[TextLine]) -> list[AlignedTable]:
    """Return the stretches of lines that stand in columns under a header, from the top down."""
    settings = AlignedTableSettings.current()
    found: list[AlignedTable] = []
    number = 0
    while settings.find_aligned_tables and number < len(lines):
        wide = len(lines[number].segments) >= settings.columns
        end = _end_of_columns(lines, number, settings) if wide else number
        table = _build_table(lines[number:end], settings) if end - number >= settings.rows else None
        if table is None:
            number += 1
            continue
        found.append(AlignedTable(number, end, table))
        number = end
    return found


def _end_of_columns(lines: Sequence[TextLine], start: int, settings: AlignedTableSettings) -> int:
    """Return the line after the last that still fits the columns which the lines from `start` on make up."""
    columns: list[Column] = [(segment.box.x0, segment.box.x1) for segment in lines[start].segments]
    end = start + 1
    while end < len(lines):
        line, before = lines[end], lines[end - 1]
        gap = line.box.top - before.box.bottom
        if gap > settings.row_gap * before.segments[0].font_size or len(line.segments) < 2:
            break
        widened = _widen_columns(columns, line, settings)
        if widened is None:
            break
        columns, end = widened, end + 1
    return end


def _widen_columns(columns: list[Column], line: TextLine, settings: AlignedTableSettings) -> list[Column] | None:
    """Return the columns widened to hold a line's segments; None where one of them would lie across two columns."""
    widened = list(columns)
    for segment in line.segments:
        x0, x1 = segment.box.x0, segment.box.x1
        touched = [at for at, column in enumerate(widened) if overlap(*column, x0, x1) > -settings.column_gap]
        if len(touched) > 1:
            return None
        if touched:
            left, right = widened[touched[0]]
            widened[touched[0]] = min(left, x0), max(right, x1)
        else:
            widened.append((x0, x1))
    widened.sort()
    return widened if all(one[1] < two[0] for one, two in itertools.pairwise(widened)) else None


def _build_table(lines: Sequence[TextLine], settings: AlignedTableSettings) -> TableBlock | None:
    """Return the lines as a table; None where they have too few full rows, no header, or are labels and values."""
    columns: list[Column] = []
    for line in lines:
        columns = _widen_columns(columns, line, settings) or columns
    width = len(columns)
    least = max(settings.columns, settings.filled_columns * width)
    full = [line for line in lines if len(line.segments) >= least]
    if width < settings.columns or len(full) < settings.rows or len(full) < settings.full_lines * len(lines):
        return None
    if not _has_header(lines, columns, settings):
        return None
    texts = [segment.text for line in lines for segment in line.segments]
    labelled = sum(text[-1] in ":：" or ": " in text or "：" in text for text in texts)
    if labelled > settings.labelled * len(texts):
        return None
    edges = [
        columns[0][0],
        *((one[1] + two[0]) / 2 for one, two in itertools.pairwise(columns)),
        columns[-1][1],
    ]
    cells = []
    for row, line in enumerate(lines):
        for column, (left, right) in enumerate(itertools.pairwise(edges)):
            segments = tuple(s for s in line.segments if left <= (s.box.x0 + s.box.x1) / 2 <= right)
            box = Rect(left, line.box.top, right, line.box.bottom)
            cells.append(LayoutCell(row, column, (TextLine(segments),) if segments else (), box))
    return TableBlock(tuple(cells), union(line.box for line in lines), tuple(edges))


def _has_header(lines: Sequence[TextLine], columns: Sequence[Column], settings: AlignedTableSettings) -> bool:
    """Decide whether the first line heads a column of figures: words in it, over numbers in most lines below."""
    for left, right in columns:
        header, *below = (
            next((s.text for s in line.segments if overlap(left, right, s.box.x0, s.box.x1) > 0), "") for line in lines
        )
        below = [text for text in below if text]
        if header and not DIGIT.search(header) and len(below) >= settings.header_rows_below:
            figures = sum(bool(DIGIT.search(text)) for text in below)
            if figures >= settings.figures * len(below):
                return True
    return False
