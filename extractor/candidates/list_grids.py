"""Grids that a list may be read from: tables, rows of tables that are headers unmarked, small forms, lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.candidates import entry_grids, record_blocks
from extractor.candidates.column_names import header_similarity, place_names, shared_words
from extractor.candidates.entry_grids import EntryGrid, LineRows, Row
from extractor.candidates.joined_columns import part_joined_columns
from extractor.candidates.list_columns import cells_fit, is_column_item, is_list_of_values, match_columns
from extractor.candidates.table_cells import pair_names
from extractor.settings import Settings, rule, threshold
from extractor.tables import is_value
from extractor.types import Document, Field


@dataclass(frozen=True)
class ListGridSettings(Settings):
    """Where grids are looked for, and where they end."""

    min_similarity: float = threshold(0.78, meaning="The least similarity of a header and an item.")
    read_lines: bool = rule(True, meaning="Rows are looked for in lines of text, too.")
    read_groups: bool = rule(True, meaning="Of columns under several headers, a list has those under its own name.")
    stop_at_tables: bool = rule(True, meaning="Lines under a header end where a table with other headers begins.")
    unmarked_headers: bool = rule(True, meaning="A row of a table may be its header though nothing marks it.")
    tell_details: bool = rule(True, meaning="A header that recurs below a longer one is that of details of entries.")
    fewest_details: int = threshold(3, unit="headers", meaning="So many alike, at least, are heads of details.")


def find_grids(field: Field, document: Document) -> Iterator[EntryGrid]:
    """Yield the grids that the list may be read from, with what stands side by side or too close put in its columns."""
    for found in _find_grids(field, document):
        grid = _own_group(field, found)
        joined = entry_grids.part_shared_names(entry_grids.join_side_by_side(grid))
        parted = entry_grids.part_brackets(entry_grids.part_counts(joined, document.text), document.text)
        yield part_joined_columns(field.items, parted, document.text)


def _own_group(field: Field, grid: EntryGrid) -> EntryGrid:
    """Return the grid with the columns under the one header that is named for the list, and those under none.

    As it is where no header over several columns, or more than one, has all words of the list's name.
    """
    groups: dict[str, list[int]] = {}
    for column, names in enumerate(grid.names):
        groups.setdefault(names[0] if len(names) > 1 else "", []).append(column)
    titles = [title for title, columns in groups.items() if title and len(columns) > 1]
    own = [title for title in titles if shared_words(field, title) == 1.0]
    if len(titles) < 2 or len(own) != 1 or not ListGridSettings.current().read_groups:
        return grid
    columns = sorted(groups.get("", []) + groups[own[0]])
    names = tuple(grid.names[c][1:] if c in groups[own[0]] else grid.names[c] for c in columns)
    rows = tuple({n: row[c] for n, c in enumerate(columns) if c in row} for row in grid.rows)
    return replace(grid, names=names, rows=tuple(row for row in rows if any(cell.text for cell in row.values())))


def _find_grids(field: Field, document: Document) -> Iterator[EntryGrid]:
    settings = ListGridSettings.current()
    yield from entry_grids.table_grids(document)
    for table in document.tables:
        if settings.unmarked_headers:
            rows = entry_grids.table_rows(table)
            marked = entry_grids.header_row_numbers(table)
            for at in _header_rows(field, rows):
                if at not in marked:
                    yield from entry_grids.grids_at_row(table, rows, at)
    yield from filter(None, map(entry_grids.transposed_grid, document.tables))
    lines = LineRows(document)
    yield from record_blocks.find_blocks(lines)
    if settings.read_lines:
        headers = _header_rows(field, lines.rows)
        for at, following in _header_stretches(headers, lines.rows):
            following = min(following, _next_table(document, lines.rows, at))
            if stop := _last_row(field, lines, at, following, document.text):
                yield lines.grid(at, stop)


def _header_rows(field: Field, rows: Sequence[Row]) -> list[int]:
    """Return the rows that have the names of two items at least, in cells of their own or together in one."""
    least = ListGridSettings.current().min_similarity
    items = [item for item in field.items if is_column_item(item)]
    found = []
    for n, row in enumerate(rows):
        if len(row) < 2:
            continue
        similar = [
            (score, i, cell)
            for cell, text in entry_grids.header_cells(row)
            for i, item in enumerate(items)
            if (score := header_similarity(item, text)) >= least
        ]
        named = len(similar) >= 2 and len(pair_names(similar, [1.0] * len(items))) >= min(2, len(items))
        if named or _names_several(field, row):
            found.append(n)
    return found


def _names_several(field: Field, row: Row) -> bool:
    """Decide whether a row of texts has one that is the names of two items, as of two columns that were read as one."""
    items = [item for item in field.items if is_column_item(item) or is_list_of_values(item)]
    return not any(is_value(cell.text) for cell in row) and any(len(place_names(items, c.text)) > 1 for c in row)


def _header_stretches(headers: Sequence[int], rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Return each header row with where its rows end at the latest: at the next one that is no head of details.

    Of a head of details, at the next of any kind.
    """
    details = _detail_headers(headers, rows)
    stretches = []
    following = main = len(rows)
    for at in reversed(headers):
        stretches.append((at, following if at in details else main))
        following = at
        main = main if at in details else at
    return stretches[::-1]


def _next_table(document: Document, rows: Sequence[Row], at: int) -> int:
    """Return the first line below a header that is of a table with other headers; the number of lines without one.

    A table right under the header has its rows; what a reader took for its header is one of them.
    """
    header = {cell.text for cell in rows[at]}
    below = rows[at + 1][-1].end if at + 1 < len(rows) else rows[at][-1].end
    starts = []
    for table in document.tables:
        marked = entry_grids.header_row_numbers(table)
        names = {c.text for c in table.cells if c.row in marked and c.text}
        is_other = len(names) > 1 and 2 * len(names & header) < len(names) and table.rows - len(marked) > 1
        if table.start > below and is_other and ListGridSettings.current().stop_at_tables:
            starts.append(table.start)
    first = min(starts, default=None)
    return next((n for n in range(at + 1, len(rows)) if first is not None and rows[n][0].start >= first), len(rows))


def _detail_headers(headers: Sequence[int], rows: Sequence[Row]) -> frozenset[int]:
    """Return the header rows that recur under a longer one: they head the details of each of its entries."""
    if not ListGridSettings.current().tell_details:
        return frozenset()
    printed = {n: tuple(cell.text for cell in rows[n]) for n in headers}
    often = Counter(printed.values())
    recurring = {n for n, texts in printed.items() if often[texts] >= ListGridSettings.current().fewest_details}
    longest_above = 0
    details = set()
    for n in headers:
        if n in recurring and len(printed[n]) < longest_above:
            details.add(n)
        longest_above = max(longest_above, len(printed[n]))
    return frozenset(details)


def _last_row(field: Field, lines: LineRows, at: int, following: int, text: str) -> int | None:
    """Return the line after the last one that fits under the header; None where not one does."""
    settings = entry_grids.EntryGridSettings.current()
    header = lines.rows[at]
    match = match_columns(field, replace(lines.grid(at, at + 1), rows=()), text)
    if match is None or len(match.columns) < 2:
        return None
    last, unfit, gaps = None, 0, []
    for n in range(at + 1, following):
        row = lines.align(header, lines.rows[n])
        cells = [(field.items[i], row[c]) for i, c in match.columns.items() if c in row]
        if len(cells) >= max(2, len(match.columns) / 2) and cells_fit(cells, text):
            gaps += [unfit] if last is not None else []
            last, unfit = n, 0
        elif (unfit := unfit + 1) > settings.lines_skipped:
            break
    if last is None:
        return None
    more = sorted(gaps)[len(gaps) // 2] if gaps else 0
    return min(last + 1 + more, following)
