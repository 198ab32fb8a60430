"""What an act of a person puts into a record: a value, or a list with rows added, deleted or pasted over."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extractor.review import list_rows
from extractor.review.errors import RefusalKind, ReviewError, unusable
from extractor.review.record_view import is_in_row
from extractor.review.value_parsing import parse_value
from extractor.store.record_data import equal_json, value_at
from extractor.store.review_rule import FieldNeed
from extractor.store.review_status import FieldState, ReviewState
from extractor.types import Path, path_text

FROM_PAGE = ("word", "words", "region")
"""Ways to give a value by pointing at the document."""
ROW_EDITS = ("row_added", "row_deleted", "pasted")


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A correction to be made.

    `evidence` says where the value stands in the document, or for a list which row each row was before. `focus` is
    the path that the screen goes to afterwards.
    """

    path: Path
    new: Any
    how: str
    evidence: Mapping[str, Any] | None = None
    focus: Path | None = None


def plan_change(
    review: ReviewState, data: Any, how: str, path: Path, arguments: Mapping[str, Any], context: str = ""
) -> PlannedChange:
    """Return the correction that an act stands for; `context` is the text around what was pointed at.

    Raises ReviewError: `unusable` where the act makes no value, or is not for that place; `needs_value` where it would
    leave a field empty that has to have a value, without saying that the document has none (`absent`).
    """
    state = review.fields.get(path)
    if state is None:
        raise unusable(f"The record has no field {path_text(path)}.", "Reload it: rows may have been deleted.")
    field = state.field
    is_grid = field.type == "array" and not is_in_row(path)
    if how in ROW_EDITS:
        if not is_grid:
            raise unusable(f"{path_text(path)} is not a list with rows.")
        rows = value_at(data, path)
        rows = copy.deepcopy(rows) if isinstance(rows, list) else []
        edited = list_rows.edit_rows(field, path, rows, how, arguments)
        focus = (*path, edited.focus, *field.items[0].path) if edited.focus is not None and field.items else path
        return PlannedChange(path, edited.rows, how, {"rows": edited.previous}, focus)
    if how == "accepted":
        if state.need == FieldNeed.REQUIRED:
            raise _needs_value(state)
        return PlannedChange(path, state.value, how)
    if how == "absent" and is_grid and not state.value:
        return PlannedChange(path, state.value, how)  # the document has no entries for it
    if is_grid:
        raise unusable(f"{path_text(path)} is a list.", "Change its rows.")
    if how == "absent":
        return PlannedChange(path, None, how)
    text = arguments.get("text")
    if not isinstance(text, str):
        raise unusable("No text was given.")
    value = parse_value(field, text, typed=how not in FROM_PAGE, context=context)
    if value is None and state.is_required:
        raise _needs_value(state)
    if value is None:
        return PlannedChange(path, None, "absent")
    evidence = _evidence(text, arguments.get("evidence")) if how in FROM_PAGE else None
    same = equal_json(value, state.value)  # to give the value that is there means that it is right
    return PlannedChange(path, value, "accepted" if same else how, evidence)


def _needs_value(state: FieldState) -> ReviewError:
    """Return the refusal to leave a field empty that has to have a value."""
    message = f"{path_text(state.path)} has to have a value."
    return ReviewError(RefusalKind.NEEDS_VALUE, message, "Enter it, or press Alt+N if the document has none.")


def _evidence(text: str, place: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return where the person pointed in the form that evidence is stored in."""
    if not place:
        return None
    boxes = place.get("boxes")
    return {"start": place.get("start"), "end": place.get("end"), "text": text, "boxes": list(boxes) if boxes else None}
