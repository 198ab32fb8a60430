"""Records as gold."""

from __future__ import annotations

import copy
from typing import Any

from extractor.schemas import Schema
from extractor.types import Field


def record_as_gold(schema: Schema, data: Any) -> dict[str, Any]:
    """Return the record as gold: with every field of the schema, null where the document has no value for it."""
    found: dict[str, Any] = copy.deepcopy(data) if isinstance(data, dict) else {}
    for field in schema.fields:
        if not field.path:
            continue
        parent = _parent_object(found, field)
        last = field.path[-1]
        parent.setdefault(last, [] if field.type == "array" else None)
        if field.type == "array" and isinstance(parent[last], list):
            parent[last] = [_complete_element(field, element) for element in parent[last]]
    return found


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
