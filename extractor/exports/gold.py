"""Approved records as an eval set: documents with gold, on which `extractor eval` says how good a model is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any

from extractor.atomic_files import WRITE_HINT
from extractor.errors import OutputError, UsageError
from extractor.evaluation.gold import gold
from extractor.exports.warnings import Warnings
from extractor.jobs import archives
from extractor.jobs.sources import UnusableFile
from extractor.schemas import Schema
from extractor.store import Record, Store

_README = """# {name}: {records:,} documents with gold

Records of the schema {name} as people approved of them, from a store of `extractor`. `extractor eval .` measures how
good a model is on them.

- `documents/`: the documents, byte for byte
- `gold.jsonl`: a line for each, with its record. Null says that the document has no value for the field. `record` is
  the number of the record in the store, `approved_by` who approved of it, `corrected` how many corrections people made
- `schema.json`: the JSON Schema

A value that nobody corrected is one that the machine gave and that whoever approved the record let stand.
"""


def write(output: str, store: Store, schemas: Sequence[Schema], records: Iterable[Record], told: Warnings) -> None:
    """Make the folder with the set, whole or not at all; a record whose document cannot be had is left out, and told.

    The first of the schemas is the set's. Raises OutputError where the folder is there and holds something, or cannot
    be written, UsageError where there is nothing to write.
    """
    target, schema = FilePath(output).absolute(), schemas[0]
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{output} is there already.", "Name a new folder for the set.")
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
    try:
        (partial / "documents").mkdir(parents=True)
        with open(partial / "gold.jsonl", "w", encoding="utf-8", errors="backslashreplace") as lines:
            names = _Names()
            for record in records:
                data = _bytes(store, record)
                if data is None:
                    told.add("the document is gone, its record was left out", f"record {record.id}")
                    continue
                name = names.new(record)
                (partial / "documents" / name).write_bytes(data)
                lines.write(json.dumps(_line(store, record, schema, name), ensure_ascii=False) + "\n")
                told.records += 1
        if not told.records:
            raise UsageError("There is no approved record whose document is still there.", "Approve some first.")
        (partial / "schema.json").write_text(json.dumps(dict(schema.document), ensure_ascii=False, indent=2) + "\n")
        (partial / "README.md").write_text(_README.format(name=schema.name, records=told.records), "utf-8")
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()
        os.replace(partial, target)
    except OSError as error:
        raise OutputError(f"Cannot write {output}: {error.strerror or error}", WRITE_HINT) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _line(store: Store, record: Record, schema: Schema, name: str) -> dict[str, Any]:
    given = [review.who for review in store.records.review_actions(record.id) if review.action == "approved"]
    return {
        "document": f"documents/{name}",
        "gold": gold(schema, record.data),
        "record": record.id,
        "sha256": record.document,
        "status": record.status,
        "approved_by": list(dict.fromkeys(given)),
        "corrected": sum(c.how != "accepted" for c in record.corrections),
    }


class _Names:
    """File names in the set: those of the documents, each once, whatever file system it comes to."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, record: Record) -> str:
        name = (record.sources[0] if record.sources else record.document[:12]).rpartition("/")[2]
        name = "".join("_" if c in '\\/:*?"<>|' or not c.isprintable() else c for c in name).lstrip(".") or "document"
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        stem, ending = stem.encode()[:150].decode("utf-8", "ignore"), f"{dot}{ending[:20]}"
        name, times = f"{stem}{ending}", 1
        while name.casefold() in self._given:
            times += 1
            name = f"{stem}-{times}{ending}"
        self._given.add(name.casefold())
        return name


def _bytes(store: Store, record: Record) -> bytes | None:
    """The document's bytes, from the first of the places where it was found and is still the same."""
    for source in store.sources(record.document):
        try:
            data = archives.read_source(source.name)
        except (OSError, UnusableFile):
            continue
        if hashlib.sha256(data).hexdigest() == record.document:
            return data
    return None
