"""From a grid of cells with spans to a `Table`: which rows are headers or banners, and which columns are labels.

Knows nothing about where the cells came from. The decisions, in order: lay the cells on a grid; cut it into sections
at banner rows; in each section count the header rows, then the label columns; walk the section and give every cell the
texts that govern it. A section without header rows of its own is governed by those of the section before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from extractor.tables.cells import (
    PlacedCell,
    are_counted,
    collapse_whitespace,
    dress,
    is_period,
    is_value,
    marker,
    trimmed,
)
from extractor.types import Cell, Table

_SAMPLED = 60  # rows looked at to judge a column: enough to decide, and large tables stay linear
_MOST_HEADINGS = 200  # times that new header rows may begin in one section: a hostile table must not take long
_FILL = 1_000_000  # grid places that spans may cover beyond one per cell: a hostile colspan must not fill memory


@dataclass(slots=True)
class _Grid:
    """The cells on their places; `places[row]` maps a column to the index of the cell that covers it."""

    cells: list[PlacedCell]
    texts: list[str]
    places: list[dict[int, int]]
    columns: int
    values: list[bool] = field(default_factory=list)

    def at(self, row: int, column: int) -> int | None:
        return self.places[row].get(column)

    def text(self, row: int, column: int) -> str:
        index = self.places[row].get(column)
        return "" if index is None else self.texts[index]

    def starts(self, row: int) -> list[int]:
        """The cells whose first row is `row`, from left to right."""
        found = []
        for column, index in sorted(self.places[row].items()):
            if self.cells[index].row == row and self.cells[index].column == column:
                found.append(index)
        return found

    def filled(self, row: int) -> list[int]:
        return [index for index in self.starts(row) if self.texts[index]]


@dataclass(slots=True)
class _Section:
    """Rows under one stack of banners: its banners' texts, the rows that are headers, and those that are body."""

    banners: tuple[str, ...]
    rows: list[int] = field(default_factory=list)
    groups: dict[int, tuple[str, ...]] = field(default_factory=dict)  # row -> texts of group headings over it
    headings: set[int] = field(default_factory=set)  # rows that are such a heading


def build_table(
    text: str, raw_cells: Iterable[PlacedCell], caption: Sequence[str] = (), pages: Sequence[int] = ()
) -> Table:
    """A `Table` in which every cell carries the row path and the column path that govern it.

    Header rows, label columns and banners are inferred from spans, blanks, and numerals against text; `header=True` on
    a raw cell is a strong hint and no more. Blank cells are kept, apart from zero. Never raises: cells that overlap an
    earlier cell keep their text and get the paths of the place they claim.
    """
    grid = _laid_out(text, _with_spans(text, list(raw_cells)))
    row_paths: list[tuple[str, ...]] = [()] * len(grid.cells)
    column_paths: list[tuple[str, ...]] = [()] * len(grid.cells)
    headers = [False] * len(grid.cells)
    previous: tuple[list[int], int] = ([], 0)
    sections = _sections(grid)
    for number, (section, banner_cells) in enumerate(sections):
        for index in banner_cells:
            headers[index] = True
        after = sections[number + 1][0].rows if number + 1 < len(sections) else []
        again = _MOST_HEADINGS
        while section.rows:
            previous, rest = _walk(grid, section, after, previous, again > 0, row_paths, column_paths, headers)
            section, again = _Section(section.banners, rest), again - 1
    cells = []
    for index, raw in enumerate(grid.cells):
        start, end = trimmed(text, raw.text_start, raw.text_end)
        cells.append(
            Cell(
                text=grid.texts[index],
                start=start,
                end=end,
                row=raw.row,
                column=raw.column,
                row_span=raw.row_span,
                column_span=raw.column_span,
                header=headers[index],
                row_path=row_paths[index],
                column_path=column_paths[index],
                box=raw.box,
            )
        )
    return Table(
        cells=tuple(cells),
        rows=len(grid.places),
        columns=grid.columns,
        start=min((cell.start for cell in cells), default=0),
        end=max((cell.end for cell in cells), default=0),
        caption=tuple(caption),
        pages=tuple(pages),
    )


# Laying out.


def _with_spans(text: str, raw_cells: list[PlacedCell]) -> list[PlacedCell]:
    """The cells, with headers and labels that were written into every place of a lost span made one cell again.

    Only in a table without spans, and only texts: side by side above the first value, from the left edge on, all over a
    banner's row, and in the row right under it.
    """
    if len(raw_cells) < 4 or any(raw.row_span != 1 or raw.column_span != 1 for raw in raw_cells):
        return raw_cells
    rows: dict[int, list[tuple[PlacedCell, str]]] = {}
    for raw in sorted(raw_cells, key=lambda cell: (cell.row, cell.column)):
        rows.setdefault(raw.row, []).append((raw, collapse_whitespace(text[raw.text_start : raw.text_end])))
    first = next((row for row, cells in rows.items() if any(is_value(words) for _, words in cells)), None)
    if first is None:
        return raw_cells
    result: list[PlacedCell] = []
    under_banner = False
    for row, cells in rows.items():
        banner = len(cells) > 1 and len({words for _, words in cells}) == 1
        heads = row < first or banner or (under_banner and not any(is_value(words) for _, words in cells))
        under_banner = banner
        kept: list[tuple[PlacedCell, str]] = []
        for raw, words in cells:
            left, before = kept[-1] if kept else (raw, "")
            touches = kept and left.column + left.column_span == raw.column
            if touches and words and words == before and not is_value(words) and (heads or left.column == 0):
                kept[-1] = replace(left, column_span=left.column_span + 1), words
            else:
                kept.append((raw, words))
        result += [raw for raw, _ in kept]
    return result


def _laid_out(text: str, raw_cells: list[PlacedCell]) -> _Grid:
    raw_cells = sorted((raw for raw in raw_cells if raw.row >= 0 and raw.column >= 0), key=lambda c: (c.row, c.column))
    used = sorted({raw.row for raw in raw_cells})
    # Rows in which no cell begins hold nothing: close them up, so that spans over them shrink too.
    rank = {row: position for position, row in enumerate(used)}
    rows = len(used)
    columns = max((raw.column for raw in raw_cells), default=-1) + 1
    budget = _FILL
    cells: list[PlacedCell] = []
    places: list[dict[int, int]] = [{} for _ in range(rows)]
    for raw in raw_cells:
        row = rank[raw.row]
        last = row
        while last + 1 < rows and used[last + 1] < raw.row + max(raw.row_span, 1):
            last += 1
            if last - row > 10_000:
                break
        row_span = rows - row if raw.row_span == 0 else last - row + 1
        column_span = max(1, min(raw.column_span, columns - raw.column))
        if row_span * column_span > 1:
            budget -= row_span * column_span
            if budget < 0:
                row_span = column_span = 1
        cells.append(replace(raw, row=row, row_span=row_span, column_span=column_span))
        for down in range(row, row + row_span):
            line = places[down]
            for right in range(raw.column, raw.column + column_span):
                line.setdefault(right, len(cells) - 1)
    texts = [collapse_whitespace(text[raw.text_start : raw.text_end]) for raw in cells]
    return _Grid(cells, texts, places, columns, [is_value(cell) for cell in texts])


# Sections.


def _sections(grid: _Grid) -> list[tuple[_Section, list[int]]]:
    """The sections in order, each with the banner cells that opened it."""
    sections: list[tuple[_Section, list[int]]] = []
    stack: list[str] = []
    section = _Section(())
    opened: list[int] = []
    just_opened = False
    for row in range(len(grid.places)):
        banner = _banner(grid, row)
        if banner is None:
            if not grid.filled(row) and not section.rows:
                continue
            section.rows.append(row)
            just_opened = False
            continue
        if section.rows or opened:
            sections.append((section, opened))
        text = grid.texts[banner]
        opens_inner = row + 1 < len(grid.places) and _banner(grid, row + 1) is not None
        stack = _stacked(stack, text, just_opened, opens_inner)
        section, opened = _Section(tuple(stack)), [banner]
        just_opened = True
    if section.rows or opened:
        sections.append((section, opened))
    return sections


def _stacked(stack: list[str], text: str, just_opened: bool, opens_inner: bool) -> list[str]:
    """The open banners once `text` comes: numbering decides its level; a banner right under another is inside it."""
    style = marker(text)
    if style:
        for level, outer in enumerate(stack):
            if marker(outer) == style:
                return [*stack[:level], text]
    if just_opened or (style and stack and marker(stack[-1])):
        return [*stack, text]
    return [text] if opens_inner else [*stack[:-1], text]


def _banner(grid: _Grid, row: int) -> int | None:
    """The cell that alone fills the row and stands over what follows, or None."""
    if grid.columns < 2:
        return None
    filled = grid.filled(row)
    if len(filled) != 1:
        return None
    index = filled[0]
    cell = grid.cells[index]
    if grid.values[index] or cell.row_span > 1:
        return None
    covering = {place for place in grid.places[row].values() if place != index and grid.cells[place].row < row}
    if any(grid.texts[place] for place in covering):
        return None
    if cell.column_span >= grid.columns or (cell.column == 0 and len(grid.places[row]) == cell.column_span == 1):
        return index
    if cell.column == 0 and cell.column_span == 1 and _opens_header(grid, row):
        return index
    if cell.column == 0 and cell.column_span > 1 and cell.column_span >= grid.columns - 1 and grid.columns > 2:
        # Spans all but one column: a banner only if nothing was meant to stand in the last one.
        return index if _opens_header(grid, row) else None
    return None


def _opens_header(grid: _Grid, row: int) -> bool:
    """Whether the row after `row` is a header row: text all along, over a column that turns to values below."""
    following = [after for after in range(row + 1, min(row + 4, len(grid.places))) if grid.filled(after)]
    if len(following) < 2:
        return False
    head, body = following[0], following[1]
    filled = grid.filled(head)
    if len(filled) < 2 or any(grid.values[index] for index in filled):
        return False
    turns = [index for index in grid.filled(body) if grid.values[index]]
    return any(grid.text(head, grid.cells[index].column) for index in turns)


# Header rows.


def _profile(grid: _Grid, rows: Sequence[int], column: int) -> tuple[int, int, int]:
    """How many cells of the column are text, values, and blank; a span over several columns counts in its first."""
    text = value = blank = 0
    for row in rows[:_SAMPLED]:
        index = grid.at(row, column)
        if index is None or not grid.texts[index]:
            blank += 1
        elif grid.cells[index].column != column:
            continue
        elif grid.values[index]:
            value += 1
        else:
            text += 1
    return text, value, blank


def _turns(grid: _Grid, index: int, below: Sequence[int]) -> bool:
    """Whether a text cell stands over values: most of what is below it in its columns is numerals.

    Its columns go on over the blanks to its right, where a span may have been lost.
    """
    cell = grid.cells[index]
    edge = cell.column + cell.column_span
    while edge < min(grid.columns, cell.column + 40) and not grid.text(cell.row, edge):
        edge += 1
    for column in range(cell.column, edge):
        text, value, _ = _profile(grid, below, column)
        if value and value >= 2 * text:
            return True
    return False


def _over_blanks(grid: _Grid, index: int, below: Sequence[int]) -> bool:
    cell = grid.cells[index]
    return bool(below) and all(
        _profile(grid, below, column)[:2] == (0, 0) for column in range(cell.column, cell.column + cell.column_span)
    )


def _numeric_header(grid: _Grid, filled: list[int], below: Sequence[int]) -> bool:
    """Whether a row with numerals is a header all the same: years, or numbers that count on, over other values."""
    numerals = [index for index in filled if grid.values[index]]
    texts = [grid.texts[index] for index in numerals]
    if len(numerals) < 2 or not below:
        return False
    years = all(is_period(text) for text in texts) and len(set(texts)) == len(texts)
    if not years and not (are_counted(texts) and not all(text.isdigit() for text in texts)):
        return False
    columns = [grid.cells[index].column for index in numerals]
    if columns[0] == 0:
        return False
    same = [grid.text(row, column) for row in below[:_SAMPLED] for column in columns]
    return not any(is_period(text) for text in same if text) if years else True


def _header_rows(grid: _Grid, rows: list[int], after: list[int], governed: list[int]) -> int:
    """How many of the section's first rows are column headers.

    `after` are the rows of the section behind it, `governed` the header rows of the section before it.
    """
    # Header rows alone over a banner govern the rows under it, unless those have header rows of their own.
    if after and (len(rows) > 3 or _first_header(grid, after[0], after, [])):
        after = []
    depth = 0
    while depth < (len(rows) if after else len(rows) - 1):
        row, below = rows[depth], rows[depth + 1 :] + after
        if depth == 0:
            if not _first_header(grid, row, rows + after, governed):
                break
        elif not _further_header(grid, row, rows[:depth], below):
            break
        depth += 1
    return depth


def _first_header(grid: _Grid, row: int, rows: list[int], governed: list[int]) -> bool:
    below = rows[1:]
    filled = grid.filled(row)
    upper = [index for index in filled if grid.cells[index].column > 0 or grid.cells[index].column_span > 1]
    if not upper:
        return False
    if _all_marked(grid, filled) and not _all_marked_below(grid, below):
        return True
    if governed:
        earlier = {grid.text(above, column) for above in governed for column in grid.places[above]} - {""}
        if earlier & {grid.texts[index] for index in filled}:
            return not any(grid.values[index] for index in filled)
    if any(grid.values[index] for index in filled):
        return _numeric_header(grid, filled, below)
    if _is_pairs(grid, rows) or _labels_rows(grid, filled, below):
        return False
    beside = [index for index in filled if grid.cells[index].column > 0]
    for lower in (below, _past_text(grid, below)) if grid.columns > 2 else (below,):
        turning = sum(_turns(grid, index, lower) for index in beside)
        over_values = sum(_profile(grid, lower, grid.cells[index].column)[1] > 0 for index in beside)
        if turning and turning * 2 >= over_values:
            return grid.columns > 2 or _same_kind(grid, lower, 1)
    if any(grid.cells[index].column_span > 1 and grid.cells[index].column != 0 for index in filled):
        return True
    if beside and all(_over_blanks(grid, index, below) for index in beside):
        return True
    first = grid.at(row, 0)
    if first is not None and grid.cells[first].row_span > 1 and grid.cells[first].column_span == 1:
        return False  # a label over several rows, and no group beside it that would need a second header row
    if governed:
        return False
    if grid.columns == 2:
        return False  # label and value: the usual reading of two columns of text
    return len(filled) >= 2 and len(filled) * 2 > grid.columns


def _labels_rows(grid: _Grid, filled: list[int], below: Sequence[int]) -> bool:
    """Whether the row's first cell must be a row label: marked as one alone, or reaching down beside values."""
    first = grid.cells[filled[0]]
    if first.column == 0 and first.header and not any(grid.cells[index].header for index in filled[1:]):
        return True
    return any(
        grid.values[index]
        for row in below[: min(first.row_span - 1, _SAMPLED)]
        if row < first.row + first.row_span
        for index in grid.filled(row)
    )


def _same_kind(grid: _Grid, rows: Sequence[int], column: int) -> bool:
    """Whether the column holds values of one dress only, as a column under a header does and a form does not."""
    texts = [grid.text(row, column) for row in rows[:_SAMPLED]]
    texts = [text for text in texts if text]
    return (
        bool(texts)
        and all(is_value(text) for text in texts)
        and len({dress(text) for text in texts}) == 1
        and not any(grid.text(row, 0).endswith((":", "：")) for row in rows[:_SAMPLED])
    )


def _all_marked(grid: _Grid, filled: list[int]) -> bool:
    return len(filled) > 0 and all(grid.cells[index].header for index in filled)


def _all_marked_below(grid: _Grid, below: Sequence[int]) -> bool:
    """Whether the mark says nothing, because every row has it all along."""
    rows = [row for row in below[:_SAMPLED] if grid.filled(row)]
    return bool(rows) and all(_all_marked(grid, grid.filled(row)) for row in rows)


def _further_header(grid: _Grid, row: int, heads: list[int], below: list[int]) -> bool:
    """Whether the row under the header rows `heads` is one too."""
    starts, filled = grid.starts(row), grid.filled(row)
    covered = [index for index in set(grid.places[row].values()) if grid.cells[index].row < row]
    if not filled:
        return bool(covered) and len(covered) == len(set(grid.places[row].values()))
    if _all_marked(grid, filled) and not _all_marked_below(grid, below):
        return True
    if _counts_columns(grid, row):
        return True
    if any(grid.values[index] for index in filled):
        numeric = _numeric_header(grid, filled, below)
        return numeric and (not grid.text(row, 0) or grid.at(row, 0) in covered)
    first = grid.at(row, 0)
    label_free = first is None or first in covered or not grid.texts[first]
    under_group = []
    for index in filled:
        above = grid.at(heads[-1], grid.cells[index].column)
        if above is not None and grid.cells[above].column_span > grid.cells[index].column_span and grid.texts[above]:
            under_group.append(index)
        elif not grid.text(heads[-1], grid.cells[index].column) and _beside(grid, heads, grid.cells[index].column):
            under_group.append(index)  # a group's span was not kept: text on its left, blanks over the others
    turning = any(_turns(grid, index, below) for index in filled if grid.cells[index].column > 0 or len(filled) > 2)
    turning_back = any(
        grid.values[index] for after in below[:_SAMPLED] for index in grid.filled(after) if index in filled
    )
    if turning_back:
        return False
    if any(grid.texts[index] for index in covered) and label_free:
        return True
    if under_group:
        deeper = _past_text(grid, below)
        if label_free or turning or any(_turns(grid, index, deeper) for index in under_group):
            return True
        if all(_over_blanks(grid, index, deeper) for index in filled):
            return True
    return label_free and turning and len(starts) >= 1


def _beside(grid: _Grid, heads: list[int], column: int) -> bool:
    return any(grid.text(row, left) for row in heads for left in range(max(0, column - 20), column))


def _past_text(grid: _Grid, rows: list[int]) -> list[int]:
    """The rows without the first few that hold several texts and no value: what may be still deeper header rows."""
    for skipped, row in enumerate(rows[:4]):
        filled = grid.filled(row)
        if len(filled) < 2 or any(grid.values[index] for index in filled):
            return rows[skipped:]
    return rows


def _counts_columns(grid: _Grid, row: int) -> bool:
    """Whether the row numbers the columns (`1 2 3 4`, often after `A` or `甲`), as statistical tables do."""
    filled = grid.filled(row)
    numerals = [grid.texts[index] for index in filled if grid.texts[index].strip("()（）").isdigit()]
    others = [grid.texts[index] for index in filled if not grid.texts[index].strip("()（）").isdigit()]
    if len(numerals) < 4 or not are_counted(numerals) or numerals[0].strip("()（）") not in "012":
        return False
    if not all(len(text) <= 2 for text in others):
        return False
    below = grid.text(row + 1, 0) if row + 1 < len(grid.places) else ""
    return len(below) > 2 and grid.at(row + 1, 0) != grid.at(row, 0)


# Labels.


def _is_pairs(grid: _Grid, rows: list[int]) -> bool:
    """Whether the rows read label, value, label, value: a form, not columns under headers."""
    if grid.columns < 4:
        return False
    even = odd_values = odd_blanks = colons = marked = unmarked = labels = 0
    seen: set[str] = set()
    full = 0
    for row in rows[:_SAMPLED]:
        starts = grid.starts(row)
        if not starts:
            continue
        if len(starts) % 2:
            return False
        even += 1
        full += len(starts) >= 4
        for label, value in zip(starts[::2], starts[1::2], strict=True):
            if grid.values[label] or not grid.texts[label]:
                if grid.texts[label] or grid.texts[value]:
                    return False
                continue
            if grid.texts[label] in seen and not grid.texts[label].endswith((":", "：")):
                return False
            seen.add(grid.texts[label])
            labels += 1
            colons += grid.texts[label].endswith((":", "："))
            marked += grid.cells[label].header
            unmarked += not grid.cells[value].header
            odd_values += grid.values[value]
            odd_blanks += not grid.texts[value]
    if not full or labels < 2:
        return False
    if colons * 2 >= labels or (marked == labels == unmarked):
        return True
    first = grid.starts(rows[0])
    spread = any(grid.cells[index].column_span > 1 for row in rows[:_SAMPLED] for index in grid.starts(row)[1::2])
    opening = any(grid.values[index] or not grid.texts[index] for index in first[1::2])
    return even > 0 and (opening or spread) and odd_values + odd_blanks >= 1


def _label_columns(grid: _Grid, heads: list[int], body: list[int]) -> tuple[int, int]:
    """`(first, count)`: the label columns are `first .. count - 1`; `first` is 1 after a column of running numbers."""
    if not body or grid.columns < 2:
        return 0, 0
    first = 0
    if _runs(grid, body) and _is_label(grid, body, 1, heads):
        first = 1
    if not _is_label(grid, body, first, heads):
        return 0, 0
    count = first + 1
    while count < grid.columns - 1 and _continues(grid, heads, body, first, count):
        count += 1
    return first, count


def _runs(grid: _Grid, body: list[int]) -> bool:
    """Whether the first column only numbers the rows."""
    texts = [grid.text(row, 0) for row in body[:_SAMPLED]]
    texts = [text for text in texts if text]
    return (
        len(texts) >= 2
        and all(text.isdigit() and len(text) < 5 for text in texts)
        and (all(int(after) == int(before) + 1 for before, after in pairwise(texts)))
    )


def _is_label(grid: _Grid, body: list[int], column: int, heads: list[int]) -> bool:
    if column >= grid.columns:
        return False
    text, value, _ = _profile(grid, body, column)
    if text and text >= 4 * value:
        return True
    filled = [index for row in body[:_SAMPLED] if (index := grid.at(row, column)) is not None and grid.texts[index]]
    if not filled:
        return False
    others = [
        grid.cells[index].header for row in body[:_SAMPLED] for index in grid.filled(row) if index not in set(filled)
    ]
    if all(grid.cells[index].header for index in filled) and not all(others):
        return True
    if column or not heads:
        return False
    # Years down the side label the rows when they are all different and other figures stand beside them.
    texts = [grid.texts[index] for index in filled]
    return len(texts) > 1 and all(is_period(text) for text in texts) and len(set(texts)) == len(texts)


def _continues(grid: _Grid, heads: list[int], body: list[int], first: int, column: int) -> bool:
    """Whether `column` holds inner labels: text like the columns before it, and tied to them by spans or blanks."""
    text, value, _ = _profile(grid, body, column)
    for row in heads:
        index = grid.at(row, first)
        corner = index is not None and grid.cells[index].column + grid.cells[index].column_span > column
        down = corner and grid.cells[index].row_span == len(heads) and grid.cells[index].row == heads[0]
        if corner and (down or text >= 4 * value):
            return True
    if not text or text < 4 * value:
        return False
    sample = body[:_SAMPLED]
    for row in sample:
        index = grid.at(row, column - 1)
        if index is None:
            continue
        cell = grid.cells[index]
        if grid.texts[index] and cell.column + cell.column_span > column:
            return True
        if grid.texts[index] and cell.row_span > 1 and grid.text(row, column):
            return True
    blank_outer = [row for row in sample if not grid.text(row, column - 1) and grid.text(row, column)]
    if blank_outer and grid.text(sample[0], column - 1):
        return True
    if heads and not any(grid.text(row, column) for row in heads):
        return True
    labels = [tuple(grid.text(row, inner) for inner in range(first, column)) for row in sample]
    inner = [(*label, grid.text(row, column)) for label, row in zip(labels, sample, strict=True)]
    return len(set(labels)) < len(labels) and len(set(inner)) > len(set(labels))


# Walking.


def _collapsed(texts: Iterable[str]) -> tuple[str, ...]:
    path: list[str] = []
    for text in texts:
        if text and (not path or path[-1] != text):
            path.append(text)
    return tuple(path)


def _column_path(grid: _Grid, heads: list[int], column: int) -> tuple[str, ...]:
    """The header texts over a column, outermost first; a blank beside a group on its left belongs to that group."""
    path: list[str] = []
    seen: set[int] = set()
    for level, row in enumerate(heads):
        if _counts_columns(grid, row):
            continue
        index = grid.at(row, column)
        if (index is None or not grid.texts[index]) and level < len(heads) - 1:
            index = _group_to_the_left(grid, heads, level, column)
        if index is not None and index not in seen:
            seen.add(index)
            path.append(grid.texts[index])
    return _collapsed(path)


def _group_to_the_left(grid: _Grid, heads: list[int], level: int, column: int) -> int | None:
    """The group header whose unruled span reaches the column: blanks between, and headers below them all."""
    row, lower = heads[level], heads[level + 1 :]
    left = column
    while left >= 0 and any(grid.text(below, left) for below in lower):
        index = grid.at(row, left)
        if index is not None and grid.texts[index]:
            return index if left < column and grid.cells[index].row + grid.cells[index].row_span <= lower[0] else None
        left -= 1
    return None


def _walk(
    grid: _Grid,
    section: _Section,
    after: list[int],
    previous: tuple[list[int], int],
    again: bool,
    row_paths: list[tuple[str, ...]],
    column_paths: list[tuple[str, ...]],
    headers: list[bool],
) -> tuple[tuple[list[int], int], list[int]]:
    """Give paths to the cells of a section: its header rows and number of label columns, and the rows left over.

    Rows are left over when new header rows begin in the midst of it, which is looked for with `again`.
    """
    rows = section.rows
    depth = _header_rows(grid, rows, after, previous[0])
    heads, body = rows[:depth], rows[depth:]
    own = bool(heads)
    pairs = not own and _is_pairs(grid, body)
    if not own and not pairs:
        heads = previous[0]
    first, count = (0, 0) if pairs else _label_columns(grid, heads, body)
    if own:
        for row in heads:
            for index in grid.starts(row):
                headers[index] = True
                row_paths[index] = section.banners
                cell = grid.cells[index]
                path = _column_path(grid, [head for head in heads if head <= row], cell.column)
                column_paths[index] = path[:-1] if path and path[-1] == grid.texts[index] else path
    repeated = {tuple(grid.text(row, column) for column in range(grid.columns)) for row in heads[:1]}
    paths = [_column_path(grid, heads, column) for column in range(grid.columns)]
    groups = _group_headings(grid, body, count, first)
    open_group: tuple[str, ...] = ()
    outer: list[int | None] = [None] * (count + 1)
    for position, row in enumerate(body):
        if own and again and position and _heads_again(grid, heads, row, body[position + 1 : position + _SAMPLED]):
            return ([], 0), body[position:]
        if own and repeated and tuple(grid.text(row, column) for column in range(grid.columns)) in repeated:
            for index in grid.starts(row):
                headers[index] = True
            continue
        if pairs:
            _pair_paths(grid, row, section.banners, row_paths, headers)
            continue
        if row in groups:
            index = grid.filled(row)[0]
            headers[index] = True
            row_paths[index] = section.banners
            open_group = (grid.texts[index],)
        prefix = (*section.banners, *open_group)
        labels = _row_labels(grid, row, first, count, outer)
        path = _collapsed((*prefix, *(grid.texts[index] for index in labels)))
        for index in grid.starts(row):
            cell = grid.cells[index]
            if first <= cell.column < count:
                headers[index] = row in groups or headers[index] or bool(grid.texts[index])
                before = [grid.texts[label] for label in labels if grid.cells[label].column < cell.column]
                row_paths[index] = _collapsed((*prefix, *before)) if row not in groups else section.banners
                column_paths[index] = paths[cell.column]
            else:
                row_paths[index] = path
                column_paths[index] = paths[cell.column]
    return (heads, count), []


def _heads_again(grid: _Grid, heads: list[int], row: int, below: list[int]) -> bool:
    """Whether new header rows begin in the midst of the body: the same corner, and other texts over values."""
    corner = grid.text(row, 0)
    if not corner or corner != grid.text(heads[0], 0) or len(heads) > 1:
        return False
    filled = grid.filled(row)
    if len(filled) < 2 or any(grid.values[index] for index in filled):
        return False
    if all(grid.texts[index] == grid.text(heads[0], grid.cells[index].column) for index in filled):
        return False
    return any(_turns(grid, index, below) for index in filled[1:])


def _row_labels(grid: _Grid, row: int, first: int, count: int, outer: list[int | None]) -> list[int]:
    """The label cells of the row, outermost first; an outer blank beside an inner label takes the label above."""
    labels: list[int] = []
    broken = False
    for column in range(first, count):
        index = grid.at(row, column)
        if index is not None and grid.texts[index]:
            if outer[column] != index:
                broken = True
                for inner in range(column, count):
                    outer[inner] = None
                outer[column] = index
            if index not in labels:
                labels.append(index)
        elif (
            not broken
            and outer[column] is not None
            and any(grid.text(row, inner) for inner in range(column + 1, count))
        ):
            labels.append(outer[column])
    return labels


def _group_headings(grid: _Grid, body: list[int], count: int, first: int) -> set[int]:
    """Rows that hold a label only and head the rows after them, where blanks beside it are ruled cells.

    A row of blank values looks the same, so more is asked: a colon, deeper numbering below it, or a table that is
    dense but for several such rows, each with filled rows under it.
    """
    if count != first + 1:
        return set()
    lone = []
    dense = True
    for position, row in enumerate(body):
        filled = grid.filled(row)
        if len(filled) == 1 and grid.cells[filled[0]].column == first and len(grid.places[row]) > 1:
            lone.append(position)
        elif dense and position < 4 * _SAMPLED:
            dense = all(grid.text(row, column) for column in range(count, grid.columns))
    if not lone:
        return set()
    found = set()
    alone = set(lone)
    spaced = all(after not in alone and after < len(body) for after in (position + 1 for position in lone))
    for position in lone:
        if position + 1 >= len(body) or position + 1 in alone:
            continue
        label = grid.text(body[position], first)
        style, below = marker(label), marker(grid.text(body[position + 1], first))
        if label.endswith((":", "：")) or (style and below and style != below) or (dense and spaced and len(lone) > 1):
            found.add(body[position])
    return found


def _pair_paths(
    grid: _Grid, row: int, banners: tuple[str, ...], row_paths: list[tuple[str, ...]], headers: list[bool]
) -> None:
    starts = grid.starts(row)
    for label, value in zip(starts[::2], starts[1::2], strict=False):
        headers[label] = True
        row_paths[label] = banners
        row_paths[value] = (*banners, grid.texts[label]) if grid.texts[label] else banners
