"""The form that a schema describes: groups of fields, and a grid for every list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.review.column_sums import sum_columns
from extractor.schemas import Schema, readable_name
from extractor.store.record_data import value_at
from extractor.types import Field, Path

MAX_REFERENCES = 20
"""References of a schema that are followed in a row: one may refer to itself."""
_COLUMN_SEPARATOR = " › "


def build_form(schema: Schema, data: Any) -> dict[str, Any]:
    """Return the form of a record as nested nodes (groups, fields and grids), in the order of the schema."""
    root = _group(schema, ())
    groups: dict[Path, dict[str, Any]] = {(): root}
    for field in schema.fields:
        for size in range(1, len(field.path)):
            if field.path[:size] not in groups:
                node = groups[field.path[:size]] = _group(schema, field.path[:size])
                groups[field.path[: size - 1]]["children"].append(node)
        node = (
            _grid(schema, field, data)
            if field.type == "array"
            else {"kind": "field", **_describe(field, _title(field))}
        )
        groups[field.path[:-1]]["children"].append(node)
    return root


def _grid(schema: Schema, field: Field, data: Any) -> dict[str, Any]:
    """Return a list as a grid: a column for each item of its elements, with sums where they mean something.

    `key` is the number of the column that is always in sight: the last that is summed.
    """
    rows = value_at(data, field.path)
    rows = rows if isinstance(rows, list) else []
    sums = dict(sum_columns(schema, field, rows))
    return {
        "kind": "grid",
        "path": list(field.path),
        "title": _title(field),
        "description": field.description,
        "rows": len(rows),
        "columns": [_describe(item, _column_title(item)) for item in field.items],
        "sums": {str(number): text for number, text in sums.items()},
        "key": max(sums, default=None),
    }


def _group(schema: Schema, path: Path) -> dict[str, Any]:
    subschema = _object_schema(schema.document, path)
    title = subschema.get("title") or (readable_name(str(path[-1])) if path else schema.title)
    description = subschema.get("description") or ""
    return {"kind": "group", "path": list(path), "title": str(title), "description": str(description), "children": []}


def _describe(field: Field, title: str) -> dict[str, Any]:
    return {
        "path": list(field.path),
        "title": title,
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


def _column_title(item: Field) -> str:
    """Return the title of a column, with those of the objects inside the row that it belongs to."""
    depth = len(item.path) - 1
    parents = [names[-1] for names in item.parents[-depth:]] if depth > 0 else []
    return _COLUMN_SEPARATOR.join([*parents, _title(item)])


def full_titles(schema: Schema) -> dict[Path, str]:
    """Return by its path the title of every field, after those of the objects and the list that it is in."""
    titles: dict[Path, str] = {}
    for path, field in schema.all_fields():
        if "*" in path:
            names = [titles[path[: path.index("*")]], _column_title(field)]
        else:
            names = [*(parent[-1] for parent in field.parents if parent), _title(field)]
        titles[path] = _COLUMN_SEPARATOR.join(filter(None, names))
    return titles


def _object_schema(document: Any, path: Path) -> Mapping[str, Any]:
    """Return the subschema of the object at the path with its references resolved; empty where it is not spelt out."""
    subschema = _resolve(document, document)
    for step in path:
        properties = subschema.get("properties")
        if not isinstance(properties, Mapping) or step not in properties:
            return {}
        subschema = _resolve(document, properties[step])
    return subschema


def _resolve(document: Any, subschema: Any) -> dict[str, Any]:
    """Return a subschema with the keywords of what it refers to (`$ref` within the document) filled in."""
    found: dict[str, Any] = {}
    for _ in range(MAX_REFERENCES):
        if not isinstance(subschema, Mapping):
            break
        found = {**subschema, **found}
        reference = subschema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        subschema = document
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            subschema = subschema.get(name) if isinstance(subschema, Mapping) else None
    return found
