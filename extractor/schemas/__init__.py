"""A JSON Schema with annotations, read into the fields wanted, the objects around them, and the rules between them.

Nothing is ever fetched: a `$ref` stays inside the schema or is refused. Names and limits are refused early, with the
place as a JSON pointer, so that a schema that loads can be used with every document. Modules in reading order:

`schema`                   `Schema`, `SchemaObject`, `Check`: what comes out
`source`                   where a schema comes from, as strict JSON
`limits`, `kinds`,
`annotations`              what a single subschema may say
`index`                    every subschema checked, and where references lead
`application`              how many steps validating takes
`subschemas`, `flattening`,
`standalone`, `fields`     from subschemas to fields
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from extractor.schemas.application import StepCount, StepCounter, refuse_multiplied_branches
from extractor.schemas.fields import FieldTree
from extractor.schemas.index import SchemaIndex
from extractor.schemas.kinds import VALUE_KINDS
from extractor.schemas.limits import MAX_BYTES, MAX_DEPTH, MAX_ENUM, MAX_FIELDS, MAX_NODES, MAX_PATTERN, too_deep
from extractor.schemas.schema import Check, Schema, SchemaObject
from extractor.schemas.source import read_source, shipped_schemas
from extractor.schemas.subschemas import readable_name

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_ENUM",
    "MAX_FIELDS",
    "MAX_NODES",
    "MAX_PATTERN",
    "VALUE_KINDS",
    "Check",
    "Schema",
    "SchemaObject",
    "StepCount",
    "StepCounter",
    "load_schema",
    "readable_name",
    "shipped_schemas",
]

KEPT_SCHEMAS = 256
"""Schemas that are kept once they are checked: a server is asked for the same few with every request."""


def load_schema(source: str | os.PathLike | Mapping[str, Any]) -> Schema:
    """Return the schema in a mapping, in a `.json` file, or shipped under a name.

    Raises SchemaError with the place and the next step for anything that could fail later: text that is not JSON (line
    and column), a duplicate key, NaN, a keyword that its metaschema refuses, a `$ref` that leaves the schema or points
    nowhere, a pattern that does not compile, a wrong annotation, and a schema that is or unfolds too large. Opens no
    file but `source`, and no connection. The same schema may be the same object each time.
    """
    name, document = read_source(source)
    try:
        text = json.dumps(document)
    except RecursionError:
        raise too_deep() from None
    return _load(name, text)


@functools.lru_cache(KEPT_SCHEMAS)
def _load(name: str, text: str) -> Schema:
    """Return the schema of that name in JSON text that `read_source` found to be strict."""
    document = json.loads(text)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    try:
        index = SchemaIndex(document)
        tree = FieldTree(index, document)
        refuse_multiplied_branches(document, index)
    except RecursionError:
        raise too_deep() from None
    return Schema(
        id=hashlib.sha256(canonical.encode("ascii")).hexdigest(),
        name=name or str(document.get("title") or "schema"),
        title=str(document.get("title") or name or ""),
        description=str(document.get("description") or ""),
        document=document,
        fields=tuple(tree.fields),
        objects=tuple(tree.objects),
        checks=tuple(tree.checks),
        unenforced=tuple(sorted(index.unenforced | tree.unenforced)),
    )
