"""Place rows of cells that lost their grid: which columns a short row's cells span, and which rows a label.

A table flattened to text keeps its cells and, mostly, its rows; it loses how wide and how tall each cell was. What
brings that back: the values of a body row stand in the last columns, so a row short of cells has a label that spans; a
blank before a label continues the label above; and header rows are shared out as `header_spans` says.
"""

from __future__ import annotations

from collections import Counter

from extractor.problems import ProblemKind
from extractor.tables.cells import CellRow, UnplacedCell
from extractor.tables.header_placement import place_header_rows
from extractor.tables.placement import CellPlacement, GridPlacement, count_problem
from extractor.tables.row_shapes import BodyShape, count_labels, find_body_shape, is_banner, is_body
from extractor.types import Problem
from extractor.values.enumeration import enumeration_style


def place_rows(rows: list[CellRow], may_end_early: bool = False, marked_headers: int = 0) -> GridPlacement:
    """Return the rows' cells on a grid.

    A row of one text is a banner over the rows after it. Rows between banners that have header rows of their own are
    placed apart, and the last cell of each row reaches to the right edge of the whole. `may_end_early` says that blank
    cells at the end of rows may be missing, `marked_headers` how many first rows the source marks as headers.
    """
    placement = GridPlacement(may_end_early)
    if may_end_early:
        rows = _restore_end_blanks(rows)
    for numbers in _split_at_headers(rows):
        _place_row_group(rows, numbers, placement)
    for placed in placement.placed:
        placed.is_marked = placed.row < marked_headers
    if not may_end_early:
        _extend_to_right_edge(placement.placed, len(rows))
    return placement


def _restore_end_blanks(rows: list[CellRow]) -> list[CellRow]:
    """Return the rows with the blanks that were lost at the ends of lines.

    A banner stays as it is, and so does a row that is short because one of its cells spans: a body row with all its
    values but fewer labels, or a header row of texts only over one with more cells.
    """
    width = max((len(row) for row in rows), default=0)
    body = [row for row in rows if not is_banner(row) and is_body(row)]
    if not body or all(len(row) == width for row in rows):
        return rows
    labels, values = find_body_shape(body)

    def lacks_labels(row: CellRow) -> bool:
        return count_labels(row) < labels and len(row) - count_labels(row) == values

    # Without any blank in front, cells that reach down left nothing in the rows below.
    leaves_no_blanks = all(row[0].kind != "blank" for row in body) and any(map(lacks_labels, body))
    first_body = next(number for number, row in enumerate(rows) if row is body[0])
    restored = []
    for number, row in enumerate(rows):
        if number < first_body and {cell.kind for cell in row} == {"text"}:
            kinds_below = {cell.kind for cell in rows[number + 1]} if number + 1 < first_body else set()
            is_spanning = (
                kinds_below == {"text"} or number > 0 or len(row) == 1 or (leaves_no_blanks and len(row) == values + 1)
            )
        else:
            is_spanning = is_banner(row) or (leaves_no_blanks and lacks_labels(row))
        lost = 0 if is_spanning else width - len(row)
        restored.append([*row, *[UnplacedCell.blank(row[-1].end)] * lost])
    return restored


def _extend_to_right_edge(placed: list[CellPlacement], rows: int) -> None:
    """Widen the last cell of each row up to the right edge of the grid, where it is the last one in all its rows."""
    columns = max((cell.column + cell.column_span for cell in placed), default=0)
    last: dict[int, CellPlacement] = {}
    edge = [0] * rows
    for cell in placed:
        if cell.row not in last or cell.column > last[cell.row].column:
            last[cell.row] = cell
        for row in range(cell.row, min(cell.row + cell.row_span, rows)):
            edge[row] = max(edge[row], cell.column + cell.column_span)
    for row, cell in last.items():
        right = cell.column + cell.column_span
        if right < columns and all(edge[r] == right for r in range(row, min(row + cell.row_span, rows))):
            cell.column_span = columns - cell.column


# Groups of rows that share header rows.


def _split_at_headers(rows: list[CellRow]) -> list[list[int]]:
    """Return the row numbers in groups that share header rows; banners belong to the group they open or stand in."""
    groups: list[list[int]] = [[]]
    pending: list[int] = []
    for number, row in enumerate(rows):
        if is_banner(row):
            pending.append(number)
            continue
        if pending and groups[-1] and not is_body(row):
            groups.append([])
        groups[-1] += [*pending, number]
        pending = []
    groups[-1] += pending
    return groups


def _place_row_group(rows: list[CellRow], group: list[int], into: GridPlacement) -> None:
    banners = [number for number in group if is_banner(rows[number])]
    numbers = [number for number in group if not is_banner(rows[number])]
    depth = _count_header_rows([rows[number] for number in numbers])
    if depth == len(numbers):  # no body: the rows are placed as they are
        header_rows, body = [], numbers
        counts = Counter(len(rows[number]) for number in numbers)
        shape = BodyShape(0, max(counts, key=lambda n: (counts[n], n), default=1))
    else:
        header_rows, body = numbers[:depth], numbers[depth:]
        shape = find_body_shape([rows[number] for number in body], [rows[number] for number in header_rows])
    for number in banners:
        into.placed.append(CellPlacement(rows[number][0], number, 0, 1, max(shape.width, 1)))
    if header_rows:
        place_header_rows(rows, header_rows, shape, into)
    _place_body(rows, body, shape, into)


def _count_header_rows(rows: list[CellRow]) -> int:
    """Return how many first rows have no values, those among them that only look like a body with blank values."""
    has_values = any(cell.kind == "value" for row in rows for cell in row)
    depth = 0
    while depth < len(rows) and not is_body(rows[depth]):
        depth += 1
        while has_values and depth < len(rows) and _is_deeper_header(rows[depth - 1], rows[depth]):
            depth += 1
    return depth


def _is_deeper_header(above: CellRow, row: CellRow) -> bool:
    """Return whether a row of texts and blanks under a header row is a header row too: no label, or more cells."""
    return {cell.kind for cell in row} == {"text", "blank"} and (row[0].kind == "blank" or len(row) > len(above))


# Body rows.


def _place_body(rows: list[CellRow], numbers: list[int], shape: BodyShape, into: GridPlacement) -> None:
    leaves_blanks = any(rows[n][0].kind == "blank" and len(rows[n]) > 1 and rows[n][1].kind != "value" for n in numbers)
    open_labels: dict[int, CellPlacement] = {}  # label column -> the label cell that last stood there
    style_columns: dict[str, int] = {}  # enumeration style -> the label column it stands in
    for number in numbers:
        row = rows[number]
        labels = count_labels(row)
        offset = 0
        if len(row) != shape.width:
            if len(row) - labels == shape.values and labels < shape.labels:
                if open_labels and not leaves_blanks:
                    offset = _first_label_column(row, labels, shape.labels, open_labels, style_columns)
                if offset and not enumeration_style(row[0].text):
                    message = f"row {number + 1}: whether it stands under the label before it or beside it is a guess"
                    into.problems.append(Problem((), ProblemKind.TABLE_ROWS, f"{message}; check its labels"))
            elif not (into.may_end_early and len(row) < shape.width):
                into.problems.append(count_problem(number, len(row), shape.width))
        cells = _place_body_row(row, number, shape, offset)
        for column in range(offset):
            if column in open_labels:
                open_labels[column].row_span = number - open_labels[column].row + 1
        into.placed += _continue_labels(cells, shape.labels, open_labels, style_columns)


def _place_body_row(row: CellRow, number: int, shape: BodyShape, offset: int) -> list[CellPlacement]:
    """Return the row's cells on their columns, with blanks for those that were not written out.

    The first label stands in column `offset`; the last label of a short row spans the label columns that are left.
    """
    is_whole = len(row) == shape.width
    labels = shape.labels if is_whole else count_labels(row)
    last_label_spans = not is_whole and (len(row) - labels == shape.values or labels <= shape.labels)
    first_value = max(shape.labels, labels) if last_label_spans else labels
    cells: list[CellPlacement] = []
    for position, cell in enumerate(row[:labels]):
        column = offset + position
        span = shape.labels - column if last_label_spans and position == labels - 1 else 1
        cells.append(CellPlacement(cell, number, column, 1, max(span, 1)))
    for position, cell in enumerate(row[labels:]):
        cells.append(CellPlacement(cell, number, first_value + position))
    edge = max((placed.column + placed.column_span for placed in cells), default=0)
    blank = UnplacedCell.blank(row[-1].end)
    return cells + [CellPlacement(blank, number, column) for column in range(edge, shape.width)]


def _continue_labels(
    cells: list[CellPlacement], labels: int, open_labels: dict[int, CellPlacement], style_columns: dict[str, int]
) -> list[CellPlacement]:
    """Return the cells of a body row, right to left, without the blanks that continue a label above.

    A blank does so if a text stands in a label column to its right. The label above then reaches down to this row.
    """
    kept: list[CellPlacement] = []
    has_inner_text = False
    for placed in reversed(cells):
        if placed.column >= labels:
            kept.append(placed)
            continue
        above = open_labels.get(placed.column)
        is_continued = (
            placed.cell.kind == "blank"
            and has_inner_text
            and above is not None
            and above.column_span == placed.column_span == 1
            and above.row + above.row_span == placed.row
        )
        has_inner_text = has_inner_text or placed.cell.kind == "text"
        if is_continued:
            above.row_span += 1
            continue
        kept.append(placed)
        for column in [key for key in open_labels if placed.column < key < labels]:
            if open_labels[column].row != placed.row:
                del open_labels[column]
        open_labels[placed.column] = placed
        if style := enumeration_style(placed.cell.text):
            style_columns.setdefault(style, placed.column)
    return kept


def _first_label_column(
    row: CellRow, labels: int, label_columns: int, open_labels: dict[int, CellPlacement], style_columns: dict[str, int]
) -> int:
    """Return where a short row's first label stands, if no blanks mark the labels from above that are beside it."""
    if labels:
        style = enumeration_style(row[0].text)
        if style and style_columns:
            return min(style_columns.get(style, 0), label_columns - labels)
    first = label_columns - labels
    return first if all(column in open_labels for column in range(first)) else 0
