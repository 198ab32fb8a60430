"""What one subschema says about its type and its names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from extractor.types import Path

SCALAR_TYPES = ("string", "integer", "number", "boolean")
_KEYWORDS_OF_TYPE = {
    "object": ("properties", "patternProperties", "required"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def type_set(value: Any) -> set[str]:
    """Return the types in the value of `type`, which is a name, a list of names or None."""
    return set() if value is None else {value} if isinstance(value, str) else set(value)


def constant_values(subschema: Mapping[str, Any]) -> list[Any] | None:
    """Return the values that `enum` or `const` allow, None where the subschema has neither."""
    if "enum" in subschema:
        return subschema["enum"]
    return [subschema["const"]] if "const" in subschema else None


def allowed_types(subschema: Mapping[str, Any]) -> set[str]:
    """Return the types that a subschema allows, by `type`, its values, or its keywords; empty where nothing says."""
    if "type" in subschema:
        return type_set(subschema["type"])
    values = constant_values(subschema)
    if values is not None:
        return {_type_of_value(value) for value in values}
    for name, keywords in _KEYWORDS_OF_TYPE.items():
        if any(keyword in subschema for keyword in keywords):
            return {name}
    return set()


def _type_of_value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def scalar_type(types: set[str]) -> str:
    """Return the one scalar type to ask for, null aside; empty where `types` are not all scalar.

    Text wins over numbers, because any number can be written as text.
    """
    types = types - {"null"}
    if not types <= set(SCALAR_TYPES):
        return ""
    if len(types) == 1:
        return next(iter(types))
    if types == {"integer", "number"}:
        return "number"
    return "string" if "string" in types else ""


def labels_of(subschema: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the labels of a field: its `x-labels` and its title, or else its property name read as words."""
    labels = [label.strip() for label in subschema.get("x-labels", ())]
    title = subschema.get("title")
    if isinstance(title, str) and title.strip():
        labels.append(title.strip())
    if not labels and path:
        labels.append(readable_name(str(path[-1])))
    return tuple(dict.fromkeys(labels))


def readable_name(name: str) -> str:
    """Return a property name as words: `gross_amount` and `grossAmount` are `gross amount`.

    Names in scripts without capital letters stay as they are.
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", re.sub(r"[_\-.\s]+", " ", name))
    words = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split())
    return words or name
