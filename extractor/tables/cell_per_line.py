"""Find tables on pages that were set from text: a cell to a line, one under another, tabs and row ends gone.

What such a page still shows is where each line stands: cells that began at a tab are indented, and blank lines are
gaps. Values tell the rows. How many blank cells a gap stands for cannot be told, so header rows are cut where they fit
one another best (`header_placement.cost_without_blanks`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from extractor.problems import ProblemKind
from extractor.settings import Settings, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import CellRow, UnplacedCell, display_width
from extractor.tables.header_paths import build_table
from extractor.tables.header_placement import cost_without_blanks
from extractor.tables.page_lines import SENTENCE_END, PageLines, PageLineSettings, PlacedLine
from extractor.tables.row_placement import place_rows
from extractor.tables.row_shapes import BodyShape
from extractor.types import Table
from extractor.values.enumeration import enumeration_style

MAX_HEADER_CELLS = 40
"""Cells before the first values that are searched for header rows; every cut of them is tried."""


@dataclass(frozen=True)
class CellPerLineSettings(Settings):
    """When lines of a page are cells of a table, and where its header rows are cut."""

    least_values: int = threshold(3, unit="cells", meaning="Fewer values are no evidence of a table.")
    most_labels: int = threshold(3, unit="cells", meaning="More texts before values are header rows, not labels.")
    wide_gap: int = threshold(
        3, unit="blank lines", meaning="The one gap as wide as this holds blank cells: a header row begins there."
    )
    left_edges: int = threshold(3, meaning="The cells of a page begin at no more places: the margin and tabs.")
    edge_tolerance: float = threshold(0.5, unit="line heights", meaning="Places that differ by less are one.")
    at_edges: float = threshold(0.9, meaning="Share of the lines that begin at one of those places.")
    # What speaks against a cut into header rows, on the scale of HeaderSpanCosts.
    gap_in_row: float = threshold(0.3, meaning="A blank line stands between two cells of one row (each).")
    gaps_in_row: float = threshold(2.0, meaning="Several blank lines stand between two cells of one row (each).")
    cut_without_gap: float = threshold(
        3.0, meaning="A row begins without a blank line, where there are such elsewhere."
    )
    cut_at_smaller_gap: float = threshold(0.2, meaning="A row begins after fewer blank lines than there are elsewhere.")
    cut_at_page: float = threshold(0.3, meaning="A row begins at the top of a page, where gaps do not show.")
    more_labels: float = threshold(1.0, meaning="The first row has more than one label (each).")
    banner: float = threshold(0.5, meaning="The header rows begin with a row of one cell (each).")


def find_cell_per_line_tables(text: str, lines: Sequence[PlacedLine]) -> list[Table]:
    """Return the tables among lines of pages whose cells stand one to a line, in reading order.

    Lines come in reading order, without those of other tables. Two rows of two values at least, under headers, are
    needed; prose and lines in several pieces separate tables.
    """
    if len(lines) < 6:
        return []
    page_lines = PageLines.from_lines(text, lines)
    tables, last = [], 0
    for first, end in _candidate_stretches(page_lines):
        rows = _find_rows(_join_lines_into_cells(page_lines, first, end))
        placement = place_rows(rows)
        has_doubtful_headers = any(problem.kind == ProblemKind.TABLE_HEADS for problem in placement.problems)
        if has_doubtful_headers or not _is_table(rows) or not _begin_at_few_places(lines[first:end]):
            continue
        table = build_table(text, placement.cells(), caption=_find_caption(page_lines, first, last))
        pages = tuple(sorted({line.page for line in lines[first:end]}))
        tables.append(replace(table, pages=pages, problems=(*table.problems, *placement.problems)))
        last = end
    return tables


def _candidate_stretches(page: PageLines) -> Iterator[tuple[int, int]]:
    """Yield runs of lines `first .. end - 1` that may be the cells of one table: from a cell to the last value."""
    least_values = CellPerLineSettings.current().least_values
    first = None
    for number, kind in enumerate((*page.kinds, "other")):
        if kind == "cell" and first is None:
            first = number
        elif kind == "other" and first is not None:
            values = [at for at in range(first, number) if is_value(page.texts[at])]
            if len(values) >= least_values:
                while not page.is_indented and page.kinds[first] == "cell" and _is_heading(page, first):
                    first += 1
                yield first, values[-1] + 1
            first = None


def _begin_at_few_places(lines: Sequence[PlacedLine]) -> bool:
    """Decide whether most lines begin at the same few places across the page, as the words of a chart do not."""
    settings = CellPerLineSettings.current()
    tolerance = settings.edge_tolerance * median(line.box.height for line in lines)
    held = 0
    for page in {line.page for line in lines}:
        edges = sorted(line.box.x0 for line in lines if line.page == page)
        counts = [1]
        for before, edge in pairwise(edges):
            if edge - before <= tolerance:
                counts[-1] += 1
            else:
                counts.append(1)
        held += sum(sorted(counts, reverse=True)[: settings.left_edges])
    return held >= settings.at_edges * len(lines)


def _is_heading(page: PageLines, number: int) -> bool:
    """Return whether a numbered line is a heading over the cells that follow, and not the label of a row."""
    is_over_gap = page.gaps[number + 1] != 0
    return bool(enumeration_style(page.texts[number])) and not is_value(page.texts[number + 1]) and is_over_gap


def _find_caption(page: PageLines, first: int, last: int) -> tuple[str, ...]:
    """Return the line right before the table that begins at line `first`, unless it is prose or before line `last`."""
    if first <= last or not page.lines[first - 1].is_unbroken:
        return ()
    words = page.texts[first - 1]
    is_short = display_width(words) <= PageLineSettings.current().widest_cell
    return (words,) if words and is_short and words[-1] not in SENTENCE_END else ()


# Cells and rows.


@dataclass(frozen=True, slots=True)
class _SpacedCell:
    """A cell and how many blank lines stand before it, None at the top of a page."""

    cell: UnplacedCell
    gap: int | None


class _SpacedRun(NamedTuple):
    """Texts, and the values after them."""

    texts: list[_SpacedCell]
    values: list[_SpacedCell]


def _join_lines_into_cells(page: PageLines, first: int, end: int) -> list[_SpacedCell]:
    found: list[_SpacedCell] = []
    for number in range(first, end):
        line = page.lines[number]
        if page.kinds[number] == "rest" and found:
            whole = UnplacedCell.from_span(page.text, found[-1].cell.start, line.end)
            found[-1] = replace(found[-1], cell=whole)
        else:
            cell = UnplacedCell.from_span(page.text, line.start, line.end)
            found.append(_SpacedCell(cell, page.gaps[number]))
    return found


def _find_rows(cells: Sequence[_SpacedCell]) -> list[CellRow]:
    """Return the rows that the cells make: labels, then as many values as most rows under the same header have.

    A value that is missing leaves a gap, which becomes a blank cell.
    """
    rows: list[CellRow] = []
    for group in _split_at_headers(_split_runs(cells)):
        usual = Counter(len(run.values) for run in group).most_common(1)[0][0]
        columns = _label_columns([[spaced.cell.text for spaced in run.texts] for run in group[1:]])
        labels = max((len(run.texts) + _label_column(run.texts, columns) for run in group[1:]), default=0)
        for number, run in enumerate(group):
            texts = run.texts
            if number == 0:
                headers, texts = _split_headers(run, usual, labels)
                rows += headers
            row = _blanks(texts[0].cell.start, _label_column(texts, columns)) if texts else []
            row += [spaced.cell for spaced in texts]
            end = len(row) + usual
            row += _restore_blanks(run.values, usual, bool(row))
            rows.append(row[:end])
            rows += [row[at : at + usual] for at in range(end, len(row), usual)]
    return rows


def _split_runs(cells: Sequence[_SpacedCell]) -> list[_SpacedRun]:
    runs: list[_SpacedRun] = []
    for spaced in cells:
        if spaced.cell.kind == "value":
            if not runs:
                runs.append(_SpacedRun([], []))
            runs[-1].values.append(spaced)
        elif runs and not runs[-1].values:
            runs[-1].texts.append(spaced)
        else:
            runs.append(_SpacedRun([spaced], []))
    return [run for run in runs if run.values]


def _split_at_headers(runs: Sequence[_SpacedRun]) -> list[list[_SpacedRun]]:
    """Return the runs in groups under one header each: more texts than a row has labels begin a new one."""
    most_labels = CellPerLineSettings.current().most_labels
    groups: list[list[_SpacedRun]] = []
    for run in runs:
        if not groups or len(run.texts) > most_labels:
            groups.append([])
        groups[-1].append(run)
    return groups


def _restore_blanks(values: list[_SpacedCell], usual: int, has_labels: bool) -> CellRow:
    """Return the values of a row, with blanks where a gap shows that one is missing, and then at the end."""
    row: CellRow = []
    missing = max(0, usual - len(values))
    for number, spaced in enumerate(values):
        blanks = min(missing, spaced.gap or 0) if number or has_labels else 0
        row += [*_blanks(spaced.cell.start, blanks), spaced.cell]
        missing -= blanks
    return row + _blanks(row[-1].end, missing)


def _blanks(at: int, count: int) -> CellRow:
    return [UnplacedCell.blank(at)] * count


def _label_columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return in which column the labels of each enumeration style stand: the second in a row, one further in."""
    columns: dict[str, int] = {}
    for labels in rows:
        for number, style in enumerate(map(enumeration_style, labels)):
            if style and style not in columns:
                before = columns.get(enumeration_style(labels[number - 1])) if number else None
                columns[style] = 0 if before is None else before + 1
    return columns


def _label_column(texts: Sequence[_SpacedCell], columns: dict[str, int]) -> int:
    return columns.get(enumeration_style(texts[0].cell.text), 0) if texts else 0


# Header rows.


def _split_headers(run: _SpacedRun, usual: int, labels: int) -> tuple[list[CellRow], list[_SpacedCell]]:
    """Return the header rows that stand before the first values of a group, and the labels of those values' row.

    `labels` is how many label columns the other rows have. Of all cuts into rows the cheapest is taken.
    """
    settings = CellPerLineSettings.current()
    texts, first_gap = run.texts, run.values[0].gap
    least = 1 if labels or first_gap == 0 else 0
    most = max(labels, 0 if first_gap else 1)
    best: tuple[float, list[CellRow], list[_SpacedCell]] | None = None
    for own in range(least, most + 1):
        columns = max(labels, own)
        headers, own_labels = texts[: len(texts) - own], texts[len(texts) - own :]
        for levels in _header_cuts(headers):
            rows = [[spaced.cell for spaced in level] for level in levels]
            cost = settings.more_labels * (own - 1) + sum(_cut_cost(level[0], headers) for level in levels[1:])
            cost += sum(_gap_cost(spaced.gap) for level in levels for spaced in level[1:])
            for banners in range(len(rows)):
                if any(len(row) != 1 for row in rows[:banners]):
                    break
                fit = cost_without_blanks(rows[banners:], BodyShape(columns, usual))
                total = cost + settings.banner * banners + fit
                if best is None or total < best[0]:
                    best = total, rows, own_labels
    if best is None:
        return ([[spaced.cell for spaced in texts]] if texts else []), []
    return best[1], best[2]


def _header_cuts(headers: list[_SpacedCell]) -> Iterator[list[list[_SpacedCell]]]:
    """Yield the ways to cut a run of header cells into one to three rows."""
    if not headers or len(headers) > MAX_HEADER_CELLS:
        return
    gaps = [spaced.gap for spaced in headers]
    places = [at for at in range(1, len(headers)) if gaps[at] != 0] or list(range(1, len(headers)))
    widest = sorted((gap or 0 for gap in gaps[1:]), reverse=True)[:2]
    # One gap far wider than the others has blank cells, under cells that reach down: there a row begins.
    is_sure = len(widest) == 2 and widest[0] >= CellPerLineSettings.current().wide_gap and widest[0] > widest[1]
    sure = gaps.index(widest[0], 1) if is_sure else None
    for first in (0, *places):
        for second in (first, *(at for at in places if at > first)) if first else (0,):
            if sure is None or sure in (first, second):
                cuts = sorted({0, first, second})
                yield [headers[start:end] for start, end in pairwise([*cuts, len(headers)])]


def _gap_cost(gap: int | None) -> float:
    """Return what blank lines before a cell cost that is not the first of its row."""
    settings = CellPerLineSettings.current()
    return 0.0 if not gap else settings.gap_in_row if gap == 1 else settings.gaps_in_row


def _cut_cost(first: _SpacedCell, headers: list[_SpacedCell]) -> float:
    """Return what speaks against a row beginning with the cell `first`."""
    settings = CellPerLineSettings.current()
    if first.gap is None:
        return settings.cut_at_page
    most = max((spaced.gap or 0) for spaced in headers[1:])
    if first.gap >= most:
        return 0.0
    return settings.cut_without_gap if first.gap == 0 else settings.cut_at_smaller_gap


def _is_table(rows: Sequence[CellRow]) -> bool:
    """Return whether the rows are a table: headers over two rows of values, or over one with several."""
    values = [count for row in rows if (count := sum(cell.kind == "value" for cell in row))]
    has_headers = any(all(cell.kind == "text" for cell in row) and len(row) > 1 for row in rows)
    has_several = sum(count > 1 for count in values) * 2 >= len(values)
    return has_headers and has_several and sum(values) >= CellPerLineSettings.current().least_values
