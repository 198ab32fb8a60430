"""A JSON Schema as a draft: what a screen can show of it, with the rest kept as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.schema_design.draft import FieldDraft, FieldType, SchemaDraft
from extractor.schema_design.draft_checks import read_check
from extractor.schemas.subschemas import allowed_types, readable_name
from extractor.values.territories import currency_codes
from extractor.values.units import parse_unit

MAX_REFERENCES = 16
"""References followed from one field, one after another; a longer chain is a circle."""
_TYPE_OF_FORMAT = {
    "date": FieldType.DATE,
    "date-time": FieldType.DATE_TIME,
    "time": FieldType.TIME,
    "email": FieldType.EMAIL,
    "phone": FieldType.PHONE,
    "uri": FieldType.URI,
}
_TYPE_OF_KIND = {
    "identifier": FieldType.IDENTIFIER,
    "date": FieldType.DATE,
    "date-time": FieldType.DATE_TIME,
    "time": FieldType.TIME,
    "email": FieldType.EMAIL,
    "phone": FieldType.PHONE,
    "uri": FieldType.URI,
    "postal-address": FieldType.POSTAL_ADDRESS,
    "organization-name": FieldType.ORGANIZATION,
}
_DEFINITIONS = ("$defs", "definitions")
_COMBINING = ("anyOf", "oneOf", "allOf", "if", "patternProperties", "$dynamicRef", "$recursiveRef")


def draft_from_schema(document: Mapping[str, Any]) -> SchemaDraft:
    """Return the draft of a JSON Schema that `extractor.schemas.load_schema` accepts.

    `draft_to_schema` gives the same schema back where nothing is changed.
    """
    properties = document.get("properties") or {}
    required = set(document.get("required") or ())
    fields = tuple(read_field(key, sub, key in required, document) for key, sub in properties.items())
    checks = tuple(read_check(entry) for entry in document.get("x-checks") or ())
    original = {key: value for key, value in document.items() if key not in ("properties", "x-checks")}
    return SchemaDraft(
        title=str(document.get("title") or ""),
        description=str(document.get("description") or ""),
        fields=fields,
        checks=checks,
        original=original,
    )


def read_field(key: str, subschema: Any, listed: bool, document: Mapping[str, Any]) -> FieldDraft:
    """Return the field of a property; `listed` says that its object requires it, `document` holds what it refers to."""
    schema = resolve(subschema, document)
    name = str(schema.get("title") or "").strip() or readable_name(key)
    field_type = _field_type(schema, document)
    columns: tuple[FieldDraft, ...] = ()
    if field_type in (FieldType.GROUP, FieldType.LIST):
        holder = schema if field_type is FieldType.GROUP else resolve(schema.get("items"), document)
        inner = set(holder.get("required") or ())
        columns = tuple(
            read_field(name, sub, name in inner, document) for name, sub in (holder.get("properties") or {}).items()
        )
    labels = tuple(dict.fromkeys(str(label).strip() for label in schema.get("x-labels") or ()))
    unit_holder = resolve(schema.get("items"), document) if field_type is FieldType.TEXTS else schema
    return FieldDraft(
        name=name,
        type=field_type,
        key=key,
        unit=str(unit_holder.get("x-unit") or ""),
        labels=tuple(label for label in labels if label and label != name),
        required=listed and "null" not in allowed_types(schema),
        choices=tuple(value for value in schema["enum"] if value is not None) if field_type is FieldType.CHOICE else (),
        columns=columns,
        description=str(schema.get("description") or ""),
        original=subschema,
        listed=listed,
    )


def resolve(subschema: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a subschema with its reference into the schema's definitions followed; what stands beside it wins.

    A reference that leads elsewhere, or in a circle, is left as it is.
    """
    schema = dict(subschema) if isinstance(subschema, Mapping) else {}
    for _ in range(MAX_REFERENCES):
        target = _definition(schema.get("$ref"), document)
        if target is None:
            return schema
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return dict(subschema)


def _definition(reference: Any, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if not isinstance(reference, str):
        return None
    for place in _DEFINITIONS:
        prefix = f"#/{place}/"
        if reference.startswith(prefix):
            name = reference[len(prefix) :].replace("~1", "/").replace("~0", "~")
            found = (document.get(place) or {}).get(name)
            return found if isinstance(found, Mapping) and not _contains_itself(reference, found) else None
    return None


def _contains_itself(reference: str, target: Any) -> bool:
    """Decide whether a definition refers to itself somewhere inside."""
    stack = [target]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            if item.get("$ref") == reference:
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False


def _field_type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> FieldType:
    if not schema or "const" in schema or "$ref" in schema or any(key in schema for key in _COMBINING):
        return FieldType.OTHER
    if "enum" in schema:
        options = [value for value in schema["enum"] if value is not None]
        plain = bool(options) and all(isinstance(value, str) and value.strip() == value != "" for value in options)
        return FieldType.CHOICE if plain else FieldType.OTHER
    types = allowed_types(schema) - {"null"}
    if len(types) != 1:
        return FieldType.OTHER
    (only,) = types
    if only == "object":
        return FieldType.GROUP if schema.get("properties") else FieldType.OTHER
    if only == "array":
        return _list_type(resolve(schema.get("items"), document))
    if only == "string":
        declared = _TYPE_OF_KIND.get(str(schema.get("x-kind", "")))
        return declared or _TYPE_OF_FORMAT.get(str(schema.get("format", "")), FieldType.TEXT)
    if only == "number":
        return FieldType.MONEY if schema.get("x-kind") == "money" or _is_currency(schema) else FieldType.NUMBER
    return FieldType.INTEGER if only == "integer" else FieldType.BOOLEAN


def _list_type(items: Mapping[str, Any]) -> FieldType:
    types = allowed_types(items) - {"null"}
    if types == {"object"} and items.get("properties") and not any(key in items for key in ("$ref", *_COMBINING)):
        return FieldType.LIST
    return FieldType.TEXTS if types == {"string"} and "enum" not in items else FieldType.OTHER


def _is_currency(schema: Mapping[str, Any]) -> bool:
    unit = parse_unit(str(schema.get("x-unit") or ""))
    return unit is not None and bool(unit.dimensions & currency_codes())
