"""Arrays of objects answered by the rows of a table whose columns go by the items' labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.candidates.table_cells import find_value_span, pair_names
from extractor.settings import Settings, rule, threshold
from extractor.types import Cell, Document, Field, Path, Table
from extractor.values.label_similarity import best_similarity, normalise_label


@dataclass(frozen=True)
class ListRowSettings(Settings):
    """When the columns of a table are the items of an array."""

    min_similarity: float = threshold(
        0.78, meaning="The least similarity of a column's header and a label; also of a row and another field's label."
    )
    min_columns: int = threshold(
        2, unit="columns", meaning="So many items at least have a column, where there are so many."
    )
    min_column_share: float = threshold(
        0.5, meaning="The least share of the table's named columns, or of the items where those are fewer, that match."
    )
    join_tables: bool = rule(True, meaning="Tables with the same columns are one list: one for each section or page.")
    drop_rows_of_other_fields: bool = rule(True, meaning="A row that has another field's label is none of the list.")


def match_rows(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """Return the arrays of objects that the rows of a table answer, by path."""
    found: dict[Path, TableRowsMatch] = {}
    for field in fields:
        if field.type != "array" or not any(item.path for item in field.items):
            continue
        candidates = [rows for table in document.tables if (rows := _match_table(field, table, document.text))]
        if not candidates:
            continue
        candidates.sort(key=lambda match: (-match.score, -len(match.rows)))
        best = candidates[0]
        same = [best]
        if ListRowSettings.current().join_tables:
            same = [match for match in candidates if _item_paths(match) == _item_paths(best)]
        same.sort(key=lambda match: match.table.start)
        rows = tuple(row for match in same for row in match.rows)
        found[field.path] = TableRowsMatch(field.path, rows, best.table, best.score)
    return found


def drop_rows_of_other_fields(
    matches: Mapping[Path, TableRowsMatch], fields: Sequence[Field], text: str
) -> dict[Path, TableRowsMatch]:
    """Return the matches without rows of another field: a total printed under the items, a form printed above them.

    Such a row has fewer cells than the others and begins with a label of the other field, or has a label and a colon
    within a cell. What it holds is left to be found by that label.
    """
    settings = ListRowSettings.current()
    if not settings.drop_rows_of_other_fields:
        return dict(matches)
    labels = tuple(label for f in fields if f.type != "array" for label in f.labels if len(normalise_label(label)) > 1)

    def begins_with_label(cell: str) -> bool:
        return best_similarity(labels, re.sub(r"[\d.,]+\s*%?|[:：]", " ", cell)) >= settings.min_similarity

    def is_labelled_value(cell: str) -> bool:
        label, colon, value = cell.replace("：", ":").partition(":")
        return bool(colon and value.strip()) and best_similarity(labels, label) >= settings.min_similarity

    kept = {}
    for path, match in matches.items():
        most = max(sum(s.end > s.start for s in row) for row in match.rows)
        own = []
        for row in match.rows:
            cells = [text[s.start : s.end] for s in sorted(row, key=lambda s: s.start) if s.end > s.start]
            is_other = len(cells) < most and begins_with_label(cells[0])
            if not is_other and not any(map(is_labelled_value, cells)):
                own.append(row)
        if own:
            kept[path] = replace(match, rows=tuple(own))
    return kept


def _item_paths(match: TableRowsMatch) -> list[Path]:
    return [cell.path for cell in match.rows[0]]


def _match_table(field: Field, table: Table, text: str) -> TableRowsMatch | None:
    """Return the rows of `table` as elements of the array `field`; None where too few columns are its items."""
    settings = ListRowSettings.current()
    columns = _column_names(table)
    similar = []
    for i, item in enumerate(field.items):
        for column, path in columns.items():
            score = max((best_similarity(item.labels, name) for name in (*path, " ".join(path))), default=0.0)
            if score >= settings.min_similarity:
                similar.append((score, i, column))
    pairs = pair_names(similar, [1.0] * len(field.items))
    named = [column for column, path in columns.items() if path]
    needed = {i for i, item in enumerate(field.items) if item.required}
    if (
        len(pairs) < min(settings.min_columns, len(field.items))
        or len(pairs) < settings.min_column_share * min(len(named), len(field.items))
        or not needed <= set(pairs)
    ):
        return None
    by_row = _cells_by_row(table)
    rows = []
    for row in sorted(by_row):
        element = []
        for i, (column, score) in sorted(pairs.items()):
            cell = by_row[row].get(column)
            if cell is None:
                continue
            item = field.items[i]
            span = find_value_span(item, cell, text) or (cell.start, cell.end)
            element.append(StructuralMatch(item.path, *span, score, " ".join(columns[column])))
        filled = {s.path for s in element if s.end > s.start}
        if filled and all(field.items[i].path in filled for i in needed) and 2 * len(filled) > len(element) - 1:
            rows.append(tuple(element))
    if not rows:
        return None
    mean = sum(score for _, score in pairs.values()) / len(pairs)
    return TableRowsMatch(field.path, tuple(rows), table, mean * (0.5 + 0.5 * len(pairs) / len(field.items)))


def _header_rows(table: Table) -> set[int]:
    """Return the rows of which every cell is a header."""
    return {c.row for c in table.cells if c.header} - {c.row for c in table.cells if not c.header}


def _column_names(table: Table) -> dict[int, tuple[str, ...]]:
    """Return the header texts over every column, outermost first, also over columns that hold row labels."""
    header_rows = _header_rows(table)
    columns: dict[int, tuple[str, ...]] = {}
    for column in range(table.columns):
        over = [
            c.text
            for c in sorted(table.cells, key=lambda c: c.row)
            if c.row in header_rows and c.column <= column < c.column + c.column_span and c.text
        ]
        columns[column] = tuple(dict.fromkeys(over))
    for cell in table.cells:
        if not cell.header and cell.column_path and not columns.get(cell.column):
            columns[cell.column] = cell.column_path
    return columns


def _cells_by_row(table: Table) -> dict[int, dict[int, Cell]]:
    """Return the cells below the header by row and column; a cell over several rows stands in each of them."""
    header_rows = _header_rows(table)
    by_row: dict[int, dict[int, Cell]] = defaultdict(dict)
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            if row not in header_rows:
                by_row[row][cell.column] = cell
    return by_row
