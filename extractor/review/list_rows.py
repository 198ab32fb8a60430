"""Rows of a list: added, deleted, and pasted over with a block of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.review.errors import ReviewError, unusable
from extractor.review.value_parsing import parse_value
from extractor.types import Field, Path, path_text

MAX_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class EditedRows:
    """Rows after an edit: `previous` is the row that each was before (None for a new one), `focus` the one to go to."""

    rows: list[Any]
    previous: list[int | None]
    focus: int | None


def edit_rows(field: Field, path: Path, rows: list[Any], how: str, arguments: Mapping[str, Any]) -> EditedRows:
    """Return the rows after `row_added`, `row_deleted` or `pasted` at row `at`; `rows` is changed in place.

    Raises ReviewError (`unusable`) where there is no such row, or the block of cells does not fit.
    """
    at = arguments.get("at")
    last = len(rows) - 1 if how == "row_deleted" else len(rows)
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= last:
        raise unusable(f"{path_text(path)} has {len(rows)} rows; there is no row {at}.")
    previous: list[int | None] = list(range(len(rows)))
    if how == "row_deleted":
        del rows[at], previous[at]
        return EditedRows(rows, previous, min(at, len(rows) - 1) if rows else None)
    if how == "row_added":
        rows.insert(at, empty_row(field))
        previous.insert(at, None)
        if len(rows) > MAX_ROWS:
            raise unusable(f"A list can have at most {MAX_ROWS:,} rows.")
    else:
        _paste(field, rows, previous, at, arguments)
    return EditedRows(rows, previous, at)


def _paste(field: Field, rows: list[Any], previous: list[int | None], at: int, arguments: Mapping[str, Any]) -> None:
    """Put a block of cells into the rows from row `at` on, and into new rows below the last."""
    column, cells = arguments.get("column"), arguments.get("cells")
    if not isinstance(column, int) or not 0 <= column < len(field.items):
        raise unusable(f"There is no column {column}.")
    if not isinstance(cells, Sequence) or not cells or at + len(cells) > MAX_ROWS:
        raise unusable(f"A paste has between one row and {MAX_ROWS:,}.")
    for n, line in enumerate(cells):
        if column + len(line) > len(field.items):
            free = len(field.items) - column
            raise unusable(f"{len(line)} columns do not fit: {free} are left from here on.", "Paste further left.")
        if at + n == len(rows):
            rows.append(empty_row(field))
            previous.append(None)
        for item, text in zip(field.items[column:], line, strict=False):
            try:
                value = parse_value(item, text)
            except ReviewError as error:
                where = f"Row {n + 1}, {item.title or path_text(item.path)}"
                raise unusable(f"{where}: {error.message}", error.hint, **error.details) from error
            rows[at + n] = _set_cell(rows[at + n], item, value)


def _set_cell(row: Any, item: Field, value: Any) -> Any:
    """Return the row with the value in the item's place; a null that the schema does not allow is left out."""
    if not item.path:
        return value
    row = row if isinstance(row, dict) else {}
    parent = row
    for step in item.path[:-1]:
        if not isinstance(parent.get(step), dict):
            parent[step] = {}
        parent = parent[step]
    if value is None and not item.nullable:
        parent.pop(item.path[-1], None)
    else:
        parent[item.path[-1]] = value
    return row


def empty_row(field: Field) -> Any:
    """Return a new element of a list: null for everything that may be null, and nothing for the rest."""
    row: Any = {}
    for item in field.items:
        if not item.path:
            return None
        row = _set_cell(row, item, None)
    return row
