"""A draft as JSON Schema (draft 2020-12) with the annotations of `schemas/README.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from extractor.schema_design.draft import NUMERIC, WITH_COLUMNS, DraftError, FieldDraft, FieldType, SchemaDraft
from extractor.schema_design.draft_checks import write_check
from extractor.schema_design.proposals import with_keys
from extractor.schema_design.schema_reading import read_field, resolve
from extractor.schemas.subschemas import type_set

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_KEYWORDS_OF_TYPE: Mapping[FieldType, Mapping[str, Any]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.IDENTIFIER: {"type": "string", "x-kind": "identifier"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.MONEY: {"type": "number", "x-kind": "money"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATE_TIME: {"type": "string", "x-kind": "date-time"},
    FieldType.TIME: {"type": "string", "x-kind": "time"},
    FieldType.BOOLEAN: {"type": "boolean", "x-source": "copied"},
    FieldType.CHOICE: {"type": "string", "x-source": "copied"},
    FieldType.EMAIL: {"type": "string", "format": "email"},
    FieldType.PHONE: {"type": "string", "format": "phone"},
    FieldType.URI: {"type": "string", "format": "uri"},
    FieldType.POSTAL_ADDRESS: {"type": "string", "x-kind": "postal-address"},
    FieldType.ORGANIZATION: {"type": "string", "x-kind": "organization-name"},
    FieldType.LIST: {"type": "array", "items": {"type": "object"}},
    FieldType.TEXTS: {"type": "array", "items": {"type": "string"}},
    FieldType.GROUP: {"type": "object"},
}
"""What a field of each type has in JSON Schema, besides its names; null is added where it is not required."""


def draft_to_schema(draft: SchemaDraft) -> dict[str, Any]:
    """Return the JSON Schema of a draft; what was read from a schema and not changed is as it was.

    Raises DraftError, in words of the screen, where a field has no name, a choice no choices, a list no columns, two
    fields one name, or a check no fields.
    """
    if not draft.fields:
        raise DraftError("no_fields", "There are no fields.", "Add a field.")
    original = dict(draft.original or {"$schema": DRAFT})
    fields = with_keys(draft.fields)
    schema = {key: value for key, value in original.items() if key in ("$schema", "$id")}
    schema |= {"title": draft.title} if draft.title else {}
    schema |= {"description": draft.description} if draft.description else {}
    schema |= {"type": "object"}
    kept = (*schema, "title", "description", "required")
    schema |= {key: value for key, value in original.items() if key not in kept}
    schema |= _write_properties(fields, original, original.get("required", ()))
    checks = [write_check(check, fields) for check in draft.checks]
    return schema | ({"x-checks": checks} if checks else {})


def _write_properties(
    fields: Sequence[FieldDraft], document: Mapping[str, Any], before: Sequence[str]
) -> dict[str, Any]:
    """Return `properties` and `required` for the fields of one object; `before` is the order it had in `required`."""
    names: set[str] = set()
    for field in fields:
        if not field.name:
            raise DraftError("no_name", "A field has no name.", "Write its name, or remove the field.", "")
        if field.name.casefold() in names:
            raise DraftError(
                "same_name", f"Two fields are called “{field.name}”.", "Give one of them another name.", field.name
            )
        names.add(field.name.casefold())
    written = {"properties": {field.key: _write_field(field, document) for field in fields}}
    required = [field.key for field in fields if field.required or field.listed]
    required.sort(key=lambda key: before.index(key) if key in before else len(before))
    return written | ({"required": required} if required else {})


def _write_field(field: FieldDraft, document: Mapping[str, Any]) -> Any:
    before = None
    if field.original is not None:
        before = read_field(field.key, field.original, field.listed, document)
        if _comparable(before) == _comparable(field):
            return field.original
        if field.type is FieldType.OTHER:
            return _with_names(resolve(field.original, document), field, document)
    elif field.type is FieldType.OTHER:
        raise DraftError("no_type", f"“{field.name}” has no type.", "Choose a type.", field.name)
    keeps_type = before is not None and before.type is field.type
    schema = resolve(field.original, document) if keeps_type else dict(_KEYWORDS_OF_TYPE[field.type])
    schema = _with_type(schema, field)
    return _with_names(schema, field, document)


def _with_type(schema: dict[str, Any], field: FieldDraft) -> dict[str, Any]:
    """Return the keywords of a field's type, with what it holds filled in."""
    if field.type in WITH_COLUMNS:
        return schema
    if field.type is not FieldType.TEXTS:
        types = [*sorted(type_set(schema.get("type", "string")) - {"null"}), *(() if field.required else ("null",))]
        schema["type"] = types if len(types) > 1 else types[0]
    if field.type is FieldType.CHOICE:
        if not field.choices:
            raise DraftError(
                "no_choices",
                f"“{field.name}” has no choices.",
                "Write them, separated by semicolons.",
                field.name,
            )
        schema["enum"] = [*field.choices, *(() if field.required else (None,))]
    if field.type in NUMERIC:
        schema.pop("x-unit", None)
        schema |= {"x-unit": field.unit} if field.unit else {}
    return schema


def _with_names(schema: dict[str, Any], field: FieldDraft, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field's subschema with its title, description, labels and columns."""
    columns = field.columns
    if field.type in WITH_COLUMNS and not columns:
        raise DraftError(
            "no_columns", f"“{field.name}” has no columns.", "Add a column, or choose another type.", field.name
        )
    kept = {key: value for key, value in schema.items() if key not in ("title", "description", "x-labels")}
    named: dict[str, Any] = {"type": kept.pop("type")} if "type" in kept else {}
    named["title"] = field.name
    if field.description:
        named["description"] = field.description
    labels = [label for label in field.labels if label != field.name]
    if labels:
        named["x-labels"] = labels
    named |= kept
    if field.type is FieldType.GROUP:
        named |= _write_properties(with_keys(columns), document, named.pop("required", ()))
    elif field.type is FieldType.LIST:
        element = resolve(named.get("items"), document)
        before = element.pop("required", ())
        named["items"] = {"type": "object", **element, **_write_properties(with_keys(columns), document, before)}
    return named


def _comparable(field: FieldDraft) -> FieldDraft:
    """Return what a person can change of a field."""
    columns = tuple(map(_comparable, field.columns))
    return replace(field, sample=None, original=None, columns=columns)
