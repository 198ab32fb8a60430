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

from extractor.geometry import Rect
from extractor.problems import ProblemKind
from extractor.settings import Settings, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import CellRow, UnplacedCell, collapse_whitespace, display_width
from extractor.tables.header_paths import build_table
from extractor.tables.header_placement import cost_without_blanks
from extractor.tables.row_placement import place_rows
from extractor.tables.row_shapes import BodyShape
from extractor.types import Table
from extractor.values.enumeration import enumeration_style

MAX_HEADER_CELLS = 40
"""Cells before the first values that are searched for header rows; every cut of them is tried."""
_SENTENCE_END = tuple("。；;，,！？!?")
"""What ends a line of prose. Not `、`, which ends the first line of a broken label as well: `一、`."""


@dataclass(frozen=True)
class CellPerLineSettings(Settings):
    """When lines of a page are cells of a table, and where its header rows are cut."""

    widest_cell: int = threshold(80, unit="Latin letters", meaning="A wider line is prose, and no caption either.")
    widest_remainder: int = threshold(
        12, unit="Latin letters", meaning="A line at the margin that is no wider is the rest of the cell before it."
    )
    indent: float = threshold(0.4, unit="line heights", meaning="A line further in than this began at a tab.")
    indented_share: float = threshold(0.5, meaning="Cells are indented if more than this share of the values are.")
    full_line: float = threshold(
        1.5, unit="line heights", meaning="A line that ends so near the right margin may go on in the next line."
    )
    shifted_page: float = threshold(
        0.6, unit="line heights", meaning="A page whose margin is further in than on others has indented lines only."
    )
    furthest_shift: float = threshold(
        3.0, unit="line heights", meaning="A page whose margin is further off than this has a layout of its own."
    )
    least_values: int = threshold(3, unit="cells", meaning="Fewer values are no evidence of a table.")
    most_labels: int = threshold(3, unit="cells", meaning="More texts before values are header rows, not labels.")
    wide_gap: int = threshold(
        3, unit="blank lines", meaning="The one gap as wide as this holds blank cells: a header row begins there."
    )
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


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a page: its stretch of the text, its box in points, and whether it is one piece without wide gaps."""

    start: int
    end: int
    page: int
    box: Rect
    is_unbroken: bool = True


def find_cell_per_line_tables(text: str, lines: Sequence[PlacedLine]) -> list[Table]:
    """Return the tables among lines of pages whose cells stand one to a line, in reading order.

    Lines come in reading order, without those of other tables. Two rows of two values at least, under headers, are
    needed; prose and lines in several pieces separate tables.
    """
    if len(lines) < 6:
        return []
    page_lines = _PageLines.from_lines(text, lines)
    tables, last = [], 0
    for first, end in _candidate_stretches(page_lines):
        rows = _find_rows(_join_lines_into_cells(page_lines, first, end))
        placement = place_rows(rows)
        has_doubtful_headers = any(problem.kind == ProblemKind.TABLE_HEADS for problem in placement.problems)
        if has_doubtful_headers or not _is_table(rows):
            continue
        table = build_table(text, placement.cells(), caption=_find_caption(page_lines, first, last))
        pages = tuple(sorted({line.page for line in lines[first:end]}))
        tables.append(replace(table, pages=pages, problems=(*table.problems, *placement.problems)))
        last = end
    return tables


# Lines.


@dataclass(frozen=True, slots=True)
class _PageLines:
    """Lines with what each reads, what it may be, and how many blank lines stand before it."""

    lines: Sequence[PlacedLine]
    text: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    """`cell` where a cell may begin, `rest` where the cell before may go on, else `other`."""
    gaps: tuple[int | None, ...]
    """None where a line is the first on its page."""
    is_indented: bool
    """Whether cells are told from other lines by where they begin."""

    @classmethod
    def from_lines(cls, text: str, lines: Sequence[PlacedLine]) -> _PageLines:
        """Return the lines with what is known of each."""
        settings = CellPerLineSettings.current()
        texts = tuple(collapse_whitespace(text[line.start : line.end]) for line in lines)
        height = median(line.box.bottom - line.box.top for line in lines)
        indented = [indent > settings.indent * height for indent in _find_indents(lines, height)]
        indented_values = [at for at, words in zip(indented, texts, strict=True) if is_value(words)]
        is_indented = sum(indented_values) > settings.indented_share * len(indented_values)
        # The right margin, but for a few lines in a hundred that reach past it.
        margin = sorted(line.box.x1 for line in lines)[-max(1, len(lines) // 50)]
        kinds: list[str] = []
        for number, (line, words) in enumerate(zip(lines, texts, strict=True)):
            width = display_width(words)
            may_go_on = number > 0 and kinds[-1] != "other"
            if not line.is_unbroken or width > settings.widest_cell or words[-1:] in _SENTENCE_END:
                kinds.append("other")
            elif is_indented and not indented[number]:
                follows_full_line = number > 0 and lines[number - 1].box.x1 > margin - settings.full_line * height
                is_rest = width <= settings.widest_remainder or (follows_full_line and may_go_on)
                kinds.append("rest" if is_rest else "other")
            else:
                # A character or two below a text: a narrow cell that is set upright.
                is_upright = not is_indented and may_go_on and width <= 2 and not is_value(words)
                kinds.append("rest" if is_upright and not is_value(texts[number - 1]) else "cell")
        return cls(lines, text, texts, tuple(kinds), _count_gaps(lines), is_indented)


def _find_indents(lines: Sequence[PlacedLine], height: float) -> list[float]:
    """Return how far, in points, each line begins to the right of the margin of its page."""
    settings = CellPerLineSettings.current()
    left: dict[int, float] = {}
    for line in lines:
        left[line.page] = min(left.get(line.page, line.box.x0), line.box.x0)
    # A page may have nothing but indented lines; the other pages tell where its text begins. A scanner shifts pages.
    usual = median(left.values())
    furthest = settings.furthest_shift * height
    least = min((x for x in left.values() if usual - x < furthest), default=usual)
    margins = {page: least if settings.shifted_page * height < x - least < furthest else x for page, x in left.items()}
    return [line.box.x0 - margins[line.page] for line in lines]


def _count_gaps(lines: Sequence[PlacedLine]) -> tuple[int | None, ...]:
    """Return how many blank lines stand before each line, None at the top of a page.

    The line pitch is the median of the steps near the tenth percentile, which are those without a gap.
    """
    steps = [
        (after.box.top + after.box.bottom - before.box.top - before.box.bottom) / 2
        if after.page == before.page and after.box.top > before.box.top
        else None
        for before, after in pairwise(lines)
    ]
    known = sorted(step for step in steps if step is not None and step > 0)  # boxes may lie within one another
    if not known:
        return (None,) * len(lines)
    least = known[len(known) // 10]
    pitch = median(step for step in known if 0.8 * least <= step <= 1.3 * least)
    return (None, *(None if step is None else max(0, round(step / pitch) - 1) for step in steps))


def _candidate_stretches(page: _PageLines) -> Iterator[tuple[int, int]]:
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


def _is_heading(page: _PageLines, number: int) -> bool:
    """Return whether a numbered line is a heading over the cells that follow, and not the label of a row."""
    is_over_gap = page.gaps[number + 1] != 0
    return bool(enumeration_style(page.texts[number])) and not is_value(page.texts[number + 1]) and is_over_gap


def _find_caption(page: _PageLines, first: int, last: int) -> tuple[str, ...]:
    """Return the line right before the table that begins at line `first`, unless it is prose or before line `last`."""
    if first <= last or not page.lines[first - 1].is_unbroken:
        return ()
    words = page.texts[first - 1]
    is_short = display_width(words) <= CellPerLineSettings.current().widest_cell
    return (words,) if words and is_short and words[-1] not in _SENTENCE_END else ()


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


def _join_lines_into_cells(page: _PageLines, first: int, end: int) -> list[_SpacedCell]:
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
