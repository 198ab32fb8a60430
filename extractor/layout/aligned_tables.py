"""Tables without walls: lines whose words stand in columns, under a head and between rules where there are any."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import Rect, RulingLine, union
from extractor.layout.blocks import TextLine
from extractor.layout.columns import printed_width
from extractor.layout.entry_tables import find_entry_tables
from extractor.layout.figures import is_sign_of_figure, reads_as_figure
from extractor.layout.framed_tables import find_framed_tables
from extractor.layout.head_lines import have_one_type, heads_table
from extractor.layout.line_rows import CellsLine, goes_on_in_cells, goes_on_with_row
from extractor.layout.line_tables import LineTable, LineTableSettings, build_table, place_words, runs_along
from extractor.layout.white_columns import Column, column_edges, find_white_columns, fits_columns, is_leader
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class AlignedTableSettings(Settings):
    """What it takes for lines to be a table. An em is the font size of the upper line."""

    find_aligned_tables: bool = rule(
        True,
        meaning="lines that stand in columns under a head are a table",
        chosen="13 reports of the ICDAR 2013 table competition: one loses 0.99 of its F1 without it",
    )
    rows: int = threshold(3, meaning="fewest full lines, the head counted", others=(2, 4))
    columns: int = threshold(3, meaning="fewest columns where no rule runs over or under them", others=(2, 4))
    row_gap: float = threshold(2.5, unit="em", meaning="widest gap between two lines of a table")
    lines_between: int = threshold(3, meaning="most lines between two full ones: titles of groups, wrapped labels")
    figure_gap: float = threshold(0.35, unit="em", meaning="figures that stand farther apart than this are two")
    fitting: float = threshold(0.8, meaning="share of the full lines without text that lies across columns")
    filled_columns: float = threshold(0.5, meaning="share of the columns that a full line has words in")
    full_lines: float = threshold(0.6, meaning="share of the lines with several fields that are full")
    figures: float = threshold(0.7, meaning="share of the cells of a column of figures that must be figures")
    columns_over_sums: int = threshold(4, meaning="fewest columns of line items whose sums are no rows of the table")
    part_sums: bool = rule(True, meaning="sums whose labels stand between the columns of the table above are apart")
    gap_over_sums: float = threshold(
        0.3, unit="em", meaning="no rule over sums: they stand off by so much more than the rows of the table"
    )
    sums_between: float = threshold(0.6, meaning="share of the lines of sums that do not fit the columns above them")
    sums_that_run_on: int = threshold(1, unit="lines", meaning="so many lines of that table may reach over its columns")
    same_start: float = threshold(1.0, unit="points", meaning="difference of the left ends of rows of one kind")
    rows_of_figures: float = threshold(
        0.7, meaning="share of the rows under the head that have a figure beside the label"
    )
    figure_cells: int = threshold(2, meaning="fewest figures in a column of them")
    labelled: float = threshold(
        0.3, meaning="share of segments with a colon from which lines are pairs of label and value"
    )
    prose_width: int = threshold(28, unit="characters", meaning="narrowest column of prose, as the median of its lines")
    ticks: int = threshold(4, unit="figures", meaning="fewest figures of the axis of a chart")
    rows_of_a_chart: int = threshold(5, meaning="with an axis among them, so few full lines are the words of a chart")
    figure_columns_without_head: int = threshold(
        3, meaning="fewest columns of figures of a table without a head in words"
    )
    rows_without_head: int = threshold(5, unit="lines", meaning="fewest full lines of such a table")
    rule_reach: float = threshold(2.0, unit="em", meaning="how far over or under its lines a table's rule runs")
    rule_overlap: float = threshold(0.3, unit="em", meaning="how far such a rule may reach into the height of a line")
    name_gap: float = threshold(0.5, unit="em", meaning="widest gap between two lines of one name in a head")
    head_gap: float = threshold(1.0, unit="em", meaning="widest gap between the lines of a head without rules")


def find_aligned_tables(lines: Sequence[TextLine], rules: Sequence[RulingLine] = ()) -> list[LineTable]:
    """Return the tables that lines make up, from the top down; `rules` are the horizontal lines drawn on the page."""
    settings = AlignedTableSettings.current()
    if not settings.find_aligned_tables:
        return []
    entries = find_entry_tables(lines, rules, across=True)
    found: list[LineTable] = []
    taken = 0
    for first, last in _find_stretches(lines, settings):
        for start, end, columns in _fit_stretch(lines, first, last, rules, settings):
            start = _take_in_head(lines, max(start, taken), end, taken, columns, rules, settings)
            end = _take_in_rest(lines, start, end, columns, rules, settings)
            table = build_table(lines[start:end], columns, rules)
            found.append(LineTable(start, end, table))
            taken = end
    result = entries
    for others in (found, find_framed_tables(lines, rules), find_entry_tables(lines, rules)):
        result = result + [each for each in others if not any(_overlap(each, other) for other in result)]
    return sorted(result, key=lambda each: each.start)


def _overlap(one: LineTable, other: LineTable) -> bool:
    return one.start < other.end and other.start < one.end


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
    at = _find_second_head(lines, first, last, columns, rules, settings)
    if at is None and _are_table(lines[first : last + 1], above, columns, rules, settings):
        at = _find_last_above_head(lines, first, last, rules, settings)
        if at is None and _find_last_above_sums(lines, first, last, rules, settings) is None:
            return [(first, last + 1, columns)]
    if at is None:
        at = _find_last_above_sums(lines, first, last, rules, settings)
    at = at or _weakest_joint(lines, first, last, settings)
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
    placed = [place_words(line, edges) for line in lines[first : last + 1]]
    filled = [len(cells.cells) for cells, line in zip(placed, lines[first:], strict=False) if _is_row(line, settings)]
    if median(filled) < settings.columns_over_sums:
        return last
    end = len(placed) - 1
    while end and len(placed[end].cells) <= 2:
        end -= 1
    while end + 1 < len(placed) and goes_on_in_cells(placed[end], placed[end + 1]):
        end += 1  # a text that goes on under the last row
    if end + 1 < len(placed) and any(_is_like(placed[end + 1], row) for row in placed[:end]):
        return last  # a balance that is carried forward, as one was brought forward
    return first + end


def _is_like(line: CellsLine, row: CellsLine) -> bool:
    """Decide whether two lines have words in the same columns, which begin in the first of them at the same x."""
    one, other = (min(each.cells) for each in (line, row))
    edges = [each.cells[column][0].box.x0 for each, column in ((line, one), (row, other))]
    return (
        line.cells.keys() == row.cells.keys() and abs(edges[0] - edges[1]) < AlignedTableSettings.current().same_start
    )


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


def _find_last_above_head(
    lines: Sequence[TextLine], first: int, last: int, rules: Sequence[RulingLine], settings: AlignedTableSettings
) -> int | None:
    """Return the last line over a head inside a stretch; what stands over it has figures, and so is not of the head."""
    over: list[TextLine] = []
    for number in range(first, last):
        if over and heads_table(lines, number, rules):
            at = number
            while at > first and have_one_type(lines[at - 1], lines[at]) and not _has_a_figure(lines[at - 1]):
                at -= 1
            if any(map(_has_a_figure, lines[first:at])):
                return at - 1
        if _is_row(lines[number], settings):
            over.append(lines[number])
    return None


def _find_last_above_sums(
    lines: Sequence[TextLine], first: int, last: int, rules: Sequence[RulingLine], settings: AlignedTableSettings
) -> int | None:
    """Return the last row of a table over lines that do not fit its columns, and stand under a rule or further off."""
    if not settings.part_sums or last - first < settings.rows:
        return None
    box = union(line.box for line in lines[first : last + 1])
    along = [each.position for each in rules if runs_along(each, box.x0, box.x1)]
    under = [number for number in range(first, last) if any(_is_between(y, lines, number) for y in along)]
    gaps = {n: lines[n + 1].box.top - lines[n].box.bottom for n in range(first, last)}
    widest = max(gaps, key=lambda number: (gaps[number], number))
    above = lines[first - 1] if first else None
    is_wide = gaps[widest] - median(gaps.values()) >= settings.gap_over_sums * lines[widest].segments[0].font_size
    for at in (*under[-1:], *([widest] if is_wide else [])):
        body, rest = lines[first : at + 1], lines[at + 1 : last + 1]
        if len(body) < settings.rows or any(number > at for number in under):
            continue
        columns = _find_columns(body, settings)
        if len(columns) < 2 or _fits_between(rest[0], columns):
            continue
        apart = sum(not _fits_between(line, columns) for line in rest)
        ill = sum(not _fits_between(line, columns) for line in body)
        is_apart = apart >= settings.sums_between * len(rest) and ill <= settings.sums_that_run_on
        if is_apart and _are_table(body, above, columns, rules, settings):
            return at
    return None


def _is_between(y: float, lines: Sequence[TextLine], number: int) -> bool:
    return lines[number].box.center[1] < y < lines[number + 1].box.center[1]


def _fits_between(line: TextLine, columns: Sequence[Column]) -> bool:
    """Decide whether every segment of a line has words in a column, and reaches over no white between two."""
    if not fits_columns(line, column_edges(columns)):
        return False
    return all(
        any(left <= word.box.x1 and word.box.x0 <= right for left, right in columns for word in segment.words)
        for segment in line.segments
    )


def _has_a_figure(line: TextLine) -> bool:
    return any(reads_as_figure(word.text) for segment in line.segments for word in segment.words)


def _find_second_head(
    lines: Sequence[TextLine],
    first: int,
    last: int,
    columns: Sequence[Column],
    rules: Sequence[RulingLine],
    settings: AlignedTableSettings,
) -> int | None:
    """Return the last line of a table that another follows: closed by a rule, then a caption, a rule and a head."""
    if len(columns) < 2:
        return None
    edges = column_edges(columns)
    along = [each.position for each in rules if runs_along(each, edges[0], edges[-1])]
    number = first
    while number < last:
        following = number + 1
        while following < last and not _is_row(lines[following], settings):
            following += 1
        middles = [line.box.center[1] for line in lines[number : following + 1]]
        if (
            following > number + 1
            and any(middles[0] < y < middles[1] for y in along)
            and any(middles[-2] < y < middles[-1] for y in along)
            and not place_words(lines[following], edges).figure_columns()
        ):
            return number
        number = following
    return None


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
    placed = [place_words(line, edges) for line in rows]
    filled = [len(line.cells) for line in placed]
    least = max(2, settings.filled_columns * len(columns))
    full = sum(count >= least for count in filled)
    if full < settings.rows or full < settings.full_lines * len(rows):
        return False
    if sum(fits_columns(line, edges) for line in rows) < settings.fitting * len(rows):
        return False
    if full < settings.rows_of_a_chart and any(_is_axis(line, settings) for line in placed):
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
    heads = [placed[0], *([] if above is None else [place_words(above, edges)])]
    if any(column in head.cells and column not in head.figure_columns() for head in heads for column in of_figures):
        return True
    first, second = lines[0].box, lines[1].box  # years are figures too
    return _has_rules(Rect(first.x0, first.center[1], first.x1, second.center[1]), rules, 0.0, settings)


def _is_axis(line: CellsLine, settings: AlignedTableSettings) -> bool:
    """Decide whether the figures of a line are those along the axis of a chart: equal steps, and whole ones."""
    texts = [re.sub(r"[\s,%]", "", line.text(column)) for column in line.figure_columns()]
    if len(texts) < settings.ticks or not all(re.fullmatch(r"-?\d+(?:\.\d+)?", text) for text in texts):
        return False
    values = [float(text) for text in texts]
    steps = {round(two - one, 6) for one, two in itertools.pairwise(values)}
    step = abs(steps.pop())
    return not steps and step not in (0, 1) and all(value % step == 0 for value in values)


def _has_rules(box: Rect, rules: Sequence[RulingLine], em: float, settings: AlignedTableSettings) -> bool:
    """Decide whether a rule runs along most of the width of some lines, above, under or among them."""
    reach = settings.rule_reach * em
    return any(
        box.top - reach <= each.position <= box.bottom + reach and runs_along(each, box.x0, box.x1) for each in rules
    )


def _take_in_head(
    lines: Sequence[TextLine],
    start: int,
    end: int,
    taken: int,
    columns: Sequence[Column],
    rules: Sequence[RulingLine],
    settings: AlignedTableSettings,
) -> int:
    """Return the first line with those of the head above it, up to the table's upper rule where it has one."""
    box = union(line.box for line in lines[start:end])
    along = [each.position for each in rules if runs_along(each, box.x0, box.x1)]
    em = lines[start].segments[0].font_size
    top = lines[start].box.top
    is_head = len(place_words(lines[start], column_edges(columns)).figure_columns()) == 0
    upper = top - settings.rule_reach * em
    if start > taken:
        upper = max(upper, lines[start - 1].box.center[1])
    if is_head and any(upper <= y <= top + settings.rule_overlap * em for y in along):
        return start
    if start > taken and heads_table(lines, start, rules) and not have_one_type(lines[start - 1], lines[start]):
        return start
    first = start
    while first > max(taken, start - LineTableSettings.current().head_lines):
        line, below = lines[first - 1], lines[first]
        if below.box.top - line.box.bottom > settings.row_gap * below.segments[0].font_size:
            break
        first -= 1
        if not any(place_words(line, column_edges(columns)).cells):
            break  # it says nothing of a column
        before = lines[first - 1].box.center[1] if first else 0.0
        if any(before < y <= line.box.top + settings.rule_overlap * em for y in along):
            return first
    first = start
    while first > taken:
        line, below = lines[first - 1], lines[first]
        gap = below.box.top - line.box.bottom
        inside = line.box.x0 >= box.x0 - 1 and line.box.x1 <= box.x1 + 1
        is_part = len(line.segments) > 1 or _begins_name_below(line, below)
        if not is_part or not inside or gap > settings.head_gap * below.segments[0].font_size:
            break
        first -= 1
    return first


def _begins_name_below(line: TextLine, below: TextLine) -> bool:
    """Decide whether a lone text is the first line of a name in a head whose other names have fewer lines."""
    settings, text = AlignedTableSettings.current(), line.segments[0]
    return any(
        name.box.top - text.box.bottom <= settings.name_gap * name.font_size
        and text.bold == name.bold
        and min(abs(text.box.x0 - name.box.x0), abs(text.box.x1 - name.box.x1)) <= settings.same_start
        for name in below.segments[1:]
    )


def _take_in_rest(
    lines: Sequence[TextLine],
    start: int,
    end: int,
    columns: Sequence[Column],
    rules: Sequence[RulingLine],
    settings: AlignedTableSettings,
) -> int:
    """Return the end of the lines, with those under them that are the rest of the last label."""
    edges = column_edges(columns)
    body = [place_words(line, edges) for line in lines[start:end]]
    usual = median(two.box.top - one.box.bottom for one, two in itertools.pairwise(body))
    stub_end = max((line.cells[0][-1].box.x1 for line in body if 0 in line.cells), default=edges[1])
    last = end
    row = [body[-1]]
    while last < len(lines):
        line = place_words(lines[last], edges)
        if not fits_columns(lines[last], edges) or not goes_on_with_row(row, line, 0, stub_end, usual):
            break
        row.append(line)
        last += 1
    return last
