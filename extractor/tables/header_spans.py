"""From rows of cells without a grid to cells on a grid: which columns a short row's cells span, and which rows.

A table flattened to text keeps its cells and, mostly, its rows; it loses how wide and how tall each cell was. What
brings that back: the values of a body row stand in the last columns, so a row short of cells has a label that spans;
a blank before a label continues the label above; a header row's cells are shared out among the cells of the header
row above it so that repeated texts and equal kinds fall together, and so that the widths add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from extractor.tables.cells import PlacedCell, collapse_whitespace, is_period, is_value, marker, trimmed
from extractor.types import Problem

_MOST_HEADERS = 120  # cells in a header row that are shared out by search; beyond, the row is taken as it comes
_MOST_SHARED = 30  # cells that one header cell governs
_KEPT = 4  # ways kept to have used up the same number of cells, in that search


@dataclass(frozen=True, slots=True)
class Token:
    """A cell before it has a place: a stretch of the text, how it reads, and its kind: `text`, `value` or `blank`."""

    start: int
    end: int
    text: str
    kind: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Token:
        start, end = trimmed(text, start, end)
        line = collapse_whitespace(text[start:end])
        return cls(start, end, line, "blank" if not line else "value" if is_value(line) else "text")


TokenRow = list[Token]


@dataclass(slots=True)
class _Placed:
    """A token on its place; `marked` when the source itself marks it as a header."""

    token: Token
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    marked: bool = False


@dataclass(slots=True)
class Layout:
    """Tokens on a grid, and the rows whose number of cells could not be reconciled with the others."""

    placed: list[_Placed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def raw_cells(self) -> list[PlacedCell]:
        return [
            PlacedCell(p.token.start, p.token.end, p.row, p.column, p.row_span, p.column_span, p.marked)
            for p in self.placed
        ]


def lay_out(rows: list[TokenRow], ragged: bool = False, marked: int = 0) -> Layout:
    """The rows on a grid; `ragged` when rows may end early without loss, `marked` how many first rows are headers.

    A row of one text cell is a banner over the rows after it; rows between banners that have header rows of their own
    are laid out apart, and the last cell of each row reaches to the right edge of the whole.
    """
    layout = Layout()
    if ragged:
        rows = _padded(rows)
    for group in _groups(rows):
        _place_group(rows, group, layout, ragged)
    columns = max((p.column + p.column_span for p in layout.placed), default=0)
    last: dict[int, _Placed] = {}
    for placed in layout.placed:
        if placed.row < marked:
            placed.marked = True
        if placed.row not in last or placed.column > last[placed.row].column:
            last[placed.row] = placed
    if not ragged:
        _reach_right(layout.placed, last, columns, len(rows))
    return layout


def _padded(rows: list[TokenRow]) -> list[TokenRow]:
    """The rows with the blanks that were lost at the ends of lines.

    A banner stays as it is, and so does a row that is short because a cell of it spans: a body row with all its values
    but fewer labels, or a header row of texts only over one with more cells.
    """
    width = max((len(row) for row in rows), default=0)
    body = [row for row in rows if not is_banner(row) and is_body(row)]
    if not body or all(len(row) == width for row in rows):
        return rows
    labels, values = shape(body)
    omitted = all(row[0].kind != "blank" for row in body) and any(
        _lead(row) < labels and len(row) - _lead(row) == values for row in body
    )
    first_body = next(number for number, row in enumerate(rows) if row is body[0])
    padded = []
    for number, row in enumerate(rows):
        if number < first_body and {token.kind for token in row} == {"text"}:
            below = {token.kind for token in rows[number + 1]} if number + 1 < first_body else set()
            spans = below == {"text"} or number > 0 or len(row) == 1 or (omitted and len(row) == values + 1)
        else:
            spans = is_banner(row) or (omitted and _lead(row) < labels and len(row) - _lead(row) == values)
        lost = 0 if spans else width - len(row)
        padded.append(row + [Token(row[-1].end, row[-1].end, "", "blank")] * lost if lost else row)
    return padded


def _reach_right(placed: list[_Placed], last: dict[int, _Placed], columns: int, rows: int) -> None:
    edge = [0] * rows
    for cell in placed:
        for row in range(cell.row, min(cell.row + cell.row_span, rows)):
            edge[row] = max(edge[row], cell.column + cell.column_span)
    for row, cell in last.items():
        rows_of_cell = range(row, min(row + cell.row_span, rows))
        if all(edge[r] == cell.column + cell.column_span for r in rows_of_cell) and edge[row] < columns:
            cell.column_span = columns - cell.column


# Groups of rows that share one layout.


def _groups(rows: list[TokenRow]) -> list[list[int]]:
    """Row numbers that share header rows; banners belong to the group they open or stand in."""
    groups: list[list[int]] = [[]]
    pending: list[int] = []
    for number, row in enumerate(rows):
        if is_banner(row):
            pending.append(number)
            continue
        if pending and groups[-1] and not is_body(row):
            groups.append([])
        groups[-1].extend(pending)
        pending = []
        groups[-1].append(number)
    groups[-1].extend(pending)
    return groups


def is_banner(row: TokenRow) -> bool:
    return len(row) == 1 and row[0].kind == "text"


def is_body(row: TokenRow) -> bool:
    """Whether the row holds values: numerals (not years over a blank corner), or blanks after its labels."""
    kinds = [token.kind for token in row]
    if "value" in kinds:
        numerals = [token for token in row if token.kind == "value"]
        years = all(is_period(token.text) for token in numerals) and len({t.text for t in numerals}) == len(numerals)
        return not (years and kinds[0] != "value" and len(numerals) > 1)
    texts = kinds.count("text")
    if not texts:
        return len(kinds) > 1
    lead = _lead(row)
    tail = len(row) - lead
    return texts >= 1 and tail >= 1 and texts <= 3 and tail >= texts


def _deepens(above: TokenRow, row: TokenRow) -> bool:
    """Whether a row of texts and blanks under a header row is a header row too: it has no label, or more cells."""
    kinds = {token.kind for token in row}
    return kinds == {"text", "blank"} and (row[0].kind == "blank" or len(row) > len(above))


def _lead(row: TokenRow) -> int:
    """How many first cells are labels: up to the last text before the first value."""
    lead = 0
    for position, token in enumerate(row):
        if token.kind == "value":
            break
        if token.kind == "text":
            lead = position + 1
    return lead


# One group.


def _place_group(rows: list[TokenRow], group: list[int], layout: Layout, ragged: bool) -> None:
    banners = [number for number in group if is_banner(rows[number])]
    numbers = [number for number in group if not is_banner(rows[number])]
    depth = 0
    valued = any(token.kind == "value" for number in numbers for token in rows[number])
    while depth < len(numbers) and not is_body(rows[numbers[depth]]):
        depth += 1
        while valued and depth < len(numbers) and _deepens(rows[numbers[depth - 1]], rows[numbers[depth]]):
            depth += 1
    if depth == len(numbers):
        depth = min(depth, 1)
        counts = Counter(len(rows[number]) for number in numbers)
        labels, width = 0, max(counts, key=lambda n: (counts[n], n), default=1)
        heads, body = numbers[:0], numbers
        values = width
    else:
        heads, body = numbers[:depth], numbers[depth:]
        labels, values = shape([rows[number] for number in body], [rows[number] for number in heads])
        width = labels + values
    for number in banners:
        layout.placed.append(_Placed(rows[number][0], number, 0, 1, max(width, 1)))
    if heads:
        _place_heads(rows, heads, labels, width, layout, ragged)
    _place_body(rows, body, labels, values, layout, ragged)


def shape(body: list[TokenRow], heads: Sequence[TokenRow] = ()) -> tuple[int, int]:
    """`(labels, values)`: how many label columns and value columns the rows of a body have."""
    counts = Counter(len(row) for row in body)
    leads = Counter(_lead(row) for row in body)
    if len(counts) == 1:
        lead = max(leads, key=lambda n: (leads[n], -n))
        return lead, len(body[0]) - lead
    numeric = [row for row in body if any(token.kind == "value" for token in row)] or body
    rests = Counter(len(row) - _lead(row) for row in numeric)
    values = max(rests, key=lambda n: (rests[n], n))
    labels = max(_lead(row) for row in numeric if len(row) - _lead(row) == values)
    bottom = len(heads[-1]) if heads else 0
    if len(heads) == 1 and bottom > labels + values and all(token.kind == "text" for token in heads[0]):
        values = bottom - labels  # every body row lost its last blanks
    return labels, values


def _place_body(rows: list[TokenRow], body: list[int], labels: int, values: int, layout: Layout, ragged: bool) -> None:
    width = labels + values
    blank_led = any(rows[n][0].kind == "blank" and len(rows[n]) > 1 and rows[n][1].kind != "value" for n in body)
    above: dict[int, _Placed] = {}  # label column -> the label cell that last stood there
    styles: dict[str, int] = {}  # style of numbering -> the label column it stands in
    for number in body:
        row = rows[number]
        lead = _lead(row)
        rest = len(row) - lead
        offset = 0
        if len(row) != width:
            if rest == values and lead < labels:
                offset = 0 if blank_led or not above else _first_column(row, lead, labels, above, styles)
                if offset and not marker(row[0].text):
                    message = f"row {number + 1}: whether it stands under the label before it or beside it is a guess"
                    layout.problems.append(Problem((), "table_rows", f"{message}; check its labels"))
            elif not (ragged and len(row) < width):
                layout.problems.append(_row_problem(number, len(row), width))
        if len(row) == width:
            lead = labels
        spread = rest == values or lead <= labels
        cells: list[_Placed] = []
        for position, token in enumerate(row):
            if position < lead:
                column = offset + position
                span = labels - column if position == lead - 1 and len(row) != width and spread else 1
                cells.append(_Placed(token, number, column, 1, max(span, 1)))
            else:
                base = max(labels, lead) if spread and len(row) != width else lead
                cells.append(_Placed(token, number, base + position - lead))
        edge = max((cell.column + cell.column_span for cell in cells), default=0)
        for column in range(edge, width):  # cells that were not written out are blank, and kept
            blank = Token(row[-1].end, row[-1].end, "", "blank")
            cells.append(_Placed(blank, number, column))
        for column in range(offset):
            if column in above:
                above[column].row_span = number - above[column].row + 1
        inner_text = False
        for cell in reversed(cells):
            if cell.column >= labels:
                layout.placed.append(cell)
                continue
            upper = above.get(cell.column)
            continues = (
                cell.token.kind == "blank"
                and inner_text
                and upper is not None
                and upper.column_span == cell.column_span == 1
                and upper.row + upper.row_span == number
            )
            inner_text = inner_text or cell.token.kind == "text"
            if continues:
                upper.row_span += 1
                continue
            layout.placed.append(cell)
            for column in [key for key in above if key > cell.column]:
                if column < labels and above[column].row != number:
                    del above[column]
            above[cell.column] = cell
            if style := marker(cell.token.text):
                styles.setdefault(style, cell.column)


def _first_column(row: TokenRow, lead: int, labels: int, above: dict[int, _Placed], styles: dict[str, int]) -> int:
    """Where a short row's first label stands when no blanks mark the labels above that reach down beside it."""
    if lead:
        style = marker(row[0].text)
        if style and style in styles:
            return min(styles[style], labels - lead)
        if style and styles:
            return 0
    first = labels - lead
    return first if all(column in above for column in range(first)) else 0


def _row_problem(number: int, found: int, expected: int) -> Problem:
    return Problem(
        (), "table_rows", f"row {number + 1} has {found} cells where {expected} are expected; check its values' columns"
    )


# Header rows.


@dataclass(slots=True)
class _Head:
    """A header token with its width once known; `children` are the positions in the row below that it governs."""

    token: Token
    width: int = 1
    grouped: bool = False
    continued: bool = False  # the cell below is this one, going on
    column: int = 0


def _place_heads(rows: list[TokenRow], heads: list[int], labels: int, width: int, layout: Layout, ragged: bool) -> None:
    levels = [[_Head(token) for token in rows[number]] for number in heads]
    bottom = levels[-1]
    shares: list[list[int] | None] = [None] * len(levels)
    if all(len(level) == width for level in levels):
        pass
    else:
        _widen_bottom(bottom, labels, width, len(levels))
        omitted = len(bottom) < width and not any(h.token.kind == "blank" for level in levels[1:] for h in level)
        found = _share_omitted(levels, labels, width) if omitted and len(levels) > 1 else None
        for upper in range(len(levels) - 2, -1, -1):
            shares[upper] = found[upper] if found else share_out(levels[upper], levels[upper + 1])
            if shares[upper] is None:
                layout.problems.append(_row_problem(heads[upper], len(levels[upper]), width))
            elif found and _is_guess(levels[upper], levels[upper + 1], shares[upper], min(labels, 1) * (upper == 0)):
                message = f"row {heads[upper] + 1}: which of its headers stand over row {heads[upper] + 2} is a guess"
                layout.problems.append(Problem((), "table_rows", f"{message}; check the columns' headers"))
    _emit_heads(levels, shares, heads, layout)
    if sum(head.width for head in bottom) > width or (
        len(levels) == 1 and sum(head.width for head in bottom) != width and not ragged
    ):
        layout.problems.append(replace(_row_problem(heads[-1], len(bottom), width), kind="table_heads"))


def _widen_bottom(bottom: list[_Head], labels: int, width: int, depth: int) -> None:
    if len(bottom) == width:
        return
    if labels > 1 and len(bottom) == width - labels + 1:
        bottom[0].width = labels
    elif depth == 1 and labels and 1 < len(bottom) < width and (width - labels) % max(len(bottom) - 1, 1) == 0:
        bottom[0].width = labels
        for head in bottom[1:]:
            head.width = (width - labels) // (len(bottom) - 1)


def _share_omitted(levels: list[list[_Head]], labels: int, width: int) -> list[list[int]] | None:
    """The sharing out of all header rows when a cell that reaches down leaves nothing in the rows below it.

    How many cells of each row reach down follows from the width: every way to reach it is tried, and the cheapest wins.
    """
    missing = width - labels - len(levels[-1])
    if missing < 0 or len(levels) > 3:
        return None
    best: tuple[float, int, tuple[int, ...]] | None = None
    for corners in sorted({min(labels, 1), labels}):
        for deeper in range(missing + 1) if len(levels) == 3 else (0,):
            leaves = (missing - deeper, deeper)
            found = _try_omitted(levels, corners, leaves)
            if found is not None and (best is None or found[0] < best[0]):
                best = (found[0], corners, leaves)
    if best is None:
        return None
    _, shares = _try_omitted(levels, best[1], best[2])
    for head in levels[0][: best[1]]:
        head.width = labels if best[1] == 1 else 1
    return shares


def omitted_cost(rows: list[TokenRow], labels: int, width: int) -> float | None:
    """How badly header rows fit a body of `width` columns when cells that reach down left nothing below; None for not.

    One row fits when it has a cell for every column, or one for all the labels together.
    """
    levels = [[_Head(token) for token in row] for row in rows]
    if len(levels) == 1:
        return 0.0 if len(rows[0]) in (width, width - labels + min(labels, 1)) else None
    if any(len(upper) > len(lower) + width for upper, lower in pairwise(rows)):
        return None
    found = _share_omitted(levels, labels, width)
    if found is None:
        return None
    cost = 0.2 * len(levels)
    for upper, counts in enumerate(found):
        skipped = min(labels, next((n for n, count in enumerate(counts) if count), 0)) if upper == 0 else 0
        own = levels[upper][skipped:]
        cost += _sharing_cost(own, levels[upper + 1], counts[skipped:], sum(not count for count in counts[skipped:]))
        cost += 2.0 * _is_guess(levels[upper], levels[upper + 1], counts, skipped)
    return cost


def _is_guess(upper: list[_Head], lower: list[_Head], counts: list[int], corners: int) -> bool:
    """Whether nothing but likelihood says which cells govern others: those that govern none do not come again below."""
    alone = {head.token.text for head, count in zip(upper[corners:], counts[corners:], strict=True) if not count}
    return bool(alone) and not alone & {head.token.text for head in lower}


def _try_omitted(
    levels: list[list[_Head]], corners: int, leaves: tuple[int, ...]
) -> tuple[float, list[list[int]]] | None:
    total, shares = 0.5 * (corners > 1), []
    for upper in range(len(levels) - 2, -1, -1):
        skipped = corners if upper == 0 else 0
        counts = share_out(levels[upper][skipped:], levels[upper + 1], leaves[upper])
        if counts is None:
            return None
        total += _sharing_cost(levels[upper][skipped:], levels[upper + 1], counts, leaves[upper])
        shares.insert(0, [0] * skipped + counts)
    return total, shares


def share_out(upper: list[_Head], lower: list[_Head], leaves: int | None = None) -> list[int] | None:
    """How many cells of the lower header row each cell of the upper one governs; sets the upper ones' widths.

    So many as `leaves` govern none and reach down by themselves; without it, each governs one at least. None when the
    rows cannot be matched: then the upper row keeps its cells one column wide.
    """
    if len(lower) > _MOST_HEADERS or len(upper) > _MOST_HEADERS or not upper or not lower:
        return None
    counts = _least_cost(upper, lower, leaves)
    if counts is None:
        return None
    position = 0
    for head, count in zip(upper, counts, strict=True):
        children = lower[position : position + count]
        position += count
        head.continued = count == 1 and children[0].token.kind == "blank"
        head.grouped = children[0].grouped if head.continued else bool(children)
        head.width = sum(child.width for child in children) or 1
    return counts


def _least_cost(upper: list[_Head], lower: list[_Head], leaves: int | None) -> list[int] | None:
    """The sharing of least cost, by dynamic programming over (lower cells used, last share, cells that govern none)."""
    texts = {head.token.text for head in lower}
    states: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {(0, 0, 0): (0.0, ())}
    for place, head in enumerate(upper):
        left = len(upper) - place - 1
        following: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {}
        for (used, last, alone), (cost, counts) in states.items():
            governing = left if leaves is None else max(left - leaves + alone, 0)
            most = min(len(lower) - used - governing, _MOST_SHARED)
            for count in range(0 if leaves is not None and alone < leaves else 1, most + 1):
                added = _share_cost(head, lower, used, count, last)
                added += _edge_cost(head, texts, count, place, len(upper), leaves)
                key, total = (used + count, count or last, alone + (count == 0)), cost + added
                if key not in following or total < following[key][0]:
                    following[key] = (total, (*counts, count))
        states = _best_few(following)
    done = [way for (used, _, alone), way in states.items() if used == len(lower) and alone == (leaves or 0)]
    return list(min(done)[1]) if done else None


def _sharing_cost(upper: list[_Head], lower: list[_Head], counts: list[int], leaves: int | None = None) -> float:
    cost, used, last = 0.0, 0, 0
    texts = {head.token.text for head in lower} if leaves is not None else set()
    for place, (head, count) in enumerate(zip(upper, counts, strict=True)):
        cost += _share_cost(head, lower, used, count, last) + _edge_cost(head, texts, count, place, len(upper), leaves)
        used, last = used + count, count or last
    return cost


def _edge_cost(head: _Head, texts: set[str], count: int, place: int, of: int, leaves: int | None) -> float:
    """What speaks against a cell governing others where some govern none: it stands at an edge, or is one of them."""
    if leaves is None or not count:
        return 0.0
    return 2.0 * (head.token.text in texts) + 0.3 * (place == 0) + 0.2 * (place == of - 1) + (count == 1)


def _best_few(states: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]]):
    kept: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {}
    times: Counter[tuple[int, int]] = Counter()
    for state, way in sorted(states.items(), key=lambda item: item[1][0]):
        times[state[0], state[2]] += 1
        if times[state[0], state[2]] <= _KEPT:
            kept[state] = way
    return kept


def _share_cost(head: _Head, lower: list[_Head], used: int, count: int, last: int) -> float:
    children = lower[used : used + count]
    blanks = sum(child.token.kind == "blank" for child in children)
    if count == 0:
        return 0.0
    if count == 1:
        if blanks:
            return 0.0
        return 5.0 if head.token.kind == "blank" else 0.3
    texts = [child.token.text for child in children]
    cost = 3.0 * blanks + 0.01 * count * count + (5.0 if head.token.kind == "blank" else 0.0)
    cost += 2.0 * (len(texts) - len(set(texts)))
    kinds = [child.grouped for child in children]
    cost += 0.5 * sum(a != b for a, b in pairwise(kinds))
    if last == count and [child.token.text for child in lower[used - count : used]] == texts:
        cost -= 1.5
    return cost


def header_cost(rows: list[TokenRow], labels: int) -> float:
    """How badly header rows share out among one another, 50 or more when they cannot; one row alone costs nothing."""
    levels = [[_Head(token) for token in row] for row in rows]
    cost = float(sum(token.kind == "blank" for row in rows[:1] for token in row[1:]))
    for upper, lower in reversed(list(pairwise(levels))):
        counts = share_out(upper, lower) if len(upper) <= len(lower) else None
        if counts is None:
            return 50.0
        if labels and lower[0].token.kind != "blank" and any(head.token.kind == "blank" for head in lower):
            cost += 1.5  # where blanks show what goes on from above, the corner goes on too
        cost += _sharing_cost(upper, lower, counts)
    return cost


def _emit_heads(
    levels: list[list[_Head]], shares: Sequence[list[int] | None], numbers: list[int], layout: Layout
) -> None:
    """Place the header cells from the top down; a blank that continues the cell above becomes part of its span."""
    column = 0
    for head in levels[0]:
        head.column = column
        column += head.width
    owner: dict[int, _Placed] = {}
    for level, heads in enumerate(levels):
        below = shares[level]
        following: dict[int, _Placed] = {}
        position = 0
        for place, head in enumerate(heads):
            placed = owner.get(place)
            if placed is None:
                placed = _Placed(head.token, numbers[level], head.column, 1, head.width)
                layout.placed.append(placed)
            else:
                placed.row_span += 1
            if below is None:
                continue
            count = below[place]
            if count == 0:
                placed.row_span = numbers[-1] - placed.row + 1
            column = head.column
            for child in range(position, position + count):
                levels[level + 1][child].column = column
                column += levels[level + 1][child].width
            if head.continued:
                following[position] = placed
            position += count
        if below is None and level + 1 < len(levels):
            column = 0
            for head in levels[level + 1]:
                head.column = column
                column += head.width
        owner = following
