"""What is wanted: a JSON Schema read into fields, checks, and the list of what a decoder cannot hold.

Nothing is ever fetched: a `$ref` stays inside the schema or is refused. Names and limits are refused early, with the
place as a JSON pointer, so that a schema that loads can be used with every document.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from extractor.schemas.fields import Tree, readable_name
from extractor.schemas.index import Index
from extractor.schemas.limits import MAX_BYTES, MAX_DEPTH, MAX_ENUM, MAX_FIELDS, MAX_NODES, MAX_PATTERN, too_deep
from extractor.schemas.schema import Check, Schema, SchemaObject
from extractor.schemas.source import read, shipped_schemas

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_ENUM",
    "MAX_FIELDS",
    "MAX_NODES",
    "MAX_PATTERN",
    "Check",
    "Schema",
    "SchemaObject",
    "load_schema",
    "readable_name",
    "shipped_schemas",
]


def load_schema(source: str | os.PathLike | Mapping[str, Any]) -> Schema:
    """The schema in a mapping, in a `.json` file, or shipped under a name.

    Raises SchemaError with the place and the next step for anything that could fail later: JSON that is none (line and
    column), a duplicate key, NaN, a keyword that its metaschema refuses, a `$ref` that leaves the schema or points
    nowhere, a pattern that does not compile, a wrong annotation, and a schema that is or unfolds too large. Opens no
    file but `source`, and no connection.
    """
    name, document = read(source)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    try:
        index = Index(document)
        tree = Tree(index, document)
    except RecursionError:
        raise too_deep() from None
    return Schema(
        id=hashlib.sha256(canonical.encode("ascii")).hexdigest(),
        name=name or str(document.get("title") or "schema"),
        title=str(document.get("title") or name or ""),
        description=str(document.get("description") or ""),
        document=document,
        fields=tuple(tree.fields),
        objects=tuple(tree.parts),
        checks=tuple(tree.checks),
        unenforced=tuple(sorted(index.unheld | tree.unheld)),
    )
