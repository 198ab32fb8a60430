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

GOLD, SCHEMA = "gold.jsonl", "schema.json"
HINT = "See eval/README.md for what a set holds."


@dataclass(frozen=True, slots=True)
class Sample:
    """One document with its gold record; `document` is its path in the set's folder.

    A field that `gold` leaves out is not scored; null says that the document has no value for it. `more` holds the
    sample's other keys (`kind`, `format`, `notes`, ...).
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
    """The set in `folder`; InputError, with the line, for a `gold.jsonl` that is missing, empty or malformed.

    The documents themselves are not looked at: one that cannot be read is a failed document of the run.
    """
    place = FilePath(folder)
    try:
        text = (place / GOLD).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {place / GOLD}: {error}", f"A set is a folder with a {GOLD}. {HINT}") from None
    samples: list[Sample] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            samples.append(_sample(line, f"{place / GOLD}, line {number}"))
    if not samples:
        raise InputError(f"{place / GOLD} holds no samples.", HINT)
    seen: set[str] = set()
    for sample in samples:
        if sample.document in seen:
            raise InputError(f"{place / GOLD} names {sample.document} twice.", "Give each document once.")
        seen.add(sample.document)
    return EvalSet(place.resolve().name, place, tuple(samples))


def _sample(line: str, where: str) -> Sample:
    try:
        found = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}", HINT) from None
    if not isinstance(found, dict) or not isinstance(found.get("document"), str):
        raise InputError(f"{where}: there is no `document`, the path of a file in the set's folder.", HINT)
    if not isinstance(found.get("gold"), dict):
        raise InputError(f"{where}: there is no `gold`, the record the document should give.", HINT)
    more = {key: value for key, value in found.items() if key not in ("document", "gold")}
    return Sample(found["document"], found["gold"], more)


def _no_constant(text: str) -> Any:
    raise ValueError(f"it holds {text}, which JSON does not have")


def set_schema(samples: EvalSet, source: str | None = None) -> Schema:
    """The schema a set is scored by: `source` where given, else its `schema.json`.

    That file holds a JSON Schema, or a JSON string with the name of a shipped one.
    """
    if source is not None:
        return load_schema(source)
    place = samples.folder / SCHEMA
    if not place.is_file():
        raise SchemaError(f"{samples.folder} has no {SCHEMA}.", "Name a schema with --schema NAME|FILE.")
    try:
        found = json.loads(place.read_text("utf-8-sig"))
    except (OSError, ValueError):
        found = None  # `load_schema` says what is wrong with it, and where
    return load_schema(found) if isinstance(found, str) else replace(load_schema(place), name=samples.name)
