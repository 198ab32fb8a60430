"""The form that a schema makes: groups of fields, and a grid for every list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from extractor.schemas import Schema, readable_name
from extractor.store.review_status import value_at
from extractor.types import Field, Path

_MOST_STEPS = 20


def tree(schema: Schema, data: Any) -> dict[str, Any]:
    """The form of the schema's records as nested nodes: groups, fields and grids, in the order of the schema."""
    root = _group(schema, ())
    groups: dict[Path, dict[str, Any]] = {(): root}
    for field in schema.fields:
        for size in range(1, len(field.path)):
            if field.path[:size] not in groups:
                node = groups[field.path[:size]] = _group(schema, field.path[:size])
                groups[field.path[: size - 1]]["children"].append(node)
        node = grid(field, data) if field.type == "array" else {"kind": "field", **_described(field, field.path)}
        groups[field.path[:-1]]["children"].append(node)
    return root


def grid(field: Field, data: Any) -> dict[str, Any]:
    """A list as a grid: a column for each item of its elements, with the sum of those that are numbers."""
    rows = value_at(data, field.path)
    rows = rows if isinstance(rows, list) else []
    columns = [_described(item, item.path, " › ") for item in field.items]
    return {
        "kind": "grid",
        "path": list(field.path),
        "title": _title(field),
        "description": field.description,
        "rows": len(rows),
        "columns": columns,
        "sums": dict(_sums(field, rows)),
    }


def _group(schema: Schema, path: Path) -> dict[str, Any]:
    said = _object(schema.document, path)
    title = said.get("title") or (readable_name(str(path[-1])) if path else schema.title)
    description = said.get("description") or ""
    return {"kind": "group", "path": list(path), "title": str(title), "description": str(description), "children": []}


def _described(field: Field, path: Path, between: str = "") -> dict[str, Any]:
    above = [names[-1] for names in field.parents[-(len(path) - 1) :]] if between and len(path) > 1 else []
    return {
        "path": list(path),
        "title": between.join([*above, _title(field)]),
        "description": field.description,
        "type": field.type,
        "enum": list(field.enum) if field.enum is not None else None,
        "format": field.format,
        "unit": field.unit,
        "required": field.required,
        "copied": field.copied,
    }


def _title(field: Field) -> str:
    return field.title or (readable_name(field.name) if field.path else next(iter(field.labels), ""))


def _sums(field: Field, rows: list[Any]) -> Iterator[tuple[str, str]]:
    """The sum of each column of numbers, by its position; exact, as decimals are printed."""
    for number, item in enumerate(field.items):
        if item.type in ("number", "integer"):
            cells = [value_at(row, item.path) for row in rows]
            found = [Decimal(repr(c)) for c in cells if isinstance(c, int | float) and not isinstance(c, bool)]
            if found:
                yield str(number), f"{sum(found):f}"


def _object(document: Any, path: Path) -> Mapping[str, Any]:
    """The subschema of the object at the path, where it is spelled out plainly; what it refers to is filled in."""
    here = _followed(document, document)
    for step in path:
        properties = here.get("properties")
        if not isinstance(properties, Mapping) or step not in properties:
            return {}
        here = _followed(document, properties[step])
    return here


def _followed(document: Any, here: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(_MOST_STEPS):
        if not isinstance(here, Mapping):
            break
        found = {**here, **found}
        reference = here.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        here = document
        for step in reference[2:].split("/"):
            here = here.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(here, Mapping) else None
    return found
