"""Lessons about lists: the header under which each item's values stand, and the rows that this finds elsewhere.

A list that a person corrected may go by headers that do not name its items, or name others. The column in which most
approved values of an item stand is the item's; a later document whose table has the same headers is read by them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.candidates.entry_grids import EntryGrid, PlacedText, whole_name
from extractor.candidates.list_columns import ColumnMatch, is_column_item
from extractor.candidates.list_rows import find_open_matches, limits_rows, rows_of_matches
from extractor.candidates.matches import TableRowsMatch
from extractor.lessons.choices import is_chosen
from extractor.lessons.models import Lesson, ListLesson, RowLesson
from extractor.lessons.rows import row_values
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, Path, path_text
from extractor.values import equivalence, normalisation
from extractor.values.label_similarity import normalise_label

Span = tuple[int, int]
_LONGEST_CELL = 120
"""Characters of a cell that a lesson keeps."""


@dataclass(frozen=True)
class ListLessonSettings(Settings):
    """When a column is an item's, and when a table is the one that lessons know."""

    min_share: float = threshold(0.6, meaning="Least share of an item's approved values that stand in its column.")
    min_values: int = threshold(2, unit="values", meaning="So many values of an item, where it has them, stand there.")
    max_rows: int = threshold(30, unit="rows", meaning="Of a longer approved list the first ones are kept.")
    min_headers: float = threshold(0.75, meaning="Least share of the headers that lessons know, which a table has.")


@dataclass(frozen=True, slots=True)
class ApprovedItem:
    """An item's value in one element of a list; `span` is where it stands, None where nobody pointed at it."""

    element: int
    path: Path
    value: Any
    span: Span | None = None


def make_list_lesson(document: Document, field: Field, items: Sequence[ApprovedItem]) -> ListLesson | None:
    """Return under which headers the approved values of a list stand, and some rows; None where there is neither.

    A table is the list's where two items have a column in it. Rows are kept for items that are chosen and not copied.
    """
    best: tuple[int, EntryGrid | None, dict[Path, int]] = (0, None, {})
    for each in _grids_by_headers([match.grid for match in find_open_matches(field, document)]):
        count, columns = _columns_of_items(field, each, items, document.text)
        if count > best[0]:
            best = count, each, columns
    _, grid, columns = best
    if grid is None or len(columns) < min(2, len({item.path for item in items})):
        grid, columns = None, {}
    rows = _approved_rows(field, grid, columns, items, document.text) if any(map(is_chosen, field.items)) else ()
    if not columns and not rows:
        return None
    headers = tuple((path_text(path), _header(grid, column)) for path, column in sorted(columns.items())) if grid else ()
    return ListLesson(field.path, headers, tuple(rows))


def _grids_by_headers(grids: Sequence[EntryGrid]) -> list[EntryGrid]:
    """Return the grids with those of the same headers as one: a list goes on under them on the next page."""
    groups: dict[tuple[tuple[str, ...], ...], list[EntryGrid]] = defaultdict(list)
    for grid in grids:
        if not any(_overlap(grid, other) for other in groups[grid.names]):
            groups[grid.names].append(grid)
    return [replace(own[0], rows=tuple(row for grid in own for row in grid.rows)) for own in groups.values()]


def _approved_rows(
    field: Field, grid: EntryGrid | None, columns: Mapping[Path, int], items: Sequence[ApprovedItem], text: str
) -> list[RowLesson]:
    """Return the first approved elements, each with the cells of the row of the grid that holds most of its values."""
    elements: dict[int, list[ApprovedItem]] = defaultdict(list)
    for each in items:
        elements[each.element].append(each)
    by_path = {item.path: item for item in field.items}
    left = list(grid.rows) if grid else []
    found = []
    for element in sorted(elements)[: ListLessonSettings.current().max_rows]:
        own = elements[element]
        shared = [sum(_holds_in(row, columns, each, by_path, text) for each in own) for row in left]
        cells: tuple[tuple[str, str], ...] = ()
        if grid and shared and (most := max(shared)) >= min(2, len(columns)):
            row = left.pop(shared.index(most))
            printed = {column: cell.text for column, cell in row.items() if not cell.inherited}
            cells = tuple(
                (whole_name(names), printed.get(column, "")[:_LONGEST_CELL])
                for column, names in enumerate(grid.names)
                if any(names) or column in printed
            )
        found.append(RowLesson(row_values({each.path: each.value for each in own}), cells))
    return found


def _holds_in(
    row: Mapping[int, PlacedText],
    columns: Mapping[Path, int],
    approved: ApprovedItem,
    items: Mapping[Path, Field],
    text: str,
) -> bool:
    """Decide whether a row holds an approved value in its item's column."""
    cell = row.get(columns[approved.path]) if approved.path in columns else None
    is_filled = cell is not None and bool(cell.text) and not equivalence.is_absent(approved.value)
    return is_filled and cell is not None and _holds(cell, approved, items, text)


def _columns_of_items(
    field: Field, grid: EntryGrid, items: Sequence[ApprovedItem], text: str
) -> tuple[int, dict[Path, int]]:
    """Return how many approved values stand in the items' columns of a grid, and each item's column."""
    settings = ListLessonSettings.current()
    by_path = {item.path: item for item in field.items if _has_own_column(item)}
    votes: dict[Path, Counter[int]] = defaultdict(Counter)
    totals: Counter[Path] = Counter()
    for each in items:
        if each.path in by_path and not equivalence.is_absent(each.value):
            totals[each.path] += 1
            votes[each.path].update({column for column, cell in _cells(grid) if _holds(cell, each, by_path, text)})
    pairs = sorted(
        ((count, path, column) for path, counter in votes.items() for column, count in counter.items()),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    found: dict[Path, int] = {}
    for count, path, column in pairs:
        is_enough = count >= settings.min_share * totals[path] and count >= min(settings.min_values, totals[path])
        if is_enough and path not in found and column not in found.values() and _header(grid, column):
            found[path] = column
    return sum(votes[path][column] for path, column in found.items()), found


def _has_own_column(item: Field) -> bool:
    """Decide whether an item may have a column: one that is declared a part of another's cell is read from that."""
    return is_column_item(item) and "x-part" not in item.schema


def _cells(grid: EntryGrid) -> list[tuple[int, PlacedText]]:
    return [(column, cell) for row in grid.rows for column, cell in row.items() if cell.text and not cell.inherited]


def _holds(cell: PlacedText, approved: ApprovedItem, items: Mapping[Path, Field], text: str) -> bool:
    """Decide whether a cell is where an approved value stands, or where nobody pointed at it, means the same."""
    if approved.span is not None:
        return cell.start <= approved.span[0] < cell.end
    item, printed = items[approved.path], text[cell.start : cell.end]
    kind = normalisation.value_kind(item)
    compared = "number" if kind in normalisation.NUMERIC_TYPES else kind
    value = normalisation.normalise_value(item, printed).value
    return equivalence.is_equivalent(approved.value, value if value is not None else printed, compared)


def _header(grid: EntryGrid, column: int) -> str:
    return normalise_label(" ".join(grid.names[column]))


@dataclass(frozen=True, slots=True)
class ListProposal:
    """The rows that lessons find for a list, and how many lessons have its headers."""

    rows: TableRowsMatch
    lessons: int


def propose_lists(document: Document, fields: Sequence[Field], lessons: Sequence[Lesson]) -> dict[Path, ListProposal]:
    """Return the rows of the lists of which a table has the headers that approved documents had; by the list's path.

    Where lessons differ, the newest of those with the most headers in common counts. A list whose description says
    which rows count is left to be asked for.
    """
    found: dict[Path, ListProposal] = {}
    for field in fields:
        known = [
            each
            for lesson in lessons
            if lesson.document != document.id
            for each in lesson.lists
            if each.path == field.path
        ]
        if (
            field.type == "array"
            and known
            and not limits_rows(field)
            and (proposal := _propose_list(field, document, known))
        ):
            found[field.path] = proposal
    return found


def _propose_list(field: Field, document: Document, known: Sequence[ListLesson]) -> ListProposal | None:
    """Return the rows of every table that has the headers of the best lesson; None where no table has those of one."""
    own = find_open_matches(_with_labels(field, known), document)
    best: tuple[int, int] | None = None
    for n, lesson in enumerate(known):
        count = max((len(_learnt_columns(field, match.grid, lesson)) for match in own), default=0)
        if count and (best is None or (count, n) > best):
            best = count, n
    if best is None:
        return None
    count, n = best
    matches: list[ColumnMatch] = []
    for match in own:
        columns = _learnt_columns(field, match.grid, known[n])
        if len(columns) == count and not any(_overlap(match.grid, m.grid) for m in matches):
            matches.append(_with_learnt_columns(field, match, columns))
    rows = rows_of_matches(sorted(matches, key=lambda m: m.grid.start), document.text)
    return None if rows is None else ListProposal(rows, sum(each.columns == known[n].columns for each in known))


def _overlap(one: EntryGrid, other: EntryGrid) -> bool:
    return one.start < other.end and other.start < one.end


def _with_labels(field: Field, known: Sequence[ListLesson]) -> Field:
    """Return the list with the known headers as labels of its items, so that rows under them are looked at."""
    headers: dict[str, list[str]] = defaultdict(list)
    for lesson in known:
        for path, header in lesson.columns:
            headers[path].append(header)
    items = tuple(
        replace(item, labels=tuple(dict.fromkeys((*headers[path_text(item.path)], *item.labels))))
        for item in field.items
    )
    return replace(field, items=items)


def _learnt_columns(field: Field, grid: EntryGrid, lesson: ListLesson) -> dict[int, int]:
    """Return the grid's columns for the items, by a lesson's headers; none where it has too few of them."""
    settings = ListLessonSettings.current()
    places: dict[str, int] = {}
    for column in range(len(grid.names)):
        places.setdefault(_header(grid, column), column)
    numbers = {path_text(item.path): n for n, item in enumerate(field.items) if _has_own_column(item)}
    known = [(numbers[path], header) for path, header in lesson.columns if path in numbers]
    columns = {n: places[header] for n, header in known if header in places}
    is_known = bool(columns) and len(columns) >= max(min(2, len(known)), settings.min_headers * len(known))
    return columns if is_known else {}


def _with_learnt_columns(field: Field, match: ColumnMatch, learnt: Mapping[int, int]) -> ColumnMatch:
    """Return the match with the columns that lessons give, and its own ones for the other items where they are free."""
    taken = set(learnt.values())
    own = {n: c for n, c in match.columns.items() if n not in learnt and c not in taken and n not in match.doubtful}
    columns = {**own, **learnt}
    return ColumnMatch(field, match.grid, columns, dict.fromkeys(columns, 1.0), frozenset(), 1.0)
