"""The elements of a list: the values in the cells of each entry, and what headings, dittos and dates above it say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates import entry_grids
from extractor.candidates.entry_grids import EntryGrid, PlacedText, whole_name
from extractor.candidates.entry_rows import Entry, FoundRows, lists_subtotals, without_subtotal
from extractor.candidates.list_columns import (
    ColumnMatch,
    ListColumnSettings,
    column_fit,
    filled_cells,
    is_column_item,
    is_free_text,
    is_list_of_values,
)
from extractor.candidates.matches import OVER_ROWS, EntryCell, StructuralMatch, TableRowsMatch
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path
from extractor.values import normalisation
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class ListElementSettings(Settings):
    """What an element takes from its cells, and from what stands above them."""

    read_headings: bool = rule(True, meaning="A heading over rows is the value of the item that is named for one.")
    shortest_term: int = threshold(
        4, unit="letters", meaning="Shortest word that a heading shares with the description of the item that it holds."
    )
    read_dashes: bool = rule(True, meaning="A cell of texts that has a dash alone is blank.")
    read_dittos: bool = rule(True, meaning="A ditto mark stands for the cell above it.")
    carry_dates: bool = rule(True, meaning="A blank in a first column of dates is the date above it.")
    read_spread_lists: bool = rule(
        True, meaning="Columns side by side that no item goes by are the elements of the only list of plain values."
    )
    spread_score: float = threshold(0.75, meaning="What such an element counts.")


def join_tables(path: Path, parts: Sequence[FoundRows], text: str) -> TableRowsMatch:
    """Return the elements of a list in all of its tables, in their order."""
    match = parts[0].match
    is_told = match.heading is not None
    headings = _headings(parts, text, is_told) if ListElementSettings.current().read_headings else {}
    texts = [text[slice(*span)] for span in headings.values()]
    item = match.field.items[match.heading] if match.heading is not None else _heading_item(match, texts)
    is_open = any(
        is_column_item(each) and each.copied and i not in match.columns for i, each in enumerate(match.field.items)
    )
    rows, cells = [], []
    dated: StructuralMatch | None = None
    above: dict[Path, StructuralMatch] = {}
    for f in parts:
        carries = ListElementSettings.current().carry_dates and f.match.grid.has_header
        date = _leading_date(f.match) if carries else None
        for entry in f.rows.entries:
            own = make_element(entry, f.match, text)
            element = tuple(above[m.path] if _is_ditto(m, text, above) else m for m in own)
            above = {m.path: m for m in element}
            if date is not None:
                element = _with_date(element, date, dated)
                dated = next((m for m in element if m.path == date), None)
            span = headings.get(id(entry))
            if item is not None and span is not None:
                element = (*element, StructuralMatch(item.path, *span, f.weight, ""))
            rows.append(element)
            over = [EntryCell(OVER_ROWS, "", (span,))] if is_open and span is not None else []
            cells.append((*over, *entry_cells(entry, f.match.grid)))
    left_out = tuple((start, end, str(role)) for f in parts for start, end, role in f.rows.left_out)
    tables = tuple(f.match.grid.table for f in parts if f.match.grid.table is not None)
    return TableRowsMatch(path, tuple(rows), tables, max(f.weight for f in parts), left_out, tuple(cells))


_DITTO = re.compile(r"[\"“”″〃]|''|,,|-?\s*(?:do|dto|ditto|idem)\.?\s*-?|同上|上同", re.IGNORECASE)


def _is_ditto(match: StructuralMatch, text: str, above: Mapping[Path, StructuralMatch]) -> bool:
    """Decide whether a cell says that it is the same as the one above, which is there."""
    is_mark = _DITTO.fullmatch(text[match.start : match.end].strip()) is not None
    return is_mark and ListElementSettings.current().read_dittos and match.path in above


def _leading_date(match: ColumnMatch) -> Path | None:
    """Return the item that is a date in the first column of a table: in a ledger it is printed once for a day."""
    first = min(match.columns.values(), default=None)
    return next(
        (
            match.field.items[i].path
            for i, c in match.columns.items()
            if c == first and normalisation.value_kind(match.field.items[i]) == "date"
        ),
        None,
    )


def _with_date(
    element: tuple[StructuralMatch, ...], date: Path, above: StructuralMatch | None
) -> tuple[StructuralMatch, ...]:
    """Return an entry with the date of the one above, where it has none of its own."""
    if above is None or any(m.path == date and m.end > m.start for m in element):
        return element
    return (above, *(m for m in element if m.path != date))


def entry_cells(entry: Entry, grid: EntryGrid) -> tuple[EntryCell, ...]:
    """Return all cells of an entry from left to right, each with its lines."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for line in entry.lines:
        for column, cell in line.items():
            own = spans.setdefault(column, [])
            if cell.text and (cell.start, cell.end) not in own:  # a cell over several rows is in each
                own.append((cell.start, cell.end))
    return tuple(EntryCell(c, whole_name(grid.names[c]), tuple(found)) for c, found in sorted(spans.items()) if found)


_NAMED_FOR_HEADING = re.compile(
    r"\b(?:heading|section|categor(?:y|ies)|group|class|department|division|chapter|panel)s?\b|标题|分类|类别|部门|章节|组合|栏目",
    re.IGNORECASE,
)
"""Words in the names of items that may be printed once, above the rows that they hold for."""


def _heading_item(match: ColumnMatch, headings: Sequence[str]) -> Field | None:
    """Return the one item of free text without a column that is named for a heading, or described with its words."""
    free = [
        item
        for i, item in enumerate(match.field.items)
        if is_column_item(item) and i not in match.columns and i not in match.doubtful and item.copied
    ]
    named = [
        item
        for item in free
        if is_free_text(item)
        and _NAMED_FOR_HEADING.search(" ".join((*item.labels, item.name.replace("_", " "), item.description)))
    ]
    if len(free) == 1 and not named and is_free_text(free[0]):
        about = {*search_terms(free[0].description), *(term for x in free[0].labels for term in search_terms(x))}
        shared = {term for heading in headings for term in search_terms(heading)} & about
        least = ListElementSettings.current().shortest_term
        named = free if any(len(term) >= (least if term.isascii() else 2) for term in shared) else []
    return named[0] if len(named) == 1 else None


def _headings(parts: Sequence[FoundRows], text: str, is_told: bool) -> dict[int, tuple[int, int]]:
    """Return where the heading of each entry is printed, by the entry's `id`.

    The first section's heading stands above the column headers, where other sections have headings among the rows; or
    every one of several tables has its own there, and any one where `is_told` that an item is printed over its rows. A
    section goes on in the next table.
    """
    found = {
        id(entry): (entry.heading.start, entry.heading.end)
        for f in parts
        for entry in f.rows.entries
        if entry.heading is not None
    }
    above = [heading_above(f.match.grid, text) for f in parts]
    texts = {text[slice(*span)] for span in above if span}
    if not found and len(texts) == len(parts) > 1:
        return {id(e): span for f, span in zip(parts, above, strict=True) for e in f.rows.entries if span}
    last = above[0]
    for f, over in zip(parts, above, strict=True) if found or is_told else ():
        last = over if is_told and over else last
        for entry in f.rows.entries:
            last = found.get(id(entry), last)
            if last:
                found[id(entry)] = last
    return found


def heading_above(grid: EntryGrid, text: str) -> tuple[int, int] | None:
    """Return where the last line above a grid stands, if it is short and no label with a value."""
    before = text[: grid.lead].rstrip()
    start = before.rfind("\n") + 1
    line = before[start:].strip()
    longest = entry_grids.EntryGridSettings.current().longest_header
    if (
        not re.search(r"[^\W\d_]", line)
        or len(line) > longest
        or "\t" in line
        or re.search(r"[:：]\s*\S|\d\s*$|[.。]$", line)
    ):
        return None
    start += len(before[start:]) - len(before[start:].lstrip())
    return start, start + len(line)


def make_element(entry: Entry, match: ColumnMatch, text: str) -> tuple[StructuralMatch, ...]:
    """Return the values of an entry, with the paths of the list's items."""
    element = []
    for i, cells in sorted(entry.cells.items()):
        item, names = match.field.items[i], match.grid.names[match.columns[i]]
        if is_list_of_values(item):
            element += _listed(item, cells[0], match.similarity[i], text)
            continue
        start, end = _value_span(item, cells[0], text)
        if lists_subtotals(match.field) and is_free_text(item):
            start, end = without_subtotal(text, start, end)
        more: tuple[tuple[int, int], ...] = ()
        if len(cells) > 1:
            start, (end, more) = cells[0].start, _join_cells(cells, text)
        element.append(StructuralMatch(item.path, start, end, match.similarity[i], " ".join(names), more))
    spread, columns = _spread_list(match, text)
    for n, c in enumerate(columns):
        if spread is not None and c in entry.row:
            start, end = _value_span(spread.items[0], entry.row[c], text)
            if start < end:
                score = ListElementSettings.current().spread_score
                element.append(StructuralMatch((*spread.path, n), start, end, score))
    return tuple(element)


_BETWEEN_LISTED = re.compile(r"\s*(?:[,;，；、\n]\s*)+")


def _listed(item: Field, cell: PlacedText, score: float, text: str) -> Iterator[StructuralMatch]:
    """Yield the values in the cell of an item that is a list of plain values, with commas or lines between them."""
    at, number = cell.start, 0
    for piece in _BETWEEN_LISTED.split(text[cell.start : cell.end]):
        start = text.index(piece, at, cell.end) if piece else at
        at = start + len(piece)
        if re.search(r"\w", piece):
            yield StructuralMatch((*item.path, number), start, at, score)
            number += 1


def _spread_list(match: ColumnMatch, text: str) -> tuple[Field | None, list[int]]:
    """Return the one item that is a list of plain values and has the columns, side by side, that no other item goes by.

    `Test | 1 | 2 | 3` has three values in each row. Not where another item is without a column that these may be.
    """
    lists = [item for n, item in enumerate(match.field.items) if is_list_of_values(item) and n not in match.columns]
    if len(lists) != 1 or not ListElementSettings.current().read_spread_lists:
        return None, []
    value = lists[0].items[0]
    least = ListColumnSettings.current().min_fit

    def fits(item: Field, column: int) -> bool:
        return bool(filled_cells(match.grid, column)) and column_fit(item, match.grid, column, text) >= least

    columns = [c for c in range(len(match.grid.names)) if c not in match.columns.values() and fits(value, c)]
    is_run = len(columns) > 1 and columns == list(range(columns[0], columns[-1] + 1))
    others = [i for n, i in enumerate(match.field.items) if is_column_item(i) and n not in match.columns]
    is_open = any(i.copied and any(fits(i, c) for c in columns) for i in others)
    return (lists[0], columns) if is_run and not is_open else (None, [])


def _join_cells(cells: Sequence[PlacedText], text: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the end of the first stretch and the further ones; stretches with only white space between are one."""
    spans = [(cell.start, cell.end) for cell in cells]
    joined = [spans[0]]
    for start, end in spans[1:]:
        if text[joined[-1][1] : start].strip():
            joined.append((start, end))
        else:
            joined[-1] = (joined[-1][0], end)
    return joined[0][1], tuple(joined[1:])


_DASHES = re.compile(r"[\s\-－–—−―─/／]+")
"""What is printed in a cell that has nothing to say."""


def _value_span(item: Field, cell: PlacedText, text: str) -> tuple[int, int]:
    """Return where in the cell the value stands; a blank, or a dash, is the empty stretch at its start."""
    kind = normalisation.value_kind(item)
    raw = text[cell.start : cell.end]
    if not cell.text:
        return cell.start, cell.start
    if kind is None:
        is_text = item.enum is None and "x-values" not in item.schema
        is_blank = is_text and ListElementSettings.current().read_dashes and _DASHES.fullmatch(raw) is not None
        return cell.start, cell.start if is_blank else cell.end
    spans = normalisation.find_spans(kind, raw)
    if len(spans) == 1:
        return cell.start + spans[0][0], cell.start + spans[0][1]
    if not spans and not re.search(r"\w", raw) and item.type != "boolean":
        return cell.start, cell.start
    return cell.start, cell.end
