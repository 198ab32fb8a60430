"""Documents of several eval sets with their kinds of report, for what is measured on mixed piles of them.

A set is a folder with `gold.jsonl`, documents and `schema.json`, as for `extractor eval`; `FOLDER=SCHEMA` names another
schema. Sets with the same schema are of one kind.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.errors import InputError
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.readers import read
from extractor.schemas import Schema
from extractor.types import Document

SETS = Path(__file__).resolve().parent / "sets"


@dataclass(frozen=True, slots=True)
class SetDocument:
    """A document of a set, with its kind."""

    set: str
    name: str
    kind: Schema
    document: Document


def add_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which documents are read, for `read_sets`."""
    parser.add_argument(
        "sets", nargs="*", metavar="SET", help="more sets than the shipped ones: FOLDER or FOLDER=SCHEMA"
    )
    parser.add_argument("--limit", type=int, default=1000, metavar="N", help="documents of each set")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where documents that were read are kept")


def read_sets(arguments: argparse.Namespace, endings: tuple[str, ...] = ("",)) -> Iterator[SetDocument]:
    """Yield the documents of the shipped sets and the given ones whose names end so, each kind as one schema object.

    A document that cannot be read is named and left out.
    """
    kinds: dict[str, Schema] = {}
    for given in [*(str(file.parent) for file in sorted(SETS.glob("*/gold.jsonl"))), *arguments.sets]:
        folder, _, source = given.partition("=")
        samples = load_set(folder)
        schema = load_set_schema(samples, source or None)
        kind = kinds.setdefault(schema.id, schema if schema.title else replace(schema, name="schema"))
        chosen = [sample for sample in samples.samples if sample.document.lower().endswith(endings)]
        for sample in chosen[: arguments.limit]:
            try:
                document = _read_cached(samples.folder / sample.document, arguments.cache)
            except InputError as error:
                print(f"{samples.name}/{sample.document}: {error.message}")
                continue
            yield SetDocument(samples.name, sample.document, kind, document)


def _read_cached(path: Path, cache: Path | None) -> Document:
    """Return the document at a path, as it was kept in the cache, or read and kept there now."""
    if cache is None:
        return read(str(path))
    kept = cache / hashlib.sha256(path.read_bytes()).hexdigest()
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    document = read(str(path))
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(document))
    return document
