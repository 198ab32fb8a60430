"""The head of a table without walls: which of its texts are one cell, and which columns each cell goes over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from extractor.geometry import Rect, RulingLine, overlap
from extractor.layout.blocks import TextLine, TextSegment
from extractor.layout.segments import make_segment
from extractor.layout.white_columns import Column
from extractor.settings import Settings, rule, threshold
from extractor.values.recurrence import period


@dataclass(frozen=True)
class HeadCellSettings(Settings):
    """How the texts of a head are put over columns. An em is the font size of the text."""

    span_by_rules: bool = rule(True, meaning="a text over a short rule goes over the columns that the rule does")
    centre_spans: bool = rule(True, meaning="a text goes over the columns around it in whose middle it stands")
    span_repeated_groups: bool = rule(
        True, meaning="texts over heads that recur, as the same years do, go over one group of them each"
    )
    rule_gap: float = threshold(1.0, unit="em", meaning="how far under a text the rule of its span runs")
    rule_overlap: float = threshold(0.3, unit="em", meaning="how far such a rule may reach into the text")
    rule_overrun: float = threshold(1.0, unit="em", meaning="how far the text may go beyond the ends of its rule")
    short_rule: float = threshold(0.95, meaning="share of the table's width from which a rule is for all columns")
    rule_reach: float = threshold(
        4.0, unit="points", meaning="how far a rule may fall short of a column that it is for"
    )
    split_gap: float = threshold(0.6, unit="em", meaning="a wider gap at the edge of a column parts two texts")
    same_cell_gap: float = threshold(0.6, unit="em", meaning="lines of one cell are nearer to one another than this")
    centred: float = threshold(1.0, unit="em", meaning="how far off the middle of its columns a text may stand")


@dataclass(slots=True)
class HeadCell:
    """A cell of the head; rows and columns count from 0."""

    segments: list[TextSegment]
    column: int
    column_span: int
    row: int = 0
    row_span: int = 1
    lines: list[int] = field(default_factory=list)


def build_head(
    lines: Sequence[TextLine], columns: Sequence[Column], edges: Sequence[float], rules: Sequence[RulingLine]
) -> list[HeadCell]:
    """Return the cells of a head from its lines; a blank over or under a text belongs to its cell."""
    settings = HeadCellSettings.current()
    cells: list[HeadCell] = []
    parted = [
        [piece for segment in line.segments for piece in _split(segment, columns, edges, settings)] for line in lines
    ]
    for number, pieces in enumerate(parted):
        is_last = number == len(lines) - 1
        spans = [_find_span(piece, pieces, columns, edges, rules, is_last, settings) for piece in pieces]
        if settings.centre_spans and all(first == last for first, last in spans):
            below = [segment.box for lower in lines[number + 1 :] for segment in lower.segments]
            spans = _find_centred_groups(pieces, columns, below, settings) or spans
        if not is_last and settings.span_repeated_groups:
            spans = _over_repeated_groups(spans, parted[number + 1], columns) or spans
        for piece, (first, last) in zip(pieces, spans, strict=True):
            above = [cell for cell in cells if cell.column <= last and cell.column + cell.column_span > first]
            upper = above[-1] if above else None
            if upper is not None and _go_together(upper, piece, first, last, number, rules, settings):
                upper.segments.append(piece)
                upper.lines.append(number)
            else:
                cells.append(HeadCell([piece], first, last - first + 1, lines=[number]))
    return _set_rows(cells, len(lines), len(columns))


def _split(
    segment: TextSegment, columns: Sequence[Column], edges: Sequence[float], settings: HeadCellSettings
) -> list[TextSegment]:
    """Return a segment parted where a gap in it is at the edge of a column."""
    pieces = [[segment.words[0]]]
    for before, word in zip(segment.words, segment.words[1:], strict=False):
        gap = word.box.x0 - before.box.x1
        at_edge = any(before.box.center[0] < edge < word.box.center[0] for edge in edges[1:-1])
        if at_edge and gap > settings.split_gap * word.font_size:
            pieces.append([word])
        else:
            pieces[-1].append(word)
    return [make_segment(piece) for piece in pieces] if len(pieces) > 1 else [segment]


def _over_repeated_groups(
    spans: Sequence[tuple[int, int]], lower: Sequence[TextSegment], columns: Sequence[Column]
) -> list[tuple[int, int]] | None:
    """Return the spans of texts over heads that recur below each of them, as the same years do; None without such.

    However they are set over their columns, there is one text for every group.
    """
    heads = [piece for piece in lower if piece.box.x1 > columns[0][1]]
    first = len(columns) - len(heads)
    length = period([piece.text for piece in heads])
    over = [span for span in spans if span[1] >= first]
    if length is None or first < 1 or len(over) != len(heads) // length:
        return None
    groups = [(first + at * length, first + (at + 1) * length - 1) for at in range(len(over))]
    if not all(a <= last and b >= begin for (a, b), (begin, last) in zip(over, groups, strict=True)):
        return None
    return [*(span for span in spans if span[1] < first), *groups]


def _find_span(
    piece: TextSegment,
    pieces: Sequence[TextSegment],
    columns: Sequence[Column],
    edges: Sequence[float],
    rules: Sequence[RulingLine],
    is_last: bool,
    settings: HeadCellSettings,
) -> tuple[int, int]:
    """Return the first and the last column that a text of the head goes over."""
    box, em = piece.box, piece.font_size
    whole = edges[-1] - edges[0]
    if settings.span_by_rules and not is_last:
        under = [
            each
            for each in rules
            if -settings.rule_overlap * em <= each.position - box.bottom <= settings.rule_gap * em
            and each.start - settings.rule_overrun * em <= box.x0
            and box.x1 <= each.end + settings.rule_overrun * em
            and each.length < settings.short_rule * whole
            and not any(  # rules of neighbours that touch are one, and say nothing of where either text ends
                other is not piece and each.start < (other.box.x0 + other.box.x1) / 2 < each.end for other in pieces
            )
        ]
        if under:
            nearest = min(under, key=lambda each: each.position)
            covered = [
                number
                for number, (left, right) in enumerate(columns)
                if nearest.start - settings.rule_reach <= (left + right) / 2 <= nearest.end + settings.rule_reach
            ]
            if covered:
                return covered[0], covered[-1]
    touched = [number for number, column in enumerate(columns) if overlap(*column, box.x0, box.x1) > 0]
    if not touched:
        middle = (box.x0 + box.x1) / 2
        nearest_column = min(range(len(columns)), key=lambda n: abs(sum(columns[n]) / 2 - middle))
        touched = [nearest_column]
    if len(touched) > 1:
        # A head wider than its column reaches over its neighbours' white, not into their figures' middle.
        held = [n for n in touched if box.x0 < sum(columns[n]) / 2 < box.x1]
        touched = held or [max(touched, key=lambda n: overlap(*columns[n], box.x0, box.x1))]
    first, last = touched[0], touched[-1]
    if settings.centre_spans and not is_last and first > 0:
        left_limit = max((other.box.x1 for other in pieces if other.box.x1 <= box.x0), default=edges[1])
        right_limit = min((other.box.x0 for other in pieces if other.box.x0 >= box.x1), default=edges[-1])
        best = None
        for a in range(1, first + 1):
            for b in range(last, len(columns)):
                if b == a or columns[a][0] < left_limit - 1 or columns[b][1] > right_limit + 1:
                    continue
                off = abs((columns[a][0] + columns[b][1]) / 2 - (box.x0 + box.x1) / 2)
                if off <= settings.centred * em and (best is None or (b - a, -off) > (best[1] - best[0], -best[2])):
                    best = a, b, off
        if best is not None and len(touched) > 1:
            return best[0], best[1]
    return first, last


def _find_centred_groups(
    pieces: Sequence[TextSegment], columns: Sequence[Column], below: Sequence[Rect], settings: HeadCellSettings
) -> list[tuple[int, int]] | None:
    """Return the groups of columns in whose middles the texts of a line stand, each column with its nearest text.

    None where one text stands in the middle of no group, or a group of several columns has no head of its own for each.
    """
    stub = [piece for piece in pieces if piece.box.x0 < columns[0][1]]
    over = [piece for piece in pieces if piece.box.x0 >= columns[0][1]]
    if not over or len(stub) > 1:
        return None
    middles = [piece.box.center[0] for piece in over]
    nearest = [min(range(len(over)), key=lambda n: abs(middles[n] - (left + right) / 2)) for left, right in columns[1:]]
    groups: list[tuple[int, int]] = []
    for number, piece in enumerate(over):
        own = [column for column, other in enumerate(nearest, start=1) if other == number]
        if not own:
            return None
        off = (columns[own[0]][0] + columns[own[-1]][1]) / 2 - middles[number]
        headed = all(any(overlap(*columns[column], box.x0, box.x1) > 0 for box in below) for column in own)
        if abs(off) > settings.centred * piece.font_size or (len(own) > 1 and not headed):
            return None
        groups.append((own[0], own[-1]))
    return [(0, 0)] * len(stub) + groups if any(first < last for first, last in groups) else None


def _go_together(
    upper: HeadCell,
    piece: TextSegment,
    first: int,
    last: int,
    number: int,
    rules: Sequence[RulingLine],
    settings: HeadCellSettings,
) -> bool:
    """Decide whether a text is the next line of the cell above it."""
    before = upper.segments[-1]
    gap = piece.box.top - before.box.bottom
    if upper.lines[-1] != number - 1 or gap > settings.same_cell_gap * piece.font_size:
        return False
    if (upper.column, upper.column + upper.column_span - 1) != (first, last):
        return False
    top, bottom = before.box.center[1], piece.box.center[1]
    return not any(
        top < each.position < bottom and overlap(each.start, each.end, piece.box.x0, piece.box.x1) > 0 for each in rules
    )


def _set_rows(cells: list[HeadCell], lines: int, columns: int) -> list[HeadCell]:
    """Give each cell its rows: blanks above it, and below it down to the next cell or the body, are part of it."""
    owner: dict[tuple[int, int], HeadCell] = {}
    extent: dict[int, list[int]] = {}
    for cell in cells:
        extent[id(cell)] = [cell.lines[0], cell.lines[-1]]
        for line in range(cell.lines[0], cell.lines[-1] + 1):
            for column in range(cell.column, cell.column + cell.column_span):
                owner[line, column] = cell
    for step, end in ((-1, 0), (1, 1)):
        for cell in sorted(cells, key=lambda cell: cell.lines[0], reverse=step > 0):
            at = extent[id(cell)][end] + step
            over = range(cell.column, cell.column + cell.column_span)
            while 0 <= at < lines and all((at, column) not in owner for column in over):
                owner |= {(at, column): cell for column in over}
                extent[id(cell)][end] = at
                at += step
    starts = sorted({first for first, _ in extent.values()})
    rows = {line: number for number, line in enumerate(starts)}
    for cell in cells:
        first, last = extent[id(cell)]
        cell.row = rows[first]
        cell.row_span = sum(first <= start <= last for start in starts)
    return cells
