"""A record as the gold of its document."""

from __future__ import annotations

import copy
from typing import Any

from extractor.schemas import Schema
from extractor.types import Field


def gold(schema: Schema, data: Any) -> dict[str, Any]:
    """The record as gold: every field of the schema is there, null where the document has no value for it."""
    found: dict[str, Any] = copy.deepcopy(data) if isinstance(data, dict) else {}
    for field in schema.fields:
        if not field.path:
            continue
        here = _above(found, field)
        last = field.path[-1]
        here.setdefault(last, [] if field.type == "array" else None)
        if field.type == "array" and isinstance(here[last], list):
            here[last] = [_element(field, element) for element in here[last]]
    return found


def _element(field: Field, element: Any) -> Any:
    if any(not item.path for item in field.items):
        return element
    element = element if isinstance(element, dict) else {}
    for item in field.items:
        _above(element, item).setdefault(item.path[-1], None)
    return element


def _above(found: dict[str, Any], field: Field) -> dict[str, Any]:
    """The object that the field belongs in, made where it is missing."""
    here = found
    for step in field.path[:-1]:
        if not isinstance(here.get(step), dict):
            here[step] = {}
        here = here[step]
    return here
