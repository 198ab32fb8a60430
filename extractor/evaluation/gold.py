"""Records as gold: what people have seen of them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

from extractor.schemas import Schema
from extractor.store import Record, ReviewAction
from extractor.store.review_rule import ReviewRules, seen_fields
from extractor.store.review_status import assess_record
from extractor.types import Field, Path


def unseen_fields(
    schema: Schema, record: Record, actions: Sequence[ReviewAction], rules: ReviewRules | None = None
) -> set[Path]:
    """Return the paths of a record's fields whose values no person has seen: they are right or wrong, nobody knows."""
    review = assess_record(schema, record.result, record.data, record.corrections, rules=rules)
    return set(review.fields) - seen_fields(review, actions)


def record_as_gold(schema: Schema, data: Any, unseen: Collection[Path] = ()) -> dict[str, Any]:
    """Return the record as gold: with every field of the schema, null where the document has no value for it.

    The `unseen` paths are left out: nobody knows what is right there, and what gold leaves out is not scored.
    """
    found: dict[str, Any] = copy.deepcopy(data) if isinstance(data, dict) else {}
    for field in schema.fields:
        if not field.path:
            continue
        parent = _parent_object(found, field)
        last = field.path[-1]
        parent.setdefault(last, [] if field.type == "array" else None)
        if field.type == "array" and isinstance(parent[last], list):
            parent[last] = [_complete_element(field, element) for element in parent[last]]
    for path in sorted(unseen, key=len):
        _leave_out(found, path)
    if unseen:
        _leave_out_emptied(found)
    return found


def _leave_out_emptied(found: dict[str, Any]) -> None:
    """Take out objects that nothing is left of, and lists with such rows: an empty object would say: no values."""
    for name, value in list(found.items()):
        if isinstance(value, dict):
            _leave_out_emptied(value)
            if not value:
                del found[name]
        elif isinstance(value, list) and any(isinstance(row, dict) and not row for row in value):
            del found[name]


def _leave_out(found: dict[str, Any], path: Path) -> None:
    """Take a place out of gold; of a list of plain values, where one is unknown, all of it."""
    parent: Any = found
    for n, step in enumerate(path[:-1]):
        inner = parent.get(step) if isinstance(parent, dict) else None
        if isinstance(parent, list):
            inner = parent[step] if isinstance(step, int) and step < len(parent) else None
        if isinstance(inner, list) and n + 2 == len(path) and isinstance(parent, dict):
            parent.pop(step)
            return
        if not isinstance(inner, dict | list):
            return
        parent = inner
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def _complete_element(field: Field, element: Any) -> Any:
    """Return a list element with all fields of its schema."""
    if any(not item.path for item in field.items):
        return element
    element = element if isinstance(element, dict) else {}
    for item in field.items:
        _parent_object(element, item).setdefault(item.path[-1], None)
    return element


def _parent_object(found: dict[str, Any], field: Field) -> dict[str, Any]:
    """Return the object that the field belongs to; it is created where it is missing."""
    parent = found
    for step in field.path[:-1]:
        if not isinstance(parent.get(step), dict):
            parent[step] = {}
        parent = parent[step]
    return parent
