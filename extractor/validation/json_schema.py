"""Validation against JSON Schema, with formats asserted and nothing fetched.

`jsonschema-rs` passes the whole published test suite, its regular expressions take linear time (or give up, when they
need backtracking), and it can be kept from fetching anything. It cannot be stopped, so its steps are counted before it
is called; with that bound it needs no process of its own. The Python library of the same purpose needs seconds for
`^(a+)+$` on 24 characters and for `uniqueItems` on 3,000 objects.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extractor.errors import SchemaError
from extractor.problems import ProblemKind
from extractor.schemas import StepCounter
from extractor.types import Path, Problem
from extractor.values import contacts

_MAX_ERRORS = 1_000
_BACKTRACK_LIMIT = 100_000
_MAX_SQUARED_CHARACTERS = 100_000_000
"""Sum of the squared lengths of a record's texts up to which patterns with look-around or back-references are tried:
the time of such a pattern grows with the square, three seconds for this many."""
_LOOK_AROUND = re.compile(r"\(\?(?:<?[=!]|>|\()|\\(?:[1-9]|k<|K|G)|[*+?}]\+")
"""What only the slow kind of pattern can hold; sometimes also what looks like it, such as a `\\+` behind a star."""
_MAX_STEPS = 5_000_000
"""Steps of deciding whether a record is valid; the validator takes some ten million in a second."""
_MAX_REPEATED_STEPS = 5_000
"""Repeated steps up to which the violations are listed: the errors of all branches are kept, which takes 46 seconds at
65,000 and a tenth of a second at 4,000."""
_MAX_MESSAGE = 240
"""Characters; a longer message of the validator keeps its beginning and its end."""
_FORMATS = frozenset(
    {
        *("date", "time", "date-time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uri-template", "json-pointer", "relative-json-pointer", "regex", "uuid", "phone"),
    }
)
_HOLDS_DATA = frozenset({"enum", "const", "default", "examples"})
"""Keywords whose value is data rather than a schema."""


def find_violations(schema: Mapping[str, Any], data: Any) -> Iterator[Problem]:
    """Yield what of `schema` the record violates; a missing property is reported at its own path.

    Raise SchemaError for a schema that cannot be used.
    """
    schema_text = json.dumps(schema, ensure_ascii=False)
    validator, unchecked, counter = _validator(schema_text)
    for name in unchecked:
        yield Problem((), ProblemKind.FORMAT_NOT_CHECKED, f"the format “{name}” of the schema cannot be checked here")
    if _LOOK_AROUND.search(schema_text) and _squared_characters(data) > _MAX_SQUARED_CHARACTERS:
        bounded = _without_slow_patterns(schema)
        if bounded != schema:
            validator, _, _ = _validator(json.dumps(bounded, ensure_ascii=False))
            message = "the texts are too long to try patterns with look-around or back-references on them"
            yield Problem((), ProblemKind.CHECK_NOT_RUN, message)
    steps = counter.count(data)
    if steps.all > _MAX_STEPS:
        message = (
            "the record was not checked against the schema: its choices (anyOf, oneOf) multiply to over "
            f"{_MAX_STEPS:,} steps"
        )
        yield Problem((), ProblemKind.CHECK_NOT_RUN, message)
        return
    if steps.repeated > _MAX_REPEATED_STEPS:
        if not _is_valid(validator, data):
            message = "the record violates the schema; where, its choices inside choices (anyOf, oneOf) leave too open"
            yield Problem((), ProblemKind.SCHEMA, message)
        return
    for count, error in enumerate(_errors(validator, data)):
        if count == _MAX_ERRORS:
            message = f"the record violates the schema in more than {_MAX_ERRORS:,} places; the rest is not listed"
            yield Problem((), ProblemKind.TOO_MANY, message)
            return
        yield from _as_problems(error, schema)


def _squared_characters(data: Any) -> int:
    """Return the sum of the squared lengths of all texts and property names in a record."""
    total, rest = 0, [data]
    while rest:
        node = rest.pop()
        if isinstance(node, str):
            total += len(node) ** 2
        elif isinstance(node, dict):
            rest += [*node, *node.values()]
        elif isinstance(node, list):
            rest += node
    return total


def _without_slow_patterns(schema: Any) -> Any:
    """Return a copy of a schema without its patterns that have look-around or back-references."""
    if isinstance(schema, list):
        return [_without_slow_patterns(inner) for inner in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {
        key: _without_slow_patterns(inner)
        for key, inner in schema.items()
        if not (key == "pattern" and isinstance(inner, str) and _LOOK_AROUND.search(inner))
    }
    names = kept.get("patternProperties")
    if isinstance(names, dict) and any(map(_LOOK_AROUND.search, names)):
        # What a pattern of names covers cannot be known without it, and so not what is additional.
        for keyword in ("patternProperties", "additionalProperties", "unevaluatedProperties"):
            kept.pop(keyword, None)
    return kept


def _errors(validator: Any, data: Any) -> Iterator[Any]:
    try:
        return validator.iter_errors(data)
    except UnicodeEncodeError:
        return validator.iter_errors(_without_surrogates(data))


def _is_valid(validator: Any, data: Any) -> bool:
    try:
        return validator.is_valid(data)
    except UnicodeEncodeError:
        return validator.is_valid(_without_surrogates(data))


def _without_surrogates(data: Any) -> Any:
    """Return the same data without halves of surrogate pairs, which the validator cannot take."""
    return json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))


@functools.lru_cache(maxsize=64)
def _validator(schema_text: str) -> tuple[Any, tuple[str, ...], StepCounter]:
    """Return the validator of a schema, the names of its formats that the validator does not know, and its steps."""
    import jsonschema_rs

    schema = json.loads(schema_text)
    try:
        validator = jsonschema_rs.validator_for(
            schema,
            validate_formats=True,
            formats={"phone": contacts.is_phone},
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
            offline=True,
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        reason = str(error).split("\n")[0]
        hint = "Correct the schema. A $ref must stay inside it: nothing is fetched."
        raise SchemaError(f"The schema cannot be used for validation: {reason}", hint) from None
    return validator, tuple(sorted(_formats(schema) - _FORMATS)), StepCounter(schema)


def _formats(schema: Any) -> set[str]:
    """Return the formats that a schema asks for; a property that is called `format` is none."""
    found: set[str] = set()
    rest = [(schema, False)]
    while rest:
        node, is_name_map = rest.pop()
        if isinstance(node, dict):
            if not is_name_map and isinstance(node.get("format"), str):
                found.add(node["format"])
            properties = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
            rest += [
                (child, not is_name_map and name in properties)
                for name, child in node.items()
                if is_name_map or not (name in _HOLDS_DATA or name.startswith("x-"))
            ]
        elif isinstance(node, list):
            rest += [(child, False) for child in node]
    return found


def _as_problems(error: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield one error of the validator as problems at the paths of the values they are about."""
    path: Path = tuple(error.instance_path)
    keyword = next((step for step in reversed(error.schema_path) if isinstance(step, str)), "schema")
    if keyword == "required":
        name = error.kind.property
        yield Problem((*path, name), ProblemKind.MISSING, f"“{name}” is required and missing")
        return
    if keyword == "additionalProperties" and isinstance(error.instance, dict):
        known = _node(schema, error.schema_path[:-1]).get("properties", {})
        extra = [name for name in error.instance if name not in known]
        for name in extra:
            yield Problem((*path, name), ProblemKind.SCHEMA, "the schema has no such property")
        if extra:
            return
    message = error.message
    if len(message) > _MAX_MESSAGE:
        message = f"{message[:120]} ... {message[-110:]}"
    yield Problem(path, ProblemKind.FORMAT if keyword == "format" else ProblemKind.SCHEMA, message)


def _node(schema: Any, steps: Iterable[str | int]) -> Mapping[str, Any]:
    """Return the object at `steps` within the schema; empty where there is none."""
    for step in steps:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema if isinstance(schema, Mapping) else {}
