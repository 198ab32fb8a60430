"""Lessons about lists: the header under which each item's values stand, and the rows that this finds elsewhere.

A list that a person corrected may go by headers that do not name its items, or name others. The column in which most
approved values of an item stand is the item's; a later document whose table has the same headers is read by them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.candidates.entry_grids import EntryGrid, PlacedText
from extractor.candidates.list_columns import ColumnMatch, is_column_item
from extractor.candidates.list_rows import find_open_matches, limits_rows, rows_of_matches
from extractor.candidates.matches import EntryCell, StructuralMatch, TableRowsMatch
from extractor.lessons.choices import choice_text, is_chosen
from extractor.lessons.models import Lesson, ListLesson, RowLesson
from extractor.lessons.rows import left_out_signs, plain_facts, row_values
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, Path, path_text
from extractor.values import equivalence, normalisation
from extractor.values.label_similarity import normalise_label

Span = tuple[int, int]
_LONGEST_CELL = 120
"""Characters of a cell that a lesson keeps."""
_NULL = choice_text(None)


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

    A table is the list's where two items have a column in it.
    """
    best: tuple[int, list[ColumnMatch], dict[Path, int]] = (0, [], {})
    for own in _matches_by_headers(find_open_matches(field, document)):
        cells = [cell for match in own for cell in _cells(match.grid)]
        count, columns = _columns_of_items(field, own[0].grid, cells, items, document.text)
        if count > best[0]:
            best = count, own, columns
    _, matches, columns = best
    if len(columns) < min(2, len({item.path for item in items})):
        matches, columns = [], {}
    rows = _approved_rows(field, _rows_under(field, matches, columns, document.text), items, document.text)
    if not columns and not any(map(is_chosen, field.items)):
        return None
    headers = tuple((path_text(path), _header(matches[0].grid, column)) for path, column in sorted(columns.items()))
    return ListLesson(field.path, headers, tuple(rows))


def _matches_by_headers(matches: Sequence[ColumnMatch]) -> list[list[ColumnMatch]]:
    """Return the matches with those of the same headers together: a list goes on under them on the next page."""
    groups: dict[tuple[tuple[str, ...], ...], list[ColumnMatch]] = defaultdict(list)
    for match in matches:
        if not any(_overlap(match.grid, other.grid) for other in groups[match.grid.names]):
            groups[match.grid.names].append(match)
    return list(groups.values())


def _rows_under(
    field: Field, matches: Sequence[ColumnMatch], columns: Mapping[Path, int], text: str
) -> TableRowsMatch | None:
    """Return the rows of some grids, all of the same headers, by the columns in which approved values stand."""
    numbers = {item.path: n for n, item in enumerate(field.items)}
    own = {numbers[path]: column for path, column in columns.items()}
    known = [_with_columns(field, match, own) for match in sorted(matches, key=lambda m: m.grid.start)]
    return rows_of_matches(known, text) if known else None


def _approved_rows(
    field: Field, printed: TableRowsMatch | None, items: Sequence[ApprovedItem], text: str
) -> list[RowLesson]:
    """Return the first approved elements, each with the cells of the printed row that holds most of its values.

    Where every element has a row, the rows that are left over are those that people leave out.
    """
    elements: dict[int, list[ApprovedItem]] = defaultdict(list)
    for each in items:
        elements[each.element].append(each)
    by_path = {item.path: item for item in field.items}
    left = list(zip(printed.rows, printed.cells, strict=True)) if printed else []
    headers = list(dict.fromkeys(cell.name for _, cells in left for cell in cells))
    found, are_all_found = [], True
    most_rows = ListLessonSettings.current().max_rows
    for element in sorted(elements):
        own = elements[element]
        shared = [sum(_holds_in(row, each, by_path, text) for each in own) for row, _ in left]
        if shared and (most := max(shared)) >= min(2, len(left[0][0])):
            _, cells = left.pop(shared.index(most))
            found.append(RowLesson(row_values({e.path: e.value for e in own}), row_texts(cells, headers, text)))
        else:
            are_all_found = False
            found.append(RowLesson(row_values({each.path: each.value for each in own})))
    others = [RowLesson((), row_texts(cells, headers, text)) for _, cells in left] if are_all_found else []
    return [*found[:most_rows], *others[:most_rows]]


def row_texts(cells: Sequence[EntryCell], headers: Sequence[str], text: str) -> tuple[tuple[str, str], ...]:
    """Return the texts of a row under all headers that its list has, as `(header, text)`; blank ones too."""
    printed = {cell.name: " ".join(text[start:end] for start, end in cell.spans)[:_LONGEST_CELL] for cell in cells}
    return tuple((header, printed.get(header, "")) for header in headers)


def _holds_in(row: Sequence[StructuralMatch], approved: ApprovedItem, items: Mapping[Path, Field], text: str) -> bool:
    """Decide whether a row holds an approved value in its item's column."""
    if equivalence.is_absent(approved.value):
        return False
    return any(m.path == approved.path and m.end > m.start and _holds(m, approved, items, text) for m in row)


def _columns_of_items(
    field: Field,
    grid: EntryGrid,
    cells: Sequence[tuple[int, PlacedText]],
    items: Sequence[ApprovedItem],
    text: str,
) -> tuple[int, dict[Path, int]]:
    """Return how many approved values stand in the items' columns, and each item's column.

    `cells` are those of all grids that have the headers of `grid`, with their columns.
    """
    settings = ListLessonSettings.current()
    by_path = {item.path: item for item in field.items if _has_own_column(item)}
    votes: dict[Path, Counter[int]] = defaultdict(Counter)
    totals: Counter[Path] = Counter()
    for each in items:
        if each.path in by_path and not equivalence.is_absent(each.value):
            totals[each.path] += 1
            votes[each.path].update({column for column, cell in cells if _holds(cell, each, by_path, text)})
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


def _holds(cell: PlacedText | StructuralMatch, approved: ApprovedItem, items: Mapping[Path, Field], text: str) -> bool:
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
            (lesson.document, each)
            for lesson in lessons
            if lesson.document != document.id
            for each in lesson.lists
            if each.path == field.path and each.columns
        ]
        if (
            field.type == "array"
            and known
            and not limits_rows(field)
            and (proposal := _propose_list(field, document, known))
        ):
            found[field.path] = proposal
    return found


def _propose_list(field: Field, document: Document, known: Sequence[tuple[str, ListLesson]]) -> ListProposal | None:
    """Return the rows of every table that has the headers of the best lesson; None where no table has those of one.

    `known` are the lessons with the documents that they are from. Rows like those that people left out are left out.
    """
    own = find_open_matches(_with_labels(field, [lesson for _, lesson in known]), document)
    best: tuple[int, int] | None = None
    for n, (_, lesson) in enumerate(known):
        count = max((len(_learnt_columns(field, match.grid, lesson)) for match in own), default=0)
        if count and (best is None or (count, n) > best):
            best = count, n
    if best is None:
        return None
    count, n = best
    chosen = known[n][1]
    same = [(name, each) for name, each in known if each.columns == chosen.columns]
    absent = _absent_items(field, [each for _, each in same])
    matches: list[ColumnMatch] = []
    for match in own:
        columns = _learnt_columns(field, match.grid, chosen)
        if len(columns) == count and not any(_overlap(match.grid, m.grid) for m in matches):
            matches.append(_with_learnt_columns(field, match, columns, absent))
    rows = rows_of_matches(sorted(matches, key=lambda m: m.grid.start), document.text)
    if rows is None:
        return None
    approved = [(name, row) for name, each in same for row in each.rows]
    return ListProposal(_without_left_out(rows, approved, document.text), len(same))


def _absent_items(field: Field, known: Sequence[ListLesson]) -> frozenset[int]:
    """Return the numbers of the items that no approved row of some lessons has, though people saw them."""
    values: dict[str, set[str]] = defaultdict(set)
    for lesson in known:
        for row in lesson.rows:
            for item, value in row.values:
                values[item].add(value)
    return frozenset(n for n, item in enumerate(field.items) if values.get(path_text(item.path)) == {_NULL})


def _without_left_out(printed: TableRowsMatch, approved: Sequence[tuple[str, RowLesson]], text: str) -> TableRowsMatch:
    """Return the rows without those that are like the ones that people left out of approved lists."""
    signs = left_out_signs(approved)
    if not signs or len(printed.cells) != len(printed.rows):
        return printed
    headers = list(dict.fromkeys(cell.name for cells in printed.cells for cell in cells))
    kept = [
        n
        for n, cells in enumerate(printed.cells)
        if not signs.intersection(plain_facts(row_texts(cells, headers, text)))
    ]
    if not kept:
        return printed
    return replace(printed, rows=tuple(printed.rows[n] for n in kept), cells=tuple(printed.cells[n] for n in kept))


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


def _with_learnt_columns(
    field: Field, match: ColumnMatch, learnt: Mapping[int, int], absent: Collection[int]
) -> ColumnMatch:
    """Return the match with the columns that lessons give, and its own ones for the other items where they are free.

    Items that are `absent` from all approved rows have none.
    """
    taken = set(learnt.values())
    own = {n: c for n, c in match.columns.items() if n not in learnt and c not in taken and n not in match.doubtful}
    return _with_columns(field, match, {n: c for n, c in own.items() if n not in absent} | dict(learnt))


def _with_columns(field: Field, match: ColumnMatch, columns: Mapping[int, int]) -> ColumnMatch:
    return ColumnMatch(field, match.grid, dict(columns), dict.fromkeys(columns, 1.0), frozenset(), 1.0)
