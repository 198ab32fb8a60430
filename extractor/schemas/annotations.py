"""What a subschema says by itself: its annotations, patterns and values, each checked where it stands."""

from __future__ import annotations

import json
import re
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.kinds import VALUE_KINDS
from extractor.schemas.limits import MAX_ENUM, MAX_PATTERN
from extractor.schemas.schema import Check
from extractor.types import Path

_NEVER_HELD = frozenset(
    {
        *("not", "if", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
        *("unevaluatedItems", "propertyNames", "uniqueItems", "contains", "patternProperties", "x-checks"),
        *("minProperties", "maxProperties", "minItems", "maxItems", "pattern", "minLength", "maxLength", "minimum"),
        *("maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format", "$dynamicRef", "$recursiveRef"),
    }
)
"""Keywords checked on the finished record: a decoder has no means for them, or the value is made by code."""


def check_annotations(schema: dict[str, Any], place: str) -> None:
    labels = schema.get("x-labels")
    if labels is not None and not (
        isinstance(labels, list) and all(isinstance(label, str) and label.strip() for label in labels)
    ):
        raise SchemaError(f"{place}/x-labels is not a list of names.", 'Write "x-labels": ["Total", "Amount due"].')
    if "x-kind" in schema and not (isinstance(schema["x-kind"], str) and schema["x-kind"] in VALUE_KINDS):
        raise SchemaError(
            f"{place}/x-kind is {short(json.dumps(schema['x-kind'], ensure_ascii=False))}, which is not a known kind.",
            f"Use one of: {', '.join(VALUE_KINDS)}; or leave x-kind out.",
        )
    if "x-unit" in schema and not (isinstance(schema["x-unit"], str) and schema["x-unit"].strip()):
        raise SchemaError(f"{place}/x-unit is not text.", 'Write the unit of the value, such as "x-unit": "kg".')
    if "x-source" in schema and schema["x-source"] not in ("copied", "judged"):
        raise SchemaError(f"{place}/x-source is neither copied nor judged.", 'Write "x-source": "copied" or "judged".')
    if "x-checks" in schema:
        checks(schema["x-checks"], (), f"{place}/x-checks")


def checks(entries: Any, path: Path, place: str) -> list[Check]:
    example = 'Write "x-checks": [{"expr": "this.net + this.tax == this.total", "message": "...", "tolerance": 0.01}].'
    if not isinstance(entries, list):
        raise SchemaError(f"{place} is not a list.", example)
    found = []
    for position, entry in enumerate(entries):
        where = f"{place}/{position}"
        if not isinstance(entry, dict) or not isinstance(entry.get("expr"), str) or not entry["expr"].strip():
            raise SchemaError(f"{where} has no text under `expr`.", example)
        unknown = sorted(set(entry) - {"expr", "message", "tolerance"})
        if unknown:
            raise SchemaError(f"{where} has an unknown key: {', '.join(map(short, unknown))}.", example)
        if not isinstance(entry.get("message", ""), str):
            raise SchemaError(f"{where}/message is not text.", example)
        tolerance = entry.get("tolerance", 0)
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or tolerance < 0:
            raise SchemaError(f"{where}/tolerance is not a number from 0 up.", example)
        found.append(Check(path, entry["expr"].strip(), entry.get("message", ""), float(tolerance)))
    return found


def check_values(schema: dict[str, Any], place: str) -> None:
    patterns = [("pattern", schema["pattern"])] if isinstance(schema.get("pattern"), str) else []
    if isinstance(schema.get("patternProperties"), dict):
        patterns += [("patternProperties", name) for name in schema["patternProperties"]]
    for keyword, pattern in patterns:
        if len(pattern) > MAX_PATTERN:
            raise SchemaError(f"{place}/{keyword} is longer than {MAX_PATTERN:,} characters.", "Use a shorter pattern.")
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise SchemaError(
                f"{place}/{keyword}: {short(pattern)!r} does not compile: {error}.",
                "Use the regular expressions that Python and ECMAScript share.",
            ) from None
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) > MAX_ENUM:
        raise SchemaError(f"{place}/enum has more than {MAX_ENUM:,} values.", "Leave the enum out and check later.")


def unheld(schema: dict[str, Any]) -> set[str]:
    found = {key for key in _NEVER_HELD if key in schema and schema[key] is not False and schema[key] not in ([], {})}
    if "enum" in schema and schema.get("x-source") == "copied":
        found.add("enum")
    if isinstance(schema.get("oneOf"), list) and not _disjoint(schema["oneOf"]):
        found.add("oneOf")
    return found


def _disjoint(branches: list[Any]) -> bool:
    """True where no value can fit two branches, as far as types and constants on the surface show."""
    seen: set[str] = set()
    for branch in branches:
        if not isinstance(branch, dict):
            return False
        if "const" in branch or "enum" in branch:
            marks = {json.dumps(value, sort_keys=True) for value in branch.get("enum", [branch.get("const")])}
        elif "type" in branch:
            types = {branch["type"]} if isinstance(branch["type"], str) else set(branch["type"])
            marks = types | ({"integer"} if "number" in types else set())
        else:
            return False
        if marks & seen:
            return False
        seen |= marks
    return all("const" in b or "enum" in b for b in branches) or not any("const" in b or "enum" in b for b in branches)


def short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:160]}..."
