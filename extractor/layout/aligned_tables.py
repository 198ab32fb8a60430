"""Tables without walls: lines whose words stand in columns, under a head and between rules where there are any."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import PlacedWord, Rect, RulingLine, overlap, union
from extractor.layout.blocks import LayoutCell, TableBlock, TextLine
from extractor.layout.columns import printed_width
from extractor.layout.figures import is_sign_of_figure, reads_as_figure
from extractor.layout.head_cells import HeadCell, build_head
from extractor.layout.line_rows import CellsLine, group_rows
from extractor.layout.segments import make_segment
from extractor.layout.white_columns import Column, column_edges, find_white_columns, is_leader
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class AlignedTableSettings(Settings):
    """What it takes for lines to be a table. An em is the font size of the upper line."""

    find_aligned_tables: bool = rule(True, meaning="lines that stand in columns under a head are a table")
    rows: int = threshold(3, meaning="fewest full lines, the head counted", others=(2, 4))
    columns: int = threshold(3, meaning="fewest columns where no rule runs over or under them", others=(2, 4))
    row_gap: float = threshold(2.5, unit="em", meaning="widest gap between two lines of a table")
    lines_between: int = threshold(3, meaning="most lines between two full ones: titles of groups, wrapped labels")
    figure_gap: float = threshold(0.35, unit="em", meaning="figures that stand farther apart than this are two")
    text_gap: float = threshold(0.6, unit="em", meaning="text that stands farther apart than this is in its own column")
    overrun: float = threshold(0.3, unit="em", meaning="how far a word may reach over the edge of its column")
    fitting: float = threshold(0.8, meaning="share of the full lines without text that lies across columns")
    filled_columns: float = threshold(0.5, meaning="share of the columns that a full line has words in")
    full_lines: float = threshold(0.6, meaning="share of the lines with several fields that are full")
    figures: float = threshold(0.7, meaning="share of the cells of a column of figures that must be figures")
    columns_over_sums: int = threshold(4, meaning="fewest columns of line items whose sums are no rows of the table")
    rows_of_figures: float = threshold(
        0.7, meaning="share of the rows under the head that have a figure beside the label"
    )
    figure_cells: int = threshold(2, meaning="fewest figures in a column of them")
    labelled: float = threshold(
        0.3, meaning="share of segments with a colon from which lines are pairs of label and value"
    )
    prose_width: int = threshold(28, unit="characters", meaning="narrowest column of prose, as the median of its lines")
    figure_columns_without_head: int = threshold(
        3, meaning="fewest columns of figures of a table without a head in words"
    )
    rows_without_head: int = threshold(5, unit="lines", meaning="fewest full lines of such a table")
    rule_reach: float = threshold(2.0, unit="em", meaning="how far over or under its lines a table's rule runs")
    rule_overlap: float = threshold(0.3, unit="em", meaning="how far such a rule may reach into the height of a line")
    rule_share: float = threshold(0.6, meaning="share of the width of the table that its rules run along")
    head_lines: int = threshold(8, meaning="most lines of a head")
    head_gap: float = threshold(1.0, unit="em", meaning="widest gap between the lines of a head without rules")


@dataclass(frozen=True, slots=True)
class AlignedTable:
    """A table that lines `start` to `end` (exclusive) make up."""

    start: int
    end: int
    table: TableBlock


def find_aligned_tables(lines: Sequence[TextLine], rules: Sequence[RulingLine] = ()) -> list[AlignedTable]:
    """Return the tables that lines make up, from the top down; `rules` are the horizontal lines drawn on the page."""
    settings = AlignedTableSettings.current()
    if not settings.find_aligned_tables:
        return []
    found: list[AlignedTable] = []
    taken = 0
    for first, last in _find_stretches(lines, settings):
        for start, end, columns in _fit_stretch(lines, first, last, rules, settings):
            start, end = _take_in_head(lines, max(start, taken), end, taken, columns, rules, settings)
            table = _build_table(lines[start:end], columns, rules, settings)
            found.append(AlignedTable(start, end, table))
            taken = end
    return found


# Which lines.


def _count_fields(line: TextLine, settings: AlignedTableSettings) -> int:
    """Return how many fields a line has: its segments, and figures that stand side by side in one."""
    fields = 0
    for segment in line.segments:
        fields += 1
        for before, word in itertools.pairwise(segment.words):
            wide = word.box.x0 - before.box.x1 > settings.figure_gap * word.font_size
            fields += wide and reads_as_figure(before.text) and reads_as_figure(word.text)
    return fields


def _is_row(line: TextLine, settings: AlignedTableSettings) -> bool:
    """Decide whether a line may be a row of a table: three fields, or two of which the last is a figure."""
    fields = _count_fields(line, settings)
    return fields > 2 or (fields == 2 and reads_as_figure(line.segments[-1].words[-1].text))


def _find_stretches(lines: Sequence[TextLine], settings: AlignedTableSettings) -> list[tuple[int, int]]:
    """Return stretches of lines, as first and last, of which most may be rows, with few others between."""
    result: list[tuple[int, int]] = []
    start = last = None
    for number, line in enumerate(lines):
        if start is not None:
            gap = line.box.top - lines[number - 1].box.bottom
            em = lines[number - 1].segments[0].font_size
            if gap > settings.row_gap * em or number - last > settings.lines_between + 1:
                result.append((start, last))
                start = None
        if _is_row(line, settings):
            start, last = (number if start is None else start), number
    if start is not None:
        result.append((start, last))
    return [(first, end) for first, end in result if end - first + 1 >= settings.rows]


def _fit_stretch(
    lines: Sequence[TextLine], first: int, last: int, rules: Sequence[RulingLine], settings: AlignedTableSettings
) -> list[tuple[int, int, list[Column]]]:
    """Return the tables in a stretch of lines, as start, end and columns; it is parted where its columns change."""
    while first <= last and not _is_row(lines[first], settings):
        first += 1
    while last >= first and not _is_row(lines[last], settings):
        last -= 1
    if last - first + 1 < settings.rows:
        return []
    columns = _find_columns(lines[first : last + 1], settings)
    last = _leave_out_sums(lines, first, last, columns, settings)
    above = lines[first - 1] if first else None
    if _are_table(lines[first : last + 1], above, columns, rules, settings):
        return [(first, last + 1, columns)]
    at = _weakest_joint(lines, first, last, settings)
    if at is None:
        return []
    return _fit_stretch(lines, first, at, rules, settings) + _fit_stretch(lines, at + 1, last, rules, settings)


def _leave_out_sums(
    lines: Sequence[TextLine], first: int, last: int, columns: Sequence[Column], settings: AlignedTableSettings
) -> int:
    """Return the last line without the sums under line items: labels and amounts, the columns between them blank."""
    if len(columns) < settings.columns_over_sums:
        return last
    edges = column_edges(columns)
    filled = [len(_place_words(line, edges).cells) for line in lines[first : last + 1] if _is_row(line, settings)]
    end = last
    while end > first and len(_place_words(lines[end], edges).cells) <= 2:
        end -= 1
    return end if median(filled) >= settings.columns_over_sums else last


def _weakest_joint(lines: Sequence[TextLine], first: int, last: int, settings: AlignedTableSettings) -> int | None:
    """Return the line after which a stretch is parted: at the widest gap, or at a line that is no row."""
    if last - first < settings.rows:
        return None
    joints = []
    for number in range(first, last):
        gap = lines[number + 1].box.top - lines[number].box.bottom
        is_broken = not _is_row(lines[number + 1], settings) or not _is_row(lines[number], settings)
        differs = abs(len(lines[number].segments) - len(lines[number + 1].segments))
        joints.append((gap + is_broken * lines[number].segments[0].font_size, differs, -number))
    return -max(joints)[2]


def _find_columns(lines: Sequence[TextLine], settings: AlignedTableSettings) -> list[Column]:
    """Return the columns of the rows among some lines; signs of currency stand in those of their figures."""
    rows = [[word for segment in line.segments for word in segment.words] for line in lines if _is_row(line, settings)]
    of_figures = [row for row in rows if sum(reads_as_figure(word.text) for word in row) > 1]
    columns = find_white_columns(of_figures if len(of_figures) >= settings.rows else rows)
    number = 0
    while number < len(columns) and len(columns) > 1:
        left, right = columns[number]
        inside = [word for row in rows for word in row if left <= word.box.center[0] <= right and not is_leader(word)]
        if inside and all(is_sign_of_figure(word.text) for word in inside):
            opens = number == 0 or any(word.text in "$€£¥￥(" for word in inside)
            at = number if opens and number + 1 < len(columns) else number - 1
            columns[at : at + 2] = [(columns[at][0], columns[at + 1][1])]
            number = max(at, 0)
        else:
            number += 1
    return columns


def _are_table(
    lines: Sequence[TextLine],
    above: TextLine | None,
    columns: Sequence[Column],
    rules: Sequence[RulingLine],
    settings: AlignedTableSettings,
) -> bool:
    """Decide whether lines, under the line `above`, are a table with these columns: no form, list or prose."""
    if len(columns) < 2:
        return False
    rows = [line for line in lines if _is_row(line, settings)]
    edges = column_edges(columns)
    placed = [_place_words(line, edges) for line in rows]
    filled = [len(line.cells) for line in placed]
    least = max(2, settings.filled_columns * len(columns))
    full = sum(count >= least for count in filled)
    if full < settings.rows or full < settings.full_lines * len(rows):
        return False
    if sum(_fits(line, edges, settings) for line in rows) < settings.fitting * len(rows):
        return False
    texts = [segment.text for line in rows for segment in line.segments]
    if sum(text[-1] in ":：" or ": " in text or "：" in text for text in texts) > settings.labelled * len(texts):
        return False
    with_figures = sum(any(column for column in line.figure_columns()) for line in placed)
    if with_figures < settings.rows_of_figures * (len(rows) - 1):
        return False
    of_figures = []
    for column in range(len(columns)):
        cells = [line for line in placed if column in line.cells]
        figures = sum(column in line.figure_columns() for line in cells)
        if figures >= max(settings.figure_cells, settings.figures * (len(cells) - 1)):
            of_figures.append(column)
        elif column and median(printed_width(line.text(column)) for line in cells or placed) >= settings.prose_width:
            return False
    is_ruled = _has_rules(union(line.box for line in lines), rules, lines[0].segments[0].font_size, settings)
    if not of_figures or (len(columns) < settings.columns and not is_ruled):
        return False
    if len(of_figures) >= settings.figure_columns_without_head and (is_ruled or full >= settings.rows_without_head):
        return True
    heads = [placed[0], *([] if above is None else [_place_words(above, edges)])]
    if any(column in head.cells and column not in head.figure_columns() for head in heads for column in of_figures):
        return True
    first, second = lines[0].box, lines[1].box  # years are figures too
    return _has_rules(Rect(first.x0, first.center[1], first.x1, second.center[1]), rules, 0.0, settings)


def _fits(line: TextLine, edges: Sequence[float], settings: AlignedTableSettings) -> bool:
    """Decide whether no word of a line lies across two columns."""
    slack = settings.overrun * line.segments[0].font_size
    return not any(
        word.box.x0 + slack < edge < word.box.x1 - slack
        for segment in line.segments
        for word in segment.words
        if not is_leader(word)
        for edge in edges[1:-1]
    )


def _has_rules(box: Rect, rules: Sequence[RulingLine], em: float, settings: AlignedTableSettings) -> bool:
    """Decide whether a rule runs along most of the width of some lines, above, under or among them."""
    reach = settings.rule_reach * em
    return any(
        box.top - reach <= each.position <= box.bottom + reach
        and overlap(each.start, each.end, box.x0, box.x1) >= settings.rule_share * box.width
        for each in rules
    )


def _take_in_head(
    lines: Sequence[TextLine],
    start: int,
    end: int,
    taken: int,
    columns: Sequence[Column],
    rules: Sequence[RulingLine],
    settings: AlignedTableSettings,
) -> tuple[int, int]:
    """Return the lines with those of the head above them, up to the table's upper rule where it has one."""
    box = union(line.box for line in lines[start:end])
    along = [
        each.position
        for each in rules
        if overlap(each.start, each.end, box.x0, box.x1) >= settings.rule_share * box.width
    ]
    em = lines[start].segments[0].font_size
    top = lines[start].box.top
    is_head = len(_place_words(lines[start], column_edges(columns)).figure_columns()) == 0
    if is_head and any(top - settings.rule_reach * em <= y <= top + settings.rule_overlap * em for y in along):
        return start, end
    first = start
    while first > max(taken, start - settings.head_lines):
        line, below = lines[first - 1], lines[first]
        if below.box.top - line.box.bottom > settings.row_gap * below.segments[0].font_size:
            break
        first -= 1
        if not any(_place_words(line, column_edges(columns)).cells):
            break  # it says nothing of a column
        before = lines[first - 1].box.center[1] if first else 0.0
        if any(before < y <= line.box.top + settings.rule_overlap * em for y in along):
            return first, end
    first = start
    while first > taken:
        line, below = lines[first - 1], lines[first]
        gap = below.box.top - line.box.bottom
        inside = line.box.x0 >= box.x0 - 1 and line.box.x1 <= box.x1 + 1
        if len(line.segments) < 2 or not inside or gap > settings.head_gap * below.segments[0].font_size:
            break
        first -= 1
    return first, end


# What stands where.


def _place_words(line: TextLine, edges: Sequence[float]) -> CellsLine:
    """Return the words of a line by column; text that runs over the edge of its column stays in it."""
    apart = AlignedTableSettings.current().text_gap
    cells: dict[int, list[PlacedWord]] = {}
    for segment in line.segments:
        column, before = None, None
        for word in segment.words:
            own = min(max(bisect_right(edges, word.box.center[0]) - 1, 0), len(edges) - 2)
            if column is not None and own != column:
                gap = word.box.x0 - before.box.x1
                if not (gap > apart * word.font_size or reads_as_figure(word.text) or is_leader(word)):
                    own = column
            cells.setdefault(own, []).append(word)
            column, before = own, word
    return CellsLine(dict(sorted(cells.items())))


def _build_table(
    lines: Sequence[TextLine], columns: Sequence[Column], rules: Sequence[RulingLine], settings: AlignedTableSettings
) -> TableBlock:
    box = union(line.box for line in lines)
    edges = list(column_edges(columns))
    edges[0], edges[-1] = min(edges[0], box.x0), max(edges[-1], box.x1)
    inside = [each for each in rules if overlap(each.start, each.end, box.x0, box.x1) > 0]
    count = _count_head_lines(lines, edges, inside, settings)
    head = build_head(lines[:count], columns, edges, inside)
    cells = [_head_cell(cell, edges) for cell in head]
    base = 1 + max((cell.row + cell.row_span - 1 for cell in head), default=-1)
    body = [_place_words(line, edges) for line in lines[count:]]
    for row, numbers in enumerate(group_rows(body), start=base):
        found = [body[number] for number in numbers]
        extent = union(line.box for line in found)
        whole = lines[count + numbers[0]].segments
        if len(numbers) == len(whole) == 1 and 0 not in found[0].cells and not found[0].figure_columns():
            # The title of a group, in the middle of the table.
            banner = Rect(edges[0], extent.top, edges[-1], extent.bottom)
            cells.append(LayoutCell(row, 0, (TextLine(whole),), banner, 1, len(edges) - 1))
            continue
        for column, (left, right) in enumerate(itertools.pairwise(edges)):
            texts = tuple(TextLine((make_segment(line.cells[column]),)) for line in found if column in line.cells)
            cells.append(LayoutCell(row, column, texts, Rect(left, extent.top, right, extent.bottom)))
    return TableBlock(tuple(cells), box, tuple(edges))


def _head_cell(cell: HeadCell, edges: Sequence[float]) -> LayoutCell:
    lines = tuple(TextLine((segment,)) for segment in cell.segments)
    extent = union(segment.box for segment in cell.segments)
    box = Rect(edges[cell.column], extent.top, edges[cell.column + cell.column_span], extent.bottom)
    return LayoutCell(cell.row, cell.column, lines, box, cell.row_span, cell.column_span)


def _count_head_lines(
    lines: Sequence[TextLine], edges: Sequence[float], rules: Sequence[RulingLine], settings: AlignedTableSettings
) -> int:
    """Return how many of the lines are the head: those above the rule under it, or above the first row of figures."""
    placed = [_place_words(line, edges) for line in lines]
    least = settings.filled_columns * (len(edges) - 2)
    first = next(
        (
            number
            for number, line in enumerate(placed)
            if len([column for column in line.figure_columns() if column]) >= max(1, least)
        ),
        0,
    )
    width = edges[-1] - edges[0]
    for each in sorted(rules, key=lambda each: each.position):
        above = sum(line.box.center[1] < each.position for line in lines)
        covered = overlap(each.start, each.end, edges[0], edges[-1])
        if 0 < above <= settings.head_lines and above >= first and covered >= settings.rule_share * width:
            return above if above < len(lines) - 1 else first
    while first > 1 and len(lines[first - 1].segments) == 1:
        first -= 1  # the title of the first group
    return first
