"""Rows of cells under the header of each column: from tables, and from lines of text that no reader saw a table in."""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from extractor.candidates.column_names import BETWEEN_NAMES
from extractor.settings import Settings, rule, threshold
from extractor.tables import collapse_whitespace, is_value
from extractor.types import Document, Table, Word
from extractor.values import units


@dataclass(frozen=True)
class EntryGridSettings(Settings):
    """How lines become rows."""

    longest_header: int = threshold(60, unit="characters", meaning="A longer cell is no header.")
    lines_over_header: int = threshold(2, unit="lines", meaning="So many lines above a header may belong to it.")
    lines_skipped: int = threshold(
        6, unit="lines", meaning="So many lines in a row that are no part of a table do not end it: the foot of a page."
    )
    full_row: float = threshold(
        0.67, meaning="In a line with this share of the header's cells a text may reach under the next header."
    )
    max_lines: int = threshold(20_000, unit="lines", meaning="Of a document; later ones are not searched for headers.")
    part_counts: bool = rule(True, meaning="Numbers before texts belong to the named and blank column before theirs.")
    joined_share: float = threshold(0.5, meaning="The least share of a column's cells that have such a number.")
    part_headers: bool = rule(
        True, meaning="Two headers below one header, as `from` and `to` below `period`, have a column each."
    )
    part_shared_names: bool = rule(
        True, meaning="A header over two columns that names two things, as `Type and details`, names one for each."
    )
    part_brackets: bool = rule(
        True, meaning="A header with a name in brackets, as `Service (code)`, names what its cells have in brackets."
    )
    bracketed_share: float = threshold(0.5, meaning="Least share of the cells of such a column that end with brackets.")
    read_headless: bool = rule(True, meaning="A header whose texts stand again below is the first row of the table.")
    repeated_columns: int = threshold(2, unit="columns", meaning="In so many columns, at least, they do.")
    transpose: bool = rule(True, meaning="The columns of a table may be the entries, and its labels the names.")
    fewest_labels: int = threshold(2, unit="rows", meaning="Such a table has so many labels.")
    fewest_transposed: int = threshold(2, unit="columns", meaning="Beside its labels it has so many columns.")
    join_gaps: bool = rule(
        True, meaning="Rows without a header right below a table with as many columns go on with it, over a blank line."
    )
    join_sections: bool = rule(True, meaning="They do so too below one short line, which is the heading of a section.")
    fewest_columns: int = threshold(3, unit="columns", meaning="Tables with fewer are parted by a line between them.")


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A cell's stretch of the document, its text on one line, and where it stands: `left` to `right`.

    Places are columns in a table, points on a page, and characters in a line of plain text. `inherited` cells reach
    into the row from one above it.
    """

    start: int
    end: int
    text: str
    left: float
    right: float
    inherited: bool = False


Row = tuple[PlacedText, ...]
"""The cells of one row, from left to right."""


@dataclass(frozen=True)
class EntryGrid:
    """Rows under named columns. `names` are the header texts of each column, outermost first, empty for none.

    `rows` are those below (or above) the header; each maps a column to its cell. `lead` is where the lines that belong
    to the header begin. `is_marked` says that a reader found the header; else rows are held to the items' kinds.
    Without `has_header` the names are not printed: they are told from what the columns hold.
    """

    names: tuple[tuple[str, ...], ...]
    rows: tuple[Mapping[int, PlacedText], ...]
    start: int
    end: int
    caption: tuple[str, ...] = ()
    table: Table | None = None
    lead: int = 0
    is_marked: bool = True
    has_header: bool = True

    @cached_property
    def named_columns(self) -> int:
        """Return how many columns have a name."""
        return sum(any(path) for path in self.names)


def whole_name(names: Sequence[str]) -> str:
    """Return the headers over a column as one text; the last name may already be all of them together."""
    parts = list(dict.fromkeys(names))
    if len(parts) > 1 and parts[-1] == " ".join(parts[:-1]):
        parts = parts[-1:]
    return " ".join(parts)


def join_side_by_side(grid: EntryGrid) -> EntryGrid:
    """Return the grid with blocks of columns that stand side by side under the same headers put below each other.

    A blank column may part them.
    """
    filled = [c for c, path in enumerate(grid.names) if any(path) or any(row[c].text for row in grid.rows if c in row)]
    if len(filled) < len(grid.names):
        moved = {c: n for n, c in enumerate(filled)}
        rows = tuple({moved[c]: cell for c, cell in row.items() if c in moved} for row in grid.rows)
        joined = join_side_by_side(replace(grid, names=tuple(grid.names[c] for c in filled), rows=rows))
        return joined if len(joined.names) < len(filled) else grid
    names = grid.names
    for width in range(2, len(names) // 2 + 1):
        blocks = len(names) // width
        if (
            len(names) == blocks * width
            and any(names[0])
            and all(names[c] == names[c % width] for c in range(len(names)))
        ):
            rows = [
                {c - block * width: cell for c, cell in row.items() if block * width <= c < (block + 1) * width}
                for block in range(blocks)
                for row in grid.rows
            ]
            return replace(grid, names=names[:width], rows=tuple(rows))
    return grid


def part_shared_names(grid: EntryGrid) -> EntryGrid:
    """Return the grid with a name that stands over several columns parted, if it names as many things.

    `Type and details` over two columns is `Type` over the first and `details` over the second; so is `No Item`, if the
    second column is without a name.
    """
    if not EntryGridSettings.current().part_shared_names:
        return grid
    names = list(grid.names)
    at = 0
    while at < len(names):
        end = next((n for n in range(at + 1, len(names)) if names[n] != names[at]), len(names))
        parts = BETWEEN_NAMES.split(names[at][-1]) if names[at] and end - at > 1 else []
        if len(parts) == end - at and all(parts):
            names[at:end] = [(*names[at][:-1], part) for part in parts]
        elif end - at == 1 and names[at] and (columns := _columns_under(names, at, grid.rows)) > 1:
            names[at : at + columns] = [(*names[at][:-1], word) for word in names[at][-1].split()]
            end = at + columns
        at = end
    return replace(grid, names=tuple(names)) if names != list(grid.names) else grid


def _columns_under(names: Sequence[tuple[str, ...]], at: int, rows: Sequence[Mapping[int, PlacedText]]) -> int:
    """Return how many columns a header of as many words is over: its own, and the next ones with cells and no name."""
    following = next((n for n in range(at + 1, len(names)) if any(names[n])), len(names))
    filled = [{c for c, cell in row.items() if cell.text} for row in rows]
    entries = [own for own in filled if len(own) > 1]
    full = sum({*range(at, following)} <= own for own in entries)
    return following - at if len(names[at][-1].split()) == following - at and 2 * full > len(entries) else 1


_ENDS_WITH_BRACKETS = re.compile(r"(?s)(?P<before>.*\S)\s*[(（]\s*(?P<inside>[^()（）]*\w[^()（）]*?)\s*[)）]\s*")


def part_brackets(grid: EntryGrid, text: str) -> EntryGrid:
    """Return the grid with what its cells have in brackets in a new last column, where the header has a name for it.

    `Service (code)` over `Visit (99214)` is `Service` over `Visit` and `code` over `99214`. A unit in brackets holds
    for the cells, and is no name; nor is a number.
    """
    settings = EntryGridSettings.current()
    for column, names in enumerate(grid.names) if settings.part_brackets else ():
        header = _ENDS_WITH_BRACKETS.fullmatch(names[-1]) if names else None
        unit = units.parse_unit(header["inside"]) if header else None
        if header is None or (unit is not None and unit.known) or re.search(r"[\d=]", header["inside"]):
            continue  # a unit, or a count: `Arm A (n=118)`
        rows_of_several = [row for row in grid.rows if sum(bool(cell.text) for cell in row.values()) > 1]
        cells = [row[column] for row in rows_of_several if column in row and row[column].text]
        found = {cell: m for cell in cells if (m := _ENDS_WITH_BRACKETS.fullmatch(text, cell.start, cell.end))}
        if len(found) > 1 and len(found) >= settings.bracketed_share * len(cells):
            rows = tuple(_part_cell(row, column, len(grid.names), found, text) for row in grid.rows)
            parted = (*grid.names[:column], (*names[:-1], header["before"]), *grid.names[column + 1 :])
            grid = replace(grid, names=(*parted, (*names[:-1], header["inside"])), rows=rows)
    return grid


def _part_cell(
    row: Mapping[int, PlacedText],
    column: int,
    new: int,
    found: Mapping[PlacedText, re.Match[str]],
    text: str,
) -> Mapping[int, PlacedText]:
    """Return the row with the two groups of its cell's match in the column and in a new one, as it is without one."""
    if column not in row or row[column] not in found:
        return row
    before, inside = (
        replace(row[column], start=start, end=end, text=collapse_whitespace(text[start:end]))
        for start, end in (found[row[column]].span("before"), found[row[column]].span("inside"))
    )
    return {**row, column: before, new: inside}


# Tables.


def table_grids(document: Document) -> Iterator[EntryGrid]:
    """Yield the grid of each table; rows that go on with the table above, after a blank line, are in its grid."""
    before: EntryGrid | None = None
    for table in sorted(document.tables, key=lambda t: t.start):
        grid = table_grid(table)
        if before is not None and (over := _lines_between(before, grid, document.text)) is not None:
            before = replace(before, rows=(*before.rows, *over, *grid.rows), end=grid.end)
            continue
        if before is not None:
            yield before
        before = grid
    if before is not None:
        yield before


def transposed_grid(table: Table) -> EntryGrid | None:
    """Return the grid whose rows are the columns of a table: its labels on the left are the names; None with too few.

    `Month | May | June` over `Water | 46 | 58` has a row for each month.
    """
    settings = EntryGridSettings.current()
    rows = [row for row in table_rows(table) if len(row) > 1]
    labels = [row[0] for row in rows]
    if not settings.transpose or len(rows) < settings.fewest_labels or table.columns <= settings.fewest_transposed:
        return None
    if any(not cell.text or is_value(cell.text) or cell.right > 1 for cell in labels):
        return None
    entries = []
    for column in range(1, table.columns):
        cells = {n: c for n, row in enumerate(rows) for c in row if (c.left, c.right) == (column, column + 1)}
        if any(cell.text for cell in cells.values()):
            entries.append(cells)
    if len(entries) < settings.fewest_transposed:
        return None
    names = tuple((cell.text,) for cell in labels)
    end = max(cell.end for entry in entries for cell in entry.values())
    return EntryGrid(names, tuple(entries), table.start, end, table.caption, table, table.start, is_marked=False)


_COUNT_BEFORE_TEXT = re.compile(r"(?P<count>\d[\d.,]*)\s+(?=[^\W\d_])")


def part_counts(grid: EntryGrid, text: str) -> EntryGrid:
    """Return the grid with numbers parted from texts behind them, where no row has cells in both of two columns.

    The counts of a narrow column that no wide space parts from the next one (`Qty | Item` over `3 Soup`) have none.
    """
    settings = EntryGridSettings.current()
    for column in range(len(grid.names) - 1) if settings.part_counts else ():
        filled = [[row[c] for c in (column, column + 1) if c in row and row[c].text] for row in grid.rows]
        if not (grid.names[column] and grid.names[column + 1]) or any(len(cells) > 1 for cells in filled):
            continue
        cells = [cell for found in filled for cell in found]
        joined = sum(_COUNT_BEFORE_TEXT.match(text, cell.start, cell.end) is not None for cell in cells)
        if joined >= max(2, settings.joined_share * len(cells)):
            grid = replace(grid, rows=tuple(_part_count(row, column, text) for row in grid.rows))
    return grid


def _part_count(row: Mapping[int, PlacedText], column: int, text: str) -> Mapping[int, PlacedText]:
    """Return the row with the number of the cell in either column in the first one, and its text in the second."""
    cell = next((row[c] for c in (column, column + 1) if c in row and row[c].text), None)
    if cell is None:
        return row
    match = _COUNT_BEFORE_TEXT.match(text, cell.start, cell.end)
    kept = {c: other for c, other in row.items() if c not in (column, column + 1)}
    if match is None:
        return {**kept, column + 1: cell}
    count, rest = match.group("count"), collapse_whitespace(text[match.end() : cell.end])
    return {
        **kept,
        column: replace(cell, end=cell.start + len(count), text=count),
        column + 1: replace(cell, start=match.end(), text=rest),
    }


def _lines_between(above: EntryGrid, below: EntryGrid, text: str) -> list[Mapping[int, PlacedText]] | None:
    """Return the heading between two grids as a row, or none of it; None where the lower one does not go on.

    A grid without names goes on with the named one right above it, and below the heading of its next section.
    """
    settings = EntryGridSettings.current()
    if not settings.join_gaps or not above.named_columns or below.named_columns:
        return None
    between = text[above.end : below.start]
    heading = between.strip()
    columns = len(above.names)
    if not heading:
        return [] if len(below.names) == columns else None
    is_short = len(heading) <= settings.longest_header and "\n" not in heading and "\t" not in heading
    if not settings.join_sections or not is_short or is_value(heading) or re.search(r"[:：.。]$", heading):
        return None
    if not (columns > settings.fewest_columns and columns - 1 <= len(below.names) <= columns):
        return None  # a last column may be blank in a whole section
    start = above.end + between.index(heading)
    return [{0: PlacedText(start, start + len(heading), heading, 0, columns)}]


def table_grid(table: Table) -> EntryGrid:
    """Return the grid of a table whose header rows its reader has found."""
    header_rows = set(header_row_numbers(table))
    names = _column_names(table, header_rows)
    if is_first_entry := _is_entry(table, header_rows):
        header_rows, names = set(), ((),) * table.columns
    by_row: dict[int, dict[int, PlacedText]] = defaultdict(dict)
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            if row not in header_rows:
                right = cell.column + cell.column_span
                text = PlacedText(cell.start, cell.end, cell.text, cell.column, right, row > cell.row)
                by_row[row][cell.column] = text
    body = tuple(by_row[row] for row in sorted(by_row))
    ends = [c.end for c in table.cells if c.row not in header_rows]
    first_body = min(by_row, default=0)
    is_marked = any(row < first_body for row in header_rows)
    end = max(ends, default=table.end)
    return EntryGrid(
        names, body, table.start, end, table.caption, table, table.start, is_marked, has_header=not is_first_entry
    )


def _is_entry(table: Table, header_rows: set[int]) -> bool:
    """Decide whether what a reader took for the header is the first entry of a table without one.

    The texts of two columns stand in them again, in rows that do not repeat the header as a whole.
    """
    settings = EntryGridSettings.current()
    if len(header_rows) != 1 or not settings.read_headless:
        return False
    header = {c.column: c.text for c in table.cells if c.row in header_rows and c.text}
    again: dict[int, set[int]] = defaultdict(set)
    for cell in table.cells:
        if cell.row not in header_rows and cell.text and header.get(cell.column) == cell.text:
            again[cell.row].add(cell.column)
    columns = {c for own in again.values() if 2 * len(own) < len(header) for c in own}
    return len(columns) >= settings.repeated_columns


def table_rows(table: Table) -> list[Row]:
    """Return all rows of a table, headers included."""
    by_row: dict[int, list[PlacedText]] = defaultdict(list)
    for cell in table.cells:
        right = cell.column + cell.column_span
        for row in range(cell.row, cell.row + cell.row_span):
            by_row[row].append(PlacedText(cell.start, cell.end, cell.text, cell.column, right, row > cell.row))
    return [tuple(sorted(by_row[row], key=lambda c: c.left)) for row in sorted(by_row)]


def grids_at_row(table: Table, rows: Sequence[Row], at: int) -> Iterator[EntryGrid]:
    """Yield the grids of a table whose header is the row `at`, unmarked: with the rows below it, and those above it."""
    full = [row for row in rows[at + 1 :] if sum(bool(cell.text) for cell in row) > 1]
    filled = Counter(cell.left for row in full for cell in row if cell.text)
    header = [cell for cell in rows[at] if cell.text or 2 * filled[cell.left] > len(full) > 0]
    columns = tuple((cell.text,) if cell.text else () for cell in header)
    for body in (rows[at + 1 :], rows[:at]):
        placed = tuple(_place(header, row) for row in body)
        if any(placed):
            cells = [*header, *(cell for row in placed for cell in row.values())]
            start, end = min(c.start for c in cells), max(c.end for c in cells)
            yield EntryGrid(columns, placed, start, end, table.caption, table, table.start, is_marked=False)


def _place(header: Sequence[PlacedText], row: Row) -> dict[int, PlacedText]:
    """Return the cells of a row by the header cell that they share most columns with; those under none are left out."""
    placed: dict[int, PlacedText] = {}
    for cell in row:
        shared = [min(cell.right, h.right) - max(cell.left, h.left) for h in header]
        best = max(range(len(header)), key=lambda n: (shared[n], -n))
        if shared[best] > 0 and not (best in placed and (placed[best].text or not cell.text)):
            placed[best] = cell
    return placed


def header_row_numbers(table: Table) -> frozenset[int]:
    """Return the rows that the table's reader took for column headers."""
    return frozenset(_main_header(table, _header_rows(table) - _banner_rows(table)))


def _main_header(table: Table, rows: set[int]) -> set[int]:
    """Return the header rows without those over a form above the table's columns.

    A form has fewer cells than the row of columns below it, and rows of values between.
    """
    cells = Counter(cell.row for cell in table.cells if cell.row in rows and cell.text)
    last = max(rows, key=lambda row: (cells[row], -row), default=0)
    first = last
    while first - 1 in rows:
        first -= 1
    return {row for row in rows if row >= first}


def _header_rows(table: Table) -> set[int]:
    """Return the rows of which every cell is a header."""
    return {c.row for c in table.cells if c.header} - {c.row for c in table.cells if not c.header}


def _banner_rows(table: Table) -> set[int]:
    """Return the rows that have one filled cell, where other rows have several: heads of sections, not of columns."""
    filled: dict[int, int] = defaultdict(int)
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            filled[row] += bool(cell.text)
    return {row for row, count in filled.items() if count == 1} if max(filled.values(), default=0) > 1 else set()


def _column_names(table: Table, header_rows: set[int]) -> tuple[tuple[str, ...], ...]:
    """Return the header texts over every column, outermost first, also over columns that hold row labels."""
    names: list[tuple[str, ...]] = []
    in_order = sorted(table.cells, key=lambda c: c.row)
    for column in range(table.columns):
        over = [
            c.text
            for c in in_order
            if c.row in header_rows and c.column <= column < c.column + c.column_span and c.text
        ]
        names.append(tuple(dict.fromkeys(over)))
    for cell in table.cells:
        if not cell.header and cell.column_path and not names[cell.column]:
            names[cell.column] = cell.column_path
    return tuple(names)


# Lines of text.


class LineRows:
    """The lines of a document as rows of cells, which tabs or wide spaces divide."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        words = [w for page in document.pages for w in page.words if w.box is not None]
        self._words: list[Word] = sorted(words, key=lambda w: w.start)
        self._starts = [w.start for w in self._words]
        hidden = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]
        self.rows: list[Row] = []
        for start, end in _lines_of_rows(document):
            if len(self.rows) >= EntryGridSettings.current().max_lines:
                break
            if not any(s < end and start < e for s, e in hidden):
                self.rows.append(self._split(start, end))

    def _split(self, start: int, end: int) -> Row:
        line = self._text[start:end]
        cells = []
        for m in re.finditer(r"[^\s](?:[^\t]*?[^\s])??(?=\t|\s{2,}|\s*$)", line):
            cells.append(self._place(start + m.start(), start + m.end(), m.start()))
        return tuple(cells)

    def _place(self, start: int, end: int, offset: int) -> PlacedText:
        first, last = bisect.bisect_left(self._starts, start), bisect.bisect_left(self._starts, end)
        boxes = [w.box for w in self._words[first:last] if w.box is not None]
        text = collapse_whitespace(self._text[start:end])
        if boxes:
            return PlacedText(start, end, text, min(b.x0 for b in boxes), max(b.x1 for b in boxes))
        return PlacedText(start, end, text, float(offset), float(offset + end - start))

    def split_cell(self, cell: PlacedText, end: int, start: int) -> tuple[PlacedText, PlacedText]:
        """Return the parts of a cell before `end` and from `start` on, counted in characters of the cell."""
        left = self._place(cell.start, cell.start + end, int(cell.left))
        return left, self._place(cell.start + start, cell.end, int(cell.left) + start)

    @property
    def has_boxes(self) -> bool:
        """Decide whether places are points on a page."""
        return bool(self._words)

    def grid(self, at: int, stop: int) -> EntryGrid:
        """Return the grid whose header is the line `at`, with the lines up to `stop` as rows."""
        header = self.rows[at]
        lead, names = at, [[cell.text] for cell in header]
        if at + 1 < stop and (parted := _part_headers(header, self.rows[at + 1])):
            names = [[over.text, cell.text] if cell is not over else [cell.text] for over, cell in parted]
            header, at = tuple(cell for _, cell in parted), at + 1
        for above in range(lead - 1, max(-1, lead - 1 - EntryGridSettings.current().lines_over_header), -1):
            row = self.rows[above]
            if not _may_be_header(row) or len(row) > len(header) or len(row) < 2:
                break
            for column, cell in self.align(header, row).items():
                names[column].insert(0, cell.text)
            lead = above
        columns = tuple((*texts, " ".join(texts)) if len(texts) > 1 else tuple(texts) for texts in names)
        body = tuple(self.align(header, row) for row in self.rows[at + 1 : stop])
        start, end = min(cell.start for cell in header), self.rows[stop - 1][-1].end
        lead_start = self.rows[lead][0].start
        return EntryGrid(columns, body, start, end, (), None, lead_start, is_marked=False)

    def align(self, header: Row, row: Row) -> dict[int, PlacedText]:
        """Return the cells of a row by column, in the order of both, each under the header that it is nearest to.

        A cell that stands under no header is left out; so is one under several, in a line of few cells. Where nothing
        says where cells stand (tabs in plain text), rows with as many cells as the header go by their order, and the
        cells of others have no column.
        """
        if not self.has_boxes and len(row) == len(header):
            return dict(enumerate(row))
        if (
            not self.has_boxes
            and len(row) > 1
            and any("\t" in self._text[r[0].start : r[-1].end] for r in (header, row))
        ):
            return {}
        if len(row) < EntryGridSettings.current().full_row * len(header):
            row = tuple(cell for cell in row if sum(_covers(cell, h) for h in header) < 2)
        costs = [[_distance(h, cell) for h in header] for cell in row]
        placed = _align_in_order(costs)
        for n in range(1, len(row) - 1):  # what stands between the cells of two columns is of the one between them
            if n not in placed and placed.get(n + 1, -1) == placed.get(n - 1, -9) + 2:
                placed[n] = placed[n - 1] + 1
        return {column: row[n] for n, column in placed.items()}


def _lines_of_rows(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the lines of a document; one that ends at a hyphen inside a cell of a table goes on in the next."""
    text, broken = document.text, set()
    for cell in (cell for table in document.tables for cell in table.cells):
        place = text.find("\n", cell.start, cell.end)
        while place > 0:
            broken |= {place} if text[place - 1] in "-\u2010" else set()
            place = text.find("\n", place + 1, cell.end)
    start = None
    for m in re.finditer(r"[^\n]*\S[^\n]*", text):
        start = m.start() if start is None else start
        if m.end() not in broken:
            yield start, m.end()
            start = None


_UNPLACED = 60.0
"""The cost of a cell under no header, in points or characters: nearer than that is taken to be its column."""


def _distance(header: PlacedText, cell: PlacedText) -> float:
    """Return how far a cell is from standing under a header: its nearest edge or centre, more where they are apart."""
    edges = (
        abs(header.left - cell.left),
        abs(header.right - cell.right),
        abs((header.left + header.right) - (cell.left + cell.right)) / 2,
    )
    gap = max(header.left, cell.left) - min(header.right, cell.right)
    return min(edges) + 2 * max(0.0, gap)


def _covers(cell: PlacedText, header: PlacedText) -> bool:
    """Decide whether a cell stands under half of a header at least."""
    shared = min(cell.right, header.right) - max(cell.left, header.left)
    return 2 * shared >= header.right - header.left > 0


def _align_in_order(costs: Sequence[Sequence[float]]) -> dict[int, int]:
    """Return the column of each cell, both in order, with the least sum of costs; some cells have none."""
    columns = len(costs[0]) if costs else 0
    best: list[list[float]] = [[0.0] * (columns + 1)]
    for row in costs:
        above, line = best[-1], [best[-1][0] + _UNPLACED]
        for c in range(columns):
            line.append(min(above[c + 1] + _UNPLACED, line[c], above[c] + row[c]))
        best.append(line)
    found, n, c = {}, len(costs), columns
    while n and c:
        if best[n][c] == best[n][c - 1]:
            c -= 1
        elif best[n][c] == best[n - 1][c] + _UNPLACED:
            n -= 1
        else:
            n, c = n - 1, c - 1
            found[n] = c
    return found


def _part_headers(header: Row, below: Row) -> list[tuple[PlacedText, PlacedText]]:
    """Return each header with itself, or with each of the headers that the line below parts it into.

    Empty where the line below has other cells than such parts: two or more short texts under one header.
    """
    if not EntryGridSettings.current().part_headers or not _may_be_header(below):
        return []
    parts = [[cell for cell in below if h.left <= (cell.left + cell.right) / 2 <= h.right] for h in header]
    if sum(map(len, parts)) < len(below) or any(len(found) == 1 for found in parts):
        return []
    return [(h, cell) for h, found in zip(header, parts, strict=True) for cell in (found or [h])]


def _may_be_header(row: Row) -> bool:
    longest = EntryGridSettings.current().longest_header
    return all(len(cell.text) <= longest and not is_value(cell.text) for cell in row)


def header_cells(row: Row) -> Iterator[tuple[int, str]]:
    """Yield the cells of a row that may be headers, with their position."""
    longest = EntryGridSettings.current().longest_header
    for n, cell in enumerate(row):
        if cell.text and len(cell.text) <= longest and (not is_value(cell.text)):
            yield n, cell.text
