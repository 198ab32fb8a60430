"""What a person's act puts into a record: a value, or a list with rows added, deleted or pasted over."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.review.errors import ReviewError, unusable
from extractor.review.value_parsing import value_of
from extractor.store.review_status import ReviewState, equal_json, value_at
from extractor.types import Field, Path, path_text

POINTED = ("word", "words", "region")
"""Ways to give a value that come from the page."""
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Change:
    """A correction to be made: `evidence` is where it stands in the document, or for a list where its rows were."""

    path: Path
    new: Any
    how: str
    evidence: Mapping[str, Any] | None = None
    focus: Path | None = None


def change(look: ReviewState, data: Any, how: str, path: Path, given: Mapping[str, Any], context: str = "") -> Change:
    """The correction that an act stands for; ReviewError (`unusable`) where it is none for that place."""
    standing = look.fields.get(path)
    if standing is None:
        raise unusable(f"The record has no field {path_text(path)}.", "Load it anew: rows may have been deleted.")
    field = standing.field
    if how in ("row_added", "row_deleted", "pasted"):
        if field.type != "array" or any(isinstance(step, int) for step in path):
            raise unusable(f"{path_text(path)} is no list.")
        rows = value_at(data, path)
        return _rows(field, path, copy.deepcopy(rows) if isinstance(rows, list) else [], how, given)
    if how == "accepted":
        return Change(path, standing.value, how)
    if field.type == "array" and not any(isinstance(step, int) for step in path):
        raise unusable(f"{path_text(path)} is a list: its rows are changed.")
    if how == "absent":
        return Change(path, None, how)
    text = given.get("text")
    if not isinstance(text, str):
        raise unusable("There is no text.")
    value = value_of(field, text, typed=how not in POINTED, context=context)
    if value is None:
        return Change(path, None, "absent")
    evidence = _evidence(text, given.get("evidence")) if how in POINTED else None
    same = equal_json(value, standing.value)  # who gives the value that is there says that it is right
    return Change(path, value, "accepted" if same else how, evidence)


def _evidence(text: str, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where the person pointed, as evidence is kept."""
    if not given:
        return None
    boxes = given.get("boxes")
    return {"start": given.get("start"), "end": given.get("end"), "text": text, "boxes": list(boxes) if boxes else None}


# Rows.


def _rows(field: Field, path: Path, rows: list[Any], how: str, given: Mapping[str, Any]) -> Change:
    at = given.get("at")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= len(rows) - (how == "row_deleted"):
        raise unusable(f"{path_text(path)} has {len(rows)} rows; there is no place {at} in it.")
    was: list[int | None] = list(range(len(rows)))
    if how == "row_deleted":
        del rows[at], was[at]
        left = min(at, len(rows) - 1)
        return Change(path, rows, how, {"rows": was}, _cell(field, path, left) if rows else path)
    if how == "row_added":
        rows.insert(at, blank(field))
        was.insert(at, None)
        if len(rows) > MOST_ROWS:
            raise unusable(f"A list is given at most {MOST_ROWS:,} rows.")
        return Change(path, rows, how, {"rows": was}, _cell(field, path, at))
    _paste(field, rows, was, at, given)
    return Change(path, rows, how, {"rows": was}, _cell(field, path, at))


def _paste(field: Field, rows: list[Any], was: list[int | None], at: int, given: Mapping[str, Any]) -> None:
    """Put a block of cells into the rows from row `at` on, below the last one into new rows."""
    column, cells = given.get("column"), given.get("cells")
    if not isinstance(column, int) or not 0 <= column < len(field.items):
        raise unusable(f"There is no column {column}.")
    if not isinstance(cells, Sequence) or not cells or at + len(cells) > MOST_ROWS:
        raise unusable(f"Between one row and {MOST_ROWS:,} can be pasted.")
    for n, line in enumerate(cells):
        if column + len(line) > len(field.items):
            here = len(field.items) - column
            raise unusable(f"{len(line)} columns do not fit: from here on there are {here}.", "Paste further left.")
        if at + n == len(rows):
            rows.append(blank(field))
            was.append(None)
        for item, text in zip(field.items[column:], line, strict=False):
            try:
                value = value_of(item, text)
            except ReviewError as error:
                where = f"Row {n + 1}, {item.title or path_text(item.path)}"
                raise unusable(f"{where}: {error.message}", error.hint, **error.details) from error
            rows[at + n] = _with(rows[at + n], item, value)


def _with(row: Any, item: Field, value: Any) -> Any:
    if not item.path:
        return value
    row = row if isinstance(row, dict) else {}
    here = row
    for step in item.path[:-1]:
        if not isinstance(here.get(step), dict):
            here[step] = {}
        here = here[step]
    if value is None and not item.nullable:
        here.pop(item.path[-1], None)
    else:
        here[item.path[-1]] = value
    return row


def blank(field: Field) -> Any:
    """A new element of a list: null for all that may be null, and nothing for the rest."""
    row: Any = {}
    for item in field.items:
        if not item.path:
            return None
        row = _with(row, item, None)
    return row


def _cell(field: Field, path: Path, row: int) -> Path:
    return (*path, row, *field.items[0].path) if field.items else path
