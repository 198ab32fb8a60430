"""What a subschema says by itself: its annotations, patterns and values, each checked where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.kinds import VALUE_KINDS
from extractor.schemas.limits import MAX_ENUM, MAX_PATTERN
from extractor.schemas.schema import Check
from extractor.types import Path

_NEVER_ENFORCED = frozenset(
    {
        *("not", "if", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
        *("unevaluatedItems", "propertyNames", "uniqueItems", "contains", "patternProperties", "x-checks"),
        *("minProperties", "maxProperties", "minItems", "maxItems", "pattern", "minLength", "maxLength", "minimum"),
        *("maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format", "$dynamicRef", "$recursiveRef"),
    }
)
"""Keywords validated on the finished record: a decoder has no means for them, or the value is made by code."""
_CHECK_EXAMPLE = (
    'Write "x-checks": [{"expr": "this.net + this.tax == this.total", "message": "...", "tolerance": 0.01}].'
)
_LONGEST_QUOTE = 160


def check_annotations(schema: dict[str, Any], pointer: str) -> None:
    """Raise SchemaError where an annotation of the subschema at the JSON `pointer` has a wrong value."""
    labels = schema.get("x-labels")
    if labels is not None and not (isinstance(labels, list) and all(map(_is_name, labels))):
        raise SchemaError(f"{pointer}/x-labels is not a list of names.", 'Write "x-labels": ["Total", "Amount due"].')
    if "x-kind" in schema and not (isinstance(schema["x-kind"], str) and schema["x-kind"] in VALUE_KINDS):
        shown = shorten(json.dumps(schema["x-kind"], ensure_ascii=False))
        raise SchemaError(
            f"{pointer}/x-kind is {shown}, which is not a known kind.",
            f"Use one of: {', '.join(VALUE_KINDS)}; or leave x-kind out.",
        )
    if "x-unit" in schema and not _is_name(schema["x-unit"]):
        raise SchemaError(f"{pointer}/x-unit is not text.", 'Write the unit of the value, such as "x-unit": "kg".')
    if "x-source" in schema and schema["x-source"] not in ("copied", "judged"):
        raise SchemaError(
            f"{pointer}/x-source is neither copied nor judged.", 'Write "x-source": "copied" or "judged".'
        )
    if "x-checks" in schema:
        read_checks(schema["x-checks"], (), f"{pointer}/x-checks")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def read_checks(entries: Any, path: Path, pointer: str) -> list[Check]:
    """Return the checks of the object at `path`. Raises SchemaError with the JSON `pointer` of a wrong entry."""
    if not isinstance(entries, list):
        raise SchemaError(f"{pointer} is not a list.", _CHECK_EXAMPLE)
    checks = []
    for position, entry in enumerate(entries):
        where = f"{pointer}/{position}"
        if not isinstance(entry, dict) or not _is_name(entry.get("expr")):
            raise SchemaError(f"{where} has no text under `expr`.", _CHECK_EXAMPLE)
        unknown = sorted(set(entry) - {"expr", "message", "tolerance"})
        if unknown:
            raise SchemaError(f"{where} has an unknown key: {', '.join(map(shorten, unknown))}.", _CHECK_EXAMPLE)
        if not isinstance(entry.get("message", ""), str):
            raise SchemaError(f"{where}/message is not text.", _CHECK_EXAMPLE)
        tolerance = entry.get("tolerance", 0)
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or tolerance < 0:
            raise SchemaError(f"{where}/tolerance is not a number from 0 up.", _CHECK_EXAMPLE)
        checks.append(Check(path, entry["expr"].strip(), entry.get("message", ""), float(tolerance)))
    return checks


def check_patterns_and_enum(schema: dict[str, Any], pointer: str) -> None:
    """Raise SchemaError where a pattern of the subschema does not compile, or where a pattern or `enum` is too long."""
    for keyword, pattern in _patterns(schema):
        if len(pattern) > MAX_PATTERN:
            raise SchemaError(
                f"{pointer}/{keyword} is longer than {MAX_PATTERN:,} characters.", "Use a shorter pattern."
            )
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise SchemaError(
                f"{pointer}/{keyword}: {shorten(pattern)!r} does not compile: {error}.",
                "Use the regular expressions that Python and ECMAScript share.",
            ) from None
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) > MAX_ENUM:
        raise SchemaError(f"{pointer}/enum has more than {MAX_ENUM:,} values.", "Leave the enum out and check later.")


def _patterns(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the regular expressions of a subschema with the keywords they stand under."""
    if isinstance(schema.get("pattern"), str):
        yield "pattern", schema["pattern"]
    if isinstance(schema.get("patternProperties"), dict):
        for name in schema["patternProperties"]:
            yield "patternProperties", name


def unenforced_keywords(schema: dict[str, Any]) -> set[str]:
    """Return the keywords of a subschema that constrained decoding cannot enforce."""
    found = {
        key for key in _NEVER_ENFORCED if key in schema and schema[key] is not False and schema[key] not in ([], {})
    }
    if "enum" in schema and schema.get("x-source") == "copied":
        found.add("enum")
    if isinstance(schema.get("oneOf"), list) and not _are_disjoint(schema["oneOf"]):
        found.add("oneOf")
    return found


def _are_disjoint(branches: list[Any]) -> bool:
    """Return whether no value can fit two branches, as far as their own types and constants show."""
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
    have_values = ["const" in branch or "enum" in branch for branch in branches]
    return all(have_values) or not any(have_values)


def shorten(text: str) -> str:
    """Return `text` cut to a length that fits an error message."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
