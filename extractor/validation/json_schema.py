"""JSON Schema, with formats asserted and nothing fetched.

`jsonschema-rs` passes the whole published test suite, its regular expressions take linear time (or give up, when they
need backtracking), and it can be kept from fetching anything. The Python library of the same purpose needs seconds for
`^(a+)+$` on 24 characters and for `uniqueItems` on 3,000 objects.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extractor.errors import SchemaError
from extractor.types import Path, Problem
from extractor.values import contacts

_MAX_ERRORS = 1_000
_BACKTRACK_LIMIT = 100_000
_FORMATS = frozenset(
    {
        *("date", "time", "date-time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uri-template", "json-pointer", "relative-json-pointer", "regex", "uuid", "phone"),
    }
)
_HOLDS_DATA = frozenset({"enum", "const", "default", "examples"})


def find_violations(schema: Mapping[str, Any], data: Any) -> Iterator[Problem]:
    """What of `schema` the record breaks; a missing property is reported at its own path."""
    validator, unchecked = _validator(json.dumps(schema, ensure_ascii=False))
    for name in unchecked:
        yield Problem(
            (), "format_not_checked", f"the schema asks for the format “{name}”, which nothing here can check"
        )
    for count, error in enumerate(_errors(validator, data)):
        if count == _MAX_ERRORS:
            yield Problem((), "too_many", f"more than {_MAX_ERRORS:,} breaches of the schema; the rest is not listed")
            return
        yield from _as_problems(error, schema)


def _errors(validator: Any, data: Any) -> Iterator[Any]:
    try:
        return validator.iter_errors(data)
    except UnicodeEncodeError:  # half a surrogate pair, which is no text to the validator
        return validator.iter_errors(json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")))


@functools.lru_cache(maxsize=64)
def _validator(schema_text: str) -> tuple[Any, tuple[str, ...]]:
    import jsonschema_rs

    schema = json.loads(schema_text)
    try:
        validator = jsonschema_rs.validator_for(
            schema,
            validate_formats=True,
            formats={"phone": lambda text: bool(contacts.find_phones(text)) or text.isdigit()},
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
            offline=True,
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        said = str(error).split("\n")[0]
        hint = "Mend the schema. A $ref must stay inside it: nothing is fetched."
        raise SchemaError(f"The schema cannot be checked against: {said}", hint) from None
    return validator, tuple(sorted(_formats(schema) - _FORMATS))


def _formats(schema: Any) -> set[str]:
    found: set[str] = set()
    rest = [(schema, False)]
    while rest:
        node, named = rest.pop()
        if isinstance(node, dict):
            if not named and isinstance(node.get("format"), str):
                found.add(node["format"])
            properties = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
            rest += [
                (child, not named and name in properties)
                for name, child in node.items()
                if named or not (name in _HOLDS_DATA or name.startswith("x-"))
            ]
        elif isinstance(node, list):
            rest += [(child, False) for child in node]
    return found


def _as_problems(error: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    path: Path = tuple(error.instance_path)
    keyword = next((step for step in reversed(error.schema_path) if isinstance(step, str)), "schema")
    if keyword == "required":
        name = error.kind.property
        yield Problem((*path, name), "missing", f"“{name}” is required and missing")
        return
    if keyword == "additionalProperties" and isinstance(error.instance, dict):
        known = _node(schema, error.schema_path[:-1]).get("properties", {})
        extra = [name for name in error.instance if name not in known]
        for name in extra:
            yield Problem((*path, name), "schema", "the schema has no such property")
        if extra:
            return
    message = error.message if len(error.message) <= 240 else f"{error.message[:120]} ... {error.message[-110:]}"
    yield Problem(path, "format" if keyword == "format" else "schema", message)


def _node(schema: Any, steps: Iterable[str | int]) -> Mapping[str, Any]:
    for step in steps:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema if isinstance(schema, Mapping) else {}
