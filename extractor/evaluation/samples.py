"""Eval sets: a folder with documents, `gold.jsonl` and a schema, read into samples."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import InputError, SchemaError
from extractor.schemas import Schema, load_schema

GOLD_FILE, SCHEMA_FILE = "gold.jsonl", "schema.json"
HINT = "eval/README.md describes what a set holds."


@dataclass(frozen=True, slots=True)
class Sample:
    """One document with its gold record; `document` is its path in the set's folder.

    A field that `gold` leaves out is not scored; null says that the document has no value for it. `more` holds the
    other keys of the line in `gold.jsonl` (`kind`, `format`, `notes`, ...).
    """

    document: str
    gold: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvalSet:
    """A folder of documents with gold, in the order of its `gold.jsonl`."""

    name: str
    folder: FilePath
    samples: tuple[Sample, ...]


def load_set(folder: str | os.PathLike[str]) -> EvalSet:
    """Return the set in `folder`.

    Raises InputError, naming the line, for a `gold.jsonl` that is missing, empty or malformed. The documents are not
    opened: one that cannot be read becomes a failed document of the run.
    """
    path = FilePath(folder)
    try:
        text = (path / GOLD_FILE).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"Cannot read {path / GOLD_FILE}: {error}", f"A set is a folder with a {GOLD_FILE}. {HINT}"
        ) from None
    samples: list[Sample] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            samples.append(_parse_sample(line, f"{path / GOLD_FILE}, line {number}"))
    if not samples:
        raise InputError(f"{path / GOLD_FILE} holds no samples.", HINT)
    seen: set[str] = set()
    for sample in samples:
        if sample.document in seen:
            raise InputError(f"{path / GOLD_FILE} names {sample.document} twice.", "Give each document once.")
        seen.add(sample.document)
    return EvalSet(path.resolve().name, path, tuple(samples))


def _parse_sample(line: str, where: str) -> Sample:
    try:
        found = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}", HINT) from None
    if not isinstance(found, dict) or not isinstance(found.get("document"), str):
        raise InputError(f"{where}: there is no `document`, the path of a file in the set's folder.", HINT)
    if not isinstance(found.get("gold"), dict):
        raise InputError(f"{where}: there is no `gold`, the record the document should give.", HINT)
    more = {key: value for key, value in found.items() if key not in ("document", "gold")}
    return Sample(found["document"], found["gold"], more)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"it holds {text}, which JSON does not have")


def load_set_schema(samples: EvalSet, source: str | None = None) -> Schema:
    """Return the schema that a set is scored by: `source` where given, else its `schema.json`.

    That file holds a JSON Schema, or a JSON string with the name of a shipped one. Raises SchemaError.
    """
    if source is not None:
        return load_schema(source)
    file = samples.folder / SCHEMA_FILE
    if not file.is_file():
        raise SchemaError(f"{samples.folder} has no {SCHEMA_FILE}.", "Name a schema with --schema NAME|FILE.")
    try:
        found = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError):
        found = None  # `load_schema` below reports what is wrong with it, and where
    return load_schema(found) if isinstance(found, str) else replace(load_schema(file), name=samples.name)
